// The small world of the model test: four namespaces, a few keys, tags, resources and versions, and labels as small numbers.
//
// Few names, so that random commands meet. Keys with ':' make prefixes matter; resources that are written like keys, some as
// `namespace/key`, make dependencies on entries, chains and cycles.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/freshet.hpp"

namespace freshet::testing::model {

using namespace std::chrono_literals;

inline constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  alpha: {strategy: manual}
  beta: {strategy: ttl, ttl: 100s}
  gamma: {strategy: ttl, ttl: 100s, soft_ttl: 40s}
  delta: {strategy: manual, hold_off: 25s}
)";
inline constexpr int kGamma = 2;  // the namespace that serves stale values
inline constexpr int kDelta = 3;  // the one that holds off
inline constexpr Duration kHoldOff = 25s;
inline constexpr Duration kTtl = 100s;
inline constexpr Duration kSoftTtl = 40s;
inline constexpr Duration kLeaseTime = 60s;

inline constexpr int kSpaceCount = 4;
inline const std::array<std::string, kSpaceCount> kSpaces{"alpha", "beta", "gamma", "delta"};
inline const std::array<std::string, 3> kTags{"red", "green", "blue"};

// The last one is never stored.
inline const std::array<std::string, 6> kKeys{"a", "b", "user:42", "user:42:x", "user:421", "db"};
inline constexpr int kStoredKeys = 5;

/// A key in a namespace.
struct Name {
  int space = 0;
  int key = 0;
  friend bool operator==(const Name&, const Name&) = default;
  int index() const noexcept { return space * static_cast<int>(kKeys.size()) + key; }
};
inline constexpr int kNames = 24;

inline std::string text_of(const Name& name) {
  return kSpaces[static_cast<std::size_t>(name.space)] + "/" +
         kKeys[static_cast<std::size_t>(name.key)];
}

/// A resource, and the key that it is written like; space -1: of the entry's own namespace.
struct Resource {
  std::string text;
  Name home;
};
inline const std::array<Resource, 9> kResources{{{"a", {-1, 0}},
                                                 {"b", {-1, 1}},
                                                 {"user:42", {-1, 2}},
                                                 {"user:42:x", {-1, 3}},
                                                 {"alpha/a", {0, 0}},
                                                 {"beta/b", {1, 1}},
                                                 {"gamma/user:42", {2, 2}},
                                                 {"delta/b", {3, 1}},
                                                 {"db", {-1, 5}}}};

inline Name home_of(int resource, int own_space) {
  Name home = kResources[static_cast<std::size_t>(resource)].home;
  if (home.space < 0) home.space = own_space;
  return home;
}

inline const std::array<std::string, 2> kDependencies{"model", "schema"};
/// A version that somebody announces; an empty hash stands for the current one.
struct Pin {
  int dependency;
  std::string hash;
};
inline const std::array<Pin, 4> kPins{{{0, "v1"}, {0, "v2"}, {0, ""}, {1, "v1"}}};
inline const std::array<std::string, 2> kPolicyVersions{"p1", "p2"};

/// Patterns, and which keys they take (a bit for each), by hand.
struct Pattern {
  std::string text;
  unsigned keys;
};
inline const std::array<Pattern, 4> kPrefixes{
    {{"user:42", 0b001100}, {"user", 0b011100}, {"a", 0b000001}, {"user:42:", 0b001100}}};
inline const std::array<Pattern, 7> kGlobs{{{"user:*", 0b011100},
                                            {"*:x", 0b001000},
                                            {"?", 0b000011},
                                            {"[ab]", 0b000011},
                                            {"*", 0b111111},
                                            {"user:42*", 0b011100},
                                            {"[!a]*", 0b111110}}};

/// Labels, numbered: namespaces, tags, resources, keys, then pairs of dependency and hash as they turn up.
using Label = int;
inline constexpr Label kFirstTag = kSpaceCount;
inline constexpr Label kFirstResource = kFirstTag + 3;
inline constexpr Label kFirstKey = kFirstResource + 9;
inline constexpr Label kFirstVersion = kFirstKey + kNames;
inline constexpr int kMaxLabels = 320;

inline Label space_label(int space) { return space; }
inline Label tag_label(int tag) { return kFirstTag + tag; }
inline Label resource_label(int resource) { return kFirstResource + resource; }
inline Label key_label(const Name& name) { return kFirstKey + name.index(); }
inline bool is_tag(Label label) { return label >= kFirstTag && label < kFirstResource; }
inline bool is_key(Label label) { return label >= kFirstKey && label < kFirstVersion; }
inline bool is_version(Label label) { return label >= kFirstVersion; }
inline bool is_dependency(Label label) { return label >= kFirstResource; }
inline Name key_of(Label label) {
  const int index = label - kFirstKey;
  return {index / static_cast<int>(kKeys.size()), index % static_cast<int>(kKeys.size())};
}

}  // namespace freshet::testing::model
