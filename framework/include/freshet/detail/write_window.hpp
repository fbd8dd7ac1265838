// WriteWindow: the invalidations around one write. around_write() says when. AwaitedWrite: the same around a coroutine.
#pragma once

#include <exception>
#include <memory>
#include <vector>

#include "freshet/detail/scopes.hpp"
#include "freshet/mutation.hpp"

namespace freshet::detail {

class Engine;

/// Confined to one thread.
class WriteWindow {
 public:
  /// Throws InvalidName or UnknownNamespace for what cannot be invalidated; nothing has happened then.
  WriteWindow(std::shared_ptr<Engine> engine, const WriteTargets& targets,
              const MutateOptions& options);

  /// First what the order asks for before the write, then what it asks for after it.
  void invalidate();

  /// Counts the write, and whether it threw.
  ~WriteWindow();
  WriteWindow(const WriteWindow&) = delete;
  WriteWindow& operator=(const WriteWindow&) = delete;

 private:
  std::shared_ptr<Engine> engine_;
  std::vector<Target> targets_;
  const MutateOptions options_;
  bool is_written_;  // the next step is the one after the write
  const int thrown_ = std::uncaught_exceptions();
};

/// The window of a write that is awaited. It closes where that ends, on whatever thread: by end(), or by the destructor where the
/// coroutine goes without getting there. Both steps are collected by the transaction that was open where this was made, if it still is.
/// States: made -> open (begin) -> closed (end, destructor). Used by one coroutine.
class AwaitedWrite {
 public:
  /// Throws what WriteWindow does; nothing has happened then.
  AwaitedWrite(std::shared_ptr<Engine> engine, const WriteTargets& targets,
               const MutateOptions& options);
  /// Counts as the end of a write that may have happened.
  ~AwaitedWrite();
  AwaitedWrite(const AwaitedWrite&) = delete;
  AwaitedWrite& operator=(const AwaitedWrite&) = delete;

  void begin();
  void end();

 private:
  WriteWindow window_;
  const Order order_;
  const Scopes scopes_;
  bool is_open_ = false;
};

}  // namespace freshet::detail
