// StrategyRegistry and the type-erased half of a StrategyType.
#include "freshet/strategy_registry.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/block_table.hpp"
#include "config/composition.hpp"

namespace freshet {
namespace {

bool is_word(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

StrategyType::StrategyType(std::string name, OptionPlacement placement, std::any defaults,
                           detail::OptionList list, Address address, Make make)
    : name_(std::move(name)),
      placement_(placement),
      type_(defaults.type()),
      defaults_(std::move(defaults)),
      list_(std::move(list)),
      address_(address),
      make_(std::move(make)) {}

bool StrategyType::owns_key(std::string_view key) const noexcept {
  return placement_ == OptionPlacement::in_block ? list_.knows(key) : key == name_;
}

std::vector<std::string> StrategyType::keys() const {
  return placement_ == OptionPlacement::in_block ? list_.names() : std::vector<std::string>{name_};
}

std::string StrategyType::section_path(const std::string& path) const {
  return placement_ == OptionPlacement::in_block ? path : path_to(path, name_);
}

void StrategyType::read(const ConfigValue& block, const std::string& path, std::any& options,
                        Findings& findings) const {
  void* into = const_cast<void*>(address_(options));  // the any is ours to change: it came as one
  if (placement_ == OptionPlacement::in_block) {
    list_.read(block, path, into, findings);
  } else if (const ConfigValue::Member* section = block.find(name_)) {
    list_.read_section(section->value, section_path(path), into, findings);
  }
}

void StrategyType::check(const std::any& options, const std::string& path,
                         Findings& findings) const {
  list_.check(address_(options), section_path(path), findings);
}

void StrategyType::check_relations(const std::any& options, const std::string& path,
                                   Findings& findings) const {
  list_.check_relations(address_(options), section_path(path), findings);
}

std::vector<KeyFieldUse> StrategyType::field_uses(const std::any& options) const {
  std::vector<KeyFieldUse> uses = list_.field_uses(address_(options));
  if (placement_ == OptionPlacement::in_section) {
    for (KeyFieldUse& use : uses) use.path = path_to(name_, use.path);
  }
  return uses;
}

std::vector<std::pair<std::string, std::string>> StrategyType::texts(
    const std::any& options) const {
  std::vector<std::pair<std::string, std::string>> texts = list_.texts(address_(options));
  if (placement_ == OptionPlacement::in_block || texts.empty()) return texts;
  std::string section;
  for (const auto& [name, text] : texts)
    section += (section.empty() ? "{" : ", ") + name + ": " + text;
  return {{name_, section + "}"}};
}

std::vector<OptionRow> StrategyType::rows() const {
  return list_.rows(address_(defaults_),
                    placement_ == OptionPlacement::in_block ? "" : name_ + ".");
}

std::shared_ptr<StrategyRegistry> StrategyRegistry::with_builtins() {
  auto registry = std::make_shared<StrategyRegistry>();
  register_builtin_strategies(*registry);
  return registry;
}

std::shared_ptr<StrategyRegistry> StrategyRegistry::copy() const {
  auto registry = std::make_shared<StrategyRegistry>();
  registry->types_ = types_;
  return registry;
}

void StrategyRegistry::add(StrategyType type) {
  if (!is_word(type.name())) {
    throw Error(
        fmt::format("the name of a strategy is lower-case letters, digits and '_', found {}",
                    in_quotes(type.name())));
  }
  if (config::is_composition_word(type.name())) {
    throw Error(
        fmt::format("the word {} stands for several strategies in a policy, so none can "
                    "have it for a name",
                    in_quotes(type.name())));
  }
  if (find(type.name()) != nullptr)
    throw Error(fmt::format("there is a strategy {} already", in_quotes(type.name())));
  const StrategyType* other = type.shares_type_ ? nullptr : find(type.options_type());
  if (other != nullptr) {
    throw Error(fmt::format("strategy {} has the options of {}; each needs a type of its own",
                            in_quotes(type.name()), in_quotes(other->name())));
  }
  for (const std::string& key : type.keys()) {
    if (!config::is_block_key(key)) continue;
    throw Error(fmt::format("strategy {} has an option {}, which every block has",
                            in_quotes(type.name()), in_quotes(key)));
  }
  check_section(type);
  types_.push_back(std::move(type));
}

void StrategyRegistry::check_section(const StrategyType& type) const {
  if (type.placement() == OptionPlacement::in_block) return;
  for (const StrategyType& other : types_) {
    if (!other.owns_key(type.name())) continue;
    throw Error(fmt::format("strategy {} cannot have a section of that name: it is an option of {}",
                            in_quotes(type.name()), in_quotes(other.name())));
  }
}

const StrategyType* StrategyRegistry::find(std::string_view name) const noexcept {
  const auto at = std::find_if(types_.begin(), types_.end(),
                               [name](const auto& type) { return type.name() == name; });
  return at == types_.end() ? nullptr : &*at;
}

const StrategyType* StrategyRegistry::find(std::type_index options_type) const noexcept {
  const auto at = std::find_if(types_.begin(), types_.end(), [options_type](const auto& type) {
    return !type.shares_type_ && type.options_type() == options_type;
  });
  return at == types_.end() ? nullptr : &*at;
}

std::vector<std::string> StrategyRegistry::names() const {
  std::vector<std::string> names;
  for (const StrategyType& type : types_) names.push_back(type.name());
  return names;
}

}  // namespace freshet
