// OptionTable<Options>: the options of a strategy or a block, one row each, from which everything
// else follows: reading them from a configuration, judging a struct that code filled, the names
// that a typo is compared with, and the reference page.
//
//   OptionTable<TtlOptions> table;
//   table.add("ttl_jitter", &TtlOptions::jitter, percentage_kind({.at_least = 0.0, .below = 1.0}),
//   "drawn per entry …");
//
// Options is plain data whose default-constructed values are the documented defaults. Only what
// must know the type is a template; the rest is detail::OptionList.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "freshet/option_kind.hpp"

namespace freshet {

/// A row of the reference page.
struct OptionRow {
  std::string name;          // "capacity.entries"
  std::string type;          // "count"
  std::string default_text;  // as one would write it
  std::string range;         // ">= 1"
  std::string doc;
};

/// A field of the block's key template that some option names. The block is judged by it: the
/// template must have it.
struct KeyFieldUse {
  std::string path;   // of the option, below the table: "ttl.by"
  std::string field;  // "kind"
};

namespace detail {

/// One option, its types forgotten. `options` is the struct that the table is for.
class AnyOption {
 public:
  explicit AnyOption(std::string name) : name_(std::move(name)) {}
  virtual ~AnyOption() = default;
  const std::string& name() const noexcept { return name_; }

  virtual void read(const ConfigValue& value, const std::string& path, void* options,
                    Findings& findings) const = 0;
  virtual void check(const void* options, const std::string& path, Findings& findings) const = 0;
  virtual std::string text(const void* options) const = 0;
  virtual void add_rows(const void* defaults, const std::string& prefix,
                        std::vector<OptionRow>& rows) const = 0;

 private:
  std::string name_;
};

/// A table, its type forgotten. Copies share their rows. `path` is that of the map which holds the
/// options.
class OptionList {
 public:
  using Relation = std::function<void(const void* options, const std::string& path, Findings&)>;
  using FieldUses = std::function<std::vector<KeyFieldUse>(const void* options)>;

  void add(
      std::shared_ptr<const AnyOption> option);  // throws Error for a name that is there already
  void set_relation(Relation relation) { relation_ = std::move(relation); }
  void set_field_uses(FieldUses uses) { field_uses_ = std::move(uses); }

  /// Reads those members of `map` that this table knows; the others are the caller's, who knows all
  /// tables.
  void read(const ConfigValue& map, const std::string& path, void* options,
            Findings& findings) const;
  /// The same where the map belongs to this table alone: anything but a map and any other key is a
  /// finding.
  void read_section(const ConfigValue& value, const std::string& path, void* options,
                    Findings& findings) const;
  /// Judges each option by itself.
  void check(const void* options, const std::string& path, Findings& findings) const;
  /// Judges the options against each other.
  void check_relations(const void* options, const std::string& path, Findings& findings) const;

  bool knows(std::string_view name) const noexcept;
  std::vector<std::string> names() const;
  std::vector<OptionRow> rows(const void* defaults, const std::string& prefix) const;
  std::vector<KeyFieldUse> field_uses(const void* options) const;
  /// Name and value of each option, the value as it would be written.
  std::vector<std::pair<std::string, std::string>> texts(const void* options) const;

 private:
  std::vector<std::shared_ptr<const AnyOption>> options_;
  Relation relation_;
  FieldUses field_uses_;
};

/// An option that a kind reads: of one member, or, with T = Options, of the whole struct.
template <class Options, class T, class Access>
class KindOption final : public AnyOption {
 public:
  KindOption(std::string name, Access access, OptionKind<T> kind, std::string doc)
      : AnyOption(std::move(name)), access_(access), kind_(std::move(kind)), doc_(std::move(doc)) {}

  void read(const ConfigValue& value, const std::string& path, void* options,
            Findings& findings) const override {
    kind_.read(value, path, access_(*static_cast<Options*>(options)), findings);
  }
  void check(const void* options, const std::string& path, Findings& findings) const override {
    if (kind_.check) kind_.check(access_(*static_cast<const Options*>(options)), path, findings);
  }
  std::string text(const void* options) const override {
    return kind_.text(access_(*static_cast<const Options*>(options)));
  }
  void add_rows(const void* defaults, const std::string& prefix,
                std::vector<OptionRow>& rows) const override {
    rows.push_back({prefix + name(), kind_.type, text(defaults), kind_.range, doc_});
  }

 private:
  Access access_;
  OptionKind<T> kind_;
  std::string doc_;
};

/// A member that is itself a struct with a table, written as a map of its own.
template <class Options, class T>
class SectionOption final : public AnyOption {
 public:
  SectionOption(std::string name, T Options::*member, OptionList list)
      : AnyOption(std::move(name)), member_(member), list_(std::move(list)) {}

  void read(const ConfigValue& value, const std::string& path, void* options,
            Findings& findings) const override {
    list_.read_section(value, path, &(static_cast<Options*>(options)->*member_), findings);
  }
  void check(const void* options, const std::string& path, Findings& findings) const override {
    list_.check(of(options), path, findings);
    list_.check_relations(of(options), path, findings);
  }
  std::string text(const void* options) const override {
    std::string joined;
    for (const auto& [name, value] : list_.texts(of(options))) {
      joined += (joined.empty() ? "{" : ", ") + name + ": " + value;
    }
    return joined + "}";
  }
  void add_rows(const void* defaults, const std::string& prefix,
                std::vector<OptionRow>& rows) const override {
    for (OptionRow& row : list_.rows(of(defaults), prefix + name() + "."))
      rows.push_back(std::move(row));
  }

 private:
  const void* of(const void* options) const {
    return &(static_cast<const Options*>(options)->*member_);
  }

  T Options::*member_;
  OptionList list_;
};

}  // namespace detail

template <class Options>
class OptionTable {
 public:
  /// An option kept in one member.
  template <class T>
  OptionTable& add(std::string name, T Options::*member, OptionKind<T> kind, std::string doc) {
    auto access = [member](auto& options) -> auto& { return options.*member; };
    return add_with(std::move(name), access, std::move(kind), std::move(doc));
  }

  /// An option that fills several members.
  OptionTable& add(std::string name, OptionKind<Options> kind, std::string doc) {
    auto access = [](auto& options) -> auto& { return options; };
    return add_with(std::move(name), access, std::move(kind), std::move(doc));
  }

  /// A member with a table of its own.
  template <class T>
  OptionTable& add_section(std::string name, T Options::*member, const OptionTable<T>& table) {
    list_.add(
        std::make_shared<detail::SectionOption<Options, T>>(std::move(name), member, table.list()));
    return *this;
  }

  /// What must hold between options. Called with structs whose options may be out of range each by
  /// itself.
  OptionTable& relate(
      std::function<void(const Options&, const std::string& path, Findings&)> relation) {
    list_.set_relation([relation = std::move(relation)](
                           const void* options, const std::string& path, Findings& findings) {
      relation(*static_cast<const Options*>(options), path, findings);
    });
    return *this;
  }

  /// Which fields of the key the options name.
  OptionTable& use_fields(std::function<std::vector<KeyFieldUse>(const Options&)> uses) {
    list_.set_field_uses([uses = std::move(uses)](const void* options) {
      return uses(*static_cast<const Options*>(options));
    });
    return *this;
  }

  /// Reads the members of `map` that are options of this table.
  void read(const ConfigValue& map, const std::string& path, Options& options,
            Findings& findings) const {
    list_.read(map, path, &options, findings);
  }

  /// Judges a struct as a whole.
  void validate(const Options& options, const std::string& path, Findings& findings) const {
    list_.check(&options, path, findings);
    list_.check_relations(&options, path, findings);
  }

  /// The rows of the reference page; the defaults are those of a default-constructed struct.
  std::vector<OptionRow> rows(const std::string& prefix = {}) const {
    const Options defaults{};
    return list_.rows(&defaults, prefix);
  }

  std::vector<std::string> names() const { return list_.names(); }
  const detail::OptionList& list() const noexcept { return list_; }

 private:
  template <class T, class Access>
  OptionTable& add_with(std::string name, Access access, OptionKind<T> kind, std::string doc) {
    using Option = detail::KindOption<Options, T, Access>;
    list_.add(std::make_shared<Option>(std::move(name), access, std::move(kind), std::move(doc)));
    return *this;
  }

  detail::OptionList list_;
};

}  // namespace freshet
