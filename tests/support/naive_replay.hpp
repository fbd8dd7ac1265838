// NaiveReplay: what a replay must measure, worked out without the library.
//
// One store without shards, everything by linear search, time in milliseconds. Who leaves when it is full is NaiveEviction's to
// say. What expires or is deleted leaves it at once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/naive_eviction.hpp"

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

class NaiveReplay {
 public:
  /// `ttl`: the policy's, in ms; -1: none. `writes`: silent, put or event.
  NaiveReplay(NaiveEviction& eviction, std::size_t capacity, std::int64_t ttl, std::string writes)
      : eviction_(eviction), capacity_(capacity), ttl_(ttl), writes_(std::move(writes)) {}

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
      eviction_.hit(row.key);
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
    store(row, row.ttl < 0 ? ttl_ : row.ttl);
  }

  void invalidate(const std::string& key) {
    ++figures_.invalidations;
    if (entries_.contains(key)) ++figures_.entries_invalidated;
    erase(key);
  }

  void store(const NaiveRow& row, std::int64_t ttl) {
    if (entries_.contains(row.key)) {
      eviction_.replace(row.key, 0);
    } else {
      eviction_.before_insert(row.key, 0);
      if (entries_.size() == capacity_) {
        entries_.erase(eviction_.evict(false));
        ++figures_.evictions;
      }
      eviction_.insert(row.key, 0);
    }
    entries_[row.key] = {versions_[row.key], ttl < 0 ? -1 : row.time + ttl};
  }

  void erase(const std::string& key) {
    if (entries_.erase(key) > 0) eviction_.erase(key);
  }

  NaiveEviction& eviction_;
  std::size_t capacity_;
  std::int64_t ttl_;
  std::string writes_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::uint64_t> versions_;
  NaiveFigures figures_;
};

}  // namespace freshet::test
