// BlockOptions: names, ranges, and what holds between key and tags.
#include "config/block_table.hpp"

#include <fmt/format.h>

#include <chrono>
#include <limits>

#include "freshet/limits.hpp"
#include "strategy/key_template.hpp"

namespace freshet::config {
namespace {

OptionTable<Capacity> capacity_table() {
  OptionTable<Capacity> table;
  table.add("entries", &Capacity::entries, count_kind({.at_least = 1}),
            "how many entries the block may hold");
  table.add("bytes", &Capacity::bytes, bytes_kind(),
            "how many bytes of keys and values, by SizeOf<T>; 0B: no limit in bytes");
  return table;
}

OptionTable<LabelLimits> label_table() {
  OptionTable<LabelLimits> table;
  table.add("per_entry", &LabelLimits::per_entry, count_kind({.at_least = 1}),
            "how many tags, resources, keys and versions an entry may carry");
  table.add("in_all", &LabelLimits::in_all, count_kind({.at_least = 1}),
            "how many may be in use at once, over all blocks");
  table.add("overflow", &LabelLimits::overflow,
            word_kind<LabelOverflow>({{"collapse", LabelOverflow::collapse},
                                      {"reject", LabelOverflow::reject},
                                      {"ttl_only", LabelOverflow::ttl_only}}),
            "what becomes of an entry with more: it goes with the invalidation of any label "
            "(collapse), it is not kept (reject), only time ends it (ttl_only)");
  return table;
}

OptionTable<RecomputeOptions> recompute_table() {
  constexpr std::uint64_t kMostPerSecond = 1'000'000;
  constexpr std::uint64_t kMostAtOnce = 1'000;
  OptionTable<RecomputeOptions> table;
  table.add("expired", &RecomputeOptions::expired, boolean_kind(),
            "whether what an invalidation expires is served as it was and loaded again in the "
            "background, the most-read entries first; needs a loader bound to the namespace");
  table.add("max_per_second", &RecomputeOptions::max_per_second,
            count_kind({.at_least = 1, .at_most = kMostPerSecond}),
            "loads of expired entries, of keys to be warm and of keys to be loaded after an "
            "invalidation that begin within any second");
  table.add("max_at_once", &RecomputeOptions::max_at_once,
            count_kind({.at_least = 1, .at_most = kMostAtOnce}), "of those at the same time");
  return table;
}

OptionTable<LoadTimeouts> load_timeout_table() {
  const auto span = duration_kind({.at_least = Duration::zero(), .at_most = LoadTimeouts::kMost});
  OptionTable<LoadTimeouts> table;
  table.add("soft", &LoadTimeouts::soft, span,
            "how long a read waits for a load before it is answered with the old value, if "
            "stale_if_error allows one; the load goes on; 0s: for as long as it takes");
  table.add("hard", &LoadTimeouts::hard, span,
            "how long before it throws LoadTimeout, where there is no such value; 0s: never");
  table.relate([](const LoadTimeouts& timeouts, const std::string& path, Findings& findings) {
    if (timeouts.hard <= Duration::zero() || timeouts.soft < timeouts.hard) return;
    findings.add(path_to(path, "soft"),
                 fmt::format("expected less than hard, which is {}, found {}",
                             format_duration(timeouts.hard), format_duration(timeouts.soft)));
  });
  return table;
}

/// `separator`: one byte.
OptionKind<std::string> separator_kind() {
  OptionKind<std::string> kind = text_kind(1);
  kind.check = [check = kind.check](const std::string& value, const std::string& path,
                                    Findings& findings) {
    check(value, path, findings);
    if (value.empty()) findings.add(path, "expected one byte such as \":\", found \"\"");
  };
  return kind;
}

/// `key`: a text that parses as a template.
OptionKind<std::string> key_kind() {
  OptionKind<std::string> kind = text_kind(kMaxKeyBytes);
  kind.type = "template";
  kind.check = [check = kind.check](const std::string& value, const std::string& path,
                                    Findings& findings) {
    check(value, path, findings);
    if (value.empty()) return;
    const Parsed<KeyTemplate> parsed = KeyTemplate::parse(value);
    if (!parsed.value) {
      findings.add(path, fmt::format("expected a template such as user:{{id}}, found {}: {}",
                                     in_quotes(value), parsed.problem));
    }
  };
  return kind;
}

/// Every tag is a template whose fields the key has.
void check_tags(const BlockOptions& options, const std::string& path, Findings& findings) {
  const Parsed<KeyTemplate> key = KeyTemplate::parse(options.key);
  for (std::size_t i = 0; i < options.tags.size(); ++i) {
    const std::string tag_path = path_to(path, "tags") + fmt::format("[{}]", i);
    const Parsed<TagTemplate> tag = TagTemplate::parse(options.tags[i]);
    if (!tag.value) {
      findings.add(tag_path, fmt::format("expected a tag such as user:{{id}}, found {}: {}",
                                         in_quotes(options.tags[i]), tag.problem));
    } else if (key.value) {
      for (const std::string& field : tag.value->fields()) {
        if (auto problem = field_problem(*key.value, field)) findings.add(tag_path, *problem);
      }
    }
  }
}

void check_load_timeout(const BlockOptions& options, const std::string& path, Findings& findings) {
  if (options.load_timeout.soft <= Duration::zero() || options.stale_if_error > Duration::zero())
    return;
  findings.add(
      path_to(path_to(path, "load_timeout"), "soft"),
      "expected a stale_if_error in the block, which says how old the value may be that is "
      "served instead; found none");
}

}  // namespace

const OptionTable<BlockOptions>& block_table() {
  static const OptionTable<BlockOptions> table = [] {
    OptionTable<BlockOptions> made;
    made.add_section("capacity", &BlockOptions::capacity, capacity_table());
    made.add("eviction", &BlockOptions::eviction,
             word_kind<Eviction>({{"s3fifo", Eviction::s3fifo},
                                  {"sieve", Eviction::sieve},
                                  {"lru", Eviction::lru},
                                  {"tinylfu", Eviction::tinylfu}}),
             "which entry leaves when the block is full");
    made.add("key", &BlockOptions::key, key_kind(),
             "template of the keys, with {fields}; a key that does not match is answered and not "
             "kept; \"\": any key");
    made.add("tags", &BlockOptions::tags, texts_kind(kMaxTemplateTags, kMaxTagBytes),
             "tags that every entry carries; may use the fields of the key");
    made.add("lease", &BlockOptions::lease, duration_kind({.above = Duration::zero()}),
             "how long a lease may be held before a put with it is refused");
    made.add("separator", &BlockOptions::separator, separator_kind(),
             "where the prefixes of keys end, for invalidate_prefix");
    made.add("hold_off", &BlockOptions::hold_off,
             duration_kind({.at_least = Duration::zero(), .at_most = std::chrono::minutes{10}}),
             "for sources that lag: how long after an invalidation or a put what it hit is loaded "
             "without being kept");
    made.add(
        "stale_if_error", &BlockOptions::stale_if_error,
        duration_kind({.at_least = Duration::zero()}),
        "for how long past its hard deadline, or after an expiry, the old value is served where a "
        "load failed; 0s: never");
    made.add("retry_after_error", &BlockOptions::retry_after_error,
             duration_kind({.at_least = Duration::zero()}),
             "for how long after a failed load that old value is served without asking the loader "
             "again");
    made.add("error_ttl", &BlockOptions::error_ttl, duration_kind({.at_least = Duration::zero()}),
             "for how long, where there is no old value, a failed load's exception is thrown again "
             "instead of loading; 0s: not");
    made.add("negative_ttl", &BlockOptions::negative_ttl,
             duration_kind({.at_least = Duration::zero()}),
             "for how long it is kept that the origin has nothing under a key; 0s: not");
    made.add_section("load_timeout", &BlockOptions::load_timeout, load_timeout_table());
    made.add_section("labels", &BlockOptions::labels, label_table());
    made.add_section("recompute", &BlockOptions::recompute, recompute_table());
    made.add("on_reload", &BlockOptions::on_reload,
             word_kind<OnReload>({{"expire", OnReload::expire}, {"keep", OnReload::keep}}),
             "what becomes of the entries when a reload changes key or tags: they carry the old "
             "tags");
    made.relate([](const BlockOptions& options, const std::string& path, Findings& findings) {
      check_tags(options, path, findings);
      check_load_timeout(options, path, findings);
    });
    return made;
  }();
  return table;
}

bool is_block_key(std::string_view key) {
  return key == kStrategyKey || block_table().list().knows(key);
}

}  // namespace freshet::config
