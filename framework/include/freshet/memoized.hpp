// Memoized: a function whose results are cached under keys made of its arguments. Cache<T>::memoize makes them.
//
//   auto get_user = profiles.memoize("user:{}", [&](int id) { return db.load_profile(id); });
//   get_user(42);              // a Handle<Profile>; runs the function unless "user:42" is cached
//   get_user.invalidate(42);   // forgets one result
//   get_user.clear();          // forgets all of them, and nothing else
//   auto find_user = profiles.memoize("name:{}", [&](std::string_view name) { return db.find_profile(name); });   // an optional
//   if (auto user = find_user("Ada")) …    // an empty handle where there is none, which is kept for negative_ttl
//   auto rename = invalidator.invalidating(get_user, [&](int id, std::string name) { … });   // invalidating_writer.hpp
//
// The namespace's policy says how long results live, how many there are and which leave first. Everything that
// Cache<T>::get_or_load promises holds: calls with the same arguments share one run of the function; a result whose run
// began before its key, a tag or the namespace was invalidated is returned and not kept; what the function reads through
// Freshet becomes something that its result depends on.
//
// Keys. "report:{}:{}" has a placeholder for each argument, and is checked by the compiler; "report" alone puts the
//   arguments behind it in order, after colons. key_text.hpp says how values become text. With more than one placeholder
//   strings are escaped ('%' and the separators as %25, %3A): ("a:b", "c") and ("a", "b:c") are different keys. The format
//   says whose results these are: two functions of one namespace need formats that cannot make the same key. A key longer
//   than kMaxKeyBytes throws InvalidName; so does an empty one, which only the format "{}" can make.
// Arguments. key_arguments<0, 2> makes the key of these alone; key_by(name, function) of what a function makes of them.
//   Arguments that are not part of the key must not change the result.
// The function may take a LoadContext& in front. It is called by several threads at once, so it must be callable as const.
// Refreshes in the background (soft_ttl, predictive) run a copy of the call: strings, string views and spans of constant
//   elements are copied into it. A call with another kind of view, a pointer, a reference that is not constant, or something
//   that cannot be copied, leaves them to the loader that is bound to the namespace, if there is one. What the function
//   captures by reference must outlive the cache under such policies.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "freshet/detail/callable_signature.hpp"
#include "freshet/detail/kept_argument.hpp"
#include "freshet/detail/key_buffer.hpp"
#include "freshet/detail/key_format.hpp"
#include "freshet/detail/key_parts.hpp"
#include "freshet/detail/namespace_cache.hpp"
#include "freshet/handle.hpp"
#include "freshet/invalidation.hpp"
#include "freshet/loader.hpp"

namespace freshet {

/// The positions, from 0, of the arguments that a key is made of; a LoadContext& does not count.
template <std::size_t... Positions>
struct KeyArguments {
  static constexpr std::size_t count = sizeof...(Positions);
};
template <std::size_t... Positions>
inline constexpr KeyArguments<Positions...> key_arguments{};

/// A name and a function that makes the rest of the key of the key arguments; any value that has a text (key_text.hpp).
template <class Function>
struct KeyBy {
  std::string name;  // the key begins with it and a colon; tells functions of one namespace apart
  Function function;
};
template <class Function>
KeyBy<Function> key_by(std::string name, Function function) {
  return {std::move(name), std::move(function)};
}

/// A member function with the object that it is called on.
template <class Member, class Object, class Signature>
class BoundMember;
template <class Member, class Object, class Result, class... Parameters>
class BoundMember<Member, Object, Result(Parameters...)> {
 public:
  BoundMember(Member member, Object object) : member_(member), object_(std::move(object)) {}
  Result operator()(Parameters... arguments) const {
    return std::invoke(member_, object_, std::forward<Parameters>(arguments)...);
  }

 private:
  Member member_;
  Object object_;
};

/// `bind_member(&Database::load_profile, &db)`. The object is given by pointer, shared_ptr or reference_wrapper.
template <class Member, class Object>
auto bind_member(Member member, Object object) {
  static_assert(std::is_member_function_pointer_v<Member>,
                "Freshet: bind_member takes a member function and its object: "
                "bind_member(&Database::load_profile, &database)");
  static_assert(
      detail::kIsReferenceWrapper<Object> || requires { *object; },
      "Freshet: give bind_member the object's address, a shared_ptr or std::ref: "
      "a copy of the object is hardly what is meant");
  return BoundMember<Member, Object, detail::SignatureOf<Member>>(member, std::move(object));
}

namespace detail {

template <class Arguments>
struct AllPositions;
template <class Result, class... Parameters>
struct AllPositions<Result(Parameters...)> {
  template <std::size_t... I>
  static KeyArguments<I...> of(std::index_sequence<I...>);
  using type = decltype(of(std::index_sequence_for<Parameters...>{}));
};

class MemoizedAccess;
class WriterAccess;

}  // namespace detail

/// `Memoized<Profile(int)>` is what Cache<Profile>::memoize makes of a function of an int that returns a Profile or a
/// std::optional<Profile>. One word, cheap to copy, thread-safe; keeps the cache alive as a view does. Throws what its function
/// throws, and RecursiveLoad for a call that waits for itself.
template <class Signature, class Positions = typename detail::AllPositions<Signature>::type>
class Memoized;

template <class T, class... Parameters, std::size_t... Positions>
class Memoized<T(Parameters...), KeyArguments<Positions...>> {
  template <std::size_t Position>
  using Key = std::remove_cvref_t<std::tuple_element_t<Position, std::tuple<Parameters...>>>;

 public:
  /// The types of the key arguments.
  using Keys = std::tuple<Key<Positions>...>;

  /// The result for these arguments: the cached one, or what the function makes now. Empty where a function that returns an optional
  /// says nullopt, or did so at most negative_ttl ago; never with one that returns a T.
  Handle<T> operator()(Parameters... arguments) const {
    [[maybe_unused]] const std::tuple<const std::remove_reference_t<Parameters>&...> all(
        arguments...);
    detail::KeyBuffer key;
    state_->append_key(key, std::get<Positions>(all)...);
    auto run = [&](LoadContext& context, detail::ValueSink sink) {
      (*state_->function)(context, sink, pass<Parameters>(arguments)...);
    };
    auto keep = [&] { return background_loader(arguments...); };
    return Handle<T>(
        state_->core->get_or_load(key.text(), run, keep, state_->options, state_->if_absent));
  }

  /// Forgets the result for these key arguments. A run under way is returned to its callers and not kept. Like
  /// Cache<T>::invalidate(key(…)).
  Invalidated invalidate(const Key<Positions>&... arguments,
                         const InvalidateOptions& options = {}) const {
    detail::KeyBuffer key;
    state_->append_key(key, arguments...);
    return state_->core->invalidate(key.text(), options);
  }

  /// Forgets the results of this function, in the scope of the view that it was made from, and no other entry; runs under
  /// way are not kept. All of them carry tag(). O(1). What was put under such a key by hand belongs to the function from
  /// its first call with that key on.
  Invalidated clear(const InvalidateOptions& options = {}) const {
    return state_->core->invalidate_tag(state_->options.tags.back(), options);
  }

  /// The key under which the result for these key arguments is cached.
  std::string key(const Key<Positions>&... arguments) const {
    detail::KeyBuffer key;
    state_->append_key(key, arguments...);
    return std::string(key.text());
  }

  /// The tag that every result of this function carries: "memoized:profiles:user:{}". Functions with the same format in one
  /// namespace are the same function.
  const std::string& tag() const noexcept { return state_->options.tags.back(); }

 private:
  friend class detail::MemoizedAccess;
  friend class detail::WriterAccess;
  using Function = std::function<void(LoadContext&, detail::ValueSink, Parameters...)>;
  using CustomKey = std::function<void(detail::KeyBuffer&, const Key<Positions>&...)>;

  struct State {
    void append_key(detail::KeyBuffer& key, const Key<Positions>&... arguments) const {
      if (custom_key) return custom_key(key, arguments...);
      pattern.append(key, arguments...);
    }

    std::shared_ptr<detail::NamespaceCache> core;
    EntryOptions options;  // of every entry; the function's own tag is the last one
    detail::KeyPattern<sizeof...(Positions)> pattern;
    CustomKey custom_key;  // in place of the pattern, if there is one
    std::shared_ptr<const Function> function;
    detail::IfAbsent if_absent;  // answer: the function returns an optional
  };

  Invalidated invalidate_text(std::string_view key) const {
    return state_->core->invalidate(key, {});
  }

  explicit Memoized(std::shared_ptr<const State> state) noexcept : state_(std::move(state)) {}

  /// An argument for the function: by-value parameters are copied where they can be.
  template <class Parameter>
  static decltype(auto) pass(std::remove_reference_t<Parameter>& argument) {
    if constexpr (!std::is_reference_v<Parameter> && std::is_copy_constructible_v<Parameter>) {
      return std::as_const(argument);
    } else {
      return std::forward<Parameter>(argument);
    }
  }

  /// The call as something that owns its arguments; null if that cannot be. It does not keep the cache alive.
  std::shared_ptr<const detail::BackgroundLoader> background_loader(
      const std::remove_reference_t<Parameters>&... arguments) const {
    if constexpr ((detail::KeptArgument<Parameters>::possible && ...)) {
      return std::make_shared<const detail::BackgroundLoader>(
          [function = state_->function,
           kept = std::tuple(detail::KeptArgument<Parameters>(arguments)...)](
              std::string_view, LoadContext& context, detail::ValueSink sink) {
            std::apply(
                [&](const auto&... argument) { (*function)(context, sink, argument.give()...); },
                kept);
          });
    } else {
      (static_cast<void>(arguments), ...);
      return nullptr;
    }
  }

  std::shared_ptr<const State> state_;
};

}  // namespace freshet

#include "freshet/detail/memoize.hpp"  // IWYU pragma: export
