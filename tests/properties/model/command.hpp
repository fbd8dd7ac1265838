// Commands: what a random sequence is made of, how they are made, made simpler and shown.
#pragma once

#include <rapidcheck.h>

#include <ostream>

#include "properties/model/world.hpp"

namespace freshet::testing::model {

/// What the caller of put or get_or_load, or a loader, says of an entry. -1 and 0 stand for nothing.
struct Said {
  int tags = 0;  // bits
  int depends_on = -1;
  int also_depends_on = -1;
  int version = -1;
  int ttl = -1;  // seconds; 0: do not keep
};

/// One thing to invalidate. `what` is an index into the table that the kind needs, or the bits of tags.
struct Aim {
  enum Kind {
    key,
    tag,
    tag_in,
    name_space,
    all,
    all_of,
    all_of_in,
    dependents,
    dependents_of_key,
    prefix,
    matching,
    version,
    bump,
    policy_version,
    kinds
  } kind = key;
  int space = 0;
  int what = 0;
};

enum class Verb {
  put,
  get,
  load,
  load_many,
  lease,
  put_leased,
  tag,
  depend,
  invalidate,
  many,
  predicate,
  advance,
  sweep,
  settle,
  verbs
};
enum class Read { nothing, get, contains, load, verbs };

struct Command {
  Verb verb = Verb::put;
  Name name{};
  Said said{};
  Said loader{};              // what the loader says, through its LoadContext
  bool keeps = true;          // false: the loader says do_not_keep()
  Read read = Read::nothing;  // what the loader does with another key
  Name other{};
  std::vector<Aim> aims{};  // what goes; of a load: while its loader runs
  Mode mode = Mode::remove;
  bool dry_run = false;
  int view = -1;             // the policy version that the view announces
  bool scoped = false;       // through a view of the part of the key before its first separator
  bool skips_read = false;   // of the tier
  bool skips_write = false;  // of the tier; of an invalidation: it does nothing
  int number = 0;            // seconds, entries, a lease's place, a predicate
  bool looks = true;         // whether everything is compared afterwards
};

// Text.

inline std::ostream& operator<<(std::ostream& out, const Said& said) {
  for (std::size_t i = 0; i < kTags.size(); ++i) {
    if ((said.tags >> i & 1) != 0) out << " #" << kTags[i];
  }
  for (const int resource : {said.depends_on, said.also_depends_on}) {
    if (resource >= 0)
      out << " depends_on(" << kResources[static_cast<std::size_t>(resource)].text << ")";
  }
  if (said.version >= 0) {
    const Pin& pin = kPins[static_cast<std::size_t>(said.version)];
    out << " version(" << kDependencies[static_cast<std::size_t>(pin.dependency)] << ", \""
        << pin.hash << "\")";
  }
  if (said.ttl >= 0) out << " ttl " << said.ttl << "s";
  return out;
}

Target target_of(const Aim& aim);

inline std::ostream& operator<<(std::ostream& out, const Aim& aim) {
  static constexpr const char* kNamesOfKinds[] = {
      "key",      "tag",       "tag_in",      "name_space",        "all",
      "all_of",   "all_of_in", "dependents",  "dependents_of_key", "prefix",
      "matching", "version",   "new_version", "policy_version"};
  const Target target = target_of(aim);
  out << kNamesOfKinds[aim.kind] << "(" << target.name;
  for (const std::string& more : target.more) out << " " << more;
  if (!target.space.empty()) out << " in " << target.space;
  return out << ")";
}

inline std::ostream& operator<<(std::ostream& out, const Command& c) {
  static constexpr const char* kVerbs[] = {
      "put",           "get",     "get_or_load",    "get_many",   "lease",
      "put_leased",    "tag",     "add_dependency", "invalidate", "invalidate_many",
      "invalidate_if", "advance", "sweep",          "settle"};
  static constexpr const char* kReads[] = {"", "get", "contains", "get_or_load"};
  out << kVerbs[static_cast<int>(c.verb)];
  if (c.verb <= Verb::depend) out << " " << text_of(c.name) << c.said;
  if (c.verb == Verb::predicate) out << " " << kSpaces[static_cast<std::size_t>(c.name.space)];
  if (c.view >= 0 && c.verb <= Verb::put_leased)
    out << " at_version " << kPolicyVersions[static_cast<std::size_t>(c.view)];
  if (c.scoped) out << " scoped";
  if (c.skips_read) out << " skips_read";
  if (c.skips_write) out << " skips_write";
  if (c.number != 0) out << " " << c.number;
  if (c.verb == Verb::load_many) out << " and " << kKeys[static_cast<std::size_t>(c.other.key)];
  if (c.verb == Verb::load || c.verb == Verb::load_many) {
    out << " {loader:" << c.loader;
    if (!c.keeps) out << " do_not_keep";
    if (c.read != Read::nothing)
      out << " " << kReads[static_cast<int>(c.read)] << " " << text_of(c.other);
    for (const Aim& aim : c.aims) out << " invalidates " << aim;
    out << "}";
  } else {
    for (const Aim& aim : c.aims) out << " " << aim;
  }
  if (c.mode == Mode::expire) out << " expire";
  if (c.dry_run) out << " dry_run";
  if (!c.looks) out << " (unwatched)";
  return out;
}

inline void showValue(const std::vector<Command>& commands, std::ostream& out) {
  for (const Command& command : commands) out << "\n  " << command;
}

/// As the library says it.
inline Target target_of(const Aim& aim) {
  const auto at = [&](const auto& table) -> decltype(auto) {
    return table[static_cast<std::size_t>(aim.what) % table.size()];
  };
  const std::string& space = kSpaces[static_cast<std::size_t>(aim.space)];
  std::vector<std::string> tags;
  for (std::size_t i = 0; i < kTags.size(); ++i) {
    if ((aim.what >> i & 1) != 0) tags.push_back(kTags[i]);
  }
  if (tags.empty()) tags.push_back(kTags[0]);
  switch (aim.kind) {
    case Aim::key:
      return Target::key(at(kKeys), space);
    case Aim::tag:
      return Target::tag(at(kTags));
    case Aim::tag_in:
      return Target::tag_in(at(kTags), space);
    case Aim::name_space:
      return Target::name_space(space);
    case Aim::all:
      return Target::all();
    case Aim::all_of:
      return Target::all_of(tags);
    case Aim::all_of_in:
      return Target::all_of(tags, space);
    case Aim::dependents:
      return Target::dependents(at(kResources).text);
    case Aim::dependents_of_key:
      return Target::dependents_of_key(at(kKeys), space);
    case Aim::prefix:
      return Target::prefix(at(kPrefixes).text, space);
    case Aim::matching:
      return Target::matching(at(kGlobs).text, space);
    case Aim::version: {
      const Pin& pin = kPins[aim.what % 2 == 0 ? 0 : aim.what % 4 == 1 ? 1 : 3];
      return Target::version(kDependencies[static_cast<std::size_t>(pin.dependency)], pin.hash);
    }
    case Aim::bump:
      return Target::new_version(at(kDependencies));
    case Aim::policy_version:
      return Target::policy_version(space, at(kPolicyVersions));
    case Aim::kinds:
      break;
  }
  return Target::all();
}

// Making and simplifying. Written out, for the generators of RapidCheck take longer than the cache does.

class Draw {
 public:
  explicit Draw(const rc::Random& random) : random_(random) {}

  /// From 0 up to below `limit`.
  int below(int limit) { return static_cast<int>(random_.next() % static_cast<unsigned>(limit)); }
  bool one_in(int count) { return below(count) == 0; }
  template <std::size_t kCount>
  int one_of(const int (&values)[kCount]) {
    return values[below(static_cast<int>(kCount))];
  }
  Name name() { return {below(kSpaceCount), below(kStoredKeys)}; }

  Said said(int rarely) {
    Said said;
    if (one_in(rarely)) said.tags = below(8);
    if (one_in(rarely)) said.depends_on = below(static_cast<int>(kResources.size()));
    if (one_in(3 * rarely)) said.also_depends_on = below(static_cast<int>(kResources.size()));
    if (one_in(4 * rarely)) said.version = below(static_cast<int>(kPins.size()));
    if (one_in(4 * rarely)) said.ttl = one_of({0, 30, 30, 60, 200});
    return said;
  }

  Aim aim() {
    Aim aim;
    aim.kind = static_cast<Aim::Kind>(below(Aim::kinds));
    // What takes everything would leave little to look at.
    if (aim.kind == Aim::all && !one_in(4)) aim.kind = Aim::key;
    aim.space = below(kSpaceCount);
    aim.what = below(1 << 8);
    return aim;
  }

  Command command() {
    using enum Verb;
    static constexpr Verb kVerbs[] = {
        put,        put,        put,  put,       get,       load,       load,
        load,       load,       load, load,      load_many, lease,      lease,
        put_leased, put_leased, tag,  depend,    depend,    invalidate, invalidate,
        invalidate, invalidate, many, predicate, advance,   sweep,      settle};
    Command c;
    c.verb = kVerbs[below(static_cast<int>(std::size(kVerbs)))];
    c.name = name();
    c.said = said(2);
    c.mode = one_in(3) ? Mode::expire : Mode::remove;
    c.looks = !one_in(4);
    if (one_in(6)) c.view = below(2);
    c.scoped = c.name.key >= 2 && one_in(4);
    c.skips_read = one_in(12);
    c.skips_write = one_in(12);
    if (c.verb == load || c.verb == load_many) draw_loader(c);
    if (c.verb == load_many) {
      c.loader = {};
      c.read = Read::nothing;
      c.other.space = c.name.space;
      if (c.other.key == c.name.key) c.other.key = (c.name.key + 1) % kStoredKeys;
    }
    if (c.verb == invalidate) c.aims = {aim()};
    if (c.verb == many) c.aims = {aim(), aim(), aim()};
    if (c.verb == invalidate || c.verb == many || c.verb == predicate) c.dry_run = one_in(4);
    if (c.verb == lease || c.verb == put_leased) c.number = below(2);
    if (c.verb == predicate) c.number = below(3);
    if (c.verb == advance) c.number = one_of({1, 20, 30, 45, 70});
    if (c.verb == sweep) c.number = below(4);
    return c;
  }

 private:
  void draw_loader(Command& c) {
    if (one_in(2)) c.loader = said(3);
    c.keeps = !one_in(12);
    if (one_in(3)) c.read = static_cast<Read>(1 + below(3));
    c.other = name();
    if (one_in(3)) c.aims.push_back(aim());
  }

  rc::Random random_;
};

/// Simpler commands, the simplest first.
inline std::vector<Command> simpler(const Command& from) {
  std::vector<Command> found;
  const auto add = [&](auto change) {
    Command simple = from;
    if (change(simple)) found.push_back(simple);
  };
  const auto reset = [&](auto member) {
    add([&](Command& c) {
      const auto none = std::invoke(member, Command{});
      return std::exchange(std::invoke(member, c), none) != none;
    });
  };
  for (std::size_t i = 0; i < from.aims.size(); ++i) {
    add([&](Command& c) {
      c.aims.erase(c.aims.begin() + static_cast<std::ptrdiff_t>(i));
      return c.verb == Verb::load || c.verb == Verb::load_many || c.aims.size() > 1;
    });
  }
  reset(&Command::read);
  reset(&Command::view);
  reset(&Command::scoped);
  reset(&Command::skips_read);
  reset(&Command::skips_write);
  reset(&Command::keeps);
  reset(&Command::mode);
  reset(&Command::looks);
  for (Said Command::*said : {&Command::said, &Command::loader}) {
    for (int Said::*part :
         {&Said::tags, &Said::depends_on, &Said::also_depends_on, &Said::version, &Said::ttl}) {
      add([&](Command& c) { return std::exchange(c.*said.*part, Said{}.*part) != Said{}.*part; });
    }
  }
  add([](Command& c) { return std::exchange(c.verb, Verb::put) == Verb::load && c.aims.empty(); });
  add([](Command& c) { return std::exchange(c.verb, Verb::load) == Verb::load_many; });
  return found;
}

}  // namespace freshet::testing::model

namespace rc {
template <>
struct Arbitrary<freshet::testing::model::Command> {
  using Command = freshet::testing::model::Command;
  static Gen<Command> arbitrary() {
    return Gen<Command>([](const Random& random, int) {
      return shrinkable::shrinkRecur(
          freshet::testing::model::Draw(random).command(),
          [](const Command& c) { return seq::fromContainer(freshet::testing::model::simpler(c)); });
    });
  }
};
}  // namespace rc
