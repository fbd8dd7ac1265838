// ValueType: how code that does not know T handles a T.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "freshet/size_of.hpp"

namespace freshet::detail {

/// The operations on one C++ type. There is one constant object per type, so addresses may be compared within a binary
/// and `type` across binaries.
struct ValueType {
  const std::type_info* type;
  std::size_t size;
  std::size_t alignment;
  void (*move_construct)(void* to, void* from);
  void (*destroy)(void* value) noexcept;
  std::size_t (*bytes)(const void* value);  // SizeOf<T>; null where the type has none
};

template <class T>
constexpr auto bytes_function() -> std::size_t (*)(const void*) {
  if constexpr (Sized<T>) {
    return [](const void* value) -> std::size_t {
      return SizeOf<T>::bytes(*static_cast<const T*>(value));
    };
  } else {
    return nullptr;
  }
}

template <class T>
inline const ValueType kValueType{
    &typeid(T),
    sizeof(T),
    alignof(T),
    [](void* to, void* from) { ::new (to) T(std::move(*static_cast<T*>(from))); },
    [](void* value) noexcept { static_cast<T*>(value)->~T(); },
    bytes_function<T>(),
};

/// A value that somebody is about to give away: moved from, never copied.
struct ErasedValue {
  const ValueType* type;
  void* object;
};

template <class T>
ErasedValue erase(T& value) noexcept {
  return {&kValueType<T>, std::addressof(value)};
}

/// What is kept where the origin has nothing: no value of any T, hence of no size.
inline const ValueType kAbsentType{
    &typeid(void), 0, 1, [](void*, void*) {}, [](void*) noexcept {}, nullptr,
};
inline ErasedValue absent_value() noexcept { return {&kAbsentType, nullptr}; }
inline bool is_absent(const ErasedValue& value) noexcept { return value.type->size == 0; }

}  // namespace freshet::detail
