/* Bans: raised, merged, widened, tested at a hit and at a fill, swept for, retired. Two keys, a ban for each, and the
 * namespace, which a ban too many raises instead.
 * Speaks for ban_list.cpp, Freshness::raise_ban, judge, judge_load and retire_bans, Shard::sweep, find and fill, and
 * Engine::retire_bans.
 *
 * The list holds one ban: the second, of the other key, raises the namespace and has the first forgotten. The source: each
 * key has a version there, which a caller moves on before it bans the key. A sweep looks at one entry at a time.
 *
 * runs, and what of it each lets happen at once
 *   retiring    -DRETIRING               a call of either mode; a load, in a flight or under a lease; a sweeper; a look
 *   sweeping    -DRETIRING -DSWEEPING    two calls; a sweeper; a look
 *   widening    -DWIDENING               three calls; looks; no sweeper
 *
 * safeguards, the run that shows what each is good for, and the promise that breaks without it
 *   NO_BAN_AT_HIT           widening  G1   a hit on what was not looked at since tests the bans
 *   NO_BAN_NOTED            widening  G1   a raise of a ban is noted as one that only a walk answers
 *   NO_WIDER_FIRST          widening  G1   what is wider is raised before what it covers is forgotten
 *   NO_BANS_FIRST           widening  G1   a judgement tests the bans before the labels that cover forgotten ones
 *   NO_BAN_AT_FILL          retiring  G1   a fill tests the bans
 *   NO_LOAD_FLOOR           retiring  G1   a ban that is retired leaves its revision as the load floor
 *   NO_FLOOR_BEFORE_DROP    retiring  G1   the load floor is there before the ban is gone
 *   NO_FLOOR_LAST           retiring  G1   a fill looks at the load floor after the bans
 *   NO_SWEEP_BEFORE         retiring  G1   a ban is retired when every entry was looked at since
 *   NO_PASS_FROM_BEGINNING  sweeping  G1   a pass stands for the `published` at which it began
 *   NO_VERDICT_KEPT         retiring  G1   an entry remembers that it is expired
 */
#include "common.pml"

#ifdef WIDENING
#define CALLS 3
#define LOOKS 2
#elif defined(SWEEPING)
#define CALLS 2
#define LOOKS 1
#else
#define CALLS 1
#define LOOKS 1
#endif
#define SWEEPS 3

byte revision = 1;
byte published = 1;
byte space_remove; /* the namespace's watermarks */
byte space_expire;
byte space_slot; /* the recent raises: of the namespace, and of what any entry may be hit by */
byte any_slot;
byte load_floor;

bool bans_mutex; /* held by who writes the list; a test that finds it held waits */
byte bans;       /* its size */
byte banned;     /* the key */
byte ban_remove; /* the ban's watermarks */
byte ban_expire;

typedef Entry {
  byte birth;
  byte checked;
  byte verdict;
  byte source;
  byte known; /* how many calls had returned when its load began */
};

Entry entry[2];
bool is_there[2];
bool shard_mutex; /* both keys are of one shard */
#ifdef RETIRING
bool is_passed[2]; /* by the pass that is open */
bool is_pass_open;
byte pass_began_at;
byte swept = 1;
byte flight_birth = 255; /* of the flight under way */
#endif

byte source[2];
byte told[2];
byte told_remove[2];
byte begun;
byte returned;

inline clear(e) {
  e.birth = 0;
  e.checked = 0;
  e.verdict = fresh;
  e.source = 0;
  e.known = 0
}

/* --- The raise of a ban ------------------------------------------------------------------------------------------ */

inline forget_bans() {
  d_step {
    !bans_mutex ->
    bans = 0;
    banned = 0;
    ban_remove = 0;
    ban_expire = 0
  }
}

inline raise_space() {
  if
  :: mode == removed -> space_remove = next
  :: else -> space_expire = next
  fi;
  space_slot = next
}

/* Freshness::raise_ban, and the words. One caller: raises come one after the other. */
inline raise_ban() {
  next = revision + 1;
  d_step {
    !bans_mutex ->
    added = bans == 0 || banned == k;
    if
    :: added ->
      bans = 1;
      banned = k;
      if
      :: mode == removed -> ban_remove = next
      :: else -> ban_expire = next
      fi
    :: else
    fi
  }
  if
#ifndef NO_BAN_NOTED
  :: added -> any_slot = next
#else
  :: added
#endif
  :: else ->
#ifdef NO_WIDER_FIRST
    if
    :: mode == removed -> forget_bans()
    :: else
    fi;
#endif
    raise_space();
#ifndef NO_WIDER_FIRST
    if
    :: mode == removed -> forget_bans()
    :: else
    fi
#endif
  fi;
  published = next;
  revision = next
}

proctype Caller() {
  byte k, mode, next, calls;
  bool added;
  do
  :: calls < CALLS ->
    atomic {
      calls++;
      if
      :: k = 0
      :: k = 1
      fi;
      if
      :: mode = removed
      :: mode = expired
      fi;
      begun++;
      source[k]++
    }
    raise_ban();
    d_step {
      told[k] = source[k];
      if
      :: mode == removed -> told_remove[k] = source[k]
      :: else
      fi;
      returned++;
      k = 0;
      mode = fresh;
      next = 0;
      added = false
    }
  :: else -> break
  od
}

/* --- The judgement ----------------------------------------------------------------------------------------------- */

#ifdef NO_BAN_AT_HIT
#define are_tested(at_fill) at_fill
#elif defined(NO_BAN_AT_FILL)
#define are_tested(at_fill) (!at_fill)
#else
#define are_tested(at_fill) true
#endif

inline judge_bans(e, name, at_fill) {
  if
  :: are_tested(at_fill) && bans != 0 ->
    d_step {
      !bans_mutex ->
      if
      :: bans != 0 && banned == name && e.birth < ban_remove -> verdict = removed
      :: bans != 0 && banned == name && e.birth >= ban_remove && e.birth < ban_expire && verdict == fresh ->
        verdict = expired
      :: else
      fi
    }
  :: else
  fi
}

inline judge_space(e) {
  if
  :: e.birth < space_remove -> verdict = removed
  :: else
  fi;
  if
  :: verdict == fresh && e.birth < space_expire -> verdict = expired
  :: else
  fi
}

/* Freshness::judge. */
inline judge(e, name, at_fill) {
  seen = published;
  if
  :: e.checked >= seen -> verdict = e.verdict
  :: else ->
    walk = e.checked == 0;
    if
    :: !walk -> walk = any_slot > e.checked
    :: else
    fi;
    if
    :: !walk -> walk = space_slot > e.checked
    :: else
    fi;
    verdict = e.verdict;
    if
    :: walk ->
#ifdef NO_BANS_FIRST
      judge_space(e);
      judge_bans(e, name, at_fill)
#else
      judge_bans(e, name, at_fill);
      judge_space(e)
#endif
    :: else
    fi;
    d_step {
      if
      :: verdict != removed ->
        e.checked = seen;
#ifndef NO_VERDICT_KEPT
        e.verdict = verdict
#endif
      :: else
      fi
    }
  fi;
  d_step {
    seen = 0;
    walk = false
  }
}

/* Widened bans take what they were not meant to, hence any call counts. */
#define is_hit(e) (e.known < begun)

inline leave(k) {
  d_step {
    is_there[k] = false;
    clear(entry[k])
  }
}

proctype Reader() {
  byte k, verdict, seen, looks, must, must_remove;
  bool walk;
  do
  :: looks < LOOKS ->
    atomic {
      looks++;
      if
      :: k = 0
      :: k = 1
      fi;
      must = told[k];
      must_remove = told_remove[k]
    }
    lock(shard_mutex);
    if
    :: is_there[k] ->
      judge(entry[k], k, false);
      if
      :: verdict == fresh -> assert(entry[k].source >= must || G1)
      :: verdict == expired -> assert(entry[k].source >= must_remove || G1); assert(is_hit(entry[k]) || G3)
      :: verdict == removed -> assert(is_hit(entry[k]) || G3); leave(k)
      fi
    :: else
    fi;
    unlock(shard_mutex);
    d_step {
      k = 0;
      verdict = 0;
      must = 0;
      must_remove = 0
    }
  :: else -> break
  od
}

#if defined(RETIRING) && !defined(SWEEPING)
/* --- Loads ------------------------------------------------------------------------------------------------------- */

/* A load of a flight, which retire_bans() knows of, or under a lease, which it does not. */
proctype Loader(byte k) {
  Entry made;
  byte verdict, seen;
  bool walk, is_flight;
  if
  :: is_flight = true
  :: is_flight = false
  fi;
  d_step { /* a flight is noted under the lock under which flights are looked through */
    made.birth = revision;
    made.known = returned;
    if
    :: is_flight -> flight_birth = made.birth
    :: else
    fi
  }
  made.source = source[k];
  lock(shard_mutex);
#ifdef NO_FLOOR_LAST
  if
  :: made.birth < load_floor -> verdict = removed
  :: else
  fi;
  if
  :: verdict == fresh -> judge(made, k, true)
  :: else
  fi;
#else
  judge(made, k, true);
#ifndef NO_LOAD_FLOOR
  if
  :: verdict == fresh && made.birth < load_floor -> verdict = removed
  :: else
  fi;
#endif
#endif
  if
  :: verdict == fresh ->
    d_step {
      is_there[k] = true;
      entry[k].birth = made.birth;
      entry[k].checked = made.checked;
      entry[k].verdict = fresh;
      entry[k].source = made.source;
      entry[k].known = made.known;
      is_passed[k] = is_pass_open
    }
  :: else -> assert(is_hit(made) || G3)
  fi;
  unlock(shard_mutex);
  d_step {
    flight_birth = 255;
    clear(made);
    verdict = 0;
    is_flight = false
  }
}
#endif

#ifdef RETIRING
/* --- The sweeper ------------------------------------------------------------------------------------------------- */

#define is_left(k) (is_there[k] && !is_passed[k])

/* Shard::sweep with a budget of one entry, then Engine::retire_bans. */
proctype Sweeper() {
  byte k, verdict, seen, through, sweeps;
  bool walk;
  do
  :: sweeps < SWEEPS ->
    sweeps++;
    lock(shard_mutex);
    if
    :: published != swept ->
      if
      :: !is_pass_open ->
        is_pass_open = true;
        pass_began_at = published
      :: else
      fi;
      if
      :: is_left(0) || is_left(1) ->
        k = (is_left(0) -> 0 : 1);
        judge(entry[k], k, false);
        if
        :: verdict == removed -> leave(k)
        :: else -> is_passed[k] = true
        fi
      :: else
      fi;
      if
      :: !is_left(0) && !is_left(1) ->
#ifdef NO_PASS_FROM_BEGINNING
        swept = published;
#else
        swept = pass_began_at;
#endif
        d_step {
          is_pass_open = false;
          is_passed[0] = false;
          is_passed[1] = false;
          pass_began_at = 0
        }
      :: else
      fi
    :: else
    fi;
    unlock(shard_mutex);
    d_step {
      k = 0;
      verdict = 0
    }
    if
    :: bans != 0 ->
      through = flight_birth;
#ifndef NO_SWEEP_BEFORE
      d_step {
        !shard_mutex ->
        through = (swept < through -> swept : through)
      }
#endif
      lock(bans_mutex);
      if
      :: bans != 0 && ban_remove <= through && ban_expire <= through ->
#if !defined(NO_LOAD_FLOOR) && !defined(NO_FLOOR_BEFORE_DROP)
        load_floor = HIGHER(load_floor, HIGHER(ban_remove, ban_expire));
#endif
        d_step {
          seen = HIGHER(ban_remove, ban_expire);
          bans = 0;
          banned = 0;
          ban_remove = 0;
          ban_expire = 0
        }
#ifdef NO_FLOOR_BEFORE_DROP
        unlock(bans_mutex);
        load_floor = HIGHER(load_floor, seen);
#endif
        seen = 0
      :: else
      fi;
      unlock(bans_mutex);
      through = 0
    :: else
    fi
  :: else -> break
  od
}
#endif

init {
  atomic {
    is_there[0] = true;
    entry[0].birth = 1;
    entry[0].checked = 1;
    is_there[1] = true;
    entry[1].birth = 1;
    entry[1].checked = 1;
    run Caller();
#ifdef RETIRING
    run Sweeper();
#ifndef SWEEPING
    run Loader(0);
#endif
#endif
    run Reader()
  }
}
