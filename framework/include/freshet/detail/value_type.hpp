// ValueType: how code that does not know T handles a T.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "freshet/detail/text_in_place.hpp"
#include "freshet/size_of.hpp"

namespace freshet::detail {

/// The operations on one C++ type. There is one constant object per type, so addresses may be compared within a binary
/// and `type` across binaries.
struct ValueType {
  const std::type_info* type;
  std::size_t size;
  std::size_t alignment;
  /// How many bytes a value wants right behind itself where it is stored, as long as it is; null: none.
  std::size_t (*room_behind)(const void* value) noexcept;
  void (*move_construct)(void* to, void* from, char* behind);
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
    nullptr,
    [](void* to, void* from, char*) { ::new (to) T(std::move(*static_cast<T*>(from))); },
    [](void* value) noexcept { static_cast<T*>(value)->~T(); },
    bytes_function<T>(),
};

template <>
inline const ValueType kValueType<std::string>{
    &typeid(std::string),
    sizeof(std::string),
    alignof(std::string),
    &TextInPlace::room,
    &TextInPlace::construct,
    &TextInPlace::destroy,
    [](const void* value) -> std::size_t {
      // What is kept in place is kept without what it had room for.
      if (const std::size_t room = TextInPlace::room(value)) return sizeof(std::string) + room;
      return SizeOf<std::string>::bytes(*static_cast<const std::string*>(value));
    },
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
    &typeid(void), 0, 1, nullptr, [](void*, void*, char*) {}, [](void*) noexcept {}, nullptr,
};
inline ErasedValue absent_value() noexcept { return {&kAbsentType, nullptr}; }
inline bool is_absent(const ErasedValue& value) noexcept { return value.type->size == 0; }

}  // namespace freshet::detail
