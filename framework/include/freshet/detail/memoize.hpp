// How Cache<T>::memoize makes a Memoized, and what it says of a function that cannot be memoized.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "freshet/detail/deferred.hpp"
#include "freshet/errors.hpp"
#include "freshet/limits.hpp"
#include "freshet/memoized.hpp"

namespace freshet::detail {

/// What a function takes and makes, apart from a LoadContext& in front.
template <class Function>
using LoaderSignatureOf = LoaderSignature<SignatureOf<Function>>;

template <class Function>
consteval std::size_t arity_of() {
  if constexpr (LoaderSignatureOf<Function>::known) return LoaderSignatureOf<Function>::arity;
  return kUnknownArity;
}

/// The parameter type of memoize: the format for a function's keys.
template <class Function>
using KeyFormatFor = KeyFormat<arity_of<Function>()>;

/// One for each key argument's type, so that a compiler that says where names the type.
template <class KeyArgument>
consteval bool require_key_text() {
  static_assert(
      has_key_text<KeyArgument>(),
      "Freshet: a value of this type has no text to stand in a key: specialise "
      "freshet::KeyText for it, leave it out with key_arguments<...>, or make the key with "
      "key_by(name, function)");
  return has_key_text<KeyArgument>();
}

template <class Value, class Function, class Signature>
struct IsConstCallable;
template <class Value, class Function, class... Parameters>
struct IsConstCallable<Value, Function, Value(Parameters...)> {
  static constexpr bool with_context =
      std::is_invocable_r_v<Value, const Function&, LoadContext&, Parameters...>;
  static constexpr bool without = std::is_invocable_r_v<Value, const Function&, Parameters...>;
};

/// What a run of `Function` gives to a cache of T: a T, or an optional one where that is what it returns.
template <class T, class Function>
using MadeBy =
    std::conditional_t<std::is_convertible_v<typename LoaderSignatureOf<Function>::Result, T>, T,
                       std::optional<T>>;

/// Whether `Function` can be memoized as a T; says why not.
template <class T, class Function>
consteval bool require_memoizable() {
  static_assert(!std::is_member_function_pointer_v<Function>,
                "Freshet: a member function needs its object: "
                "bind_member(&Database::load_profile, &database)");
  using Signature = LoaderSignatureOf<Function>;
  static_assert(Signature::known,
                "Freshet: this has no single list of parameters to make keys of (a generic lambda, "
                "overloads, or no function): write a lambda that names their types");
  if constexpr (Signature::known && !std::is_member_function_pointer_v<Function>) {
    using Made = MadeBy<T, Function>;
    using Callable = IsConstCallable<Made, Function, typename Signature::template Returning<Made>>;
    constexpr bool callable = Signature::takes_context ? Callable::with_context : Callable::without;
    static_assert(
        !kIsDeferred<typename Signature::Result>,
        "Freshet: this function returns before it has a value: what it makes is a future or "
        "a coroutine: wait for it inside the function, or co_await "
        "cache.async_get_or_load(key, loader), of freshet/coro.hpp");
    static_assert(kIsDeferred<typename Signature::Result> ||
                      std::is_convertible_v<typename Signature::Result, Made>,
                  "Freshet: what this function returns is no value of the cache's type, nor a "
                  "std::optional of one");
    static_assert(
        callable || !std::is_convertible_v<typename Signature::Result, Made>,
        "Freshet: a memoized function is called by several threads at once, so it must be "
        "callable as const: no mutable lambda; what it changes stands behind a lock");
    return callable;
  }
  return false;
}

template <class Function, std::size_t... Positions>
consteval bool require_positions(KeyArguments<Positions...>) {
  constexpr std::size_t arity = arity_of<Function>();
  static_assert(
      ((Positions < arity) && ...),
      "Freshet: key_arguments<...> names a position that the function does not have; they "
      "count from 0, without a LoadContext&");
  return ((Positions < arity) && ...);
}

template <class Tuple, std::size_t... Positions>
consteval bool require_key_texts(KeyArguments<Positions...>) {
  return (require_key_text<std::remove_cvref_t<std::tuple_element_t<Positions, Tuple>>>() && ...);
}

class MemoizedAccess {
 public:
  /// `name` is the format, or the name of a key_by.
  template <class M, class Pattern, class Function>
  static M make(std::shared_ptr<NamespaceCache> core, std::string_view name, Pattern pattern,
                typename M::CustomKey custom_key, Function function, EntryOptions options) {
    options.tags.push_back(tag_of(*core, name));
    return M(std::make_shared<const typename M::State>(
        typename M::State{.core = std::move(core),
                          .options = std::move(options),
                          .pattern = std::move(pattern),
                          .custom_key = std::move(custom_key),
                          .function = std::make_shared<const typename M::Function>(
                              adapt(std::type_identity<M>{}, std::move(function))),
                          .if_absent = if_absent<Function>(std::type_identity<M>{})}));
  }

  template <class T, class... Parameters, std::size_t... Positions, class Function>
  static typename Memoized<T(Parameters...), KeyArguments<Positions...>>::CustomKey custom_key(
      std::type_identity<Memoized<T(Parameters...), KeyArguments<Positions...>>>,
      KeyBy<Function> key) {
    using M = Memoized<T(Parameters...), KeyArguments<Positions...>>;
    static_assert(
        std::is_invocable_v<const Function&, const typename M::template Key<Positions>&...>,
        "Freshet: the function of key_by takes the key arguments, in their order, and is "
        "callable as const");
    using Text = std::remove_cvref_t<
        std::invoke_result_t<const Function&, const typename M::template Key<Positions>&...>>;
    if constexpr (require_key_text<Text>()) {
      return [name = std::move(key.name) + ':',
              function = std::make_shared<const Function>(std::move(key.function))](
                 KeyBuffer& text, const typename M::template Key<Positions>&... arguments) {
        text.append(name);
        const auto& part = std::invoke(*function, arguments...);
        append_key_text(text, part, ByteSet{});
      };
    }
  }

 private:
  /// Throws InvalidName for one that is too long to be a tag.
  static std::string tag_of(const NamespaceCache& core, std::string_view name) {
    KeyBuffer tag;
    tag.append("memoized:");
    append_escaped(tag, core.name(), ByteSet{}.with('%').with(':'));
    tag.append(":");
    tag.append(core.scope());
    tag.append(name);
    if (name.empty() || tag.text().size() > kMaxTagBytes) {
      throw InvalidName("a memoized function cannot be called \"" + std::string(tag.text()) +
                        "\": the name must not be empty, and the limit for all of this is " +
                        std::to_string(kMaxTagBytes) + " bytes");
    }
    return std::string(tag.text());
  }

  template <class Function, class T, class... Parameters, class Positions>
  static constexpr IfAbsent if_absent(
      std::type_identity<Memoized<T(Parameters...), Positions>>) noexcept {
    return std::is_same_v<MadeBy<T, Function>, T> ? IfAbsent::load : IfAbsent::answer;
  }

  template <class T, class... Parameters, class Positions, class Function>
  static std::function<void(LoadContext&, ValueSink, Parameters...)> adapt(
      std::type_identity<Memoized<T(Parameters...), Positions>>, Function function) {
    return [own = std::make_shared<const Function>(std::move(function))](
               LoadContext& context, ValueSink sink, Parameters... arguments) {
      using Made = MadeBy<T, Function>;
      Made value = [&]() -> Made {
        if constexpr (LoaderSignatureOf<Function>::takes_context) {
          return std::invoke(*own, context, std::forward<Parameters>(arguments)...);
        } else {
          static_cast<void>(context);
          return std::invoke(*own, std::forward<Parameters>(arguments)...);
        }
      }();
      if constexpr (std::is_same_v<Made, T>) {
        sink(erase(value));
      } else {
        sink(value ? erase(*value) : absent_value());
      }
    };
  }
};

/// All forms of memoize: `key` is a KeyFormat or a KeyBy.
template <class T, class Positions, class Key, class Function>
auto memoize(std::shared_ptr<NamespaceCache> core, Key key, Function function,
             EntryOptions options) {
  if constexpr (require_memoizable<T, Function>()) {
    if constexpr (require_positions<Function>(Positions{})) {
      using Signature = LoaderSignatureOf<Function>;
      using M = Memoized<typename Signature::template Returning<T>, Positions>;
      if constexpr (requires { key.function; }) {
        std::string name = key.name;
        auto custom = MemoizedAccess::custom_key(std::type_identity<M>{}, std::move(key));
        return MemoizedAccess::make<M>(std::move(core), name, KeyPattern<Positions::count>(),
                                       std::move(custom), std::move(function), std::move(options));
      } else if constexpr (require_key_texts<typename Signature::Arguments>(Positions{})) {
        return MemoizedAccess::make<M>(std::move(core), key.text(),
                                       KeyPattern<Positions::count>(key.text()), {},
                                       std::move(function), std::move(options));
      }
    }
  }
}

/// The positions of all arguments of a function.
template <class Function>
struct AllPositionsOf {
  using type = KeyArguments<>;
};
template <class Function>
requires(LoaderSignatureOf<Function>::known) struct AllPositionsOf<Function>
    : AllPositions<typename LoaderSignatureOf<Function>::template Returning<void>> {
};

}  // namespace freshet::detail
