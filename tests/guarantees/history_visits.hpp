// Reads in place, from within which something else is read: a part of history_worker.hpp, which includes it.
#pragma once

#include <stdexcept>

#include "guarantees/history_worker.hpp"

namespace freshet::testing::history {

inline void Worker::visit(int key) {
  Operation read = begin(Act::read, key);
  const bool found = view(key).visit(key_name(key), [&](const Datum& datum) {
    read.value = datum.id;
    get(key ^ 1);
    give_way(2);
    if (datum.id != read.value || datum.check != check_of(read.value))
      throw std::logic_error("a value is gone while it is visited");
  });
  read.done = true;
  if (found) read.origin = Origin::l1;
  finish(read);
}

}  // namespace freshet::testing::history
