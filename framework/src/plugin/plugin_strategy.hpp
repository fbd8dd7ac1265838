// PluginStrategy: a plugin's strategy as one of ours.
//
// A call that answers a failure, throws or answers nonsense is counted under its function, logged
//   when its count is a power of two, and answered safely:
//     on_store          the entry is not kept: better to load again than to keep for nobody knows
//                       how long
//     on_soft_expired   a miss, for the same reason
//     on_event          nothing is added to the plan, not even what was added before the failure
//     on_timer          nothing; the timer does not start again by itself
// A crash in a call is a crash of the process; the trial only sees those while loading and making.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/strategy.hpp"
#include "freshet/strategy_registry.hpp"
#include "plugin/plugin_host.hpp"
#include "plugin/plugin_loader.hpp"

namespace freshet::plugin {

/// Thread-safe as far as the plugin is.
class PluginStrategy final : public Strategy {
 public:
  /// The functions whose failures are counted.
  enum class Function : std::uint8_t { on_store, on_soft_expired, on_event, on_timer };
  static constexpr std::size_t kFunctions = 4;

  /// Throws Error if the plugin refuses the options. What `with` refers to outlives this.
  PluginStrategy(std::shared_ptr<const PluginLibrary> library, const OptionValues& options,
                 const StrategyCollaborators& with);
  PluginStrategy(const PluginStrategy&) = delete;
  PluginStrategy& operator=(const PluginStrategy&) = delete;
  ~PluginStrategy() override;

  Deadlines on_store(const EntryView& entry, Instant now) override;
  ReadDecision on_soft_expired(const EntryView& entry, Instant now) override;
  void on_event(const Event& event, InvalidationPlan& plan) override;
  void on_attach(StrategyHost& host) override { host_.attach(host); }
  void on_timer(TimerId timer, StrategyHost& host) override;

  const PluginLibrary& library() const noexcept { return *library_; }
  std::uint64_t failures(Function function) const noexcept;
  std::uint64_t failures() const noexcept override;
  /// The plugin's own.
  std::vector<StrategyCounter> counters() const override { return host_.counters(); }

 private:
  template <class Call>
  bool succeeds(Function function, Call call) noexcept;
  void fail(Function function, std::string_view reason) noexcept;

  const std::shared_ptr<const PluginLibrary> library_;  // first: it outlives all that came from it
  PluginHost host_;
  void* const self_;
  std::array<detail::rt::Atomic<std::uint64_t>, kFunctions> failures_{};  // relaxed: counts only
};

}  // namespace freshet::plugin
