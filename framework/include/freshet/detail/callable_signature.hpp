// The parameters and the result of a callable, where it has one list of them: functions, member functions, lambdas without
// `auto`, std::function.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace freshet {
class LoadContext;
}

namespace freshet::detail {

template <class Result, class... Parameters>
auto signature_of(Result (*)(Parameters...)) -> std::type_identity<Result(Parameters...)>;
template <class Result, class Class, class... Parameters>
auto signature_of(Result (Class::*)(Parameters...)) -> std::type_identity<Result(Parameters...)>;
template <class Result, class Class, class... Parameters>
auto signature_of(Result (Class::*)(Parameters...) const)
    -> std::type_identity<Result(Parameters...)>;
template <class Result, class Class, class... Parameters>
auto signature_of(Result (Class::*)(Parameters...) &) -> std::type_identity<Result(Parameters...)>;
template <class Result, class Class, class... Parameters>
auto signature_of(Result (Class::*)(Parameters...) const &)
    -> std::type_identity<Result(Parameters...)>;
/// Nobody knows.
template <class Callable>
auto signature_of_callable(long) -> std::type_identity<void>;
template <class Callable>
auto signature_of_callable(int) -> decltype(signature_of(std::declval<Callable>()));
template <class Callable>
auto signature_of_callable(int) -> decltype(signature_of(&Callable::operator()));

/// Result(Parameters...); void where the callable has no single list of parameters.
template <class Callable>
using SignatureOf = typename decltype(signature_of_callable<Callable>(0))::type;

/// A signature apart from a LoadContext& in front.
template <class Signature>
struct LoaderSignature {
  static constexpr bool known = false;
};
template <class Result_, class... Parameters>
struct LoaderSignature<Result_(Parameters...)> {
  static constexpr bool known = true;
  static constexpr bool takes_context = false;
  static constexpr std::size_t arity = sizeof...(Parameters);
  using Result = Result_;
  using Arguments = std::tuple<Parameters...>;
  template <class Value>
  using Returning = Value(Parameters...);
};
template <class Result_, class... Parameters>
struct LoaderSignature<Result_(LoadContext &, Parameters...)>
    : LoaderSignature<Result_(Parameters...)> {
  static constexpr bool takes_context = true;
};

}  // namespace freshet::detail
