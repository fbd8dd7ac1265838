// InvalidatingWriter: a function that changes the origin, wrapped so that a memoized function forgets what that makes stale.
// CacheInvalidator::invalidating makes them.
//
//   auto rename = invalidator.invalidating(get_user, [&](int id, std::string name) { db.rename(id, name); });
//   rename(42, "Grace");    // get_user(42) runs again from here on, whatever was under way meanwhile
//
// Whose result is stale:
//   the writer's first parameters are the key arguments of the memoized function, by type     nothing more to say
//   anything else      {.key = [](const Order& order) { return order.user_id; }}; a tuple for several key arguments
//   all of them        {.clear_all = true}
// What fits none of these does not compile. Key arguments are taken before the writer runs: it may move from its parameters.
//
// A write to several functions wraps twice: invalidating(get_user, invalidating(get_team, write)).
// Each call of the writer is one of `writes` of the function's namespace, and of `write_failures` if it throws; one that is wrapped
// twice counts in both namespaces.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "freshet/detail/around_write.hpp"
#include "freshet/detail/callable_signature.hpp"
#include "freshet/detail/namespace_cache.hpp"
#include "freshet/detail/writer_keys.hpp"
#include "freshet/memoized.hpp"
#include "freshet/write_order.hpp"

namespace freshet {

namespace detail {

class WriterAccess;

/// Counts a write that ends here, and whether it threw.
class CountedWrite {
 public:
  explicit CountedWrite(NamespaceCache& space) noexcept : space_(space) {}
  ~CountedWrite() { space_.count_write(std::uncaught_exceptions() > thrown_); }
  CountedWrite(const CountedWrite&) = delete;
  CountedWrite& operator=(const CountedWrite&) = delete;

 private:
  NamespaceCache& space_;
  const int thrown_ = std::uncaught_exceptions();
};

}  // namespace detail

/// `InvalidatingWriter<void(int, Patch)>` takes and answers what the writer does, throws what it throws, and InvalidName for
/// arguments that make no key, before the writer has run. Cheap to copy; as thread-safe as the writer; keeps the cache alive.
template <class Signature>
class InvalidatingWriter;

template <class Result, class... Parameters>
class InvalidatingWriter<Result(Parameters...)> {
 public:
  Result operator()(Parameters... arguments) const {
    const State& state = *state_;
    const std::string key = state.key ? state.key(arguments...) : std::string();
    return detail::around_write(
        state.order, [&] { state.forget(key); },
        [&]() -> Result {
          const detail::CountedWrite counted(*state.space);
          return state.write(std::forward<Parameters>(arguments)...);
        });
  }

 private:
  friend class detail::WriterAccess;
  struct State {
    Order order;
    std::shared_ptr<detail::NamespaceCache> space;  // of the memoized function
    std::function<std::string(const std::remove_reference_t<Parameters>&...)> key;  // may be none
    std::function<void(std::string_view key)> forget;
    std::function<Result(Parameters...)> write;
  };
  explicit InvalidatingWriter(std::shared_ptr<const State> state) noexcept
      : state_(std::move(state)) {}

  std::shared_ptr<const State> state_;
};

/// For writers whose first parameters are the key arguments.
struct WriterOptions {
  Order order = Order::around;
};

/// For writers that make all results stale.
struct ClearingWriterOptions {
  detail::Yes clear_all;
  Order order = Order::around;
};

/// For writers with other parameters: `key` makes the key arguments of the writer's arguments. It is called on the writing
/// thread and must not change them.
template <class M, class Writer>
struct KeyedWriterOptions {
  detail::KeyMapping<M, detail::SignatureOf<Writer>> key;
  Order order = Order::around;
};

}  // namespace freshet

#include "freshet/detail/invalidating.hpp"  // IWYU pragma: export
