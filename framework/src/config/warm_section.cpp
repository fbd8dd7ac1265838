#include "config/warm_section.hpp"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "config/block_check.hpp"
#include "config/block_resolver.hpp"
#include "config/key_list.hpp"
#include "freshet/limits.hpp"

namespace freshet::config {
namespace {

constexpr std::string_view kSection = "warm";
constexpr std::size_t kMaxListedKeys = 1'000;
constexpr std::size_t kMaxPathBytes = 4'096;
constexpr std::size_t kMaxUnserved = 20;  // findings about the keys of one file

OptionTable<WarmOptions> options_table() {
  OptionTable<WarmOptions> table;
  table.add("keys", &WarmOptions::keys,
            texts_kind(kMaxListedKeys, kMaxNamespaceBytes + 1 + kMaxKeyBytes),
            "`namespace/key`: loaded in the background at start, once a loader is bound to the "
            "namespace");
  table.add("file", &WarmOptions::file, text_kind(kMaxPathBytes),
            "a file with more of them, one a line; \"\": none");
  table.add("last_run", &WarmOptions::last_run, text_kind(kMaxPathBytes),
            "a file where close() leaves the most-read keys, which the next start loads; \"\": "
            "nowhere");
  table.add("hot_keys", &WarmOptions::hot_keys,
            count_kind({.at_least = 1, .at_most = kMaxWarmKeys}), "how many of them it leaves");
  return table;
}

/// Turns the options into keys and paths. `place` finds where an option was written.
class WarmReader {
 public:
  using PlaceOf = std::function<Place(const std::string& path)>;

  WarmReader(const std::vector<std::string>& blocks, PlaceOf place, Findings& findings)
      : place_(std::move(place)), findings_(findings) {
    if (!blocks.empty() && blocks.size() <= kMaxBlocks)
      resolver_ = std::make_unique<const BlockResolver>(blocks);
  }

  WarmModel read(const WarmOptions& options, const std::filesystem::path& folder) {
    WarmModel model{.options = options};
    for (std::size_t i = 0; i < options.keys.size(); ++i)
      add_listed(options.keys[i], fmt::format("{}.keys[{}]", kSection, i), model);
    // As they are found from anywhere, so that what was understood reads back.
    const auto resolve = [&folder](std::string& path) {
      std::error_code nowhere;  // the working directory may be gone
      const auto whole = std::filesystem::absolute(folder / path, nowhere);
      if (!path.empty() && !nowhere) path = whole.lexically_normal().string();
    };
    resolve(model.options.file);
    resolve(model.options.last_run);
    if (!options.file.empty()) add_file(model.options.file, model);
    model.last_run = model.options.last_run;
    return model;
  }

 private:
  void add_listed(const std::string& text, const std::string& path, WarmModel& model) {
    ReadKey key = read_key_name(text);
    if (!key.problem.empty()) return findings_.add(place_(path), path, std::move(key.problem));
    if (!is_served(key.name)) return findings_.add(place_(path), path, unserved(key.name));
    model.keys.push_back(std::move(key.name));
  }

  void add_file(const std::filesystem::path& file, WarmModel& model) {
    std::size_t problems = 0;
    for (KeyName& name : read_key_file(file, findings_)) {
      if (is_served(name)) {
        model.keys.push_back(std::move(name));
      } else if (++problems <= kMaxUnserved) {
        findings_.add(Place{file.string()}, name.key, unserved(name));
      }
    }
    const std::string path = fmt::format("{}.file", kSection);
    if (model.keys.size() <= kMaxWarmKeys) return;
    findings_.add(place_(path), path,
                  fmt::format("expected at most {} keys in list and file together, found {}",
                              kMaxWarmKeys, model.keys.size()));
  }

  bool is_served(const KeyName& name) const {
    return !resolver_ || resolver_->find(name.name_space).has_value();
  }
  static std::string unserved(const KeyName& name) {
    return fmt::format("no block serves the namespace {}", in_quotes(name.name_space));
  }

  const PlaceOf place_;
  Findings& findings_;
  std::unique_ptr<const BlockResolver>
      resolver_;  // none: the names of the blocks are a finding already
};

std::vector<std::string> names_in(const ConfigValue& root) {
  std::vector<std::string> names;
  const ConfigValue::Member* const blocks = root.find("namespaces");
  if (blocks == nullptr || !blocks->value.is_map()) return names;
  for (const ConfigValue::Member& block : blocks->value.members) {
    if (block.key.size() <= kMaxNamespaceBytes) names.push_back(block.key);
  }
  return names;
}

}  // namespace

const OptionTable<WarmTable>& warm_table() {
  static const OptionTable<WarmTable> table = [] {
    OptionTable<WarmTable> made;
    made.add_section(std::string(kSection), &WarmTable::warm, options_table());
    return made;
  }();
  return table;
}

WarmModel read_warm(const ConfigValue& root, Findings& findings) {
  if (root.find(kSection) == nullptr) return {};
  const auto place = [&root](const std::string& path) {
    const Place written = place_of(root, path);
    return written.line > 0 ? written : root.place;
  };
  WarmTable table;
  Findings judged;
  warm_table().read(root, {}, table, judged);
  const bool is_read = judged.empty();
  warm_table().validate(table, {}, judged);
  for (const Finding& finding : judged.all()) {
    findings.add(finding.place.line > 0 ? finding.place : place(finding.path), finding.path,
                 finding.message);
  }
  if (!is_read || !judged.empty()) return {};
  return WarmReader(names_in(root), place, findings)
      .read(table.warm, std::filesystem::path(root.place.file).parent_path());
}

WarmModel warm_from_code(const WarmOptions& options, const std::vector<std::string>& blocks,
                         Findings& findings) {
  Findings judged;
  warm_table().validate({options}, {}, judged);
  for (const Finding& finding : judged.all()) findings.add(finding.path, finding.message);
  if (!judged.empty()) return {};
  return WarmReader(
             blocks, [](const std::string&) { return Place{}; }, findings)
      .read(options, {});
}

}  // namespace freshet::config
