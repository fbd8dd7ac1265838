// How CacheInvalidator::invalidating makes an InvalidatingWriter, and what it says of a writer that it cannot wrap.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "freshet/detail/around_write.hpp"
#include "freshet/detail/callable_signature.hpp"
#include "freshet/detail/deferred.hpp"
#include "freshet/detail/writer_keys.hpp"
#include "freshet/invalidating_writer.hpp"

namespace freshet::detail {

template <class T>
inline constexpr bool kIsMemoized = false;
template <class Signature, class Positions>
inline constexpr bool kIsMemoized<Memoized<Signature, Positions>> = true;

/// Whether the write has happened when the writer returns.
template <class Signature>
consteval bool require_done_of(std::type_identity<Signature>) {
  return true;
}
template <class Result, class... Parameters>
consteval bool require_done_of(std::type_identity<Result(Parameters...)>) {
  return require_done<Result>();
}

template <class Writer, class Signature>
inline constexpr bool kIsConstWriter = false;
template <class Writer, class Result, class... Parameters>
inline constexpr bool kIsConstWriter<Writer, Result(Parameters...)> =
    std::is_invocable_r_v<Result, const Writer&, Parameters...>;

/// Whether `Writer` can be wrapped; says why not.
template <class M, class Writer>
consteval bool require_writer() {
  using Signature = SignatureOf<Writer>;
  constexpr bool is_member = std::is_member_function_pointer_v<Writer>;
  constexpr bool known = !std::is_void_v<Signature>;
  static_assert(kIsMemoized<M>, "Freshet: invalidating takes what Cache<T>::memoize returned");
  static_assert(!is_member,
                "Freshet: a member function needs its object: "
                "bind_member(&Database::update_profile, &database)");
  static_assert(known,
                "Freshet: this writer has no single list of parameters: write a lambda that "
                "names their types");
  static_assert(is_member || !known || kIsConstWriter<Writer, Signature>,
                "Freshet: an invalidating writer must be callable as const: no mutable lambda");
  constexpr bool done = require_done_of(std::type_identity<Signature>{});
  return kIsMemoized<M> && !is_member && known && kIsConstWriter<Writer, Signature> && done;
}

class WriterAccess {
 public:
  /// `key` is given the memoized function and the writer's arguments; without one, everything is forgotten.
  template <class M, class Writer, class Result, class... Parameters, class Key>
  static InvalidatingWriter<Result(Parameters...)> make(std::type_identity<Result(Parameters...)>,
                                                        const M& memoized, Writer writer,
                                                        Order order, Key key) {
    using W = InvalidatingWriter<Result(Parameters...)>;
    typename W::State state{
        .order = order, .space = memoized.state_->core, .key = {}, .forget = {}, .write = {}};
    if constexpr (std::is_same_v<Key, std::nullptr_t>) {
      state.forget = [memoized](std::string_view) { memoized.clear(); };
    } else {
      state.key = [memoized,
                   key = std::move(key)](const std::remove_reference_t<Parameters>&... arguments) {
        return key(memoized, arguments...);
      };
      state.forget = [memoized](std::string_view text) { memoized.invalidate_text(text); };
    }
    state.write = [own = std::make_shared<const Writer>(std::move(writer))](
                      Parameters... arguments) -> Result {
      return std::invoke(*own, std::forward<Parameters>(arguments)...);
    };
    return W(std::make_shared<const typename W::State>(std::move(state)));
  }
};

/// By the writer's first parameters.
template <class M, class Writer>
auto invalidating(const M& memoized, Writer writer, const WriterOptions& options) {
  if constexpr (require_writer<M, Writer>()) {
    using Signature = SignatureOf<Writer>;
    using Parameters = typename LoaderSignature<Signature>::Arguments;
    constexpr bool fits = tuple_stands_for<Parameters, typename M::Keys>();
    static_assert(fits,
                  "Freshet: the first parameters of this writer are not the key arguments of the "
                  "memoized function, by type: add {.key = [](const auto&... arguments) { return "
                  "...; }}, which makes them of the writer's arguments, or {.clear_all = true}");
    if constexpr (fits) {
      const auto leading = [](const M& function, const auto&... arguments) {
        return key_from(function, std::type_identity<typename M::Keys>{}, std::tie(arguments...));
      };
      return WriterAccess::make(std::type_identity<Signature>{}, memoized, std::move(writer),
                                options.order, leading);
    }
  }
}

/// By a mapping of the writer's parameters.
template <class M, class Writer>
auto invalidating(const M& memoized, Writer writer, KeyedWriterOptions<M, Writer> options) {
  if constexpr (require_writer<M, Writer>()) {
    return WriterAccess::make(std::type_identity<SignatureOf<Writer>>{}, memoized,
                              std::move(writer), options.order, options.key.function());
  }
}

/// Everything that the memoized function made.
template <class M, class Writer>
auto invalidating(const M& memoized, Writer writer, const ClearingWriterOptions& options) {
  if constexpr (require_writer<M, Writer>()) {
    return WriterAccess::make(std::type_identity<SignatureOf<Writer>>{}, memoized,
                              std::move(writer), options.order, nullptr);
  }
}

}  // namespace freshet::detail
