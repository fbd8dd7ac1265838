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

PolicyBlock::PolicyBlock(const config::BlockModel& model, Freshness& freshness,
                         const StrategyCollaborators& collaborators)
    : name_(model.name),
      strategy_name_(model.strategy->name()),
      options_(model.options),
      bytes_place_(model.bytes_place),
      freshness_(freshness),
      key_(key_template(model.options.key)),
      tags_(tag_templates(model.options.tags)),
      strategy_(model.strategy->make(model.strategy_options, collaborators)),
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
                                  const EntryOptions& options, const LoadContext* context,
                                  Duration load_time, Instant now, ErasedValue value) {
  const EntryView view{
      .name_space = key.space->text(),
      .key = key.key,
      .fields = plan.fields,
      .requested_ttl = options.ttl,
      .loader_ttl = context != nullptr ? context->requested_ttl() : std::nullopt,
      .load_time = load_time,
  };
  const Deadlines deadlines = strategy_->on_store(view, now);
  StoreOutcome outcome = StoreOutcome::stored;
  if (context != nullptr && !context->keeps()) {
    outcome = StoreOutcome::not_kept_by_loader;
  } else if (!plan.key_matches || deadlines.hard <= now) {
    outcome = StoreOutcome::not_kept_by_policy;
  }
  return {Entry::create(key, std::move(labels), birth, now, deadlines, value), outcome};
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

void PolicyBlock::on_removed(const Entry&, RemovalCause cause) noexcept {
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

NamespaceStatistics PolicyBlock::statistics() const {
  NamespaceStatistics statistics;
  statistics.name = name_;
  statistics.strategy = strategy_name_;
  counters_.add_to(statistics);
  const Holdings holdings = store_.holdings();
  statistics.entries = holdings.entries;
  statistics.bytes = holdings.bytes;
  statistics.tagged_entries = holdings.tagged;
  return statistics;
}

}  // namespace freshet::detail
