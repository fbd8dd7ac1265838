// Loaders that are bound to the namespaces of the history test: a part of history_worker.hpp, which includes it.
#pragma once

#include <algorithm>

#include "guarantees/history_worker.hpp"

namespace freshet::testing::history {

// Nobody but such a loader names labels for a key that is not there.
inline void Worker::bind_loaders(RoundState& round) {
  for (int space = 0; space < kSpaces; ++space) {
    const auto view = round.invalidator->cache<Datum>(kSpaceNames[static_cast<std::size_t>(space)]);
    view.bind_loader([&round, space](std::string_view name, LoadContext& context) {
      const auto at = std::find(kKeyNames.begin(), kKeyNames.end(), name) - kKeyNames.begin();
      const int key = space * kKeys / kSpaces + static_cast<int>(at);
      for (const std::string& tag : declared_tags(key)) context.tag(tag);
      for (const std::string& resource : options_of(key, true).depends_on)
        context.depends_on(resource);
      return load_in_background({&round, nullptr, 0, static_cast<std::uint8_t>(key)}, context);
    });
  }
}

}  // namespace freshet::testing::history
