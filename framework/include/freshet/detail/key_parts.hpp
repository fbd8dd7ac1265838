// How the values that key_text.hpp lists become text in a key.
//
// What is inside a value of several parts stands between marks that begin with '%', which is escaped in every string there:
// %n no value, %v a value, %l and %z the ends of a list, %s the end of a part. So a key can be read back, by types, from the
// left; that is why different values never have one text.
#pragma once

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "freshet/detail/key_buffer.hpp"
#include "freshet/errors.hpp"
#include "freshet/key_text.hpp"

namespace freshet::detail {

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <class T>
inline constexpr bool kIsDuration = false;
template <class Rep, class Period>
inline constexpr bool kIsDuration<std::chrono::duration<Rep, Period>> = true;

template <class T>
inline constexpr bool kIsTimePoint = false;
template <class Clock, class Span>
inline constexpr bool kIsTimePoint<std::chrono::time_point<Clock, Span>> = true;

template <class T>
inline constexpr bool kIsTuple = false;
template <class... T>
inline constexpr bool kIsTuple<std::tuple<T...>> = true;
template <class First, class Second>
inline constexpr bool kIsTuple<std::pair<First, Second>> = true;

template <class T>
inline constexpr bool kIsString = false;
template <class Traits, class Allocator>
inline constexpr bool kIsString<std::basic_string<char, Traits, Allocator>> = true;
template <class Traits>
inline constexpr bool kIsString<std::basic_string_view<char, Traits>> = true;
template <>
inline constexpr bool kIsString<const char*> = true;
template <>
inline constexpr bool kIsString<char*> = true;

template <class T>
concept HasOwnKeyText = requires(const T& value) {
  KeyText<T>::of(value);
};

/// One text without marks: what an optional of it needs no mark for.
template <class T>
inline constexpr bool kIsPlain =
    !HasOwnKeyText<T> && (std::is_arithmetic_v<T> || std::is_enum_v<T> || kIsString<T> ||
                          kIsDuration<T> || kIsTimePoint<T>);

template <class T>
consteval bool has_key_text();

template <class Tuple, std::size_t... I>
consteval bool parts_have_key_text(std::index_sequence<I...>) {
  return (has_key_text<std::remove_cvref_t<std::tuple_element_t<I, Tuple>>>() && ...);
}

/// Whether a T, without reference or const, can be part of a key.
template <class T>
consteval bool has_key_text() {
  if constexpr (HasOwnKeyText<T>) {
    return has_key_text<std::remove_cvref_t<decltype(KeyText<T>::of(std::declval<const T&>()))>>();
  } else if constexpr (kIsPlain<T>) {
    return true;
  } else if constexpr (kIsOptional<T>) {
    return has_key_text<std::remove_cv_t<typename T::value_type>>();
  } else if constexpr (kIsTuple<T>) {
    return parts_have_key_text<T>(std::make_index_sequence<std::tuple_size_v<T>>{});
  } else if constexpr (std::ranges::contiguous_range<const T> && !std::is_array_v<T>) {
    return has_key_text<std::ranges::range_value_t<const T>>();
  } else {
    return false;
  }
}

template <class Number>
void append_number(KeyBuffer& key, Number number) {
  constexpr std::size_t kMost = 64;  // the shortest text of any number is shorter
  key.append_written<kMost>([&](char* to) { return std::to_chars(to, to + kMost, number).ptr; });
}

template <class Text>
std::string_view text_of(const Text& text) {
  if constexpr (std::is_pointer_v<Text>) {
    if (text == nullptr) throw InvalidName("a null pointer in place of the text of a key");
    return text;
  } else {
    return {text.data(), text.size()};
  }
}

template <class T>
void append_plain(KeyBuffer& key, const T& value, const ByteSet& escaped) {
  if constexpr (kIsString<T>) {
    append_escaped(key, text_of(value), escaped);
  } else if constexpr (std::is_same_v<T, bool>) {
    key.append(value ? "true" : "false");
  } else if constexpr (std::is_same_v<T, char>) {
    append_escaped(key, {&value, 1}, escaped);
  } else if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return key.append("nan");
    append_number(key, value);
  } else if constexpr (std::is_enum_v<T>) {
    append_plain(key, static_cast<std::underlying_type_t<T>>(value), escaped);
  } else if constexpr (kIsDuration<T>) {
    append_plain(key, value.count(), escaped);
  } else if constexpr (kIsTimePoint<T>) {
    append_plain(key, value.time_since_epoch(), escaped);
  } else if constexpr (std::is_signed_v<T>) {
    append_number(key, static_cast<std::int64_t>(value));
  } else {
    append_number(key, static_cast<std::uint64_t>(value));
  }
}

/// Appends the text of a value. In its strings the bytes of `escaped` are escaped; inside a value of several parts '%' is in
/// any case.
template <class T>
void append_key_text(KeyBuffer& key, const T& value, const ByteSet& escaped) {
  const ByteSet inside = escaped.with('%');
  const auto append_part = [&](const auto& part) {
    append_key_text(key, part, inside);
    key.append("%s");
  };
  if constexpr (HasOwnKeyText<T>) {
    append_key_text(key, KeyText<T>::of(value), escaped);
  } else if constexpr (kIsPlain<T>) {
    append_plain(key, value, escaped);
  } else if constexpr (kIsOptional<T>) {
    if (!value) return key.append("%n");
    if constexpr (!kIsPlain<std::remove_cv_t<typename T::value_type>>) key.append("%v");
    append_key_text(key, *value, inside);
  } else if constexpr (kIsTuple<T>) {
    std::apply([&](const auto&... parts) { (append_part(parts), ...); }, value);
  } else {
    key.append("%l");
    for (const auto& element : value) append_part(element);
    key.append("%z");
  }
}

}  // namespace freshet::detail
