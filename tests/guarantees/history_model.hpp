// What the history test caches: eight keys in two namespaces, their labels, and every call that invalidates them.
//
//   key  name        tags (own:N and rare are named by loaders)    depends on                         reads
//   0    a/user:1    all user one own:0 rare                        -                                  -
//   1    a/user:2    all user two own:1                             table:y (named by the loader)      -
//   2    a/item:1    all item one own:2                             table:x, user:1 (key 0)            -
//   3    a/item:2    all item two own:3                             -                                  key 5
//   4    b/user:1    all user one own:4 rare                        the current version of `format`    -
//   5    b/user:2    all user two own:5                             -                                  key 1, key 4 if it is there
//   6    b/item:1    all item one own:6                             a/item:1 (key 2)                   -
//   7    b/item:2    all item two own:7                             a version of `model`               -
// Bulk loads take keys 0 and 1, or 5 and 6, and give each what both have.
// Any entry may be given late0, late1 (tags), late2 or late3 (resources) once it is stored; where it is asked for also one of
// the keys a/user:1, a/user:2 and a/item:1, so that keys depend on one another in a circle.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "freshet/freshet.hpp"
#include "guarantees/history.hpp"

namespace freshet::testing::history {

inline constexpr std::array<std::string_view, kSpaces> kSpaceNames{"a", "b"};
inline constexpr std::array<std::string_view, 4> kKeyNames{"user:1", "user:2", "item:1", "item:2"};

inline std::string space_name(int key) { return std::string(kSpaceNames[space_of(key)]); }
inline std::string key_name(int key) { return std::string(kKeyNames[key % 4]); }
inline std::string own_tag(int key) { return "own:" + std::to_string(key); }
/// The last three are keys, for circles.
inline std::string late_label(int late) {
  constexpr std::array<std::string_view, 3> kOfKeys{"a/user:1", "a/user:2", "a/item:1"};
  return late < 4 ? "late" + std::to_string(late)
                  : std::string(kOfKeys[static_cast<std::size_t>(late) - 4]);
}
constexpr bool late_is_tag(int late) noexcept { return late < 2; }

inline bool is_rare(int key) { return key == 0 || key == 4; }

/// The tags of a key that callers name; loaders name the rest.
inline std::vector<std::string> declared_tags(int key) {
  return {"all", key % 4 < 2 ? "user" : "item", key % 2 == 0 ? "one" : "two"};
}

inline bool carries(int key, std::string_view tag) {
  if (tag == own_tag(key)) return true;
  if (tag == "rare") return is_rare(key);
  const std::vector<std::string> tags = declared_tags(key);
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

/// What a caller says of a key. `named` adds what a loader would name, for puts.
inline EntryOptions options_of(int key, bool named) {
  EntryOptions options{.tags = declared_tags(key)};
  if (key == 2) options.depends_on = {"table:x", "user:1"};
  if (key == 6) options.depends_on = {"a/item:1"};
  if (key == 4) options.versions = {{"format", ""}};
  if (!named) return options;
  options.tags.push_back(own_tag(key));
  if (is_rare(key)) options.tags.push_back("rare");
  if (key == 1) options.depends_on = {"table:y"};
  return options;
}

/// What a loader adds to that.
inline void name_labels(int key, LoadContext& load) {
  load.tag(own_tag(key));
  if (is_rare(key)) load.tag("rare");
  if (key == 1) load.depends_on("table:y");
}

constexpr KeySet one(int key) noexcept { return static_cast<KeySet>(1U << key); }
inline constexpr KeySet kSpaceA = 0x0F, kSpaceB = 0xF0;
constexpr KeySet keys_in(int space) noexcept { return space == 0 ? kSpaceA : kSpaceB; }

template <class Wanted>
KeySet keys_where(Wanted wanted) {
  KeySet keys = 0;
  for (int key = 0; key < kKeys; ++key)
    keys = static_cast<KeySet>(keys | (wanted(key) ? one(key) : 0));
  return keys;
}

/// What may go when these keys' entries do: those who depend on them, by whatever way, and those who share a bulk load with them.
inline KeySet whatever_follows(KeySet keys) {
  if ((keys & 0x03) != 0) keys |= 0x03;
  if (has(keys, 0) || has(keys, 1)) keys |= one(2);
  if (has(keys, 2)) keys |= one(6);
  if (has(keys, 1) || has(keys, 4)) keys |= one(5);
  if ((keys & 0x60) != 0) keys |= 0x60;
  if (has(keys, 5)) keys |= one(3);
  return keys;
}

/// What depends on the dependencies of this key: an entry stored under it may change them.
inline KeySet tied_to(int key) {
  constexpr std::array<KeySet, kKeys> kTied{one(2) | one(3) | one(5) | one(6),
                                            one(3) | one(5),
                                            one(3) | one(5) | one(6),
                                            0,
                                            one(3) | one(5),
                                            one(3),
                                            0,
                                            0};
  return kTied[static_cast<std::size_t>(key)];
}

/// Of entries that go by their own labels; `captured`: what was made of them goes along.
inline Reach reach_of_labels(KeySet keys, bool raises = true) {
  return {.surely = keys,
          .captured = {keys, keys},
          .raises = raises,
          .perhaps = whatever_follows(keys)};
}

/// Of keys, with those who declare that they depend on them. `themselves`: not only those.
inline Reach reach_of_keys(KeySet keys, bool themselves = true) {
  KeySet dependents = 0;
  if (has(keys, 0)) dependents |= one(2);
  if (has(keys, 2)) dependents |= one(6);
  Reach reach = reach_of_labels(static_cast<KeySet>((themselves ? keys : 0) | dependents), false);
  reach.absent = keys;
  if (!themselves) reach.made_of = keys;
  reach.perhaps = whatever_follows(keys | dependents);
  if (has(dependents, 2)) {  // whoever depends on key 2 depends on what key 2 was stored with
    reach.through = one(6);
    reach.via = 2;
  }
  return reach;
}

/// Of a resource that key 2 names.
inline Reach reach_of_table_x() {
  Reach reach = reach_of_labels(one(2));
  reach.through = one(6);
  reach.via = 2;
  return reach;
}

/// Of a tag in one namespace: what was captured goes with an entry of that namespace.
inline Reach reach_of_tags_in(int space, KeySet carriers) {
  Reach reach{.surely = static_cast<KeySet>(carriers & keys_in(space)), .raises = true};
  reach.captured[static_cast<std::size_t>(space)] = reach.surely;
  reach.perhaps = whatever_follows(static_cast<KeySet>(carriers | keys_in(space)));
  return reach;
}

inline Reach both(const Reach& a, const Reach& b) {
  Reach reach = a;
  reach.surely |= b.surely;
  for (std::size_t space = 0; space < kSpaces; ++space) reach.captured[space] |= b.captured[space];
  reach.absent |= b.absent;
  reach.made_of |= b.made_of;
  reach.through |= b.through;
  reach.via = std::max(a.via, b.via);
  reach.raises = a.raises || b.raises;
  reach.perhaps |= b.perhaps;
  return reach;
}

/// One way to invalidate something.
struct Call {
  std::string name;
  Reach reach;
  /// `number` is that of a version, for calls that set one.
  std::function<Invalidated(CacheInvalidator&, std::uint16_t number, const InvalidateOptions&)>
      make;
};

inline std::string model_version(std::uint16_t number) { return "model-" + std::to_string(number); }
inline std::string policy_version(std::uint16_t number) {
  return "policy-" + std::to_string(number);
}

inline Reach reach_of_tag(std::string_view tag) {
  return reach_of_labels(keys_where([&](int key) { return carries(key, tag); }));
}
inline KeySet keys_under(int space, std::string_view prefix) {
  return keys_where([&](int key) {
    return space_of(key) == space && key_name(key).substr(0, prefix.size()) == prefix;
  });
}

/// A call of each target, by itself.
inline Call call_of(std::string name, Reach reach, Target target) {
  return {std::move(name), std::move(reach),
          [target = std::move(target)](CacheInvalidator& invalidator, std::uint16_t,
                                       const InvalidateOptions& options) {
            return invalidator.invalidate_many({target}, options).total;
          }};
}

/// The first kKeys are those of the keys, in their order.
inline void add_calls_by_key(std::vector<Call>& calls) {
  for (int key = 0; key < kKeys; ++key) {
    calls.push_back(
        {"key " + space_name(key) + "/" + key_name(key), reach_of_keys(one(key)),
         [key](CacheInvalidator& invalidator, std::uint16_t, const InvalidateOptions& options) {
           return invalidator.invalidate(key_name(key), space_name(key), options);
         }});
  }
  for (const int key : {0, 1, 2, 4}) {
    calls.push_back(
        {"dependents of key " + space_name(key) + "/" + key_name(key),
         reach_of_keys(one(key), false),
         [key](CacheInvalidator& invalidator, std::uint16_t, const InvalidateOptions& options) {
           return invalidator.invalidate_dependents_of_key(key_name(key), space_name(key), options);
         }});
  }
  for (int space = 0; space < kSpaces; ++space) {
    const std::string in(kSpaceNames[space]);
    Reach everything = reach_of_keys(keys_in(space));
    everything.raises = true;
    calls.push_back(call_of("namespace " + in, everything, Target::name_space(in)));
    for (const std::string kind : {"user", "item"}) {
      const Reach reach = reach_of_keys(keys_under(space, kind));
      calls.push_back(call_of("prefix " + in + "/" + kind, reach, Target::prefix(kind + ":", in)));
      calls.push_back(call_of("pattern " + in + "/" + kind, reach,
                              Target::matching(kind[0] + std::string("*"), in)));
    }
    const KeySet ones = keys_where([&](int key) { return space_of(key) == space && key % 2 == 0; });
    calls.push_back(
        call_of("pattern " + in + "/*:1", reach_of_keys(ones), Target::matching("*:1", in)));
  }
}

inline void add_calls_by_label(std::vector<Call>& calls) {
  calls.push_back(
      {"all", reach_of_keys(kEveryKey),
       [](CacheInvalidator& invalidator, std::uint16_t, const InvalidateOptions& options) {
         return invalidator.invalidate_all(options);
       }});
  calls.back().reach.raises = true;
  for (const std::string tag : {"user", "item", "one", "two", "rare", "own:0", "own:1", "own:2",
                                "own:4", "own:5", "own:6", "own:7"}) {
    calls.push_back(
        {"tag " + tag, reach_of_tag(tag),
         [tag](CacheInvalidator& invalidator, std::uint16_t, const InvalidateOptions& options) {
           return invalidator.invalidate_tag(tag, options);
         }});
  }
  for (const std::string tag : {"user", "two", "rare"}) {
    const KeySet carriers = reach_of_tag(tag).surely;
    calls.push_back(
        call_of("tag " + tag + " in a", reach_of_tags_in(0, carriers), Target::tag_in(tag, "a")));
    calls.push_back(
        call_of("tag " + tag + " in b", reach_of_tags_in(1, carriers), Target::tag_in(tag, "b")));
  }
  const auto all_of = [&](std::string one_tag, std::string other_tag) {
    Reach reach = reach_of_labels(
        keys_where([&](int key) { return carries(key, one_tag) && carries(key, other_tag); }));
    // What was made of several carries the tags of all.
    reach.perhaps = whatever_follows(
        static_cast<KeySet>(reach_of_tag(one_tag).surely | reach_of_tag(other_tag).surely));
    calls.push_back(call_of("all of " + one_tag + ", " + other_tag, reach,
                            Target::all_of({one_tag, other_tag})));
  };
  all_of("user", "two");
  all_of("item", "one");
  all_of("rare", "all");
  const auto dependents = [&](std::string resource, const Reach& reach) {
    calls.push_back({"dependents " + resource, reach,
                     [resource](CacheInvalidator& invalidator, std::uint16_t,
                                const InvalidateOptions& options) {
                       return invalidator.invalidate_dependents(resource, options);
                     }});
  };
  dependents("table:x", reach_of_table_x());
  dependents("table:y", reach_of_labels(one(1)));
  dependents("user:1", reach_of_table_x());
  dependents("a/item:1", reach_of_labels(one(6)));
}

/// By labels that entries were given late: `surely` nobody, apart from those of whom it is known.
inline void add_calls_by_late_label(std::vector<Call>& calls) {
  for (int late = 0; late < 4; ++late) {
    const std::string name = late_label(late);
    const Reach reach{.late = late, .raises = true, .perhaps = kEveryKey};
    calls.push_back(call_of("late " + name, reach,
                            late_is_tag(late) ? Target::tag(name) : Target::dependents(name)));
  }
}

/// Keys by themselves, with those who were made to depend on them late.
inline std::vector<Call> calls_in_a_circle() {
  std::vector<Call> calls;
  for (int key = 0; key < 3; ++key) {
    Reach reach = reach_of_keys(one(key));
    reach.late = 4 + key;
    reach.perhaps = kEveryKey;
    calls.push_back(call_of("circle " + late_label(4 + key), reach,
                            Target::key(key_name(key), space_name(key))));
  }
  return calls;
}

inline void add_calls_by_version(std::vector<Call>& calls) {
  Reach format = reach_of_labels(one(4), false);
  format.renewed = one(4);  // callers ask for the current version
  calls.push_back(
      {"version of format", format,
       [](CacheInvalidator& invalidator, std::uint16_t, const InvalidateOptions& options) {
         return invalidator.bump_version("format", options);
       }});
  Reach model{.version = Reach::Version::model, .perhaps = one(7)};
  calls.push_back(
      {"version of model", model,
       [](CacheInvalidator& invalidator, std::uint16_t number, const InvalidateOptions& options) {
         return invalidator.invalidate_version("model", model_version(number), options);
       }});
  Reach policy = reach_of_keys(kSpaceB);
  policy.version = Reach::Version::policy;
  policy.raises = true;
  calls.push_back(
      {"policy version of b", policy,
       [](CacheInvalidator& invalidator, std::uint16_t number, const InvalidateOptions& options) {
         return invalidator.set_policy_version("b", policy_version(number), options);
       }});
}

inline void add_calls_of_many(std::vector<Call>& calls) {
  const auto many = [&](std::string name, const Reach& reach, std::vector<Target> targets) {
    calls.push_back({"many: " + std::move(name), reach,
                     [targets = std::move(targets)](CacheInvalidator& invalidator, std::uint16_t,
                                                    const InvalidateOptions& options) {
                       return invalidator.invalidate_many(targets, options).total;
                     }});
  };
  many("key and tag", both(reach_of_keys(one(0)), reach_of_tag("own:7")),
       {Target::key("user:1", "a"), Target::tag("own:7")});
  many("prefix, key and resource",
       both(both(reach_of_keys(keys_under(1, "user")), reach_of_keys(one(3))), reach_of_table_x()),
       {Target::prefix("user", "b"), Target::key("item:2", "a"), Target::dependents("table:x")});
  many("tag and namespace", both(reach_of_tag("rare"), reach_of_keys(kSpaceA)),
       {Target::tag("rare"), Target::name_space("a")});
  const auto judged = [&](std::string_view kind, int space) {
    Reach reach{.surely = keys_under(space, kind), .asks = true};
    reach.perhaps =
        whatever_follows(keys_in(space));  // loads under way are not kept, whatever they make
    calls.push_back({"predicate " + std::string(kSpaceNames[space]) + "/" + std::string(kind),
                     reach,
                     [kind, space](CacheInvalidator& invalidator, std::uint16_t,
                                   const InvalidateOptions& options) {
                       return invalidator.invalidate_if(
                           kSpaceNames[space],
                           [kind](const EntryDescription& entry) {
                             return entry.key.substr(0, kind.size()) == kind;
                           },
                           options);
                     }});
  };
  judged("user", 0);
  judged("item", 0);
  judged("user", 1);
  judged("item", 1);
}

inline std::vector<Call> every_call() {
  std::vector<Call> calls;
  add_calls_by_key(calls);
  add_calls_by_label(calls);
  add_calls_by_late_label(calls);
  add_calls_by_version(calls);
  add_calls_of_many(calls);
  return calls;
}

}  // namespace freshet::testing::history
