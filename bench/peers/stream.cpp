#include "peers/stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <random>
#include <stdexcept>

namespace freshet::bench {
namespace {

/// The finaliser of a well-known generator (splitmix64): neighbours become strangers.
std::uint64_t scrambled(std::uint64_t number) noexcept {
  number += 0x9E37'79B9'7F4A'7C15U;
  number = (number ^ (number >> 30)) * 0xBF58'476D'1CE4'E5B9U;
  number = (number ^ (number >> 27)) * 0x94D0'49BB'1331'11EBU;
  return number ^ (number >> 31);
}

/// Ranks by their probability, through the exact distribution function.
class Zipf {
 public:
  explicit Zipf(std::uint32_t count) : cumulative_(count) {
    double sum = 0;
    for (std::uint32_t i = 0; i < count; ++i)
      cumulative_[i] = sum += 1.0 / std::pow(i + 1.0, kZipfExponent);
    for (double& share : cumulative_) share /= sum;
  }

  std::uint32_t draw(std::mt19937_64& random) const {
    const double drawn = std::uniform_real_distribution<double>(0, 1)(random);
    const auto found = std::lower_bound(cumulative_.begin(), cumulative_.end(), drawn);
    return static_cast<std::uint32_t>(std::min<std::ptrdiff_t>(
        found - cumulative_.begin(), static_cast<std::ptrdiff_t>(cumulative_.size()) - 1));
  }

 private:
  std::vector<double> cumulative_;
};

std::vector<Operation> made_stream(Keys keys, unsigned thread) {
  const std::uint32_t count = keys == Keys::few ? kFewKeys : kManyKeys;
  // Which keys are popular has nothing to do with their numbers, and is the same for both threads.
  std::vector<std::uint32_t> by_rank(count);
  std::iota(by_rank.begin(), by_rank.end(), 0U);
  std::mt19937_64 order(99);
  std::shuffle(by_rank.begin(), by_rank.end(), order);
  const Zipf zipf(count);
  std::mt19937_64 random(1234U + count + thread);
  std::vector<Operation> stream(kStreamLength);
  for (Operation& operation : stream) {
    const std::uint32_t id = by_rank[zipf.draw(random)];
    operation = operation_of(id, random() % 4 == 0);
  }
  return stream;
}

}  // namespace

Operation operation_of(std::uint32_t id, bool put) {
  const std::uint64_t tail = scrambled(id);
  std::array<char, 32> text{};
  // An odd factor: no two numbers have the same digits.
  const auto end = fmt::format_to_n(text.data(), text.size(), "u:{:08x}{:016x}",
                                    id * std::uint32_t{2'654'435'761}, tail);
  static_cast<void>(end);
  Operation operation;
  operation.id = id;
  operation.key_length = static_cast<std::uint8_t>(16 + (tail >> 7) % 9);
  operation.put = put;
  std::copy_n(text.begin(), operation.key_length, operation.bytes.begin());
  return operation;
}

void wrong_value(std::string_view key) {
  std::fprintf(stderr, "freshet_peers: the value of %.*s is another key's\n",
               static_cast<int>(key.size()), key.data());
  std::abort();
}

std::span<const Operation> stream_of(Keys keys, unsigned thread) {
  static std::array<std::array<std::vector<Operation>, kMostThreads>, 2> streams;
  std::vector<Operation>& stream = streams.at(static_cast<std::size_t>(keys)).at(thread);
  if (stream.empty()) stream = made_stream(keys, thread);
  return stream;
}

std::span<const std::string> key_strings(unsigned thread) {
  static std::array<std::vector<std::string>, kMostThreads> strings;
  std::vector<std::string>& keys = strings.at(thread);
  if (keys.empty()) {
    keys.reserve(kStreamLength);
    for (const Operation& operation : stream_of(Keys::many, thread))
      keys.emplace_back(operation.key());
  }
  return keys;
}

void write_streams(const std::filesystem::path& folder) {
  for (const Keys keys : {Keys::few, Keys::many}) {
    for (unsigned thread = 0; thread < kMostThreads; ++thread) {
      const auto bytes = std::as_bytes(stream_of(keys, thread));
      const auto path =
          folder / fmt::format("{}{}.bin", keys == Keys::few ? "few" : "many", thread);
      std::ofstream file(path, std::ios::binary);
      file.write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
      if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
    }
  }
}

}  // namespace freshet::bench
