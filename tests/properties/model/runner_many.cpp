// The runner's bulk loads: keys that share a call, its options and one run of a loader, and are kept each for itself.
#include "properties/model/runner.hpp"

namespace freshet::testing::model {

// Nothing is kept, and what was there goes where a value of this load might have taken its place.
void Runner::find_nothing(const Command& c, const Name& name, Load& load) {
  const bool outdated = load.plan.old_view && model_.is_outdated(name.space, c.view);
  model_.add_said(name, c.loader, load.plan);
  Command own = c;
  own.name = name;
  const Entry made = make(own, load);
  model_.outcomes.one_of(bit(StoreOutcome::not_kept_absent));
  if (c.skips_write || load.plan.keys_seen_since > made.birth) return;
  constexpr unsigned kStored = bit(StoreOutcome::stored);
  const unsigned held = model_.judge_hold_off(made, load.held_from, load.began);
  if ((held & kStored) == 0) return;
  const unsigned allowed = model_.judge_fill(made, load.plan, load.sequence, false, outdated) |
                           (held & bit(StoreOutcome::refused_hold_off));
  if ((allowed & kStored) == 0) return;
  RC_PRE(allowed == kStored);
  model_.supersede(name);
}

void Runner::load_many(const Command& c) {
  std::array<Command, 2> one{c, c};
  one[1].name = c.other;
  std::array<Load, 2> loads;
  std::array<std::pair<bool, bool>, 2> can{};  // be answered, and must
  const bool announces = c.said.version >= 0 || c.view >= 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (announces) loads[i].plan = model_.plan(one[i].name, c.said, c.view);
    if (!c.skips_read) can[i] = can_answer(one[i], loads[i].plan);
  }
  std::vector<std::size_t> missing;
  std::array<std::optional<Entry>, 2>
      answered{};  // before the loader ran, which may invalidate them
  const auto is_missing = [&](std::size_t i) {
    return std::find(missing.begin(), missing.end(), i) != missing.end();
  };
  const auto loader = [&](std::span<const std::string_view> keys) {
    for (const std::string_view wanted : keys)
      missing.push_back(wanted == key(one[0].name) ? 0 : 1);
    for (std::size_t i = 0; i < one.size(); ++i) {
      if (is_missing(i)) {
        if (!announces) loads[i].plan = model_.plan(one[i].name, c.said, c.view);
        begin(one[i].name, loads[i]);
      } else {
        RC_ASSERT(model_.find(one[i].name) != nullptr);
        answered[i] = *model_.find(one[i].name);
        model_.follow_drift(one[i].name, c.said);
      }
    }
    if (!c.aims.empty()) invalidate(c.aims, c.mode, false, c.aims.size() > 1);
    std::vector<std::optional<int>> values;
    for (const std::size_t i : missing) values.emplace_back(loads[i].value);
    if (!c.keeps) values.front().reset();  // there is no such thing
    for (Load& load : loads) load.refusals_before = refusals();
    return values;
  };
  Command whole = c;
  whole.scoped = false;
  const std::vector<std::string> keys{key(one[0].name), key(one[1].name)};
  const auto found = view(whole).get_many(keys, loader, options(c));
  const std::uint64_t refused = missing.empty() ? 0 : refusals() - loads[0].refusals_before;
  for (std::size_t i = 0; i < one.size(); ++i) {
    RC_ASSERT((is_missing(i) ? !can[i].second : can[i].first));
    const bool expired = found[i].staleness() == Staleness::expired;
    if (answered[i]) {
      RC_ASSERT(found[i] && *found[i] == answered[i]->value);
      const Verdict seen = expired ? Verdict::expired : Verdict::fresh;
      RC_ASSERT((answered[i]->least <= seen && seen <= answered[i]->most));
    } else if (!is_missing(i)) {
      model_.observe(one[i].name, found[i].get(), expired);
      model_.follow_drift(one[i].name, c.said);
    }
  }
  for (const std::size_t i : missing) {
    const bool none = !c.keeps && i == missing.front();
    RC_ASSERT(static_cast<bool>(found[i]) == !none);
    if (none) {
      find_nothing(c, one[i].name, loads[i]);
      continue;
    }
    RC_ASSERT(*found[i] == loads[i].value);
    one[i].keeps = true;
    // Which of the two was refused, where it may have been either, nobody says.
    const bool either = refused == 1 && missing.size() == 2 && c.keeps;
    finish(one[i], loads[i], nullptr, either);
  }
}

}  // namespace freshet::testing::model
