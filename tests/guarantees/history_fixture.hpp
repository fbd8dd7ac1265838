// A history by hand, of one thread's operations, and what the checker says of it.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "guarantees/history_checker.hpp"

namespace freshet::testing::history {

class HistoryCheckerTest : public ::testing::Test {
 protected:
  HistoryCheckerTest() {
    history_.logs.resize(1);
    history_.stamps = 1000;
  }

  ValueId value(int key, Stamp read_at) {
    history_.logs[0].made.push_back({.key = static_cast<std::uint8_t>(key),
                                     .read_at = read_at,
                                     .made_at = read_at,
                                     .birth_from = read_at - 1,
                                     .birth_by = read_at,
                                     .pinned_by = read_at});
    return value_id(0, history_.logs[0].made.size() - 1);
  }
  Made& made(ValueId id) { return history_.logs[0].made[place_of(id)]; }

  Operation& add(Act act, int key, Stamp start, Stamp end, ValueId id = 0) {
    Operation operation;
    operation.act = act;
    operation.key = static_cast<std::uint8_t>(key);
    operation.start = start;
    operation.end = end;
    operation.value = id;
    operation.done = true;
    history_.logs[0].operations.push_back(operation);
    return history_.logs[0].operations.back();
  }
  Operation& hit(ValueId id, Stamp start, Stamp end) {
    Operation& read = add(Act::read, made(id).key, start, end, id);
    read.origin = Origin::l1;
    return read;
  }
  Operation& call(const Reach& reach, Stamp start, Stamp end, Mode mode = Mode::remove) {
    history_.reaches.push_back(reach);
    history_.names.emplace_back("planted");
    Operation& call = add(Act::invalidate, 0, start, end);
    call.reach = static_cast<std::uint8_t>(history_.reaches.size() - 1);
    call.mode = mode;
    return call;
  }
  static Reach of(KeySet keys) {
    return {
        .surely = keys, .captured = {keys, keys}, .absent = keys, .raises = true, .perhaps = keys};
  }

  /// A hit on what was loaded for two callers, after a raise [20, 30] of a label that only the second named, whose call ended at `end`.
  void hit_after_late_label(Stamp end) {
    const ValueId joined = value(1, 10);
    Operation& read = hit(joined, 9, end);
    read.origin = Origin::loaded;
    read.named = 3;
    Reach late;
    late.late = 2;
    call(late, 20, 30);
    hit(joined, 31, 32);
  }
  /// The one fault, if there is one.
  std::optional<Fault> fault() {
    const std::vector<Violation> found = HistoryChecker(history_).check();
    EXPECT_LE(found.size(), 1u);
    return found.empty() ? std::nullopt : std::optional(found.front().fault);
  }

  History history_;
};

}  // namespace freshet::testing::history
