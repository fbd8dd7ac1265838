// BlockOptions: a policy block, as plain data. The YAML reader fills it and so does code; both are validated alike.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "freshet/clock.hpp"
#include "freshet/load_timeouts.hpp"

namespace freshet {

/// Which entry leaves when there is no room (docs/guides/choosing-an-eviction-policy.md).
enum class Eviction : std::uint8_t {
  s3fifo,   // newcomers prove themselves in a small queue; what was read twice stays
  sieve,    // the oldest that was not read since it was looked at last
  lru,      // what was not used for longest
  tinylfu,  // what was asked for less often than the newcomer
};

/// What one store may hold. Entries leave by eviction policy when a limit is reached.
struct Capacity {
  std::uint64_t entries = 100'000;  // at least 1
  std::uint64_t bytes = 0;          // of keys and values, by SizeOf<T>; 0: no limit in bytes
};

/// What happens to an entry that has more labels than it may carry.
enum class LabelOverflow : std::uint8_t {
  collapse,  // it goes with the invalidation of any tag, resource, key or version
  reject,    // it is answered and not kept
  ttl_only,  // the labels beyond the limit do not count for it; without a deadline it is not kept
};

/// How many labels (tags, resources, keys, versions) there may be. The namespace does not count.
struct LabelLimits {
  std::uint64_t per_entry = 128;     // at least 1
  std::uint64_t in_all = 1'000'000;  // live at once, over all blocks; at least 1
  LabelOverflow overflow = LabelOverflow::collapse;
};

/// What becomes of a block's entries when a reload changes its `key` or `tags`: they carry the old tags.
enum class OnReload : std::uint8_t { expire, keep };

/// Loads in the background that nobody asked for by a read: of what an invalidation expired, of keys that an invalidation is to
/// load again (Rewarm), of keys that are to be warm (warming.hpp). All need a loader bound to the namespace.
struct RecomputeOptions {
  /// Whether what an invalidation expires stays, to be served as it was until it has been loaded again, the most-read entries
  /// first. Without it only entries with a soft deadline stay, and each waits for a reader.
  bool expired = false;
  std::uint64_t max_per_second = 200;  // 1 to 1,000,000: such loads that begin within any second
  std::uint64_t max_at_once = 16;      // 1 to 1,000: of them under way at the same time
};

/// What is not the strategy's: where the entries of a block live and what they are called.
struct BlockOptions {
  Capacity capacity{};
  Eviction eviction = Eviction::s3fifo;
  std::string key{};                         // template such as "user:{user_id}"; empty: any key
  std::vector<std::string> tags{};           // on every entry; may use fields of `key`
  Duration lease = std::chrono::minutes{1};  // > 0: how long a lease may be held
  std::string separator{":"};                // one byte: where the prefixes of keys end
  Duration
      hold_off{};  // >= 0: how long after an invalidation what it hit is loaded without being kept
  /// >= 0: for how long past its hard deadline, or after an expiry, a value is served to whoever would get the exception of a
  /// failed load. Zero: never. Removed values are served to nobody.
  Duration stale_if_error{};
  /// >= 0: for how long after a failed load that old value is served without asking the loader again.
  Duration retry_after_error = std::chrono::seconds{1};
  /// >= 0: for how long, where there is no old value, a failed load's exception is thrown again instead of loading. Zero: not.
  Duration error_ttl{};
  /// >= 0: for how long it is kept that the origin has nothing under a key. Zero: not.
  Duration negative_ttl{};
  /// 0 to 1 h each, `soft` below `hard` where both are set; `soft` needs a stale_if_error.
  LoadTimeouts load_timeout{};
  LabelLimits labels{};
  RecomputeOptions recompute{};
  OnReload on_reload = OnReload::expire;
};

}  // namespace freshet
