#include "cache/policy_block.hpp"

#include <fmt/format.h>

#include <boost/core/demangle.hpp>

#include "cache/names.hpp"
#include "freshet/errors.hpp"
#include "refresh/single_flight.hpp"

namespace freshet::detail {
namespace {

// Both texts were judged with the policy, so they parse.
std::optional<KeyTemplate> key_template(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return KeyTemplate::parse(text).value;
}

std::vector<TagTemplate> tag_templates(const std::vector<std::string>& texts) {
  std::vector<TagTemplate> templates;
  templates.reserve(texts.size());
  for (const std::string& text : texts) templates.push_back(*TagTemplate::parse(text).value);
  return templates;
}

}  // namespace

PolicyBlock::PolicyBlock(const config::BlockModel& model, std::size_t position,
                         Freshness& freshness, const StrategyCollaborators& collaborators,
                         SignalBus& bus, const AnalyticsOptions& analytics)
    : position_(position),
      name_(model.name),
      strategy_name_(config::strategy_text(model)),
      options_(model.options),
      bytes_place_(model.bytes_place),
      freshness_(freshness),
      bus_(bus),
      key_(key_template(model.options.key)),
      tags_(tag_templates(model.options.tags)),
      strategies_(make_strategies(model, collaborators)),
      hot_keys_(analytics),
      store_(model.options.eviction, model.options.capacity, freshness, *this) {}

void PolicyBlock::bind_type(const ValueType& type) {
  if (options_.capacity.bytes != 0 && type.bytes == nullptr) {
    const std::string asked =
        Finding{bytes_place_, fmt::format("namespaces.{}.capacity.bytes", name_), ""}.text();
    throw ViewError(fmt::format("{}needs freshet::SizeOf<{}>, which is not defined", asked,
                                boost::core::demangle(type.type->name())));
  }
  rt::Lock lock(type_mutex_);
  if (type_ == nullptr) type_ = type.type;
  if (*type_ != *type.type) {
    throw ViewError(fmt::format(
        "the block \"{}\" holds values of type {}; a view of type {} cannot share it", name_,
        boost::core::demangle(type_->name()), boost::core::demangle(type.type->name())));
  }
}

EntryPlan PolicyBlock::plan(const LabelRef& space, std::string_view key,
                            const std::vector<std::string>& tags) {
  for (const std::string& tag : tags) check_tag(tag);
  EntryPlan plan;
  plan.labels.reserve(1 + tags_.size() + tags.size());
  plan.labels.push_back(space);
  if (key_) plan.key_matches = key_->match(key, plan.fields);
  std::vector<LabelRef> pinned;
  if (plan.key_matches) {
    for (const TagTemplate& tag : tags_) {
      const std::string text = tag.expand(plan.fields);
      check_tag(text);
      pinned.push_back(freshness_.pin(LabelKind::tag, text));
    }
  }
  for (const std::string& tag : tags) pinned.push_back(freshness_.pin(LabelKind::tag, tag));
  unite(plan.labels, pinned);
  return plan;
}

MadeEntry PolicyBlock::make_entry(const KeyRef& key, const EntryPlan& plan,
                                  std::vector<LabelRef> labels, Revision birth,
                                  const Entry::Request& request, const LoadContext* context,
                                  Duration load_time, Instant now, ErasedValue value) {
  const EntryView view{
      .name_space = key.space->text(),
      .key = key.key,
      .fields = plan.fields,
      .requested_ttl = request.ttl,
      .loader_ttl = context != nullptr ? context->requested_ttl() : std::nullopt,
      .load_time = load_time,
      .bytes = entry_bytes(key, value),
  };
  const Deadlines deadlines = strategies_.whole->on_store(view, now);
  StoreOutcome outcome = StoreOutcome::stored;
  if (context != nullptr && !context->keeps()) {
    outcome = StoreOutcome::not_kept_by_loader;
  } else if (!plan.key_matches || deadlines.hard <= now) {
    outcome = StoreOutcome::not_kept_by_policy;
  }
  EntryRef entry = Entry::create(key, std::move(labels), birth, now, deadlines, value);
  entry_of(entry).set_request(request);
  return {std::move(entry), outcome};
}

ReadDecision PolicyBlock::on_soft_expired(const Entry& entry, Instant now) {
  std::vector<EntryView::Field> fields;
  if (key_) key_->match(entry.key(), fields);
  const EntryView view{
      .name_space = entry.carrier().name_space()->text(),
      .key = entry.key(),
      .fields = fields,
      .requested_ttl = entry.request().ttl,
      .stored_at = entry.stored_at(),
      .deadlines = entry.deadlines(),
      .bytes = entry.bytes(),
  };
  return strategies_.whole->on_soft_expired(view, now);
}

std::shared_ptr<const BackgroundLoader> PolicyBlock::bound_loader(const LabelRef& space) const {
  rt::Lock lock(loaders_mutex_);
  const auto found = loaders_.find(space.get());
  return found == loaders_.end() ? nullptr : found->second.loader;
}

void PolicyBlock::bind_loader(const LabelRef& space,
                              std::shared_ptr<const BackgroundLoader> loader) {
  BoundLoader old;  // let go of after the lock
  rt::Lock lock(loaders_mutex_);
  if (!loader) {
    if (auto node = loaders_.extract(space.get())) old = std::move(node.mapped());
    return;
  }
  old = std::exchange(loaders_[space.get()], {space, std::move(loader)});
}

void PolicyBlock::unbind_loaders() {
  std::unordered_map<const Label*, BoundLoader> old;  // let go of after the lock
  rt::Lock lock(loaders_mutex_);
  old.swap(loaders_);
}

void PolicyBlock::count(StoreOutcome outcome) noexcept {
  switch (outcome) {
    case StoreOutcome::stored:
    case StoreOutcome::closed:
      return;
    case StoreOutcome::refused_key_changed:
      return counters_.add(Metric::refused_key_changed);
    case StoreOutcome::refused_invalidated:
      return counters_.add(Metric::refused_invalidated);
    case StoreOutcome::refused_older:
      return counters_.add(Metric::refused_older);
    case StoreOutcome::refused_lease_expired:
      return counters_.add(Metric::refused_lease_expired);
    case StoreOutcome::not_kept_by_policy:
      return counters_.add(Metric::not_kept_by_policy);
    case StoreOutcome::not_kept_by_loader:
      return counters_.add(Metric::not_kept_by_loader);
    case StoreOutcome::too_large:
      return counters_.add(Metric::too_large);
  }
}

void PolicyBlock::on_removed(const Entry& entry, RemovalCause cause) noexcept {
  tell(NoticeKind::removed, *entry.carrier().name_space(), entry.key(), cause);
  switch (cause) {
    case RemovalCause::explicit_:
      return counters_.add(Metric::removed_explicit);
    case RemovalCause::replaced:
      return counters_.add(Metric::removed_replaced);
    case RemovalCause::expired:
      return counters_.add(Metric::removed_expired);
    case RemovalCause::capacity:
      return counters_.add(Metric::removed_capacity);
    case RemovalCause::label:
      return counters_.add(Metric::removed_label);
  }
}

void PolicyBlock::publish(NoticeKind kind, const Label& space, std::string_view key,
                          std::optional<RemovalCause> removal) noexcept {
  try {
    bus_.publish(
        {.kind = kind, .name_space = space.text(), .key = std::string(key), .removal = removal});
  } catch (...) {  // NOLINT(bugprone-empty-catch): there is no memory to tell of it
  }
}

NamespaceStatistics PolicyBlock::statistics() const {
  NamespaceStatistics statistics;
  statistics.name = name_;
  statistics.strategy = strategy_name_;
  counters_.add_to(statistics);
  strategies_.add_to(statistics);
  statistics.hot_key_samples_dropped = hot_keys_.dropped();
  const Holdings holdings = store_.holdings();
  statistics.entries = holdings.entries;
  statistics.bytes = holdings.bytes;
  statistics.tagged_entries = holdings.tagged;
  return statistics;
}

}  // namespace freshet::detail
