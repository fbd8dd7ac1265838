// StrategyRegistry: which strategies a policy can name. An object that somebody owns; to add one is
// a call on it.
//
//   registry->add<AdaptiveOptions>("adaptive_ttl", adaptive_option_table(),
//   make_adaptive_strategy);
//
// From then on `strategy: adaptive_ttl` with `adaptive_ttl: {min: 1m}` reads, is checked and
// suggested like a built-in.
#pragma once

#include <any>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/option_table.hpp"
#include "freshet/random_source.hpp"
#include "freshet/strategy.hpp"

namespace freshet {

/// What a strategy may use. Each outlives the strategy.
struct StrategyCollaborators {
  Clock& clock;
  RandomSource& random;
};

/// Where the options of a strategy stand in YAML: as keys of the block (`ttl: 5m`), or in a map
/// named after the strategy
/// (`adaptive_ttl: {min: 1m}`).
enum class OptionPlacement : std::uint8_t { in_block, in_section };

/// A kind of strategy: its options and how one is made. Options travel as std::any that holds
/// `options_type`.
class StrategyType {
 public:
  using Make = std::function<std::unique_ptr<Strategy>(const std::any& options,
                                                       const StrategyCollaborators&)>;

  const std::string& name() const noexcept { return name_; }
  OptionPlacement placement() const noexcept { return placement_; }
  std::type_index options_type() const noexcept { return type_; }
  std::any default_options() const { return defaults_; }

  /// Whether `key` of a policy block belongs to this strategy.
  bool owns_key(std::string_view key) const noexcept;
  /// The keys of a policy block that belong to this strategy.
  std::vector<std::string> keys() const;

  /// Reads those keys of a block that belong to this strategy into `options`; the others are left
  /// alone.
  void read(const ConfigValue& block, const std::string& path, std::any& options,
            Findings& findings) const;
  /// Judges each option by itself.
  void check(const std::any& options, const std::string& path, Findings& findings) const;
  /// Judges the options against each other.
  void check_relations(const std::any& options, const std::string& path, Findings& findings) const;

  /// The fields of the key that the options name; paths are those below the block.
  std::vector<KeyFieldUse> field_uses(const std::any& options) const;
  /// Key of the block and its value as YAML, for each option.
  std::vector<std::pair<std::string, std::string>> texts(const std::any& options) const;
  /// Rows of the reference page.
  std::vector<OptionRow> rows() const;

  /// Makes one. `options` must be valid.
  std::unique_ptr<Strategy> make(const std::any& options, const StrategyCollaborators& with) const {
    return make_(options, with);
  }

 private:
  friend class StrategyRegistry;
  using Address = const void* (*)(const std::any&);

  StrategyType(std::string name, OptionPlacement placement, std::any defaults,
               detail::OptionList list, Address address, Make make);
  std::string section_path(const std::string& path) const;

  std::string name_;
  OptionPlacement placement_;
  std::type_index type_;
  bool shares_type_ = false;  // with others: the type does not stand for this strategy
  std::any defaults_;
  detail::OptionList list_;
  Address address_;  // of the struct inside the any
  Make make_;
};

/// Confined to one thread while strategies are added, thread-compatible from then on. References to
/// a StrategyType stay good as long as the registry lives.
class StrategyRegistry {
 public:
  StrategyRegistry() = default;
  StrategyRegistry(const StrategyRegistry&) = delete;
  StrategyRegistry& operator=(const StrategyRegistry&) = delete;

  /// A registry that knows the built-in strategies.
  static std::shared_ptr<StrategyRegistry> with_builtins();

  /// Adds one. Throws Error if the name is no word of lower-case letters, digits and '_', or is
  /// `hybrid`, if the name or the type of options is known already, or if a key of its own is a key
  /// that every block has, or its section an option of another strategy.
  template <class Options, class MakeStrategy>
  void add(std::string name, const OptionTable<Options>& table, MakeStrategy make,
           OptionPlacement placement = OptionPlacement::in_section) {
    add(type_of(std::move(name), table, Options{}, std::move(make), placement));
  }

  /// The same for strategies that are known at run time only: several may have one type of options,
  /// each with defaults of its own, and none is found by that type.
  template <class Options, class MakeStrategy>
  void add_shared(std::string name, const OptionTable<Options>& table, Options defaults,
                  MakeStrategy make) {
    StrategyType type = type_of(std::move(name), table, std::move(defaults), std::move(make),
                                OptionPlacement::in_section);
    type.shares_type_ = true;
    add(std::move(type));
  }

  /// One with the same strategies, to which others can be added.
  std::shared_ptr<StrategyRegistry> copy() const;

  const StrategyType* find(std::string_view name) const noexcept;
  /// Null also for a type that strategies share.
  const StrategyType* find(std::type_index options_type) const noexcept;
  std::vector<std::string> names() const;
  const std::deque<StrategyType>& types() const noexcept { return types_; }

 private:
  template <class Options, class MakeStrategy>
  static StrategyType type_of(std::string name, const OptionTable<Options>& table, Options defaults,
                              MakeStrategy make, OptionPlacement placement) {
    StrategyType::Address address = [](const std::any& options) -> const void* {
      return std::any_cast<Options>(&options);
    };
    StrategyType::Make erased = [make = std::move(make)](const std::any& options,
                                                         const StrategyCollaborators& with) {
      return std::unique_ptr<Strategy>(make(std::any_cast<const Options&>(options), with));
    };
    return StrategyType(std::move(name), placement, std::any(std::move(defaults)), table.list(),
                        address, std::move(erased));
  }
  void add(StrategyType type);
  void check_section(const StrategyType& type) const;

  std::deque<StrategyType> types_;
};

/// Adds the strategies that come with the library: ttl, manual.
void register_builtin_strategies(StrategyRegistry& registry);

}  // namespace freshet
