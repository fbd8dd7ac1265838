// What a recorder keeps of an invalidator's notices, and how it says them.
#include "freshet/testing/notice_recorder.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

using ::testing::ElementsAre;

class NoticeRecorderTest : public CacheFixture {
 protected:
  NoticeRecorderTest() { use("{freshet: 1, namespaces: {p: {ttl: 1h, soft_ttl: 45m}}}"); }

  static std::vector<std::string> texts(const NoticeRecorder& recorder, NoticeKind kind) {
    std::vector<std::string> all;
    for (const RecordedNotice& notice : recorder.of(kind)) all.push_back(notice.text());
    return all;
  }
};

TEST_F(NoticeRecorderTest, EachNoticeSaysInWordsWhatItTells) {
  const NoticeRecorder recorder(*invalidator_);
  auto cache = invalidator_->cache<int>("p");
  cache.bind_loader([](std::string_view) { return 2; });
  cache.get_or_load("k", [] { return 1; });
  clock_->advance(50min);
  cache.get("k");
  executor_->run_ready();
  cache.invalidate("k", {.cause = "a test"});
  invalidator_->invalidate_tag("t");
  invalidator_->reload_yaml("{freshet: 1, namespaces: {p: {ttl: 2h}}}");
  EXPECT_THAT(texts(recorder, NoticeKind::loaded), ElementsAre("k in p loaded", "k in p loaded"));
  EXPECT_THAT(texts(recorder, NoticeKind::served_stale), ElementsAre("k in p served stale"));
  EXPECT_THAT(texts(recorder, NoticeKind::refreshed), ElementsAre("k in p refreshed"));
  EXPECT_THAT(texts(recorder, NoticeKind::removed),
              ElementsAre("k in p removed: replaced", "k in p removed: explicit"));
  EXPECT_THAT(texts(recorder, NoticeKind::invalidated),
              ElementsAre("key k in p (1 entry, cause \"a test\")", "tag t (0 entries)"));
  EXPECT_THAT(texts(recorder, NoticeKind::reloaded), ElementsAre("policy reloaded: 1 block"));
  std::ostringstream out;
  out << recorder.of(NoticeKind::refreshed).front();
  EXPECT_EQ(out.str(), "k in p refreshed");
}

TEST_F(NoticeRecorderTest, ListensUntilItGoes) {
  std::optional<NoticeRecorder> recorder(*invalidator_);
  const NoticeRecorder second(*invalidator_);
  invalidator_->invalidate_tag("a");
  EXPECT_EQ(recorder->count(NoticeKind::invalidated), 1u);
  recorder.reset();
  invalidator_->invalidate_tag("b");
  EXPECT_EQ(second.count(NoticeKind::invalidated), 2u);
}

}  // namespace
}  // namespace freshet::testing
