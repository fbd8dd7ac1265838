// A wait for a load that is made elsewhere, without Asio: whatever comes first, the end of the load, the rest, or the end of the context.
#include "freshet/detail/parked_wait.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>

#include "freshet/detail/coro_steps.hpp"

namespace freshet::detail {
namespace {

/// A Coro whose posts run at once, as if another thread had come before the post returned.
struct AtOnce {
  class Handler {
   public:
    explicit Handler(std::function<void()> resumes) : resumes_(std::move(resumes)) {}
    void operator()() const { resumes_(); }

   private:
    std::function<void()> resumes_;
  };
  /// What is done with the handler of whoever awaits it.
  template <class>
  using Awaitable = std::unique_ptr<std::function<void(Handler)>>;

  template <class Take>
  static Awaitable<void> suspended(Take take) {
    return std::make_unique<std::function<void(Handler)>>(std::move(take));
  }
  static void post(const Handler& handler) { handler(); }
};
using Wait = ParkedWait<AtOnce>;

class ParkedWaitTest : public ::testing::Test {
 protected:
  AtOnce::Handler resumes() {
    return AtOnce::Handler([this, alive = alive_] { ++resumed_; });
  }
  /// What somebody still holds to resume it with.
  long handlers() const { return alive_.use_count() - 1; }

  std::shared_ptr<int> alive_ = std::make_shared<int>();
  int resumed_ = 0;
};

TEST_F(ParkedWaitTest, WhoRestsGoesOnWhenItIsWokenOnce) {
  Wait wait;
  wait.park(resumes());
  EXPECT_EQ(resumed_, 0);
  wait.wake();
  wait.wake();
  EXPECT_EQ(resumed_, 1);
  EXPECT_EQ(handlers(), 0);
}

TEST_F(ParkedWaitTest, WhoIsWokenBeforeItRestsGoesOnAtOnce) {
  Wait wait;
  wait.wake();
  wait.park(resumes());
  EXPECT_EQ(resumed_, 1);
  EXPECT_EQ(handlers(), 0);
}

TEST_F(ParkedWaitTest, WhoseContextGoesGoesWithItAndIsNotResumed) {
  Wait wait;
  wait.park(resumes());
  wait.close();
  EXPECT_EQ(handlers(), 0);
  wait.wake();
  EXPECT_EQ(resumed_, 0);
  Wait closed;
  closed.close();
  closed.park(resumes());
  EXPECT_EQ(handlers(), 0);
}

TEST_F(ParkedWaitTest, AContextThatGoesClosesWhatItKnowsOf) {
  ParkedWaits<AtOnce> waits;
  const ParkedWaitScope<AtOnce> stays(waits);
  stays.wait()->park(resumes());
  std::shared_ptr<Wait> left;
  {
    const ParkedWaitScope<AtOnce> leaves(waits);
    left = leaves.wait();
  }
  waits.close();
  EXPECT_EQ(handlers(), 0);
  stays.wait()->wake();
  EXPECT_EQ(resumed_, 0);
  left->park(resumes());
  left->wake();
  EXPECT_EQ(resumed_, 0) << "who has left is resumed by nobody";
}

// Staged, what is a matter of nanoseconds between two threads: it goes on, and is gone, with all that knows of the wait, while it is
// being put to rest.
TEST_F(ParkedWaitTest, WhoIsWokenBeforeItRestsMayBeGoneWhileItIsPutToRest) {
  auto wait = std::make_shared<Wait>();
  const std::weak_ptr known = wait;
  wait->wake();
  auto frame = parked(std::move(wait));
  bool is_there = false;
  (*frame)(AtOnce::Handler([&] {
    frame.reset();
    is_there = !known.expired();
  }));
  EXPECT_TRUE(is_there) << "its lock is held yet";
  EXPECT_TRUE(known.expired()) << "and nobody keeps it afterwards";
}

}  // namespace
}  // namespace freshet::detail
