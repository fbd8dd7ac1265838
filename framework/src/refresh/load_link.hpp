// LoadLink: a load under way, and the one that it is made for, so that nobody waits for a load that waits for it.
//
// Who reads for a load finds its link among what is open there, on whatever thread that is, and so does a coroutine that has none.
// Links are compared by their addresses. They never change; a link outlives those that point to it.
#pragma once

#include <string>

#include "store/entry.hpp"

namespace freshet::detail {

struct LoadLink {
  const LoadLink* around = nullptr;
  // The key of a load that is for its caller alone; otherwise null and empty.
  const Label* space = nullptr;
  std::string key{};
};

/// Whether `reader` is `load`, or is read for by it, or by what that reads for.
inline bool reads_for(const LoadLink* reader, const LoadLink* load) noexcept {
  while (reader != nullptr && reader != load) reader = reader->around;
  return reader != nullptr;
}

}  // namespace freshet::detail
