/* Loads that are joined, puts and removals that overtake them, leases: two keys of one stripe, two labels.
 * Speaks for single_flight.cpp, key_stripes.hpp, namespace_view.cpp (read_or_load, lead, take), key_load.cpp and
 * Shard::fill, put and invalidate.
 *
 * The source: each key and each label has a version there. A writer moves the key's on, then puts what it wrote or removes
 * the key; a caller moves a label's on, then raises it. A look at an entry, or at a flight's labels, is one step here:
 * freshness.pml has the parts. Both labels are live throughout. Loaders name label 1 when they are done.
 *
 * runs, and what of it each lets happen at once
 *   joining     -DJOINING                two readers that load, the second asks for label 0; a write, a look
 *   judging     -DJUDGING                the same with a raise instead of the write
 *   writes      -DLEASES -DCALM          two leases; a write of either key; a look
 *   leases      -DLEASES                 the same with a raise
 *   limit       -DJOINING -DMOST=1       as joining, with one load of a key at most where the code has two
 *
 * safeguards, the run that shows what each is good for, and the promise that breaks without it
 *   NO_BUMP_UNDER_LOCK      writes   G1   a writer moves the key's sequence under the lock of the key's shard
 *   NO_SEQUENCE_AT_FILL     writes   G1   a fill is refused if the key's sequence has moved since its load began
 *   NO_COMPARE_UNDER_LOCK   writes   G1   the sequence is compared under the lock under which the value is stored
 *   NO_NOTE_FIRST           writes   G1   the sequence is noted before the value begins to be loaded
 *   NO_HIGHER_BIRTH         leases   G7   a fill does not replace a value of higher birth
 *   NO_SEQUENCE_AT_JOIN     joining  G1   a flight is joined only at the sequence that it noted
 *   NO_JUDGE_ON_ARRIVAL     judging  G1   what was waited for is taken only if it is fresh, or no raise lies between
 *   NO_UNION                judging  G1   an entry carries what each who joined its load asked for
 *   NO_SEAL                 judging  G1   nobody joins a flight whose labels are fixed
 *   NO_JOINING              judging  G2   who may join a load does
 *   NO_LOOK_AFTER_BOARDING  judging  G2   who leads looks once more: another flight may have landed
 *   NO_FLIGHT_LIMIT         limit    G2   a load beyond the limit waits for another one to end
 */
#include "common.pml"

#ifndef MOST
#define MOST 2 /* SingleFlight::kMaxFlights */
#endif

byte revision = 1;
byte watermark[2];
byte sequence; /* of the stripe that both keys share */
bool shard_mutex[2];
bool flights_mutex;

/* The source, and who was told what. */
byte key_source[2];
byte key_told[2];
byte source[2];
byte told[2];
byte begun;    /* writes and raises */
byte returned; /* those that have */

typedef Value {
  byte birth;
  byte labels;
  byte asked; /* the labels that it should have */
  byte key_source;
  byte source[2];
};

Value entry[2];
bool is_there[2];

#define none 0
#define loading 1
#define sealed 2
#define done 3

typedef Flight {
  byte state;
  byte sequence;
  byte birth;
  byte labels;
  byte asked;
  byte undisturbed; /* calls that had returned when it began */
  Value result;
};

Flight flight[2]; /* of key 0, by who leads */
byte boarded[2];  /* those under way, oldest first */
byte flights;

inline copy(to, from) {
  to.birth = from.birth;
  to.labels = from.labels;
  to.asked = from.asked;
  to.key_source = from.key_source;
  to.source[0] = from.source[0];
  to.source[1] = from.source[1]
}

inline clear(v) {
  v.birth = 0;
  v.labels = 0;
  v.asked = 0;
  v.key_source = 0;
  v.source[0] = 0;
  v.source[1] = 0
}

#define is_below(at_birth, l, set) ((set) & BIT(l) && (at_birth) < watermark[l])
#define is_fresh(at_birth, set) (!is_below(at_birth, 0, set) && !is_below(at_birth, 1, set))
#define is_behind_label(v, l) (v.asked & BIT(l) && v.source[l] < must[l])
#define is_behind(v) (v.key_source < key_must || is_behind_label(v, 0) || is_behind_label(v, 1))

inline begin_read() {
  d_step {
    key_must = key_told[0];
    must[0] = told[0];
    must[1] = told[1]
  }
}

/* Shard::find of key 0. One step under a lock, hence no more than that. */
inline look() {
  d_step {
    !shard_mutex[0] ->
    hit = false;
    if
    :: is_there[0] && is_fresh(entry[0].birth, entry[0].labels) ->
      hit = true;
      copy(value, entry[0])
    :: is_there[0] && !is_fresh(entry[0].birth, entry[0].labels) ->
      is_there[0] = false;
      clear(entry[0])
    :: else
    fi
  }
}

inline load() {
  value.key_source = key_source[0];
  value.source[0] = source[0];
  value.source[1] = source[1]
}

#ifdef NO_HIGHER_BIRTH
#define is_replaced_only_by_younger false
#else
#define is_replaced_only_by_younger (is_there[0] && entry[0].birth > value.birth)
#endif

/* Shard::fill of key 0. */
inline fill(noted) {
#ifdef NO_COMPARE_UNDER_LOCK
  hit = sequence == noted;
  lock(shard_mutex[0]);
#else
  lock(shard_mutex[0]);
#ifdef NO_SEQUENCE_AT_FILL
  hit = true;
#else
  hit = sequence == noted;
#endif
#endif
  if
  :: hit -> hit = is_fresh(value.birth, value.labels)
  :: else
  fi;
  if
  :: hit && !is_replaced_only_by_younger ->
    atomic {
      assert(!is_there[0] || entry[0].birth <= value.birth || G7);
      is_there[0] = true;
      copy(entry[0], value)
    }
  :: else
  fi;
  hit = false;
  unlock(shard_mutex[0])
}

#ifndef LEASES
/* --- A reader that loads ----------------------------------------------------------------------------------------- */

#define lead 0
#define join 1
#define wait 2
#define undecided 3

#ifdef NO_SEQUENCE_AT_JOIN
#define may_be_joined(f) true
#else
#define may_be_joined(f) (flight[f].sequence == start_sequence)
#endif

/* SingleFlight::join. */
#define labels_allow(f) \
  (is_fresh(flight[f].birth, wants) && \
   (start_revision == flight[f].birth || is_fresh(flight[f].birth, flight[f].labels)))

inline try(f) {
  if
#ifdef NO_JOINING
  :: true
#endif
#ifdef NO_SEAL
  :: role == undecided && may_be_joined(f) && labels_allow(f) ->
#else
  :: role == undecided && may_be_joined(f) && flight[f].state == sealed ->
    role = wait;
    other = f
  :: role == undecided && may_be_joined(f) && flight[f].state == loading && labels_allow(f) ->
#endif
    role = join;
    other = f;
#ifndef NO_UNION
    flight[f].labels = flight[f].labels | wants;
#endif
    flight[f].asked = flight[f].asked | wants
  :: else
  fi
}

/* A load beside another one, only where something was written or raised since that began, or since the reader did. */
#define is_forced(i) (flights <= i || flight[boarded[i]].undisturbed < begun || so_far < begun)

/* SingleFlight::board. Its lock is held from the choice to the notes, between which others write and raise. */
inline board() {
  d_step {
    !flights_mutex ->
    role = undecided;
    if
    :: flights > 1 -> try(boarded[1])
    :: else
    fi;
    if
    :: flights > 0 -> try(boarded[0])
    :: else
    fi;
    if
#ifndef NO_FLIGHT_LIMIT
    :: role == undecided && flights == MOST ->
      role = wait;
      other = boarded[0]
#endif
    :: role == undecided ->
      role = lead;
      flights_mutex = true;
      assert((is_forced(0) && is_forced(1)) || G2);
      was_there = is_there[0] && is_fresh(entry[0].birth, entry[0].labels)
    :: else
    fi
  }
  if
  :: role == lead ->
    d_step {
      flight[me].sequence = sequence;
      flight[me].undisturbed = returned
    }
    d_step {
      flight[me].birth = revision;
      flight[me].state = loading;
      flight[me].labels = wants;
      flight[me].asked = wants;
      boarded[flights] = me;
      flights++;
      flights_mutex = false
    }
  :: else
  fi
}

inline complete() {
  atomic {
    !flights_mutex ->
    copy(flight[me].result, value);
    flight[me].state = done;
    if
    :: boarded[0] == me -> boarded[0] = boarded[1]
    :: else
    fi;
    boarded[1] = 0;
    flights--;
    if
    :: flights == 0 -> boarded[0] = 0
    :: else
    fi
  }
}

proctype Reader(byte me, wants) {
  Value value;
  byte start_sequence, start_revision, key_must, role, other, so_far;
  byte must[2];
  bool hit, was_there;
  begin_read();
again:
  skip;
  d_step {
    start_sequence = sequence;
    so_far = returned
  }
  start_revision = revision;
  look();
  if
  :: hit -> goto take
  :: else
  fi;
  board();
  if
  :: role == lead ->
#ifndef NO_LOOK_AFTER_BOARDING
    look();
#endif
    if
    :: hit ->
      d_step { /* it is what it is, whatever those who joined asked for */
        value.asked = 0
      }
      complete()
    :: else ->
      atomic {
        assert(!was_there || so_far < begun || G2);
        assert(flights <= MOST || G2)
      }
      value.birth = flight[me].birth;
      load();
      atomic {
        !flights_mutex ->
        flight[me].state = sealed;
        value.labels = flight[me].labels | BIT(1)
      }
      value.asked = flight[me].asked | BIT(1);
      fill(flight[me].sequence);
      value.asked = flight[me].asked | BIT(1);
      complete()
    fi
  :: role == join ->
    d_step {
      flight[other].state == done ->
      copy(value, flight[other].result)
    }
#ifndef NO_JUDGE_ON_ARRIVAL
    if
    :: start_revision != value.birth && !is_fresh(value.birth, value.labels) ->
      clear(value);
      goto again
    :: else
    fi
#endif
  :: role == wait ->
    flight[other].state == done;
    goto again
  fi;
take:
  assert(!is_behind(value) || G1);
  d_step {
    clear(value);
    start_sequence = 0;
    start_revision = 0;
    key_must = 0;
    must[0] = 0;
    must[1] = 0;
    role = 0;
    other = 0;
    so_far = 0;
    hit = false;
    was_there = false
  }
}
#endif

/* --- A lease, a look, writes, raises ------------------------------------------------------------------------------ */

#ifdef LEASES
/* Cache-aside: what is fetched under a lease is stored by a fill. It asks for label 0. */
proctype Lease() {
  Value value;
  byte noted;
  bool hit;
#ifdef NO_NOTE_FIRST
  load();
#endif
  noted = sequence;
  value.birth = revision;
#ifndef NO_NOTE_FIRST
  load();
#endif
  value.labels = BIT(0);
  value.asked = BIT(0);
  fill(noted);
  d_step {
    clear(value);
    noted = 0
  }
}
#endif

proctype Looker() {
  Value value;
  byte key_must;
  byte must[2];
  bool hit;
  begin_read();
  look();
  assert(!hit || !is_behind(value) || G1);
  d_step {
    clear(value);
    key_must = 0;
    must[0] = 0;
    must[1] = 0;
    hit = false
  }
}

/* Shard::put and Shard::invalidate. A put asks for label 0, and is as good as its source where it is born. */
#ifndef JUDGING
proctype Writer() {
  Value value;
  byte k;
  bool is_put;
  atomic {
#ifdef LEASES
    if
    :: k = 0
    :: k = 1
    fi;
#endif
    if
    :: is_put = true
    :: is_put = k == 1 /* of the other key only what it does to the stripe matters */
    fi;
    begun++;
    key_source[k]++;
    value.key_source = key_source[k]
  }
  lock(shard_mutex[k]);
#ifndef NO_BUMP_UNDER_LOCK
  sequence++;
#endif
  if
  :: is_put ->
    d_step {
      value.birth = revision;
      value.source[0] = source[0];
      value.labels = BIT(0);
      value.asked = BIT(0)
    }
    d_step {
      is_there[k] = is_fresh(value.birth, BIT(0));
      if
      :: is_there[k] -> copy(entry[k], value)
      :: else -> clear(entry[k])
      fi
    }
  :: else ->
    d_step {
      is_there[k] = false;
      clear(entry[k])
    }
  fi;
  unlock(shard_mutex[k]);
#ifdef NO_BUMP_UNDER_LOCK
  sequence++;
#endif
  d_step {
    key_told[k] = key_source[k];
    returned++;
    k = 0;
    is_put = false;
    clear(value)
  }
}
#endif

#if defined(LEASES) || defined(JUDGING)
proctype Caller() {
  byte l, next;
  atomic {
    if
    :: l = 0
    :: l = 1
    fi;
    begun++;
    source[l]++
  }
  next = revision + 1;
  watermark[l] = next;
  revision = next;
  d_step {
    told[l] = source[l];
    returned++;
    l = 0;
    next = 0
  }
}
#endif

init {
  atomic {
#ifdef LEASES
    run Lease();
    run Lease();
#else
    run Reader(0, 0);
    run Reader(1, BIT(0));
#endif
#ifndef JUDGING
    run Writer();
#endif
#if !defined(JOINING) && !defined(CALM)
    run Caller();
#endif
    run Looker()
  }
}
