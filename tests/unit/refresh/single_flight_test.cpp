#include "refresh/single_flight.hpp"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "freshet/errors.hpp"

namespace freshet::detail {
namespace {

using Role = SingleFlight::Role;

class SingleFlightTest : public ::testing::Test {
 protected:
  KeyRef key(std::string_view name) const { return KeyRef(*space_, name); }
  CallStart start(std::string_view name) const {
    return {freshness_.keys().sequence(key(name).hash), freshness_.revision()};
  }
  SingleFlight::Boarding board(std::string_view name, const CallStart& when,
                               const std::vector<LabelRef>& more = {}) {
    std::vector<LabelRef> labels{space_};
    unite(labels, more);
    return flights_.board(key(name), when, labels);
  }
  SingleFlight::Boarding board(std::string_view name) { return board(name, start(name)); }
  LabelRef tag(std::string_view text) { return freshness_.pin(LabelKind::tag, text); }
  void raise(std::string_view text) {
    freshness_.raise(std::array{LabelName(LabelKind::tag, text)}, Mode::remove);
  }
  EntryRef entry(std::string_view name, Revision birth, std::vector<LabelRef> labels) {
    int value = 1;
    labels.insert(labels.begin(), space_);
    return Entry::create(key(name), std::move(labels), birth, Instant{}, Deadlines{}, erase(value));
  }

  Freshness freshness_{64};
  LabelRef space_ = freshness_.pin(LabelKind::name_space, "profiles");
  SingleFlight flights_{freshness_};
};

TEST_F(SingleFlightTest, TheFirstLeadsAndTheNextJoins) {
  const auto first = board("k");
  const auto second = board("k");
  const auto other = board("other");
  EXPECT_EQ(first.role, Role::lead);
  EXPECT_EQ(second.role, Role::join);
  EXPECT_EQ(second.flight, first.flight);
  EXPECT_EQ(other.role, Role::lead);
  flights_.complete(key("k"), *first.flight, {});
  flights_.complete(key("other"), *other.flight, {});
  EXPECT_EQ(flights_.size(), 0u);
}

TEST_F(SingleFlightTest, WhoeverStartsAfterTheKeyWasWrittenDoesNotJoin) {
  const auto overtaken = board("k");
  freshness_.keys().bump(key("k").hash);
  const auto second = board("k");
  EXPECT_EQ(second.role, Role::lead);
  EXPECT_NE(second.flight, overtaken.flight);
}

TEST_F(SingleFlightTest, WhoeverStartedBeforeTheKeyWasWrittenJoinsTheLoadOfThatTime) {
  const auto first = board("k");
  const CallStart before = start("k");
  freshness_.keys().bump(key("k").hash);
  EXPECT_EQ(board("k", before).flight, first.flight);
}

TEST_F(SingleFlightTest, AThirdNeedWaits) {
  board("k");
  freshness_.keys().bump(key("k").hash);
  const auto second = board("k");
  EXPECT_EQ(second.role, Role::lead);
  freshness_.keys().bump(key("k").hash);
  EXPECT_EQ(board("k").role, Role::wait);
  flights_.complete(key("k"), *second.flight, {});
  EXPECT_EQ(board("k").role, Role::lead);
}

TEST_F(SingleFlightTest, WhoFindsNoRoomIsWokenByTheFirstEndOfAny) {
  class Count final : public Wakeup {
   public:
    void wake() noexcept override { ++times; }
    int times = 0;
  };
  const auto oldest = board("k");
  freshness_.keys().bump(key("k").hash);
  const auto second = board("k");
  freshness_.keys().bump(key("k").hash);
  const auto third = board("k");
  const auto wakeup = std::make_shared<Count>();
  EXPECT_TRUE(flights_.watch(key("k"), *third.flight, nullptr, wakeup));
  EXPECT_EQ(wakeup->times, 0);
  flights_.complete(key("k"), *second.flight, {});
  EXPECT_EQ(wakeup->times, 1);
  flights_.unwatch(key("k"), *third.flight, nullptr, wakeup);
  flights_.complete(key("k"), *oldest.flight, {});
  EXPECT_EQ(wakeup->times, 1);
  EXPECT_EQ(flights_.size(), 0u);
}

// Whichever of two it is: it holds itself up.
TEST_F(SingleFlightTest, ALoadThatFindsNoRoomBesideItselfIsRefused) {
  const auto oldest = board("k");
  freshness_.keys().bump(key("k").hash);
  const auto second = board("k");
  freshness_.keys().bump(key("k").hash);
  const auto third = board("k");
  EXPECT_THROW(flights_.wait_for_end(key("k"), *third.flight), RecursiveLoad);
  flights_.complete(key("k"), *oldest.flight, {});
  flights_.complete(key("k"), *second.flight, {});
}

TEST_F(SingleFlightTest, WhoeverAsksForALabelRaisedSinceTheBirthDoesNotJoin) {
  const auto first = board("k");
  const LabelRef users = tag("users");
  raise("users");
  EXPECT_EQ(board("k", start("k"), {users}).role, Role::lead);
}

TEST_F(SingleFlightTest, ADoomedFlightIsNotJoinedByWhoeverStartsLater) {
  const LabelRef users = tag("users");
  const auto doomed = board("k", start("k"), {users});
  raise("users");
  const auto later = board("k");
  EXPECT_EQ(later.role, Role::lead);
  EXPECT_NE(later.flight, doomed.flight);
}

TEST_F(SingleFlightTest, WhileAValueIsOnItsWayInOthersWaitForIt) {
  const auto first = board("k");
  flights_.seal(key("k"), *first.flight);
  const auto late = board("k");
  EXPECT_EQ(late.role, Role::wait);
  EXPECT_EQ(late.flight, first.flight);
}

TEST_F(SingleFlightTest, TheLabelsAreTheUnionOfWhatTheWaitersAskedFor) {
  const auto first = board("k", start("k"), {tag("a")});
  board("k", start("k"), {tag("b"), tag("a")});
  const std::vector<LabelRef> sealed = flights_.seal(key("k"), *first.flight);
  std::vector<std::string> texts;
  for (const LabelRef& label : sealed) texts.push_back(label->text());
  EXPECT_EQ(texts, (std::vector<std::string>{"profiles", "a", "b"}));
}

TEST_F(SingleFlightTest, AResultIsUsableIfItIsFreshWhenItArrives) {
  const Revision birth = freshness_.revision();
  const LabelRef other = tag("other");
  raise("other");  // moves the revision past the birth, touches nothing of the entry
  const EntryRef result = entry("k", birth, {tag("users")});
  EXPECT_TRUE(flights_.usable(key("k"), result, start("k")));
}

TEST_F(SingleFlightTest, AStaleResultIsUsableOnlyByWhoeverStartedBeforeAnyRaise) {
  const CallStart early = start("k");
  const EntryRef result = entry("k", freshness_.revision(), {tag("users")});
  raise("users");
  EXPECT_TRUE(flights_.usable(key("k"), result, early)) << "it was true when this caller asked";
  EXPECT_FALSE(flights_.usable(key("k"), result, start("k")));
}

TEST_F(SingleFlightTest, AWaiterGetsWhatTheLeaderThrew) {
  const auto first = board("k");
  std::thread waiter(
      [&] { EXPECT_THROW(flights_.wait(key("k"), *first.flight), std::logic_error); });
  flights_.fail(key("k"), *first.flight,
                std::make_exception_ptr(std::logic_error("origin is away")));
  waiter.join();
  EXPECT_EQ(flights_.size(), 0u);
}

TEST_F(SingleFlightTest, ALoaderThatWaitsForItsOwnKeyIsToldSo) {
  const auto first = board("k");
  EXPECT_THROW(flights_.wait(key("k"), *first.flight), RecursiveLoad);
  EXPECT_THROW(flights_.wait_for_end(key("k"), *first.flight), RecursiveLoad);
}

}  // namespace
}  // namespace freshet::detail
