// AbsentAnswers: whether an answer that the origin has nothing was still good.
//
// Such an answer carries no value, so nobody sees which load it is of. But there must be one that it may be of: a load of the
// key that found nothing, and read the origin since the newest call that hits the key and had returned before the answer was asked for.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "guarantees/history.hpp"
#include "guarantees/history_floors.hpp"

namespace freshet::testing::history {

class AbsentAnswers {
 public:
  /// A load has begun to read the origin.
  void note_load(const History& history, const Operation& load) {
    if (load.value != 0 && history.made(load.value).absent) newest_[load.key] = load.start;
  }
  /// A read has begun: what is below the floors of its key, of either mode, was removed or expired before.
  void note_read(const Operation& read, std::size_t index, const std::array<Floors, 2>& floors) {
    if (floors_.size() <= index) floors_.resize(index + 1);
    floors_[index] = std::max(floors[0].own[read.key], floors[1].own[read.key]);
  }

  /// Asked when a read has ended: the start of the call that took what it may have answered with; the read's own where there never
  /// was anything. Zero: nothing is wrong.
  Stamp taken_by(std::size_t index, const Operation& read) const {
    if (!read.absent || read.apart != 0) return 0;
    const Stamp newest = newest_[read.key];
    if (newest == 0) return read.start;
    return newest < floors_[index] ? floors_[index] : 0;
  }

 private:
  std::vector<Stamp> floors_{};        // by operation
  std::array<Stamp, kKeys> newest_{};  // loads that found nothing
};

}  // namespace freshet::testing::history
