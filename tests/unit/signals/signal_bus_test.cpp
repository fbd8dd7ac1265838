// SignalBus: who is called, where, and what a bad handler does to the others.
#include "freshet/signal_bus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "freshet/testing/manual_clock.hpp"
#include "freshet/testing/manual_executor.hpp"
#include "support/log_recorder.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class SignalBusTest : public ::testing::Test {
 protected:
  SignalBus& bus(std::size_t queue = 100) {
    SignalBusOptions options{.clock = clock_, .executor = executor_, .logger = log_};
    options.queue = queue;
    options.on_fault = [this](SignalFault fault) { ++faults_[fault]; };
    return bus_.emplace(std::move(options));
  }
  /// A handler that notes its name and the event's field `n`.
  SignalBus::EventHandler note(std::string name) {
    return [this, name = std::move(name)](const Event& event) {
      told_.push_back(name + ':' + std::string(event.field("n").value_or("")));
    };
  }
  static Event event(std::string name, int n) { return Event(std::move(name), {{"n", n}}); }

  std::shared_ptr<testing::ManualClock> clock_ = std::make_shared<testing::ManualClock>();
  std::shared_ptr<testing::ManualExecutor> executor_ =
      std::make_shared<testing::ManualExecutor>(clock_);
  std::shared_ptr<testing::LogRecorder> log_ = std::make_shared<testing::LogRecorder>();
  std::map<SignalFault, int> faults_;
  std::vector<std::string> told_;
  std::optional<SignalBus> bus_;
};

TEST_F(SignalBusTest, AnEventReachesTheHandlersOfItsNameThenThoseOfAllInTheirOrder) {
  SignalBus& bus = this->bus();
  const Connection all = bus.on_any_event(note("all"), Delivery::in_place);
  const Connection a = bus.on_event("login", note("a"), Delivery::in_place);
  const Connection b = bus.on_event("login", note("b"), Delivery::in_place);
  const Connection other = bus.on_event("logout", note("other"), Delivery::in_place);
  EXPECT_EQ(bus.publish(event("login", 1)), 3u);
  EXPECT_THAT(told_, ElementsAre("a:1", "b:1", "all:1"));
  EXPECT_EQ(bus.publish(event("nothing", 2)), 1u);
}

TEST_F(SignalBusTest, APostedHandlerRunsOnTheExecutorWithItsOwnCopyOfTheEvent) {
  SignalBus& bus = this->bus();
  const Connection posted = bus.on_event("login", note("posted"), Delivery::posted);
  EXPECT_EQ(bus.publish(event("login", 1)), 1u);
  EXPECT_THAT(told_, ElementsAre());
  executor_->run_ready();
  EXPECT_THAT(told_, ElementsAre("posted:1"));
}

TEST_F(SignalBusTest, AConnectionEndsWithItsOwner) {
  SignalBus& bus = this->bus();
  {
    Connection first = bus.on_event("login", note("first"), Delivery::in_place);
    EXPECT_TRUE(first.connected());
    const Connection moved = std::move(first);
    EXPECT_FALSE(first.connected());  // NOLINT(bugprone-use-after-move): that is what is asked
    EXPECT_EQ(bus.publish(event("login", 1)), 1u);
  }
  EXPECT_EQ(bus.publish(event("login", 2)), 0u);
  EXPECT_THAT(told_, ElementsAre("first:1"));
}

TEST_F(SignalBusTest, APostedCallThatWaitsDoesNotBeginAfterDisconnect) {
  SignalBus& bus = this->bus();
  Connection posted = bus.on_event("login", note("posted"), Delivery::posted);
  bus.publish(event("login", 1));
  posted.disconnect();
  executor_->run_ready();
  EXPECT_THAT(told_, ElementsAre());
}

TEST_F(SignalBusTest, AHandlerMayDisconnectItself) {
  SignalBus& bus = this->bus();
  Connection once;
  int calls = 0;
  once = bus.on_event(
      "login",
      [&](const Event&) {
        ++calls;
        once.disconnect();
      },
      Delivery::in_place);
  bus.publish(event("login", 1));
  bus.publish(event("login", 2));
  EXPECT_EQ(calls, 1);
}

TEST_F(SignalBusTest, AThrowingHandlerIsCountedAndTheOthersStillRun) {
  SignalBus& bus = this->bus();
  const auto throws = [](const Event&) { throw std::runtime_error("no"); };
  const auto throws_number = [](const Event&) { throw 7; };
  const Connection in_place = bus.on_event("login", throws, Delivery::in_place);
  const Connection odd = bus.on_event("login", throws_number, Delivery::in_place);
  const Connection posted = bus.on_event("login", throws, Delivery::posted);
  const Connection good = bus.on_event("login", note("good"), Delivery::in_place);
  EXPECT_EQ(bus.publish(event("login", 1)), 4u);
  EXPECT_NO_THROW(executor_->run_ready());
  EXPECT_THAT(told_, ElementsAre("good:1"));
  EXPECT_EQ(faults_[SignalFault::handler_failed], 3);
  EXPECT_EQ(log_->count("a handler of \"login\" threw: no"), 2u);
}

TEST_F(SignalBusTest, FailuresWithoutEndDoNotFloodTheLog) {
  SignalBus& bus = this->bus();
  const Connection in_place = bus.on_event(
      "login", [](const Event&) { throw std::runtime_error("no"); }, Delivery::in_place);
  for (int i = 0; i < 1000; ++i) bus.publish(event("login", i));
  EXPECT_EQ(faults_[SignalFault::handler_failed], 1000);
  EXPECT_EQ(log_->lines().size(), 20u);
  clock_->advance(10s);
  bus.publish(event("login", 0));
  EXPECT_EQ(log_->lines().back(), "980 more warnings were not shown");
}

TEST_F(SignalBusTest, AHandlerInPlaceThatTakesTooLongIsCounted) {
  SignalBus& bus = this->bus();
  Duration takes = 10ms;
  const Connection slow = bus.on_event(
      "login", [&](const Event&) { clock_->advance(takes); }, Delivery::in_place);
  bus.publish(event("login", 1));
  EXPECT_EQ(faults_[SignalFault::handler_slow], 0);
  takes = 11ms;
  bus.publish(event("login", 2));
  EXPECT_EQ(faults_[SignalFault::handler_slow], 1);
  EXPECT_EQ(log_->count("took 11 ms in place"), 1u);
}

TEST_F(SignalBusTest, BeyondTheQueueTheNewestDeliveryIsDroppedAndCounted) {
  SignalBus& bus = this->bus(2);
  const Connection posted = bus.on_event("login", note("p"), Delivery::posted);
  for (int i = 0; i < 5; ++i) bus.publish(event("login", i));
  EXPECT_EQ(faults_[SignalFault::delivery_dropped], 3);
  executor_->run_ready();
  EXPECT_THAT(told_, ElementsAre("p:0", "p:1"));
  EXPECT_EQ(bus.publish(event("login", 9)), 1u);  // there is room again
}

TEST_F(SignalBusTest, PostedCallsAreNotRunOnceTheBusHasGone) {
  const Connection posted = bus().on_event("login", note("p"), Delivery::posted);
  bus_->publish(event("login", 1));
  bus_.reset();
  executor_->run_ready();
  EXPECT_THAT(told_, ElementsAre());
}

TEST_F(SignalBusTest, AConnectionMayOutliveTheBus) {
  Connection login = bus().on_event("login", note("p"), Delivery::in_place);
  Connection loads = bus_->on_notice(NoticeKind::loaded, [](const CacheNotice&) {});
  bus_.reset();
  login.disconnect();
  loads.disconnect();
  EXPECT_FALSE(loads.connected());
}

TEST_F(SignalBusTest, WhetherAnybodyListensIsKnownPerKind) {
  SignalBus& bus = this->bus();
  EXPECT_FALSE(bus.listened(NoticeKind::loaded));
  Connection first = bus.on_notice(NoticeKind::loaded, [](const CacheNotice&) {});
  Connection second = bus.on_notice(NoticeKind::loaded, [](const CacheNotice&) {});
  EXPECT_TRUE(bus.listened(NoticeKind::loaded));
  EXPECT_FALSE(bus.listened(NoticeKind::removed));
  first.disconnect();
  EXPECT_TRUE(bus.listened(NoticeKind::loaded));
  second.disconnect();
  EXPECT_FALSE(bus.listened(NoticeKind::loaded));
}

TEST_F(SignalBusTest, NamesThatNobodyListensToAnyMoreAreForgotten) {
  SignalBus& bus = this->bus();
  const Connection kept = bus.on_event("kept", note("kept"), Delivery::in_place);
  for (int i = 0; i < 1000; ++i) {
    const Connection gone =
        bus.on_event("name" + std::to_string(i), note("gone"), Delivery::in_place);
  }
  EXPECT_EQ(bus.publish(event("kept", 1)), 1u);
  EXPECT_EQ(bus.publish(event("name7", 1)), 0u);
}

TEST_F(SignalBusTest, NoticesArriveOnTheExecutor) {
  SignalBus& bus = this->bus();
  std::vector<std::string> keys;
  const Connection loads = bus.on_notice(
      NoticeKind::loaded, [&](const CacheNotice& notice) { keys.push_back(notice.key); });
  bus.publish(CacheNotice{.kind = NoticeKind::loaded, .name_space = "p", .key = "k"});
  EXPECT_THAT(keys, ElementsAre());
  executor_->run_ready();
  EXPECT_THAT(keys, ElementsAre("k"));
}

TEST_F(SignalBusTest, ANoticeInPlaceIsToldBeforePublishReturnsAndAThrowingHandlerIsCounted) {
  SignalBus& bus = this->bus();
  std::vector<std::string> keys;
  Connection loads = bus.on_notice(
      NoticeKind::loaded, [&](const CacheNotice& notice) { keys.push_back(notice.key); },
      Delivery::in_place);
  const Connection throwing = bus.on_notice(
      NoticeKind::loaded, [](const CacheNotice&) { throw std::runtime_error("full"); },
      Delivery::in_place);
  bus.publish(CacheNotice{.kind = NoticeKind::loaded, .name_space = "p", .key = "k"});
  EXPECT_THAT(keys, ElementsAre("k"));
  EXPECT_EQ(executor_->pending(), 0u);
  EXPECT_EQ(faults_[SignalFault::handler_failed], 1);
  loads.disconnect();
  bus.publish(CacheNotice{.kind = NoticeKind::loaded, .name_space = "p", .key = "k"});
  EXPECT_THAT(keys, ElementsAre("k"));
}

}  // namespace
}  // namespace freshet
