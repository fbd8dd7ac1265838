// NaiveReplay: what a replay must measure, worked out without the library.
//
// One store without shards, everything by linear search, time in milliseconds. S3-FIFO as in the
// paper (Yang et al., SOSP 2023): a small queue of a tenth of the room; main has the rest; an
// object at the end of small moves to main if it was hit twice, else it leaves and its key goes to
// a ghost queue as long as main; main re-inserts what was hit, one hit less each round; an object
// that comes back from the ghost starts in main; main gives first when it is over its share. What
// expires or is deleted leaves its queue and enters no ghost.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace freshet::test {

struct NaiveRow {
  std::int64_t time = 0;  // of the whole stream, not of its file
  std::string key;
  std::string op;
  std::int64_t ttl = -1;
};

struct NaiveFigures {
  std::uint64_t requests = 0, hits = 0, misses = 0, stale_serves = 0, invalidations = 0,
                entries_invalidated = 0, evictions = 0;
};

/// The order in which keys leave. Each key is in it once.
class NaiveQueues {
 public:
  virtual ~NaiveQueues() = default;
  virtual void hit(const std::string& key) = 0;
  virtual void erase(const std::string& key) = 0;
  /// Takes the key in; `full`: first lets one go, which is returned.
  virtual std::optional<std::string> insert(const std::string& key, bool full) = 0;
};

class NaiveLru final : public NaiveQueues {
 public:
  void hit(const std::string& key) override {
    erase(key);
    keys_.push_back(key);
  }
  void erase(const std::string& key) override { std::erase(keys_, key); }
  std::optional<std::string> insert(const std::string& key, bool full) override {
    std::optional<std::string> victim;
    if (full) {
      victim = keys_.front();
      keys_.pop_front();
    }
    keys_.push_back(key);
    return victim;
  }

 private:
  std::deque<std::string> keys_;  // least recently used first
};

class NaiveS3Fifo final : public NaiveQueues {
 public:
  explicit NaiveS3Fifo(std::size_t capacity)
      : main_limit_(capacity - std::max<std::size_t>(1, capacity / 10)) {}

  void hit(const std::string& key) override { counts_[key] = std::min(counts_[key] + 1, 3); }
  void erase(const std::string& key) override {
    std::erase(small_, key);
    std::erase(main_, key);
    counts_.erase(key);
  }
  std::optional<std::string> insert(const std::string& key, bool full) override {
    const bool comes_back = std::erase(ghost_, key) > 0;
    std::optional<std::string> victim;
    while (full && !victim)
      victim = main_.size() > main_limit_ || small_.empty() ? step_main() : step_small();
    (comes_back ? main_ : small_).push_back(key);
    counts_[key] = 0;
    return victim;
  }

 private:
  static std::string pop(std::deque<std::string>& queue) {
    std::string key = queue.front();
    queue.pop_front();
    return key;
  }

  std::optional<std::string> step_small() {
    const std::string key = pop(small_);
    if (counts_[key] >= 2) {
      counts_[key] = 0;
      main_.push_back(key);
      return std::nullopt;
    }
    ghost_.push_back(key);
    if (ghost_.size() > main_limit_) ghost_.pop_front();
    return key;
  }

  std::optional<std::string> step_main() {
    const std::string key = pop(main_);
    if (counts_[key] == 0) return key;
    --counts_[key];
    main_.push_back(key);
    return std::nullopt;
  }

  std::size_t main_limit_;
  std::deque<std::string> small_;  // oldest first, as the others
  std::deque<std::string> main_;
  std::deque<std::string> ghost_;
  std::map<std::string, int> counts_;
};

class NaiveReplay {
 public:
  /// `ttl`: the policy's, in ms; -1: none. `writes`: silent, put or event.
  NaiveReplay(NaiveQueues& queues, std::size_t capacity, std::int64_t ttl, std::string writes)
      : queues_(queues), capacity_(capacity), ttl_(ttl), writes_(std::move(writes)) {}

  NaiveFigures run(const std::vector<NaiveRow>& rows) {
    for (const NaiveRow& row : rows) step(row);
    return figures_;
  }

 private:
  struct Entry {
    std::uint64_t version = 0;
    std::int64_t deadline = -1;  // -1: none
  };

  void step(const NaiveRow& row) {
    ++figures_.requests;
    std::vector<std::string> expired;
    for (const auto& [key, entry] : entries_) {
      if (entry.deadline >= 0 && entry.deadline <= row.time) expired.push_back(key);
    }
    for (const std::string& key : expired) erase(key);
    if (row.op == "get") {
      get(row);
    } else {
      ++versions_[row.key];
      if (writes_ == "put") write(row);
      if (writes_ == "event") invalidate(row.key);
    }
  }

  void get(const NaiveRow& row) {
    if (const auto found = entries_.find(row.key); found != entries_.end()) {
      ++figures_.hits;
      if (found->second.version < versions_[row.key]) ++figures_.stale_serves;
      queues_.hit(row.key);
      return;
    }
    ++figures_.misses;
    const std::int64_t ttl = row.ttl < 0 ? ttl_ : ttl_ < 0 ? row.ttl : std::min(row.ttl, ttl_);
    if (ttl != 0) store(row, ttl);
  }

  void write(const NaiveRow& row) {
    const bool resident = entries_.contains(row.key);
    if (row.op == "delete" || (row.ttl == 0 && resident)) return invalidate(row.key);
    if (row.ttl == 0) return;
    if (resident) queues_.hit(row.key);
    store(row, row.ttl < 0 ? ttl_ : row.ttl);
  }

  void invalidate(const std::string& key) {
    ++figures_.invalidations;
    if (entries_.contains(key)) ++figures_.entries_invalidated;
    erase(key);
  }

  void store(const NaiveRow& row, std::int64_t ttl) {
    if (!entries_.contains(row.key)) {
      if (const auto victim = queues_.insert(row.key, entries_.size() == capacity_)) {
        entries_.erase(*victim);
        ++figures_.evictions;
      }
    }
    entries_[row.key] = {versions_[row.key], ttl < 0 ? -1 : row.time + ttl};
  }

  void erase(const std::string& key) {
    if (entries_.erase(key) > 0) queues_.erase(key);
  }

  NaiveQueues& queues_;
  std::size_t capacity_;
  std::int64_t ttl_;
  std::string writes_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::uint64_t> versions_;
  NaiveFigures figures_;
};

}  // namespace freshet::test
