// GuardedStrategy: a strategy whose exceptions stay with it; and all strategies of one policy block.
//
// Each strategy of a composition has a guard of its own, so that one that throws neither stops the
// others nor hides what they answer. A call that throws is counted, logged when the count is a power
// of two, and answered as strategy.hpp says. Costs a virtual call and a try block that is not taken.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/policy_model.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/statistics.hpp"
#include "freshet/strategy.hpp"

namespace freshet::detail {

/// Thread-safe as far as the strategy is.
class GuardedStrategy final : public Strategy {
 public:
  GuardedStrategy(std::string name, std::unique_ptr<Strategy> strategy);

  Deadlines on_store(const EntryView& entry, Instant now) override;
  ReadDecision on_soft_expired(const EntryView& entry, Instant now) override;
  void on_event(const Event& event, InvalidationPlan& plan) override;
  /// Throws what the strategy throws.
  void on_attach(StrategyHost& host) override;
  void on_timer(TimerId timer, StrategyHost& host) override;

  /// Within the limits of statistics.hpp. Empty if the strategy throws.
  std::vector<StrategyCounter> counters() const override;
  /// Those that threw, and those that the strategy counts.
  std::uint64_t failures() const noexcept override;
  StrategyStatistics statistics() const;

 private:
  template <class Call>
  bool succeeds(const char* function, const char* answer, Call call) noexcept;
  void fail(const char* function, const char* answer, std::string_view reason) noexcept;

  const std::string name_;
  const std::unique_ptr<Strategy> strategy_;
  rt::Atomic<StrategyHost*> host_{nullptr};  // release in on_attach(), acquire in fail()
  rt::Atomic<std::uint64_t> thrown_{0};      // relaxed: counts only
};

/// The strategies of one block.
struct BlockStrategies {
  std::unique_ptr<Strategy> whole;            // never null
  std::vector<const GuardedStrategy*> parts;  // belong to `whole`

  /// Adds what they have counted.
  void add_to(NamespaceStatistics& statistics) const;
};

BlockStrategies make_strategies(const config::BlockModel& model, const StrategyCollaborators& with);

/// Adds a block's strategies to the sum, by name.
void add_strategies(const NamespaceStatistics& block, NamespaceStatistics& total);

}  // namespace freshet::detail
