// OptionList: what an option table does that needs no types.
#include "freshet/option_table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace freshet::detail {

void OptionList::add(std::shared_ptr<const AnyOption> option) {
  if (knows(option->name()))
    throw Error(fmt::format("two options of one table are called {}", in_quotes(option->name())));
  options_.push_back(std::move(option));
}

bool OptionList::knows(std::string_view name) const noexcept {
  return std::any_of(options_.begin(), options_.end(),
                     [name](const auto& option) { return option->name() == name; });
}

std::vector<std::string> OptionList::names() const {
  std::vector<std::string> names;
  for (const auto& option : options_) names.push_back(option->name());
  return names;
}

void OptionList::read(const ConfigValue& map, const std::string& path, void* options,
                      Findings& findings) const {
  for (const auto& option : options_) {
    const ConfigValue::Member* member = map.find(option->name());
    if (member != nullptr)
      option->read(member->value, path_to(path, option->name()), options, findings);
  }
}

void OptionList::read_section(const ConfigValue& value, const std::string& path, void* options,
                              Findings& findings) const {
  if (!value.is_map()) {
    findings.add(value.place, path,
                 fmt::format("expected a map of options, found {}", describe(value)));
    return;
  }
  for (const ConfigValue::Member& member : value.members) {
    if (knows(member.key)) continue;
    findings.add(member.place, path_to(path, member.key),
                 "unknown key" + did_you_mean(member.key, names()));
  }
  read(value, path, options, findings);
}

void OptionList::check(const void* options, const std::string& path, Findings& findings) const {
  for (const auto& option : options_)
    option->check(options, path_to(path, option->name()), findings);
}

void OptionList::check_relations(const void* options, const std::string& path,
                                 Findings& findings) const {
  if (relation_) relation_(options, path, findings);
}

std::vector<OptionRow> OptionList::rows(const void* defaults, const std::string& prefix) const {
  std::vector<OptionRow> rows;
  for (const auto& option : options_) option->add_rows(defaults, prefix, rows);
  return rows;
}

std::vector<KeyFieldUse> OptionList::field_uses(const void* options) const {
  return field_uses_ ? field_uses_(options) : std::vector<KeyFieldUse>{};
}

std::vector<std::pair<std::string, std::string>> OptionList::texts(const void* options) const {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const auto& option : options_) texts.emplace_back(option->name(), option->text(options));
  return texts;
}

}  // namespace freshet::detail
