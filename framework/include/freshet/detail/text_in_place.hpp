// Strings in a cache: those of a middling size keep their characters right behind the string, in the memory of the entry.
//
// A std::string of more than 15 characters keeps them elsewhere in memory, so that reading it there costs a miss more than reading
// the entry. Here the same class template with another allocator is constructed, one without any state, which gives out the
// place behind the object, once; who reads it sees a const std::string. Both have one layout, since an allocator without state is no
// part of it: asserted below as far as that can be. What is read was written before a release of the table's slot, on the far side of a
// call through a pointer, so that no compiler sees the one type beside the other. Only for libstdc++ and its strings since 2015;
// elsewhere strings stay as they are. Why: docs/decisions/0027.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "freshet/detail/runtime/runtime.hpp"

namespace freshet::detail {

/// Gives out the place that was named last on this thread, once.
template <class C>
struct PlaceBehind {
  using value_type = C;
  using is_always_equal = std::true_type;

  struct Place {
    C* first = nullptr;
    std::size_t count = 0;
  };
  /// Of this thread.
  static Place& next() noexcept { return rt::thread_local_value<Place, PlaceBehind>(); }

  PlaceBehind() noexcept = default;
  template <class Other>
  explicit PlaceBehind(const PlaceBehind<Other>&) noexcept {}
  /// Throws std::bad_alloc if no such place was named.
  C* allocate(std::size_t count) {
    const Place place = std::exchange(next(), Place{});
    if (place.count < count) throw std::bad_alloc();
    return place.first;
  }
  void deallocate(C*, std::size_t) noexcept {}
  friend bool operator==(const PlaceBehind&, const PlaceBehind&) noexcept { return true; }
};

struct TextInPlace {
  using Text = std::basic_string<char, std::char_traits<char>, PlaceBehind<char>>;
  static_assert(std::is_empty_v<PlaceBehind<char>> && sizeof(Text) == sizeof(std::string) &&
                alignof(Text) == alignof(std::string));

  static constexpr std::size_t kMost = 1024;  // characters; copying more costs more than the miss

#if defined(__GLIBCXX__) && _GLIBCXX_USE_CXX11_ABI
  static constexpr std::size_t kLeast = 16;  // fewer lie in the string itself
#else
  static constexpr std::size_t kLeast = kMost + 1;
#endif

  /// How many bytes a string wants behind itself, the same for what was stored as for what it was made of.
  static std::size_t room(const void* value) noexcept {
    const std::size_t size = static_cast<const std::string*>(value)->size();
    return size >= kLeast && size <= kMost ? size + 1 : 0;
  }
  /// `behind`: the room that it wants. Where it wants none the string is moved.
  static void construct(void* to, void* from, char* behind) {
    std::string& text = *static_cast<std::string*>(from);
    const std::size_t room = TextInPlace::room(from);
    if (room == 0) {
      ::new (to) std::string(std::move(text));
      return;
    }
    PlaceBehind<char>::next() = {behind, room};
    ::new (to) Text(text.data(), text.size());
  }
  static void destroy(void* value) noexcept {
    if (room(value) == 0) {
      std::destroy_at(static_cast<std::string*>(value));
    } else {
      std::destroy_at(static_cast<Text*>(value));
    }
  }
};

}  // namespace freshet::detail
