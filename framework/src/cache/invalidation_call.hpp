// InvalidationCall: what one call invalidates, by any number of targets of any kind: one raise, an answer for each target.
//
// Each target is first resolved to what the raise needs (labels, a ban, a version, a key) and to what it hits; then counted;
// then all are raised at one revision, and the keys are invalidated under their own locks. With dry_run it ends before that.
// Counts: see README.md in this folder. Confined to one thread, for one call.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "cache/engine.hpp"
#include "freshness/key_glob.hpp"

namespace freshet::detail {

class InvalidationCall {
 public:
  /// Resolves every target; one that cannot be resolved is left out and says why in its outcome. `targets` are borrowed.
  InvalidationCall(Engine& engine, std::span<const Target> targets);

  InvalidatedMany run(const InvalidateOptions& options);

 private:
  struct Resolved {
    std::size_t position;  // in the call
    const Target& target;
    PolicyBlock* block = nullptr;     // of a key or namespace
    LabelRef space{};                 // the namespace, where the target names one
    std::vector<LabelName> labels{};  // to be raised
    std::optional<Ban> ban{};         // to be added
    std::optional<KeyGlob> glob{};    // of the ban
    std::optional<RaiseSet::Version> version{};
    std::vector<LabelRef> live{};  // the labels that are live
    bool takes_keys =
        false;  // what depends on keys of the namespace goes as well; they are among `live` if all may be looked at
    std::unordered_set<const Label*>
        hit{};                    // those, and what depends on them; only for exact counts
    std::uint64_t hit_first = 0;  // entries that no target before this one hits
    std::uint64_t hits = 0;
  };

  void add_overflow(Resolved& resolved);
  Resolved resolve(std::size_t position, const Target& target);
  void resolve_label(Resolved& resolved, LabelKind kind, std::string_view text);
  void resolve_namespace(Resolved& resolved);
  void resolve_tag(Resolved& resolved);
  void resolve_key(Resolved& resolved);
  void resolve_dependents(Resolved& resolved);
  void resolve_all_of(Resolved& resolved, std::vector<std::string> tags);
  void resolve_keys_by(Resolved& resolved, Ban::Kind kind);
  void resolve_version(Resolved& resolved, std::string dependency, const std::string& hash);
  void take_space(Resolved& resolved);
  /// Adds the keys of the target's namespace that others depend on: what depends on them goes as well. In a large cache
  /// nobody looks for them.
  void add_keys(Resolved& resolved, FunctionRef<bool(std::string_view key)> wanted);

  /// Whether one look at the labels' counts is an exact answer.
  bool labels_say() const noexcept;
  void count_by_labels(Instant now, bool count_keys);
  void count_by_looking(Instant now, std::size_t list);
  static bool hits(const Resolved& resolved, const Entry& entry);
  static std::string reason(const Resolved& resolved, const Entry& entry);
  RaiseSet raise_set() const;
  void invalidate_keys(Mode mode, Instant now, bool count);
  void add_to_statistics(Instant now);

  Engine& engine_;
  const bool may_look_;  // at everything there is, to count
  InvalidatedMany answer_;
  std::deque<Resolved> targets_;
  std::deque<std::string> texts_;  // what names of labels point into
};

}  // namespace freshet::detail
