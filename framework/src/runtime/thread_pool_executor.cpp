// The default executor: Boost.Asio's thread pool with a steady timer per delayed task.
//
// Asio reads the clock and starts the threads here; this is the only place that does. A simulated build injects its own
// Executor instead and does not compile this file.
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <utility>

#include "freshet/executor.hpp"

namespace freshet {
namespace {

class ThreadPoolExecutor final : public Executor {
 public:
  explicit ThreadPoolExecutor(unsigned threads) : pool_(threads == 0 ? 1 : threads) {}

  ~ThreadPoolExecutor() override {
    pool_.stop();
    pool_.join();
  }

  void post(Task task) override {
    boost::asio::post(pool_, [task = std::move(task)] { run(task); });
  }

  void post_after(Duration delay, Task task) override {
    auto timer = std::make_shared<boost::asio::steady_timer>(
        pool_, std::chrono::duration_cast<std::chrono::steady_clock::duration>(delay));
    timer->async_wait([timer, task = std::move(task)](const boost::system::error_code& error) {
      if (!error) run(task);
    });
  }

 private:
  static void run(const Task& task) noexcept {
    try {
      task();
    } catch (...) {  // NOLINT(bugprone-empty-catch): documented, tasks report by other means
    }
  }

  boost::asio::thread_pool pool_;
};

}  // namespace

std::shared_ptr<Executor> make_thread_pool_executor(unsigned threads) {
  return std::make_shared<ThreadPoolExecutor>(threads);
}

}  // namespace freshet
