// The cache against a model that keeps every entry and recomputes freshness from the whole history.
//
// RapidCheck makes command sequences over few keys, tags and namespaces, and shrinks a failing one. What a read finds, what
// an invalidation counts, how many entries there are and why entries left are compared after every command.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>
#include <sstream>

#include "support/cache_fixture.hpp"

namespace freshet::testing {
namespace {

constexpr std::string_view kPolicy = R"(
freshet: 1
namespaces:
  alpha: {strategy: manual}
  beta: {strategy: ttl, ttl: 100s}
)";
const std::vector<std::string> kSpaces{"alpha", "beta"};
const std::vector<std::string> kTags{"red", "green", "blue"};
constexpr Duration kBetaTtl = 100s;

struct Command {
  enum Kind {
    load,
    put,
    put_leased,
    invalidate,
    tag,
    name_space,
    all,
    many,
    add_tag,
    advance,
    sweep,
    kinds
  } kind;
  int key;        // 0..4
  int space;      // 0..1
  unsigned tags;  // bits
  int seconds;    // ttl or time to pass; 0: none
  int meanwhile;  // what happens while a load runs or a lease is held: 0 nothing, 1 key, 2 tag, 3 namespace, 4 put
};

std::ostream& operator<<(std::ostream& out, const Command& c) {
  static const char* names[] = {"load", "put",  "put_leased", "invalidate", "tag",  "name_space",
                                "all",  "many", "add_tag",    "advance",    "sweep"};
  return out << names[c.kind] << " key" << c.key << " in "
             << kSpaces[static_cast<std::size_t>(c.space)] << " tags " << c.tags << " seconds "
             << c.seconds << " meanwhile " << c.meanwhile;
}

// What an entry is, to the model: all that happened to it is recomputed from these.
struct ModelEntry {
  int value;
  std::map<std::string, std::size_t> labels;  // label, and the step at which it was joined
  std::size_t born;
  Instant hard;
};

class Model {
 public:
  using Name = std::pair<int, int>;  // space, key

  std::size_t step() const { return raises_.size(); }
  void raise(const std::string& label) { raises_.push_back(label); }

  bool fresh(const ModelEntry& entry, Instant now) const {
    if (entry.hard <= now) return false;
    for (std::size_t i = 0; i < raises_.size(); ++i) {
      for (const auto& [label, joined] : entry.labels) {
        if (raises_[i] == label && i >= joined) return false;
      }
    }
    return true;
  }

  const ModelEntry* find(const Name& name, Instant now) const {
    const auto found = entries.find(name);
    return found != entries.end() && fresh(found->second, now) ? &found->second : nullptr;
  }

  std::uint64_t count(Instant now, const std::set<std::string>& labels) const {
    std::uint64_t hit = 0;
    for (const auto& [name, entry] : entries) {
      bool carries = false;
      for (const auto& [label, joined] : entry.labels) carries = carries || labels.count(label) > 0;
      hit += carries && fresh(entry, now) ? 1 : 0;
    }
    return hit;
  }

  std::map<Name, ModelEntry> entries;

 private:
  std::vector<std::string> raises_;
};

class CommandRunner {
 public:
  CommandRunner() {
    Components components;
    components.clock = clock_;
    components.executor = std::make_shared<ManualExecutor>(clock_);
    invalidator_.emplace(CacheInvalidator::from_yaml(kPolicy, components));
    for (const std::string& space : kSpaces) caches_.push_back(invalidator_->cache<int>(space));
  }

  void execute(const Command& c) {
    switch (c.kind) {
      case Command::load:
        return load(c);
      case Command::put:
        return put(c);
      case Command::put_leased:
        return put_leased(c);
      case Command::invalidate:
        return invalidate(c);
      case Command::tag: {
        const std::string tag = kTags[static_cast<std::size_t>(c.key) % kTags.size()];
        return counted(invalidator_->invalidate_tag(tag), {"tag:" + tag});
      }
      case Command::name_space:
        return counted(invalidator_->invalidate_namespace(space(c)), {"ns:" + space(c)});
      case Command::all:
        return counted(invalidator_->invalidate_all(), {"root"});
      case Command::many:
        return many(c);
      case Command::add_tag:
        return add_tag(c);
      case Command::advance:
        return clock_->advance(std::chrono::seconds(c.seconds));
      case Command::sweep:
        invalidator_->sweep(static_cast<std::size_t>(c.seconds));
        return;
      case Command::kinds:
        break;
    }
    RC_FAIL("no such command");
  }

  void compare() {
    std::uint64_t alive = 0;
    for (int s = 0; s < 2; ++s) {
      for (int k = 0; k < 5; ++k) {
        const ModelEntry* expected = model_.find({s, k}, clock_->now());
        const auto handle = caches_[static_cast<std::size_t>(s)].get(key(k));
        RC_ASSERT(static_cast<bool>(handle) == (expected != nullptr));
        if (expected != nullptr) RC_ASSERT(*handle == expected->value);
        alive += expected != nullptr ? 1 : 0;
      }
    }
    RC_ASSERT(invalidator_->invalidate_all({.dry_run = true}).count == alive);
    const Statistics stats = invalidator_->stats();
    RC_ASSERT(stats.total.entries == alive);  // the reads above reclaimed the dead
    std::set<std::string> live_tags;
    for (const auto& [name, entry] : model_.entries) {
      if (!model_.fresh(entry, clock_->now())) continue;
      for (const auto& [label, joined] : entry.labels) {
        if (label.rfind("tag:", 0) == 0) live_tags.insert(label);
      }
    }
    RC_ASSERT(stats.total.tags == live_tags.size());  // each label is held by someone
  }

 private:
  static std::string key(int k) { return "key" + std::to_string(k); }
  static const std::string& space(const Command& c) {
    return kSpaces[static_cast<std::size_t>(c.space)];
  }
  Cache<int>& cache(const Command& c) { return caches_[static_cast<std::size_t>(c.space)]; }

  EntryOptions options(const Command& c) const {
    EntryOptions options;
    for (std::size_t i = 0; i < kTags.size(); ++i) {
      if ((c.tags >> i & 1) != 0) options.tags.push_back(kTags[i]);
    }
    if (c.seconds > 0) options.ttl = std::chrono::seconds(c.seconds);
    return options;
  }

  ModelEntry entry(const Command& c, int value, std::size_t born) const {
    ModelEntry entry{value, {{"root", born}, {"ns:" + space(c), born}}, born, kNever};
    for (const std::string& tag : options(c).tags) entry.labels.emplace("tag:" + tag, born);
    if (c.space == 1) entry.hard = clock_->now() + kBetaTtl;
    if (c.seconds > 0) entry.hard = clock_->now() + std::chrono::seconds(c.seconds);
    return entry;
  }

  // Does what comes in between, to both; says whether it overtakes a load or lease of the key itself.
  bool meanwhile(const Command& c) {
    switch (c.meanwhile) {
      case 1:
        invalidate(c);
        return true;
      case 2: {
        invalidator_->invalidate_tag(kTags[0]);
        model_.raise("tag:" + kTags[0]);
        return false;
      }
      case 3: {
        invalidator_->invalidate_namespace(space(c));
        model_.raise("ns:" + space(c));
        return false;
      }
      case 4:
        put(c);
        return true;
      default:
        return false;
    }
  }

  void load(const Command& c) {
    const Model::Name name{c.space, c.key};
    const ModelEntry* expected = model_.find(name, clock_->now());
    const int found = expected != nullptr ? expected->value : 0;
    bool loaded = false;
    const auto handle = cache(c).get_or_load(
        key(c.key),
        [&] {
          loaded = true;
          const std::size_t born = model_.step();
          const int value = ++next_value_;
          const bool overtaken = meanwhile(c);
          const ModelEntry made = entry(c, value, born);
          if (!overtaken && model_.fresh(made, clock_->now()))
            model_.entries.insert_or_assign(name, made);
          return value;
        },
        options(c));
    RC_ASSERT(loaded == (found == 0));
    RC_ASSERT(handle.origin() == (loaded ? Origin::loaded : Origin::l1));
    if (!loaded) RC_ASSERT(*handle == found);
  }

  void put(const Command& c) {
    const int value = ++next_value_;
    cache(c).put(key(c.key), value, options(c));
    model_.entries.insert_or_assign({c.space, c.key}, entry(c, value, model_.step()));
  }

  void put_leased(const Command& c) {
    const Lease lease = cache(c).lease(key(c.key));
    const std::size_t born = model_.step();
    const bool overtaken = meanwhile(c);
    const int value = ++next_value_;
    const ModelEntry made = entry(c, value, born);
    const StoreOutcome outcome = cache(c).put(key(c.key), value, lease, options(c));
    const bool kept = !overtaken && model_.fresh(made, clock_->now());
    RC_ASSERT(is_stored(outcome) == kept);
    if (kept) model_.entries.insert_or_assign({c.space, c.key}, made);
  }

  void invalidate(const Command& c) {
    const bool there = model_.find({c.space, c.key}, clock_->now()) != nullptr;
    RC_ASSERT(static_cast<bool>(invalidator_->invalidate(key(c.key), space(c))) == there);
    model_.entries.erase({c.space, c.key});
  }

  void counted(const Invalidated& result, const std::set<std::string>& labels) {
    RC_ASSERT(result.exactness == Exactness::exact);
    RC_ASSERT(result.count == model_.count(clock_->now(), labels));
    for (const std::string& label : labels) model_.raise(label);
  }

  void many(const Command& c) {
    std::vector<Target> targets{Target::key(key(c.key), space(c))};
    std::set<std::string> labels;
    for (const std::string& tag : options(c).tags) {
      targets.push_back(Target::tag(tag));
      labels.insert("tag:" + tag);
    }
    const ModelEntry* by_key = model_.find({c.space, c.key}, clock_->now());
    bool also_by_label = false;
    if (by_key != nullptr) {
      for (const std::string& label : labels)
        also_by_label = also_by_label || by_key->labels.count(label) > 0;
    }
    const std::uint64_t expected =
        model_.count(clock_->now(), labels) + (by_key != nullptr && !also_by_label ? 1 : 0);
    const InvalidatedMany result = invalidator_->invalidate_many(targets);
    RC_ASSERT(result.total.count == expected);
    RC_ASSERT(result.targets[0].count == (by_key != nullptr ? 1u : 0u));
    for (const std::string& label : labels) model_.raise(label);
    model_.entries.erase({c.space, c.key});
  }

  void add_tag(const Command& c) {
    const std::string tag = kTags[c.tags % kTags.size()];
    const bool there = model_.find({c.space, c.key}, clock_->now()) != nullptr;
    RC_ASSERT(invalidator_->tag(key(c.key), space(c), {tag}) == there);
    if (there) model_.entries.at({c.space, c.key}).labels.emplace("tag:" + tag, model_.step());
  }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::optional<CacheInvalidator> invalidator_;
  std::vector<Cache<int>> caches_;
  Model model_;
  int next_value_ = 0;
};

}  // namespace
}  // namespace freshet::testing

namespace rc {
template <>
struct Arbitrary<freshet::testing::Command> {
  static Gen<freshet::testing::Command> arbitrary() {
    using freshet::testing::Command;
    return gen::build<Command>(
        gen::set(&Command::kind,
                 gen::map(gen::inRange(0, static_cast<int>(Command::kinds)),
                          [](int kind) { return static_cast<Command::Kind>(kind); })),
        gen::set(&Command::key, gen::inRange(0, 5)), gen::set(&Command::space, gen::inRange(0, 2)),
        gen::set(&Command::tags, gen::inRange(0u, 8u)),
        gen::set(&Command::seconds, gen::element(0, 0, 1, 30, 100, 200)),
        gen::set(&Command::meanwhile, gen::element(0, 0, 0, 1, 2, 3, 4)));
  }
};
}  // namespace rc

namespace freshet::testing {
namespace {

TEST(CacheModelTest, AgreesWithTheModelOverRandomCommandSequences) {
  rc::detail::TestParams params;
  params.seed = 20'260'101;  // fixed: a failure repeats; RapidCheck prints the shrunken sequence
  params.maxSuccess = 2'000;
  params.maxSize = 200;
  const auto result = rc::detail::checkTestable(
      [](const std::vector<Command>& commands) {
        CommandRunner run;
        for (const Command& command : commands) {
          run.execute(command);
          run.compare();
        }
      },
      rc::detail::TestMetadata{}, params);
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  EXPECT_TRUE(result.template is<rc::detail::SuccessResult>()) << "seed " << params.seed << "\n"
                                                               << text.str();
}

}  // namespace
}  // namespace freshet::testing
