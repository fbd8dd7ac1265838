// SteppedRead: a read that loads what it does not find, in steps none of which blocks, for callers that must not: coroutines.
//
//   begin ──► answered: take the answer
//         ──► load: begin_load, run the loader with what that gives, then finish_load or fail_load ──► answered
//         ──► wait: somebody else loads. watch, and once told, or if there is nothing to watch, arrived ──► any of the three
// What a step throws is the answer. A read that goes before it has one leaves nothing behind: of what it leads, those who wait start
// over. The blocking form takes the same steps (framework/src/cache/key_read.hpp).
//
// Confined to one call at a time, on any thread; what is open there does not count, but what was open where the read was made.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>

#include "freshet/detail/entry_ref.hpp"
#include "freshet/detail/scopes.hpp"
#include "freshet/detail/value_type.hpp"

namespace freshet {
class LoadContext;
}

namespace freshet::detail {

/// Told once that a load has ended. Called on whatever thread ended it, with no lock held; must not call the cache.
class Wakeup {
 public:
  virtual ~Wakeup() = default;
  virtual void wake() noexcept = 0;
};

class SteppedRead {
 public:
  enum class Step : std::uint8_t { answered, load, wait };

  virtual ~SteppedRead() = default;

  virtual Step begin() = 0;

  /// What the loader is given, until finish_load or fail_load.
  virtual LoadContext& begin_load() = 0;
  /// What is open wherever the loader runs, from begin_load on.
  virtual Scopes scopes_of_load() const = 0;
  virtual Step finish_load(ErasedValue value) = 0;
  /// The loader threw. Throws the same, unless an old value may be served.
  virtual Step fail_load(const std::exception_ptr& error) = 0;
  /// The loader was given up: nobody is told more than that, and those who wait start over. Ends the read.
  virtual void cancel_load() noexcept = 0;

  /// False: the load has ended already. Throws RecursiveLoad.
  virtual bool watch(std::shared_ptr<Wakeup> wakeup) = 0;
  virtual Step arrived() = 0;

  virtual Reading answer() = 0;
};

}  // namespace freshet::detail
