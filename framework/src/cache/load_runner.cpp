#include "cache/load_runner.hpp"

#include <utility>

namespace freshet::detail {

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
    handed =
        std::make_shared<const Handed>(gate_.wrap([this, load] { begin(load); }),
                                       drops_.wrap([this, weak = std::weak_ptr<OwnedLoad>(load)] {
                                         if (const auto left = weak.lock()) drop(left);
                                       }));
    executor->post([handed] { handed->begin(); });
  } catch (...) {  // no memory, or an executor that takes no more: whoever asked does it
    forget(load);
    return !load->claim();
  }
  // Beside a close that had looked already.
  if (!gate_.is_open()) load->give_up();
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
  load->give_up();
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
  for (const auto& load : queued) load->give_up();
}

}  // namespace freshet::detail
