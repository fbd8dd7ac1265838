// StructuralAudit: whether all that an invalidator keeps book of agrees with what is there. For a quiet program.
//
//   labels    each live one is held, and by nothing that is not known: entries, edges, bans, pairs of versions, failed loads, keys of a
//             namespace, freshness itself. Namespaces are held by views and leases besides.
//   counts    how many entries carry each label, what a store says that it holds: the same when counted again
//   indexes   as many entries in each as the table says; no flight that nobody leads, and nobody who waits for one
// Entries that only a handle or a queued task still holds are not seen here. Says in words what does not agree; audit.hpp
// makes test failures of it.
#pragma once

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/engine_access.hpp"

namespace freshet::testing {

class StructuralAudit {
 public:
  explicit StructuralAudit(CacheInvalidator& invalidator)
      : invalidator_(invalidator), freshness_(EngineAccess::freshness(invalidator)) {}

  /// What does not agree, one a line. Call once.
  std::vector<std::string> run() {
    for (const auto& block : EngineAccess::blocks(invalidator_)) {
      while (block->store().reclaim() != 0) {  // what has left and waits holds labels
      }
      look_at(*block);
    }
    collect_holders();
    std::size_t live = 0;
    for (const detail::LabelKind kind : kKinds) {
      const auto labels =
          freshness_.labels().find_all(kind, [](const detail::Label&) { return true; });
      equal(labels.size(), freshness_.live_labels(kind), "live labels of a kind");
      for (const detail::LabelRef& label : labels) look_at(*label);
      live += labels.size();
    }
    equal(live, freshness_.labels().size(), "labels of all kinds, and labels");
    equal(freshness_.graph().size(), with_parents_.size(), "labels with parents");
    const detail::SingleFlight& flights = EngineAccess::engine(invalidator_).flights();
    equal(flights.size(), 0u, "flights under way");
    equal(flights.waits(), 0u, "waits for flights");
    return std::move(findings_);
  }

 private:
  static constexpr detail::LabelKind kKinds[] = {
      detail::LabelKind::root,     detail::LabelKind::name_space, detail::LabelKind::tag,
      detail::LabelKind::resource, detail::LabelKind::key,        detail::LabelKind::version,
      detail::LabelKind::overflow};

  struct Seen {
    std::uint32_t references = 0;
    std::int64_t resident = 0;
  };

  void look_at(detail::PolicyBlock& block) {
    detail::Holdings counted;
    std::size_t with_deadline = 0;
    std::size_t with_refresh = 0;
    const auto sizes = block.store().for_each_resident([&](const detail::Entry& entry) {
      const detail::Carrier& carrier = entry.carrier();
      ++counted.entries;
      counted.bytes += entry.bytes();
      counted.tagged += carrier.carries_tag() ? 1 : 0;
      counted.dependent += carrier.carries_dependency() ? 1 : 0;
      with_deadline += detail::DeadlineIndex::is_linked(entry) ? 1 : 0;
      const detail::EntryExtra* const extra = entry.extra();
      with_refresh += extra != nullptr && detail::RefreshIndex::is_linked(*extra) ? 1 : 0;
      entries_ += carrier.is_counted() ? 1 : 0;
      for (const detail::LabelRef& label : carrier.labels()) hold(*label, carrier.is_counted());
      for (const auto* late = carrier.attached(); late != nullptr; late = late->next)
        hold(*late->label, carrier.is_counted());
    });
    block.failed_loads().for_each_label([&](const detail::Label& label) { hold(label, false); });
    const detail::Holdings held = block.store().holdings();
    equal(held.entries, counted.entries, block.name() + ": entries");
    equal(held.bytes, counted.bytes, block.name() + ": bytes");
    equal(held.tagged, counted.tagged, block.name() + ": tagged");
    equal(held.dependent, counted.dependent, block.name() + ": dependent");
    equal(sizes.with_deadline, with_deadline, block.name() + ": entries with a deadline");
    equal(sizes.with_refresh, with_refresh, block.name() + ": entries with a refresh");
  }

  void collect_holders() {
    freshness_.graph().for_each_edge([&](const detail::Label& child, const detail::Edge& edge) {
      hold(*edge.parent, false);
      with_parents_.insert(&child);
    });
    const std::size_t bans =
        freshness_.bans().for_each_label([&](const detail::Label& label) { hold(label, false); });
    equal(bans, freshness_.bans().size(), "bans");
    freshness_.versions().for_each_pair([&](const detail::Label& pair) { hold(pair, false); });
    for (const auto& key :
         freshness_.labels().find_all(detail::LabelKind::key, [](const auto&) { return true; }))
      hold(key->space(), false);
  }

  void hold(const detail::Label& label, bool counted) {
    Seen& seen = seen_[&label];
    ++seen.references;
    seen.resident += counted ? 1 : 0;
  }

  void look_at(detail::Label& label) {
    const Seen& seen = seen_[&label];
    const std::string name =
        "label \"" + label.text() + "\" of kind " + std::to_string(static_cast<int>(label.kind()));
    const std::uint32_t references = label.references() - 1;  // without this look
    const std::int64_t resident = label.resident().value();
    switch (label.kind()) {
      case detail::LabelKind::root:
        equal(references, 1u, name + ": references");
        equal(resident, entries_, name + ": entries");
        break;
      case detail::LabelKind::name_space:
        if (references < seen.references) equal(references, seen.references, name + ": references");
        equal(resident, seen.resident, name + ": entries");
        break;
      default:
        equal(references, seen.references + (label.kind() == detail::LabelKind::overflow ? 1 : 0),
              name + ": references");
        equal(resident, seen.resident, name + ": entries");
    }
    equal(label.has_parents(), with_parents_.count(&label) != 0, name + ": parents");
  }

  void equal(auto found, auto counted, std::string_view what) {
    if (std::cmp_equal(static_cast<std::int64_t>(found), static_cast<std::int64_t>(counted)))
      return;
    findings_.push_back(fmt::format("{}: {} in the books, {} counted", what, found, counted));
  }

  CacheInvalidator& invalidator_;
  std::vector<std::string> findings_;
  detail::Freshness& freshness_;
  std::map<const detail::Label*, Seen> seen_;
  std::set<const detail::Label*> with_parents_;
  std::int64_t entries_ = 0;
};

}  // namespace freshet::testing
