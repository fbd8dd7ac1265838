// OwnedLoad: a load that may outlive the call which began it: owns what KeyLoad borrows, and keeps what came of it.
//
//   queued ──► claimed by a thread of the executor, or by a thread that must not wait for one (run_if_needed)
//          ──► done: the call, if it still waits, is answered with the result; everybody else by the flight
//   queued ──► given up, when it is dropped or the cache is closed: all who wait get CacheClosed
// All wait for the flight, the call that asked too: what abandons the flight ends that wait as well.
// Its birth was noted when the flight was boarded, before it was queued: what is invalidated in between refuses the fill.
// Thread-safe. The loader runs with no lock held.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cache/key_load.hpp"
#include "freshet/detail/scopes.hpp"

namespace freshet::detail {

class OwnedLoad final : public SingleFlight::Queued {
 public:
  struct Parts {
    const LoadServices& services;
    PolicyBlock& block;
    LabelRef space;
    std::string key;         // with its scope
    std::size_t scope_size;  // bytes of `key`
    EntryPlan plan;
    std::shared_ptr<SingleFlight::Flight> flight;
    std::shared_ptr<const BackgroundLoader> loader;
    Scopes scopes{};  // what the call stands in
    std::optional<Duration> ttl{};
    bool captures = true;
    bool fills = true;
    bool sees_previous = true;
    std::function<bool()>
        must_load_here;  // whether the calling thread may be one of its executor; throws nothing
  };

  explicit OwnedLoad(Parts parts);

  /// False if somebody has it already.
  bool claim() noexcept FRESHET_EXCLUDES(mutex_);
  /// After claim(). What the loader throws is for those who wait.
  void run() noexcept FRESHET_EXCLUDES(mutex_);
  /// If nobody has it yet: it will not run, and that is what those who wait get.
  void give_up(const std::exception_ptr& error) noexcept FRESHET_EXCLUDES(mutex_);
  void run_if_needed(bool for_a_load) noexcept override;

  /// Once its flight has ended; waits until its loader has gone. Throws what that threw, or what it was given up with.
  EntryRef result() FRESHET_EXCLUDES(mutex_);

 private:
  EntryRef load();
  void end(EntryRef result, std::exception_ptr error) noexcept FRESHET_EXCLUDES(mutex_);

  Parts parts_;
  const KeyRef key_;
  rt::Mutex mutex_;
  rt::CondVar done_;
  bool claimed_ FRESHET_GUARDED_BY(mutex_) = false;
  bool is_done_ FRESHET_GUARDED_BY(mutex_) = false;
  EntryRef result_ FRESHET_GUARDED_BY(mutex_);
  std::exception_ptr error_ FRESHET_GUARDED_BY(mutex_);
};

}  // namespace freshet::detail
