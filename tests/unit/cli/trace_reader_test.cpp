// The trace reader: what it accepts, what it refuses and where it says so, packed and plain.
#include "trace/trace_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "support/pack.hpp"
#include "support/temp_folder.hpp"

namespace freshet::trace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct OwnedRow {
  std::int64_t timestamp_ms;
  std::string key;
  std::int64_t size;
  Op op;
  std::int64_t ttl_ms;
  std::vector<std::string> tags;
  friend bool operator==(const OwnedRow&, const OwnedRow&) = default;
};

class TraceReaderTest : public ::testing::Test {
 protected:
  std::vector<OwnedRow> rows_of(const std::string& content) {
    TraceReader reader(folder_.write("trace.csv", content));
    std::vector<OwnedRow> rows;
    TraceRow row;
    while (reader.next(row)) {
      rows.push_back({row.timestamp_ms, std::string(row.key), row.size, row.op, row.ttl_ms,
                      std::vector<std::string>(row.tags.begin(), row.tags.end())});
    }
    return rows;
  }

  /// What the reader says of a trace that it must refuse, without the folder.
  std::string refusal_of(const std::string& content) {
    try {
      rows_of(content);
    } catch (const TraceError& error) {
      const std::string text = error.what();
      const std::string folder = folder_.path().string() + "/";
      return text.starts_with(folder) ? text.substr(folder.size()) : "without its file: " + text;
    }
    return "accepted";
  }

  test::TempFolder folder_;
};

/// Long enough for several buffers, hard enough to pack that the packed file is, too.
std::string long_trace() {
  std::mt19937_64 random(7);
  std::string text;
  for (int i = 0; i < 50'000; ++i) {
    text += std::to_string(i) + ",key" + std::to_string(random()) + ",10,get,-1,a|b\n";
  }
  return text;
}

TEST_F(TraceReaderTest, ReadsEveryColumn) {
  EXPECT_THAT(
      rows_of("0,/a%2Cb,17,get,2000,x|y|z\n5,k,0,set,0,t\n5,k,-1,delete,-1,\n-1,k,-1,get,-1,\n"),
      ElementsAre(OwnedRow{0, "/a%2Cb", 17, Op::get, 2000, {"x", "y", "z"}},
                  OwnedRow{5, "k", 0, Op::set, 0, {"t"}}, OwnedRow{5, "k", -1, Op::erase, -1, {}},
                  OwnedRow{-1, "k", -1, Op::get, -1, {}}));
}

TEST_F(TraceReaderTest, SkipsComments) {
  EXPECT_EQ(rows_of("# one, two\n#\n0,k,1,get,-1,\n# between\n1,k,1,get,-1,\n").size(), 2u);
}

TEST_F(TraceReaderTest, AcceptsALastLineWithoutNewline) {
  EXPECT_EQ(rows_of("0,a,1,get,-1,\n0,b,1,get,-1,").size(), 2u);
}

TEST_F(TraceReaderTest, AnEmptyFileHasNoRows) { EXPECT_THAT(rows_of(""), IsEmpty()); }

TEST_F(TraceReaderTest, RefusesTheWrongNumberOfColumns) {
  EXPECT_EQ(refusal_of("0,k,1,get,-1,\n0,k,1,get,-1\n"),
            "trace.csv:2: found 5 columns, expected 6: timestamp_ms,key,size,op,ttl_ms,tags");
  EXPECT_THAT(refusal_of("0,k,1,get,-1,t,u\n"),
              HasSubstr("trace.csv:1: found 7 columns, expected 6"));
  EXPECT_THAT(refusal_of("\n"), HasSubstr("trace.csv:1: found 1 column, expected 6"));
}

TEST_F(TraceReaderTest, RefusesWhatIsNoNumber) {
  EXPECT_EQ(refusal_of("1s,k,1,get,-1,\n"),
            "trace.csv:1: timestamp_ms: found \"1s\", expected a whole number");
  EXPECT_EQ(refusal_of("0,k,,get,-1,\n"), "trace.csv:1: size: found \"\", expected a whole number");
  EXPECT_EQ(refusal_of("0,k,1,get,1.5,\n"),
            "trace.csv:1: ttl_ms: found \"1.5\", expected a whole number");
  EXPECT_EQ(refusal_of("+1,k,1,get,-1,\n"),
            "trace.csv:1: timestamp_ms: found \"+1\", expected a whole number");
}

TEST_F(TraceReaderTest, RefusesNumbersOutOfRange) {
  EXPECT_EQ(refusal_of("0,k,-2,get,-1,\n"),
            "trace.csv:1: size: found \"-2\", expected -1 to 1000000000000");
  EXPECT_EQ(refusal_of("0,k,1,get,1000000000001,\n"),
            "trace.csv:1: ttl_ms: found \"1000000000001\", expected -1 to 1000000000000");
  EXPECT_EQ(
      refusal_of("99999999999999999999,k,1,get,-1,\n"),
      "trace.csv:1: timestamp_ms: found \"99999999999999999999\", expected -1 to 1000000000000");
  EXPECT_EQ(rows_of("1000000000000,k,1,get,-1,\n").size(), 1u);
}

TEST_F(TraceReaderTest, RefusesTimesThatDecrease) {
  EXPECT_EQ(refusal_of("5,k,1,get,-1,\n-1,k,1,get,-1,\n4,k,1,get,-1,\n"),
            "trace.csv:3: timestamp_ms: found 4 after 5, expected times that never decrease");
}

TEST_F(TraceReaderTest, RefusesUnknownOps) {
  EXPECT_EQ(refusal_of("0,k,1,GET,-1,\n"),
            "trace.csv:1: op: found \"GET\", expected get, set or delete");
}

TEST_F(TraceReaderTest, RefusesBadKeysAndTags) {
  EXPECT_EQ(refusal_of("0,,1,get,-1,\n"), "trace.csv:1: the key is empty");
  EXPECT_EQ(refusal_of("0,a|b,1,get,-1,\n"),
            "trace.csv:1: key: found '|' in \"a|b\", expected it percent-encoded");
  EXPECT_THAT(refusal_of("0,a b,1,get,-1,\n"),
              HasSubstr("trace.csv:1: found byte 0x20 at column 4"));
  EXPECT_THAT(refusal_of("0,k,1,get,-1,\r\n"),
              HasSubstr("trace.csv:1: found byte 0x0d at column 14"));
  EXPECT_THAT(refusal_of("0,k,1,get,-1,a||b\n"),
              HasSubstr("trace.csv:1: tags: found an empty tag"));
  EXPECT_THAT(refusal_of("0,k,1,get,-1,a|\n"), HasSubstr("trace.csv:1: tags: found an empty tag"));
  EXPECT_THAT(refusal_of("0," + std::string(4097, 'k') + ",1,get,-1,\n"),
              HasSubstr("the key is longer than 4096"));
  EXPECT_THAT(refusal_of("0,k,1,get,-1," + std::string(1025, 't') + "\n"),
              HasSubstr("a tag is longer than 1024"));
}

TEST_F(TraceReaderTest, ShowsNoControlCharactersOfTheTrace) {
  EXPECT_EQ(refusal_of("0,k,1,\xc3\xa9,-1,\n"),
            "trace.csv:1: op: found \"\\xc3\\xa9\", expected get, set or delete");
}

TEST_F(TraceReaderTest, RefusesEndlessLinesAndReadsTheLongestAllowed) {
  const std::string start = "0,k,1,get,-1,";
  std::string longest = start;
  while (longest.size() + 1000 <= kMaxLineBytes) longest += std::string(999, 't') + "|";
  longest += std::string(kMaxLineBytes - longest.size(), 't');
  EXPECT_EQ(rows_of(longest + "\n" + longest + "\n").size(), 2u);
  EXPECT_EQ(refusal_of("# one\n" + longest + "t\n"),
            "trace.csv:2: the line is longer than 65536 bytes");
  EXPECT_EQ(refusal_of("#" + std::string(10'000'000, 'x')),
            "trace.csv:1: the line is longer than 65536 bytes");
}

TEST_F(TraceReaderTest, PackedFilesGiveTheSameRows) {
  const std::string text = long_trace();
  const std::vector<OwnedRow> plain = rows_of(text);
  ASSERT_EQ(plain.size(), 50'000u);
  EXPECT_TRUE(rows_of(test::gzip(text)) == plain);
  EXPECT_TRUE(rows_of(test::zstd(text)) == plain);
}

TEST_F(TraceReaderTest, ReadsConcatenatedMembersAndFrames) {
  const std::string one = "1,a,1,get,-1,\n2,b,";
  const std::string two = "1,get,-1,\n3,c,1,get,-1,\n";
  const std::vector<OwnedRow> plain = rows_of(one + two);
  ASSERT_EQ(plain.size(), 3u);
  EXPECT_TRUE(rows_of(test::gzip(one) + test::gzip("") + test::gzip(two)) == plain);
  EXPECT_TRUE(rows_of(test::zstd(one) + test::zstd("") + test::zstd(two)) == plain);
}

TEST_F(TraceReaderTest, RefusesPackedFilesThatAreCutOff) {
  const std::string gzip = test::gzip(long_trace());
  const std::string zstd = test::zstd(long_trace());
  EXPECT_THAT(refusal_of(gzip.substr(0, gzip.size() / 2)),
              HasSubstr("the gzip data ends too early"));
  EXPECT_THAT(refusal_of(gzip.substr(0, gzip.size() - 1)),
              HasSubstr("the gzip data ends too early"));
  EXPECT_THAT(refusal_of(zstd.substr(0, zstd.size() / 2)),
              HasSubstr("the zstd data ends too early"));
  EXPECT_THAT(refusal_of(zstd.substr(0, zstd.size() - 1)),
              HasSubstr("the zstd data ends too early"));
}

TEST_F(TraceReaderTest, RefusesPackedFilesThatAreCorrupt) {
  std::string gzip = test::gzip(long_trace());
  gzip[gzip.size() - 6] = static_cast<char>(gzip[gzip.size() - 6] ^ 1);  // in the checksum
  EXPECT_THAT(refusal_of(gzip), HasSubstr("corrupt gzip data"));
  std::string zstd = test::zstd(long_trace());
  zstd[4] = static_cast<char>(zstd[4] | 0x08);  // the frame header's reserved bit
  EXPECT_THAT(refusal_of(zstd), HasSubstr("corrupt zstd data"));
  EXPECT_THAT(refusal_of(test::gzip("0,k,1,get,-1,\n") + "more"), HasSubstr("corrupt gzip data"));
}

TEST_F(TraceReaderTest, RefusesZstdWindowsAbove16MiB) {
  const std::string text = long_trace();
  EXPECT_EQ(rows_of(test::zstd(text, 24)).size(), 50'000u);
  EXPECT_THAT(refusal_of(test::zstd(text, 25)), HasSubstr("corrupt zstd data"));
}

TEST_F(TraceReaderTest, SaysWhyAFileCannotBeOpened) {
  const std::filesystem::path missing = folder_.path() / "missing.csv";
  try {
    TraceReader reader(missing);
    FAIL() << "opened a file that is not there";
  } catch (const TraceError& error) {
    EXPECT_EQ(error.what(), missing.string() + ": cannot be opened: No such file or directory");
  }
  EXPECT_THROW(TraceReader{folder_.path()}, TraceError);
}

TEST_F(TraceReaderTest, PositionGrowsToTheSizeOfTheFile) {
  const std::string packed = test::zstd(long_trace());
  TraceReader reader(folder_.write("trace.zst", packed));
  EXPECT_EQ(reader.size(), packed.size());
  TraceRow row;
  ASSERT_TRUE(reader.next(row));
  const std::uint64_t early = reader.position();
  EXPECT_GT(early, 0u);
  EXPECT_LT(early, packed.size());
  while (reader.next(row)) {
  }
  EXPECT_EQ(reader.position(), packed.size());
}

}  // namespace
}  // namespace freshet::trace
