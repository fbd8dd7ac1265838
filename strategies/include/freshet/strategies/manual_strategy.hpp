// ManualStrategy: nothing but explicit calls ends an entry. `strategy: manual`.
//
// An entry whose caller or loader gave it a lifetime keeps to the shorter of the two; zero or less
// means: do not keep.
#pragma once

#include <memory>

#include "freshet/option_table.hpp"
#include "freshet/strategy.hpp"
#include "freshet/strategy_registry.hpp"

namespace freshet {

/// There is nothing to choose.
struct ManualOptions {};

/// Thread-safe.
class ManualStrategy final : public Strategy {
 public:
  Deadlines on_store(const EntryView& entry, Instant now) override;
  ReadDecision on_soft_expired(const EntryView& entry, Instant now) override;
};

OptionTable<ManualOptions> manual_option_table();

std::unique_ptr<Strategy> make_manual_strategy(const ManualOptions& options,
                                               const StrategyCollaborators& with);

}  // namespace freshet
