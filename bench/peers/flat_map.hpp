// FlatMap: the fastest hash map that the build has found. Boost's from 1.81 on, else Abseil's, else the standard library's.
#pragma once

#if defined(FRESHET_PEER_BOOST_FLAT_MAP)
#include <boost/unordered/unordered_flat_map.hpp>
#elif defined(FRESHET_PEER_ABSL_FLAT_MAP)
#include <absl/container/flat_hash_map.h>
#else
#include <unordered_map>
#endif

#include "peers/text_hash.hpp"

namespace freshet::bench {

#if defined(FRESHET_PEER_BOOST_FLAT_MAP)
template <class Key, class Mapped>
using FlatMap = boost::unordered_flat_map<Key, Mapped, TextHash, TextEqual>;
inline constexpr const char* kFlatMapName = "flat map, no lock (boost)";
#elif defined(FRESHET_PEER_ABSL_FLAT_MAP)
template <class Key, class Mapped>
using FlatMap = absl::flat_hash_map<Key, Mapped, TextHash, TextEqual>;
inline constexpr const char* kFlatMapName = "flat map, no lock (absl)";
#else
template <class Key, class Mapped>
using FlatMap = std::unordered_map<Key, Mapped, TextHash, TextEqual>;
inline constexpr const char* kFlatMapName = "map, no lock (std)";
#endif

}  // namespace freshet::bench
