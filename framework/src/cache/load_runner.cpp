#include "cache/load_runner.hpp"

#include <utility>

#include "freshet/errors.hpp"

namespace freshet::detail {

LoadRunner::LoadRunner(std::shared_ptr<Executor> executor)
    : closed_(std::make_exception_ptr(CacheClosed(
          "the cache was closed, or its executor dropped the load, before that began"))),
      executor_(std::move(executor)) {}

/// A load in the hands of an executor, which runs it or lets it fall.
class LoadRunner::Handed {
 public:
  Handed(Executor::Task begin, Executor::Task drop) noexcept
      : begin_(std::move(begin)), drop_(std::move(drop)) {}
  Handed(const Handed&) = delete;
  Handed& operator=(const Handed&) = delete;
  ~Handed() {
    try {
      drop_();  // nothing, if it has begun
      // NOLINTNEXTLINE(bugprone-empty-catch): drop() throws nothing
    } catch (...) {
    }
  }
  void begin() const { begin_(); }

 private:
  Executor::Task begin_;
  Executor::Task drop_;
};

bool LoadRunner::post(const std::shared_ptr<OwnedLoad>& load) {
  if (!gate_.is_open()) return !load->claim();
  std::shared_ptr<const Handed> handed;  // goes last: what goes unclaimed is given up
  try {
    const auto executor = this->executor();
    {
      rt::Lock lock(mutex_);
      queued_.insert(load);
    }
    // It is queued_ that owns it: a task may stay in the executor for longer than all that the load uses.
    const std::weak_ptr<OwnedLoad> weak = load;
    handed = std::make_shared<const Handed>(gate_.wrap([this, weak] {
      if (const auto left = weak.lock()) begin(left);
    }),
                                            drops_.wrap([this, weak] {
                                              if (const auto left = weak.lock()) drop(left);
                                            }));
    executor->post([handed] { handed->begin(); });
  } catch (...) {  // no memory, or an executor that takes no more: whoever asked does it
    forget(load);
    return !load->claim();
  }
  // Beside a close that had looked already.
  if (!gate_.is_open()) load->give_up(closed_);
  return true;
}

std::shared_ptr<Executor> LoadRunner::executor() {
  rt::Lock lock(mutex_);
  if (!executor_) executor_ = make_thread_pool_executor(kThreads);
  return executor_;
}

void LoadRunner::begin(const std::shared_ptr<OwnedLoad>& load) {
  forget(load);
  if (load->claim()) load->run();
}

void LoadRunner::drop(const std::shared_ptr<OwnedLoad>& load) noexcept {
  forget(load);
  load->give_up(closed_);
}

void LoadRunner::forget(const std::shared_ptr<OwnedLoad>& load) noexcept {
  rt::Lock lock(mutex_);
  queued_.erase(load);
}

void LoadRunner::give_up_queued() noexcept {
  gate_.bar();
  Loads queued;
  {
    rt::Lock lock(mutex_);
    queued.swap(queued_);
  }
  for (const auto& load : queued) load->give_up(closed_);
}

}  // namespace freshet::detail
