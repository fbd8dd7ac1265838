// KeptArgument: an argument of a call that may be needed after the call, by a refresh in the background. It owns what it is.
#pragma once

#include <functional>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "freshet/detail/key_parts.hpp"

namespace freshet::detail {

template <class T>
inline constexpr bool kIsReferenceWrapper = false;
template <class T>
inline constexpr bool kIsReferenceWrapper<std::reference_wrapper<T>> = true;

template <class T>
consteval bool copy_owns();

template <class Tuple, std::size_t... I>
consteval bool copies_of_parts_own(std::index_sequence<I...>) {
  return (copy_owns<std::tuple_element_t<I, Tuple>>() && ...);
}

/// Whether a copy of a T stands for itself: no pointer, no reference, no view, nor anything made of these.
template <class T>
consteval bool copy_owns() {
  if constexpr (!std::is_copy_constructible_v<T> || std::is_reference_v<T> ||
                std::is_pointer_v<T> || kIsReferenceWrapper<T>) {
    return false;
  } else if constexpr (std::ranges::range<T>) {
    if constexpr (std::ranges::view<T> || std::ranges::borrowed_range<T>) {
      return false;
    } else if constexpr (std::is_same_v<std::ranges::range_value_t<T>, T>) {
      return true;  // a path, which is a range of paths
    } else {
      return copy_owns<std::ranges::range_value_t<T>>();
    }
  } else if constexpr (kIsOptional<T>) {
    return copy_owns<typename T::value_type>();
  } else if constexpr (kIsTuple<T>) {
    return copies_of_parts_own<T>(std::make_index_sequence<std::tuple_size_v<T>>{});
  } else {
    return true;
  }
}

/// Holds a copy of an argument for a parameter of type `Parameter`.
template <class Parameter, class Value = std::remove_cvref_t<Parameter>>
class KeptArgument {
 public:
  /// What writes to a reference is meant for the caller, who is gone by then.
  static constexpr bool possible =
      copy_owns<Value>() && (!std::is_lvalue_reference_v<Parameter> ||
                             std::is_const_v<std::remove_reference_t<Parameter>>);

  explicit KeptArgument(const Value& value) : value_(value) {}
  /// For one call. An rvalue is a copy, so that there can be another.
  auto give() const
      -> std::conditional_t<std::is_lvalue_reference_v<Parameter>, const Value&, Value> {
    return value_;
  }

 private:
  Value value_;
};

template <class Parameter, class Traits>
class KeptArgument<Parameter, std::basic_string_view<char, Traits>> {
 public:
  static constexpr bool possible =
      !std::is_lvalue_reference_v<Parameter> || std::is_const_v<std::remove_reference_t<Parameter>>;
  explicit KeptArgument(std::basic_string_view<char, Traits> text) : text_(text) {}
  std::basic_string_view<char, Traits> give() const { return text_; }

 private:
  std::basic_string<char, Traits> text_;
};

template <class Parameter>
class KeptArgument<Parameter, const char*> {
 public:
  static constexpr bool possible =
      !std::is_lvalue_reference_v<Parameter> || std::is_const_v<std::remove_reference_t<Parameter>>;
  explicit KeptArgument(const char* text) {
    if (text != nullptr) text_ = text;
  }
  const char* give() const { return text_ ? text_->c_str() : nullptr; }

 private:
  std::optional<std::string> text_;
};

template <class Parameter, class Element>
class KeptArgument<Parameter, std::span<const Element>> {
 public:
  static constexpr bool possible = copy_owns<Element>() && !std::is_same_v<Element, bool> &&
                                   (!std::is_lvalue_reference_v<Parameter> ||
                                    std::is_const_v<std::remove_reference_t<Parameter>>);
  explicit KeptArgument(std::span<const Element> elements)
      : elements_(elements.begin(), elements.end()) {}
  std::span<const Element> give() const { return elements_; }

 private:
  std::vector<Element> elements_;
};

}  // namespace freshet::detail
