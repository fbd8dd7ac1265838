// How a writer's arguments become the key arguments of a memoized function, and when there is doubt.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "freshet/detail/key_parts.hpp"

namespace freshet::detail {

/// A true that cannot be left out.
struct Yes {
  consteval Yes(bool value) {  // NOLINT: implicit, as the value of a member is
    if (!value) clear_all_can_only_be_true();
  }

 private:
  static void clear_all_can_only_be_true();  // not defined: its name is the compiler's message
};

template <class T>
inline constexpr bool kIsCharacter =
    std::is_same_v<T, char> || std::is_same_v<T, wchar_t> || std::is_same_v<T, char8_t> ||
    std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;
template <class T>
inline constexpr bool kIsNumber =
    std::is_arithmetic_v<T> && !std::is_same_v<T, bool> && !kIsCharacter<T>;

template <class From, class To>
concept ConvertsWithoutLoss = requires(From value) {
  To{value};
};

/// Whether every `From` names one `To` and no two of them the same: the same type, a number that fits, text, a duration in a
/// coarser unit. Both without reference or const.
template <class From, class To>
consteval bool stands_for() {
  if constexpr (std::is_same_v<From, To>) {
    return true;
  } else if constexpr (kIsString<From> && kIsString<To>) {
    return !std::is_pointer_v<To>;
  } else if constexpr (kIsNumber<From> && kIsNumber<To>) {
    return std::is_integral_v<From> == std::is_integral_v<To> && ConvertsWithoutLoss<From, To>;
  } else if constexpr (kIsDuration<From> && kIsDuration<To>) {
    return std::is_convertible_v<From, To>;
  } else {
    return false;
  }
}

/// The same of two tuples, where `From` may be the longer one.
template <class From, class To>
consteval bool tuple_stands_for() {
  if constexpr (std::tuple_size_v<From> < std::tuple_size_v<To>) {
    return false;
  } else {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return (stands_for<std::remove_cvref_t<std::tuple_element_t<I, From>>,
                         std::remove_cvref_t<std::tuple_element_t<I, To>>>() &&
              ...);
    }
    (std::make_index_sequence<std::tuple_size_v<To>>{});
  }
}

/// An argument as a key argument that it stands for.
template <class To, class From>
decltype(auto) as_key_argument(const From& value) {
  if constexpr (std::is_same_v<From, To>) {
    return (value);
  } else if constexpr (kIsString<To>) {
    return To(text_of(value));
  } else {
    return static_cast<To>(value);
  }
}

/// The key of a memoized function, for the first elements of a tuple.
template <class M, class... Keys, class Tuple>
std::string key_from(const M& memoized, std::type_identity<std::tuple<Keys...>>,
                     const Tuple& values) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return memoized.key(as_key_argument<Keys>(std::get<I>(values))...);
  }
  (std::index_sequence_for<Keys...>{});
}

/// What a key mapping answers, as a tuple.
template <class Answer>
auto as_tuple(const Answer& answer) {
  if constexpr (kIsTuple<Answer>) {
    return answer;
  } else {
    return std::tuple<const Answer&>(answer);
  }
}

/// Makes the key of a memoized function of a writer's arguments. There is none by default.
template <class M, class Signature>
class KeyMapping {
 public:
  template <class Mapping>
  KeyMapping(Mapping) {  // NOLINT: implicit, as the value of a member is
    static_assert(!std::is_same_v<Mapping, Mapping>,
                  "Freshet: this writer has no single list of parameters: write a lambda that "
                  "names their types");
  }
};

template <class M, class Result, class... Parameters>
class KeyMapping<M, Result(Parameters...)> {
  using Keys = typename M::Keys;

 public:
  using Function =
      std::function<std::string(const M&, const std::remove_reference_t<Parameters>&...)>;

  template <class Mapping>
  requires(!std::is_same_v<std::remove_cvref_t<Mapping>, KeyMapping>)
      KeyMapping(Mapping mapping) {  // NOLINT: implicit, as the value of a member is
    constexpr bool callable =
        std::is_invocable_v<const Mapping&, const std::remove_reference_t<Parameters>&...>;
    static_assert(callable,
                  "Freshet: key of an invalidating writer is called with the writer's arguments, "
                  "all of them and as const: [](const A& first, const B& second) { return ...; }");
    if constexpr (callable) {
      using Answer = std::remove_cvref_t<
          std::invoke_result_t<const Mapping&, const std::remove_reference_t<Parameters>&...>>;
      using Tuple = decltype(as_tuple(std::declval<const Answer&>()));
      constexpr bool fits =
          std::tuple_size_v<Tuple> == std::tuple_size_v<Keys> && tuple_stands_for<Tuple, Keys>();
      static_assert(fits,
                    "Freshet: what key of an invalidating writer returns is not the key argument "
                    "of the memoized function, or a tuple of them, by type");
      if constexpr (fits) {
        function_ = [mapping = std::move(mapping)](
                        const M& memoized,
                        const std::remove_reference_t<Parameters>&... arguments) {
          const auto& answer = std::invoke(mapping, arguments...);
          return key_from(memoized, std::type_identity<Keys>{}, as_tuple(answer));
        };
      }
    }
  }

  const Function& function() const noexcept { return function_; }

 private:
  Function function_;
};

}  // namespace freshet::detail
