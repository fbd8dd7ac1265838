// SizeOf<T>: how many bytes a value takes, for policies that limit bytes.
//
// Specialise it for your types:
//   template <> struct freshet::SizeOf<Profile> {
//     static std::size_t bytes(const Profile& p) { return sizeof p + p.name.capacity(); }
//   };
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

namespace freshet {

/// Not defined for types nobody described: a policy with `capacity.bytes` refuses a view of such a type.
template <class T>
struct SizeOf;

/// A type with a SizeOf. `bytes` counts the object and what it owns, is called once per stored value, must not throw.
template <class T>
concept Sized = requires(const T& value) {
  { SizeOf<T>::bytes(value) } -> std::convertible_to<std::size_t>;
};

/// Numbers and enumerations own nothing.
template <class T>
requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) struct SizeOf<T> {
  static std::size_t bytes(const T&) noexcept { return sizeof(T); }
};

template <>
struct SizeOf<std::string> {
  static std::size_t bytes(const std::string& value) noexcept {
    const bool on_heap = value.capacity() > std::string{}.capacity();
    return sizeof value + (on_heap ? value.capacity() + 1 : 0);
  }
};

template <Sized T>
struct SizeOf<std::vector<T>> {
  static std::size_t bytes(const std::vector<T>& values) noexcept {
    std::size_t total = sizeof values + (values.capacity() - values.size()) * sizeof(T);
    for (const T& value : values) total += SizeOf<T>::bytes(value);
    return total;
  }
};

}  // namespace freshet
