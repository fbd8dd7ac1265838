// WriteWindow: the invalidations around one write. around_write() says when.
#pragma once

#include <memory>
#include <vector>

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

 private:
  std::shared_ptr<Engine> engine_;
  std::vector<Target> targets_;
  const MutateOptions& options_;
  bool is_written_;  // the next step is the one after the write
};

}  // namespace freshet::detail
