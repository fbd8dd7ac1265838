// Three ways to lay out a table of entries, for docs/decisions/0016: what a look-up costs beside the others in the same run.
//
//   beside    the store's own table: seven pointers with 16 bits of the hash each in a line, entries by themselves
//   pointers  the same with the pointer alone: whoever is in the bucket has to be looked at
//   inline    sets of seven entries behind a line with 16 bits of the hash of each; a set that is full goes on in another one
//
// The values are 64 bytes, the keys 20; a look-up compares the key and reads the value's first and last word.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "freshness/freshness.hpp"
#include "micro/turns.hpp"
#include "store/entry_table.hpp"

namespace freshet::bench {
namespace {

using detail::Entry;
using detail::EntryRef;
using detail::KeyRef;

using Payload = std::array<std::uint64_t, 8>;

std::uint64_t read_payload(const Payload& value) { return value.front() + value.back(); }

/// Entries of the store, and the table that it finds them by.
class Beside {
 public:
  void insert(const KeyRef& key, const EntryRef& entry) {
    static_cast<void>(key);
    table_.insert(detail::entry_of(entry), detail::entry_of(entry).hash());
  }
  std::uint64_t look_up(const KeyRef& key) const {
    return read_payload(*static_cast<const Payload*>(table_.find(key)->value()));
  }

 private:
  detail::Epochs epochs_;
  detail::EntryTable table_{epochs_};
};

/// Eight pointers to a line, three quarters full at most.
class Pointers {
 public:
  explicit Pointers(std::size_t entries) {
    std::size_t buckets = 1;
    while (buckets * kWays * 3 < entries * 4) buckets *= 2;
    buckets_.resize(buckets);
  }
  void insert(const KeyRef& key, const EntryRef& entry) {
    for (std::size_t i = key.hash;; ++i) {
      for (Entry*& slot : bucket(i).slots) {
        if (slot == nullptr) {
          slot = &detail::entry_of(entry);
          return;
        }
      }
    }
  }
  std::uint64_t look_up(const KeyRef& key) const {
    for (std::size_t i = key.hash;; ++i) {
      for (const Entry* slot : bucket(i).slots) {
        if (slot != nullptr && slot->named(key))
          return read_payload(*static_cast<const Payload*>(slot->value()));
      }
    }
  }

 private:
  static constexpr std::size_t kWays = 8;
  struct alignas(64) Bucket {
    std::array<Entry*, kWays> slots{};
  };
  Bucket& bucket(std::size_t i) { return buckets_[i & (buckets_.size() - 1)]; }
  const Bucket& bucket(std::size_t i) const { return buckets_[i & (buckets_.size() - 1)]; }

  std::vector<Bucket> buckets_;
};

/// What a hit needs of an entry, in the set itself.
class Inline {
 public:
  explicit Inline(std::size_t entries) {
    std::size_t sets = 1;
    while (sets * kWays * 3 < entries * 4) sets *= 2;
    sets_.resize(sets);
  }
  void insert(const KeyRef& key, const EntryRef& entry) {
    Set* set = &sets_[key.hash & (sets_.size() - 1)];
    for (;;) {
      for (std::size_t i = 0; i < kWays; ++i) {
        if (set->tags[i] != 0) continue;
        set->tags[i] = tag(key);
        Slot& slot = set->slots[i];
        slot.space = key.space;
        slot.size = static_cast<std::uint32_t>(key.key.size());
        std::memcpy(slot.key.data(), key.key.data(), key.key.size());
        slot.value = *static_cast<const Payload*>(entry->value());
        return;
      }
      if (!set->more) set->more = std::make_unique<Set>();
      set = set->more.get();
    }
  }
  std::uint64_t look_up(const KeyRef& key) const {
    for (const Set* set = &sets_[key.hash & (sets_.size() - 1)]; set; set = set->more.get()) {
      for (std::size_t i = 0; i < kWays; ++i) {
        if (set->tags[i] != tag(key)) continue;
        const Slot& slot = set->slots[i];
        if (slot.space == key.space && std::string_view(slot.key.data(), slot.size) == key.key)
          return read_payload(slot.value);
      }
    }
    return 0;
  }

 private:
  static constexpr std::size_t kWays = 7;
  struct Slot {
    // Deadlines, `checked`, marks and counts of an entry: what a hit tests, and does not test here.
    std::array<std::uint64_t, 5> tested{};
    const detail::Label* space = nullptr;
    std::uint32_t size = 0;
    std::array<char, 24> key{};
    Payload value{};
  };
  struct alignas(64) Set {
    std::array<std::uint16_t, kWays> tags{};  // zero: free
    std::unique_ptr<Set> more{};
    std::array<Slot, kWays> slots{};
  };
  static std::uint16_t tag(const KeyRef& key) {
    return static_cast<std::uint16_t>(key.hash >> 48 | 1);
  }

  std::vector<Set> sets_;
};

/// Names and entries, for all three the same.
struct Contents {
  explicit Contents(std::size_t count) {
    Payload value{};
    for (std::size_t i = 0; i < count; ++i) {
      names.push_back(fmt::format("customer:{:011}", i));
      value.front() = i;
      entries.push_back(Entry::create(key(i), {space}, freshness.revision(), Instant{}, {},
                                      detail::erase(value)));
    }
  }
  KeyRef key(std::size_t i) const { return KeyRef(*space, names[i]); }

  detail::Freshness freshness;
  detail::LabelRef space = freshness.pin(detail::LabelKind::name_space, "customers");
  std::vector<std::string> names;
  std::vector<EntryRef> entries;
};

template <class Table>
double nanoseconds_of_a_look_up(const Table& table, const Contents& contents) {
  constexpr std::size_t kLookUps = 200'000;
  const std::size_t count = contents.names.size();
  std::uint64_t sum = 0;
  const double seconds = seconds_of([&] {
    for (std::size_t i = 0; i < kLookUps; ++i)
      sum += table.look_up(contents.key((i * 0x9E37'79B9'7F4A'7C15U >> 20) % count));
  });
  benchmark::DoNotOptimize(sum);
  return seconds * 1e9 / kLookUps;
}

void table_layouts(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const Contents contents(count);
  Beside beside;
  Pointers pointers(count);
  Inline sets(count);
  for (std::size_t i = 0; i < count; ++i) {
    beside.insert(contents.key(i), contents.entries[i]);
    pointers.insert(contents.key(i), contents.entries[i]);
    sets.insert(contents.key(i), contents.entries[i]);
  }
  std::array<std::vector<double>, 3> times;
  for (auto _ : state) {
    times[0].push_back(nanoseconds_of_a_look_up(beside, contents));
    times[1].push_back(nanoseconds_of_a_look_up(pointers, contents));
    times[2].push_back(nanoseconds_of_a_look_up(sets, contents));
  }
  state.counters["beside_ns"] = median(times[0]);
  state.counters["pointers_ns"] = median(times[1]);
  state.counters["inline_ns"] = median(times[2]);
}
BENCHMARK(table_layouts)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(15)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace freshet::bench
