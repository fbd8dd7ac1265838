// Runs commands on a cache and on the model, and compares what they answer and hold.
#pragma once

#include "freshet/testing/manual_clock.hpp"
#include "freshet/testing/manual_executor.hpp"
#include "properties/model/model.hpp"

namespace freshet::testing::model {

class Runner {
 public:
  Runner();

  void execute(const Command& command);
  /// Reads everything, and compares it with the model, and what is counted too.
  void compare();
  std::uint64_t doubts() const { return model_.doubts; }

 private:
  struct HeldLease {
    std::optional<Lease> lease{};
    Name name{};
    Order birth = 0;
    unsigned sequence = 0;
    Instant until{};
    Instant began{};
    Order held_from = 0;
  };
  /// What a load's loader has read through the cache.
  struct Captured {
    std::vector<Carried> labels{};
    Instant hard = kNever;
    bool stale = false;

    void take(const Entry& entry, bool is_stale);
  };
  /// A load that the cache runs; filled in while its loader runs.
  struct Load {
    Plan plan;
    int value = 0;
    Order birth = 0;
    unsigned sequence = 0;
    std::uint64_t refusals_before = 0;  // of the cache, when the loader had done its work
    Captured captured{};
    Instant began{};
    Order held_from = 0;
  };

  Cache<int> view(const Command& command) const;
  /// What the view of a command calls its key.
  static std::string key_of(const Command& command) {
    const std::string& whole = key(command.name);
    return is_scoped(command) ? whole.substr(whole.find(':') + 1) : whole;
  }
  static bool is_scoped(const Command& command) {
    return command.scoped && key(command.name).find(':') != std::string::npos;
  }
  static const std::string& key(const Name& name) {
    return kKeys[static_cast<std::size_t>(name.key)];
  }
  static const std::string& space(int space) { return kSpaces[static_cast<std::size_t>(space)]; }
  static EntryOptions options(const Said& said);
  static EntryOptions options(const Command& command);

  void put(const Command& command);
  void get(const Command& command);
  /// `outer` is the load whose loader calls this, null if none.
  void load(const Command& command, Captured* outer);
  void load_many(const Command& command);
  void begin(const Name& name, Load& load);
  void lease(const Command& command);
  void put_leased(const Command& command);
  void tag(const Command& command);
  void depend(const Command& command);
  void attach(const Name& name, bool answer, const std::vector<Carried>& labels);
  void invalidate(const std::vector<Aim>& aims, Mode mode, bool dry_run, bool many);
  void invalidate_nothing(const Command& command);
  Invalidated invalidate_one(const Aim& aim, const InvalidateOptions& options);
  static void check(const Count& expected, std::uint64_t count, const char* what);
  static void check_list(const Invalidated& answer, const std::vector<const Entry*>& hit);
  void predicate(const Command& command);
  void sweep(std::size_t budget);
  void settle();

  int run_loader(const Command& command, LoadContext& context, Load& load);
  void read_other(const Command& command, Captured& captured);
  /// Whether the cache may answer a read, and must.
  std::pair<bool, bool> can_answer(const Command& command, const Plan& plan);
  /// `either`: one of two loads that were finished together was refused.
  void finish(const Command& command, Load& load, Captured* outer, bool either = false);
  void find_nothing(const Command& command, const Name& name, Load& load);
  /// The outcomes that a load may have.
  unsigned judge(const Command& command, const Entry& made, Load& load, bool outdated);
  unsigned judge_leased(const Command& command, const Entry& made, const HeldLease& held,
                        const Load& load);
  Entry make(const Command& command, const Load& load);
  Handle<int> look(const Name& name);
  std::uint64_t refusals() const;

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::optional<CacheInvalidator> invalidator_;
  std::vector<Cache<int>> caches_;
  Model model_{clock_};
  std::array<HeldLease, 2> leases_;
  int next_value_ = 0;
};

}  // namespace freshet::testing::model
