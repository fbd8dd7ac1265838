// History: what several threads did to one cache in one round, written down so that it can be judged afterwards.
//
// Every operation takes a stamp when it starts and one when it ends, from one counter. The counter is the origin's clock as
// well: a loader takes a stamp when it reads the origin, and its value stands for all that was written to the origin before.
// So a value is too old for a read exactly if it was read from the origin before an invalidation started that had returned
// before the read did start. What a call surely hits (Reach) is stated by whoever makes it, not learned from the library.
// Logs belong to one thread each while a round runs; a History is read when all have ended.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "freshet/handle.hpp"
#include "freshet/invalidation.hpp"

namespace freshet::testing::history {

/// A place in the order of everything that happened in a round. Zero: never.
using Stamp = std::uint32_t;

inline constexpr int kKeys = 8;
inline constexpr int kSpaces = 2;
inline constexpr int kLateLabels = 7;

constexpr int space_of(int key) noexcept { return key * kSpaces / kKeys; }

/// Bit k: key k.
using KeySet = std::uint16_t;
inline constexpr KeySet kEveryKey = (1U << kKeys) - 1;
constexpr bool has(KeySet keys, int key) noexcept { return ((keys >> key) & 1U) != 0; }

/// What an invalidation is known to hit.
struct Reach {
  enum class Version : std::uint8_t { none, model, policy };

  KeySet surely = 0;  // entries under these keys
  std::array<KeySet, kSpaces>
      captured{};      // entries of a namespace whose loader read these keys from the cache
  KeySet absent = 0;   // entries whose loader found nothing under these keys
  KeySet made_of = 0;  // entries whose loader read these keys, which stay themselves
  KeySet through = 0;  // entries under these keys, once an entry of `via` tied them to what is hit
  int via = 0;
  int late = -1;                    // entries to which this label was added after they were stored
  Version version = Version::none;  // entries made with an older one
  KeySet renewed =
      0;  // entries under these keys are not what callers ask for any more, in either mode
  bool raises = false;  // surely moves the revision
  bool asks =
      false;  // of one entry after the other: what it takes may be younger than a load that is kept
  KeySet perhaps = 0;  // entries and loads that it may make stale
};

/// Names a value: its log and its place there. Zero: none.
using ValueId = std::uint32_t;
constexpr ValueId value_id(std::size_t log, std::size_t place) noexcept {
  return static_cast<ValueId>(((log + 1) << 24) | place);
}
constexpr std::size_t log_of(ValueId id) noexcept { return (id >> 24) - 1; }
constexpr std::size_t place_of(ValueId id) noexcept { return id & 0xFFFFFFU; }

/// Something that a loader read from the cache.
struct Part {
  enum class Kind : std::uint8_t { none, value, stale_value, nothing };

  Kind kind = Kind::none;
  std::uint8_t key = 0;
  ValueId value = 0;  // none if it found nothing
  Stamp since = 0;    // the read that found nothing had ended by then
};

/// A value, as whoever made it notes it.
struct Made {
  std::uint8_t key = 0;
  std::uint16_t model = 0;  // the version it announces; zero: none
  std::uint16_t policy = 0;
  Stamp read_at =
      0;  // when the origin was read; of a put, which is true when it takes its place: its end
  Stamp made_at = 0;     // it was stored after this
  Stamp birth_from = 0;  // its birth was taken after this; zero: nobody knows
  Stamp birth_by = 0;    // and before this
  Stamp pinned_by = 0;   // its labels were held from then on at the latest
  std::int64_t stored_by =
      0;  // nanoseconds of the clock when it had surely been stored; zero: nobody knows
  std::int64_t began_by =
      0;  // nanoseconds of the clock when its load, or its lease, had surely begun; zero: neither
  std::int64_t stored_from = 0;  // of what was put by lease: before it was
  Stamp apart = 0;               // the transaction or bypass that it was made in
  bool absent = false;           // its loader said that the origin has nothing
  std::array<Part, 2> parts{};
};

enum class Act : std::uint8_t { read, load, put, lease, label, invalidate };

/// One operation of one thread.
struct Operation {
  Stamp start = 0;
  Stamp end = 0;
  ValueId value = 0;  // read: what it found; load, put: what was made
  Act act = Act::read;
  std::uint8_t key = 0;
  std::uint8_t reach = 0;  // invalidate: which; label: the late label
  bool done =
      false;  // put: it was stored; label: there was an entry; read: it ended without an exception
  Origin origin = Origin::none;
  Staleness staleness = Staleness::fresh;
  Mode mode = Mode::remove;
  std::uint16_t model = 0;  // read, load: announced by the caller; invalidate: set
  std::uint16_t policy = 0;
  Stamp asked_at = 0;          // load: when the call that led it started; zero: in the background
  std::int64_t clock = 0;      // nanoseconds, before it started
  std::int64_t clock_end = 0;  // and after it ended
  std::uint8_t named = 0;      // read: the late label that the caller named, plus one; zero: none
  Stamp apart = 0;             // the transaction or bypass that it was done in
  bool absent = false;         // read: that the origin has nothing
};

/// What is there may have been made with another version, and in a transaction nothing is read.
constexpr bool looks_elsewhere(const Operation& read) noexcept {
  return read.model != 0 || read.policy != 0 || read.apart != 0;
}

struct Log {
  std::vector<Operation> operations;
  std::vector<Made> made;
};

/// What holds in the configuration that was run.
struct Terms {
  bool keeps_puts = false;    // a put that nothing overlaps is stored
  bool serves_stale = false;  // a soft deadline is set
  bool ties_by_store =
      false;  // what a value was made of says nothing unless it was seen in the store
  bool keeps_everything = false;  // nothing is evicted and nothing has a deadline
  bool keeps_expired = false;     // nothing is evicted, and what expired is served without end
  std::int64_t lifetime = 0;      // nanoseconds; zero: no deadline, or the clock is the system's
  std::int64_t clock_tick = 0;    // nanoseconds that the clock of hits is late, at most
  std::int64_t stale_if_error =
      0;  // nanoseconds past its time that something is served on error; zero: nothing is
  std::int64_t soft_timeout = 0;  // nanoseconds that a read waits for a load; zero: without end
  std::int64_t hold_off = 0;      // nanoseconds after a call in which what it hits is not kept
  std::int64_t lease = 0;         // nanoseconds; zero: leases do not run out in a round
  std::uint32_t background_loads =
      0;  // in any second, those that may be under way at once included; zero: any number
  std::uint16_t version_period = 0;  // a version is back after so many; zero: none ever is
};

struct History {
  Terms terms;
  std::vector<Reach> reaches;
  std::vector<std::string> names;  // of the reaches
  std::array<KeySet, kKeys>
      tied_to{};  // by key: what a load of it may make stale, since it changes what that depends on
  std::vector<Log> logs;
  Stamp stamps = 0;  // all that were taken are below this

  const Made& made(ValueId id) const { return logs[log_of(id)].made[place_of(id)]; }
};

}  // namespace freshet::testing::history
