/* The raise, the birth, the hit, the fill and the drop of labels: two keys, two labels, removed and expired.
 * Speaks for freshness.cpp, label_table.cpp, recent_raises.hpp, carrier.hpp and Shard::find, fill and attach.
 *
 * The source: what a label stands for has a version there. A caller moves it on, then raises the label, then is told that it
 * is done. A load reads the source at some time after its birth. So a value that carries a label is stale for a read that
 * began after the caller was told, if the version it was made of is older than the one that was moved to then.
 *
 * runs, and what of it each lets happen at once
 *   hits        -DHITS                              two calls, each of any labels and mode; three looks at either key
 *   fills       -DFILLS -DMODE=removed -DCALLS=1    a remove; a load that pins one label before and names the other late; an
 *                                                   eviction, then a look
 *   fills_twice -DFILLS -DMODE=removed              the same with two removes
 *   expiring    -DFILLS -DMODE=expired -DCALLS=1    the same with an expire
 *   callers     -DCALLERS -DMODE=removed -DCALLS=1  two callers at once; two looks
 *   captured    -DCAPTURED -DCALLS=1                a call; a load of a key that reads the other key through the cache; two looks
 *   attached    -DATTACHED -DMODE=removed           two calls; a label attached to an entry; two looks
 *
 * safeguards, the run that shows what each is good for, and the promise that breaks without it
 *   NO_WATERMARK_FIRST     hits      G1   a raise stores its watermarks, then the words
 *   NO_SLOT_FIRST          hits      G1   a raise notes the labels it touched, then stores `published`
 *   NO_SEEN_FIRST          hits      G1   `checked` is the `published` that was read before the walk
 *   NO_MARK_FOR_REMOVE     hits      G1   what is removed and what is expired are two watermarks
 *   NO_BIRTH_FIRST         fills     G1   the birth is read before the value begins to be loaded
 *   NO_JUDGE_AT_FILL       fills     G1   a fill is judged by the load's birth
 *   NO_FLOOR_WHEN_ABSENT   fills     G1   raising a label that is not live leaves its floor
 *   NO_FLOOR_AT_DROP       fills     G1   a label that is dropped leaves its watermarks in the floor
 *   NO_FLOOR_AT_PIN        fills     G1   a label that comes alive starts at its floor
 *   NO_REVISION            fills     G3   births have a word of their own, which every raise moves
 *   NO_RAISE_LOCK          callers   G1   raises come one after the other
 *   NO_PUBLISHED_FIRST     captured  G1   `published` is stored before `revision`
 *   NO_CAPTURED_LABELS     captured  G1   what was made of an entry carries its labels
 *   NO_STALE_REFUSED       captured  G1   what was made of an expired value is not kept
 *   NO_ATTACHED_WALKED     attached  G1   who carries attached labels is not spared the walk
 *   NO_JOINED              attached  G3   an attached label ignores raises up to where it was joined
 */
#include "common.pml"

#ifndef CALLS
#define CALLS 2
#endif
#ifdef HITS
#define LOOKS 3
#elif defined(FILLS)
#define LOOKS 1
#else
#define LOOKS 2
#endif

/* --- Freshness, LabelTable, RecentRaises ------------------------------------------------------------------------- */

byte revision = 1;
byte published = 1;
bool raise_mutex = false;

byte references[2]; /* of a label; without any it is absent */
byte remove_at[2];  /* its watermarks, while it is live */
byte expire_at[2];
byte floor_remove[2];
byte floor_expire[2];
byte slot[2]; /* of the recent raises; no two labels share one here */

/* Under the lock of the label's shard, hence one step. */
inline pin(l) {
  d_step {
    if
    :: references[l] == 0 ->
#ifndef NO_FLOOR_AT_PIN
      remove_at[l] = floor_remove[l];
      expire_at[l] = floor_expire[l]
#endif
    :: else
    fi;
    references[l]++
  }
}

inline give_up(l) {
  d_step {
    references[l]--;
    if
    :: references[l] == 0 ->
#ifndef NO_FLOOR_AT_DROP
      floor_remove[l] = HIGHER(floor_remove[l], remove_at[l]);
      floor_expire[l] = HIGHER(floor_expire[l], expire_at[l]);
#endif
      remove_at[l] = 0;
      expire_at[l] = 0
    :: else
    fi
  }
}

inline give_up_all(labels) {
  if
  :: labels & BIT(0) -> give_up(0)
  :: else
  fi;
  if
  :: labels & BIT(1) -> give_up(1)
  :: else
  fi
}

#ifdef NO_MARK_FOR_REMOVE
#define is_remove false
#else
#define is_remove (mode == removed)
#endif

inline raise_label(l) {
  if
  :: set & BIT(l) ->
    d_step {
      touched = references[l] > 0;
      live = live || touched;
      if
      :: touched && is_remove -> remove_at[l] = next
      :: touched && !is_remove -> expire_at[l] = next
#ifndef NO_FLOOR_WHEN_ABSENT
      :: !touched && is_remove -> floor_remove[l] = next
      :: !touched && !is_remove -> floor_expire[l] = next
#endif
      :: else
      fi
    }
#ifndef NO_SLOT_FIRST
    if
    :: touched -> slot[l] = next
    :: else
    fi
#endif
  :: else
  fi
}

/* Freshness::raise, of the labels in `set`. */
inline raise() {
#ifndef NO_RAISE_LOCK
  lock(raise_mutex);
#endif
#ifdef NO_REVISION
  next = published + 1;
#else
  next = revision + 1;
#endif
#ifdef NO_WATERMARK_FIRST
  published = next;
  revision = next;
#endif
  raise_label(0);
  raise_label(1);
#ifdef NO_PUBLISHED_FIRST
  revision = next;
#endif
  if
  :: live -> published = next
  :: else
  fi;
#ifdef NO_SLOT_FIRST
  if
  :: set & BIT(0) && live -> slot[0] = next
  :: else
  fi;
  if
  :: set & BIT(1) && live -> slot[1] = next
  :: else
  fi;
#endif
#ifndef NO_PUBLISHED_FIRST
  revision = next;
#endif
  unlock(raise_mutex)
}

#ifdef NO_REVISION
#define birth_now published
#else
#define birth_now revision
#endif

/* --- Carrier, and the store's table ------------------------------------------------------------------------------ */

typedef Carrier {
  byte birth;
  byte labels;
  byte late; /* the label attached later, as a set */
  byte joined;
  byte checked;
  byte verdict;
  byte source[2]; /* what it was made of */
  byte known[2];  /* of each label, how many calls had returned when its load began */
};

Carrier entry[2];
bool is_there[2];
bool shard_mutex[2]; /* here the keys are of two shards */

inline copy(to, from) {
  to.birth = from.birth;
  to.labels = from.labels;
  to.late = from.late;
  to.joined = from.joined;
  to.checked = from.checked;
  to.verdict = from.verdict;
  to.source[0] = from.source[0];
  to.source[1] = from.source[1];
  to.known[0] = from.known[0];
  to.known[1] = from.known[1]
}

inline clear(c) {
  c.birth = 0;
  c.labels = 0;
  c.late = 0;
  c.joined = 0;
  c.checked = 0;
  c.verdict = fresh;
  c.source[0] = 0;
  c.source[1] = 0;
  c.known[0] = 0;
  c.known[1] = 0
}

#define carried(c) (c.labels | c.late)

/* Label::judge: two loads. */
inline judge_label(l, since) {
  if
  :: since < remove_at[l] -> verdict = removed
  :: else
  fi;
  if
  :: verdict == fresh && since < expire_at[l] -> verdict = expired
  :: else
  fi
}

inline judge_own(c, l) {
  if
  :: c.labels & BIT(l) -> judge_label(l, c.birth)
  :: else
  fi
}

inline judge_late(c, l) {
  if
#ifdef NO_JOINED
  :: c.late & BIT(l) -> judge_label(l, c.birth)
#else
  :: c.late & BIT(l) -> judge_label(l, c.joined)
#endif
  :: else
  fi
}

/* RecentRaises::spare. */
inline spare(c, l) {
  if
  :: !walk && c.labels & BIT(l) -> walk = slot[l] > c.checked
  :: else
  fi
}

/* Freshness::judge. The lock of the entry's shard is held. */
inline judge(c) {
  seen = published;
  if
  :: c.checked >= seen -> verdict = c.verdict
  :: else ->
#ifdef NO_ATTACHED_WALKED
    walk = c.checked == 0;
#else
    walk = c.checked == 0 || c.late != 0;
#endif
    spare(c, 0);
    spare(c, 1);
    verdict = c.verdict;
    if
    :: walk ->
      judge_own(c, 0);
      judge_own(c, 1);
      judge_late(c, 0);
      judge_late(c, 1)
    :: else
    fi;
#ifdef NO_SEEN_FIRST
    seen = published;
#endif
    d_step {
      if
      :: verdict != removed ->
        c.verdict = verdict;
        c.checked = seen
      :: else
      fi
    }
  fi;
  d_step {
    walk = false;
    seen = 0
  }
}

inline leave(k) {
  d_step {
    dropped = carried(entry[k]);
    is_there[k] = false;
    clear(entry[k])
  }
}

/* --- The source, and who was told what --------------------------------------------------------------------------- */

byte source[2];
byte told[2];        /* of calls of either mode that have returned */
byte told_remove[2]; /* of removes */
byte returned[2];    /* how many calls have */

/* Whether something that it carries was invalidated by a call that had not returned when its load began. */
#define is_hit_by_label(c, l) (carried(c) & BIT(l) && c.known[l] < source[l])
#define is_hit(c) (is_hit_by_label(c, 0) || is_hit_by_label(c, 1))
/* Whether it is older than what a reader was told. */
#define is_behind_label(c, l, must) (carried(c) & BIT(l) && c.source[l] < must[l])
#define is_behind(c, must) (is_behind_label(c, 0, must) || is_behind_label(c, 1, must))

inline be_told(l) {
  if
  :: set & BIT(l) ->
    returned[l]++;
    told[l] = HIGHER(told[l], mine[l]);
    if
    :: mode == removed -> told_remove[l] = HIGHER(told_remove[l], mine[l])
    :: else
    fi
  :: else
  fi
}

proctype Caller() {
  byte set, mode, next, calls;
  byte mine[2];
  bool live, touched;
  do
  :: calls < CALLS ->
    atomic {
      calls++;
      if
      :: set = BIT(0)
      :: set = BIT(1)
      :: set = BIT(0) | BIT(1)
      fi;
#ifdef MODE
      mode = MODE;
#else
      if
      :: mode = removed
      :: mode = expired
      fi;
#endif
      if
      :: set & BIT(0) -> source[0]++
      :: else
      fi;
      if
      :: set & BIT(1) -> source[1]++
      :: else
      fi;
      mine[0] = source[0];
      mine[1] = source[1]
    }
    raise();
    d_step {
      be_told(0);
      be_told(1);
      set = 0;
      mode = fresh;
      next = 0;
      mine[0] = 0;
      mine[1] = 0;
      live = false;
      touched = false
    }
  :: else -> break
  od
}

/* --- Loads ------------------------------------------------------------------------------------------------------- */

/* What a read sees of a carrier: kept, served as expired, or gone. */
inline look_at(c) {
  judge(c);
  if
  :: verdict == fresh -> assert(!is_behind(c, must) || G1)
  :: verdict == expired -> assert(!is_behind(c, must_remove) || G1); assert(is_hit(c) || G3)
  :: verdict == removed -> assert(is_hit(c) || G3)
  fi
}

inline be_born() {
  d_step { /* what was told is no part of the machine, hence the same step */
    made.birth = birth_now;
    made.known[0] = returned[0];
    made.known[1] = returned[1]
  }
}

#if defined(FILLS) || defined(CAPTURED)
/* Loads key k. Pins the labels in `early` before, and names those in `late` when it is done. */
proctype Loader(byte k, early, late) {
  Carrier made;
#ifdef CAPTURED
  byte inner = 1 - k;
#endif
  byte verdict, seen, dropped;
  bool walk, is_made_of_stale;
  if
  :: early & BIT(0) -> pin(0)
  :: else
  fi;
  if
  :: early & BIT(1) -> pin(1)
  :: else
  fi;
#ifndef NO_BIRTH_FIRST
  be_born();
#endif
#ifdef CAPTURED
  /* It reads the other key through the cache, and is made of that. */
  lock(shard_mutex[inner]);
  if
  :: is_there[inner] ->
    judge(entry[inner]);
    if
    :: verdict != removed ->
      d_step { /* the reader holds the entry, and so its labels */
        made.source[0] = entry[inner].source[0]; /* it carries no other label */
        made.labels = entry[inner].labels;
        references[0] = references[0] + (made.labels & 1);
        references[1] = references[1] + (made.labels >> 1);
        is_made_of_stale = verdict == expired;
        verdict = fresh
      }
    :: else -> leave(inner)
    fi
  :: else
  fi;
  unlock(shard_mutex[inner]);
  give_up_all(dropped);
  dropped = 0;
  if
  :: made.labels == 0 -> goto done
  :: else
  fi;
  made.source[1] = source[1];
#else
  made.source[0] = source[0];
  made.source[1] = source[1];
#endif
#ifdef NO_BIRTH_FIRST
  be_born();
#endif
  if
  :: late & BIT(0) -> pin(0)
  :: else
  fi;
  if
  :: late & BIT(1) -> pin(1)
  :: else
  fi;
  made.labels = made.labels | early | late;
  /* Shard::fill */
  lock(shard_mutex[k]);
#ifdef NO_JUDGE_AT_FILL
  made.checked = published;
#else
  judge(made);
#endif
  if
#ifndef NO_STALE_REFUSED
  :: is_made_of_stale -> dropped = made.labels
#endif
  :: verdict != fresh -> assert(is_hit(made) || G3); dropped = made.labels
  :: else ->
    d_step {
      if
      :: is_there[k] -> dropped = carried(entry[k])
      :: else
      fi;
#ifdef NO_CAPTURED_LABELS
      /* It is made of both labels' sources all the same: what its readers may expect stays. */
      made.late = made.labels;
      made.labels = 0;
      made.joined = 255;
#endif
      is_there[k] = true;
      copy(entry[k], made)
    }
  fi;
  unlock(shard_mutex[k]);
  give_up_all(dropped);
done:
  skip;
  d_step {
    clear(made);
    verdict = 0;
    dropped = 0;
    is_made_of_stale = false
  }
}
#endif

#ifdef ATTACHED
/* Shard::attach. The value is as good as the label's source, as far as anybody can know, where the call ends. */
proctype Attacher(byte k, l) {
  byte dropped, before;
  pin(l);
  before = returned[l];
  lock(shard_mutex[k]);
  if
  :: is_there[k] && !(carried(entry[k]) & BIT(l)) ->
    entry[k].joined = revision;
    d_step {
      entry[k].late = BIT(l);
      entry[k].source[l] = source[l];
      entry[k].known[l] = before
    }
  :: else -> dropped = BIT(l)
  fi;
  unlock(shard_mutex[k]);
  give_up_all(dropped);
  d_step {
    dropped = 0;
    before = 0
  }
}
#endif

/* --- Looks and evictions ----------------------------------------------------------------------------------------- */

proctype Reader() {
  byte k, verdict, seen, dropped, looks;
  bool walk;
  byte must[2];
  byte must_remove[2];
#ifdef FILLS
  if
  :: k = 0
  :: k = 1
  fi;
  lock(shard_mutex[k]);
  leave(k);
  unlock(shard_mutex[k]);
  give_up_all(dropped);
  dropped = 0;
#endif
  do
  :: looks < LOOKS ->
    atomic {
      looks++;
      if
      :: k = 0
      :: k = 1
      fi;
      must[0] = told[0];
      must[1] = told[1];
      must_remove[0] = told_remove[0];
      must_remove[1] = told_remove[1]
    }
    lock(shard_mutex[k]);
    if
    :: is_there[k] ->
      look_at(entry[k]);
      if
      :: verdict == removed -> leave(k)
      :: else
      fi
    :: else
    fi;
    unlock(shard_mutex[k]);
    give_up_all(dropped);
    d_step {
      k = 0;
      dropped = 0;
      verdict = 0;
      must[0] = 0;
      must[1] = 0;
      must_remove[0] = 0;
      must_remove[1] = 0
    }
  :: else -> break
  od
}

inline store(k, with) {
  is_there[k] = true;
  entry[k].birth = 1;
  entry[k].checked = 1;
  entry[k].labels = with
}

init {
  atomic {
    store(0, BIT(0));
    references[0] = 1;
#ifdef HITS
    store(1, BIT(0) | BIT(1));
    references[0] = 2;
    references[1] = 1;
    run Caller();
#elif defined(FILLS)
    store(1, BIT(1));
    references[1] = 1;
    run Caller();
    run Loader(0, BIT(0), BIT(1));
#elif defined(CALLERS)
    store(1, BIT(1));
    references[1] = 1;
    run Caller();
    run Caller();
#elif defined(CAPTURED)
    run Caller();
    run Loader(1, 0, BIT(1));
#else
    store(1, BIT(0));
    references[0] = 2;
    run Caller();
    run Attacher(0, 1);
#endif
    run Reader()
  }
}
