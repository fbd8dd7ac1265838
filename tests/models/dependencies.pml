/* What depends on a key: the key's label, its edges to what the key's entry depends on, their gain and loss, and what a stale
 * entry leaves behind. Two keys, the page and the part that the page is made of; two resources that parts depend on.
 * Speaks for label_graph.cpp, Freshness::judge_with_ancestors, relate and leave_behind, Shard::put, fill, relate_resident,
 * and Dependencies::pin.
 *
 * The source: the part and each resource have a version there. A part is made of the resources that it depends on; a page is
 * made of a part. Some keys are depended on already, so that writes of the part leave a floor. All calls remove.
 *
 * runs, and what of it each lets happen at once
 *   early       -DEARLY                       two raises or puts of the part; a refresh of the part, which may lose and gain a
 *                                             dependency; two looks at a page that is there
 *   forgetting  -DEARLY -DMOST_LOST=0         the same, where one lost edge is too many and forgotten
 *   loading     -DEARLY -DLOADING -DCALLS=1   a raise or put; a refresh; a load of the page, which pins the part's label
 *                                             first; a look
 *   late        -DLATE                        two raises or puts; a sweep; a load of the page, which names the part when it is
 *                                             done; a look
 *
 * safeguards, the run that shows what each is good for, and the promise that breaks without it
 *   NO_KEY_RAISED           early       G1   a put raises the label of its key
 *   NO_RELATE_AT_FILL       loading      G1   a fill gives the key's label an edge to what the entry depends on
 *   NO_LOST_EDGES_KEPT      early       G1   an edge that the next entry has not stays
 *   NO_EDGE_SINCE           early       G3   a new edge ignores raises up to the birth of the entry that brought it
 *   NO_REMOVED_BEFORE       forgetting  G1   lost edges are forgotten after the key's label was removed
 *   NO_EDGES_FIRST          forgetting  G1   a judgement looks at a label's edges before the label
 *   NO_RELATE_RESIDENT      late        G1   who names a key late relates its label to the entry that is there
 *   NO_LEAVE_BEHIND         late        G1   a stale entry that leaves leaves the newest watermark of what it depended on
 */
#include "common.pml"

#ifndef MOST_LOST
#define MOST_LOST 2
#endif
#ifndef CALLS
#define CALLS 2
#endif
#if defined(EARLY) && !defined(LOADING)
#define LOOKS 2
#else
#define LOOKS 1
#endif

byte revision = 1;
byte published = 1;
bool raise_mutex;
bool graph_mutex;  /* of the one reader that walks; who writes edges does so in one step */
byte watermark[2]; /* of the resources, which are live throughout */

byte references; /* of the part's label */
byte key_remove;
byte key_expire;
byte key_floor;
byte key_load_floor; /* of the label while it is live: who carries it already is not concerned */
bool is_edge[2];
bool is_current[2];
byte since[2];
byte edge_known[2]; /* of the part that brought it */

typedef Part {
  byte birth;
  byte parents;
  byte version;
  byte source[2];
  byte known[2]; /* what callers had been told of the resources when its load began */
};
Part part;
bool is_part;
bool part_mutex;

typedef Page {
  byte birth;
  byte checked;
  byte verdict;
  byte parents; /* of the part that it was made of */
  byte version;
  byte source[2];
  byte known[2];
  byte known_writes;
};
Page page;
bool is_page;
bool page_mutex;

byte part_version;
byte part_told;
byte source[2];
byte told[2];
byte writes; /* puts that have begun, and losses */
byte returned_writes;

inline clear_page(p) {
  p.birth = 0;
  p.checked = 0;
  p.verdict = fresh;
  p.parents = 0;
  p.version = 0;
  p.source[0] = 0;
  p.source[1] = 0;
  p.known[0] = 0;
  p.known[1] = 0;
  p.known_writes = 0
}

inline clear_part(p) {
  p.known[0] = 0;
  p.known[1] = 0;
  p.birth = 0;
  p.parents = 0;
  p.version = 0;
  p.source[0] = 0;
  p.source[1] = 0
}

/* --- The part's label -------------------------------------------------------------------------------------------- */

inline pin_key() {
  d_step {
    if
    :: references == 0 -> key_remove = key_floor
    :: else
    fi;
    references++
  }
}

inline give_up_key() {
  d_step {
    references--;
    if
    :: references == 0 ->
      key_floor = HIGHER(HIGHER(key_floor, key_load_floor), HIGHER(key_remove, key_expire));
      key_load_floor = 0;
      key_remove = 0;
      key_expire = 0;
      is_edge[0] = false;
      is_edge[1] = false;
      is_current[0] = false;
      is_current[1] = false;
      since[0] = 0;
      since[1] = 0;
      edge_known[0] = 0;
      edge_known[1] = 0
    :: else
    fi
  }
}

/* Freshness::raise of the part's label. */
inline raise_key(mode) {
  lock(raise_mutex);
  next = revision + 1;
  d_step {
    live = references > 0;
    if
    :: live && mode == removed -> key_remove = next
    :: live && mode == expired -> key_expire = next
    :: else -> key_floor = next
    fi
  }
  if
  :: live -> published = next
  :: else
  fi;
  revision = next;
  unlock(raise_mutex);
  d_step {
    next = 0;
    live = false
  }
}

inline relate_one(l, of_part) {
  if
  :: of_part.parents & BIT(l) && is_edge[l] -> is_current[l] = true
  :: of_part.parents & BIT(l) && !is_edge[l] ->
    is_edge[l] = true;
    is_current[l] = true;
#ifdef NO_EDGE_SINCE
    since[l] = 0;
#else
    since[l] = of_part.birth;
#endif
    edge_known[l] = of_part.known[l]
  :: !(of_part.parents & BIT(l)) && is_edge[l] ->
    lost++;
    has_lost = has_lost || is_current[l];
    is_current[l] = false;
#ifdef NO_LOST_EDGES_KEPT
    is_edge[l] = false
#endif
  :: else
  fi
}

inline forget_lost() {
  d_step {
    !graph_mutex ->
    is_edge[0] = is_edge[0] && is_current[0];
    is_edge[1] = is_edge[1] && is_current[1];
    since[0] = (is_edge[0] -> since[0] : 0);
    since[1] = (is_edge[1] -> since[1] : 0)
  }
}

/* Shard::relate, Freshness::relate. The lock of the part's shard is held. */
inline relate(of_part) {
  d_step {
    !graph_mutex ->
    lost = 0;
    has_lost = false;
    if
    :: references > 0 ->
      relate_one(0, of_part);
      relate_one(1, of_part)
    :: else
    fi;
    if
    :: has_lost -> writes++
    :: else
    fi
  }
  if
  :: lost > MOST_LOST ->
#ifdef NO_REMOVED_BEFORE
    forget_lost();
    raise_key(removed)
#else
    raise_key(removed);
    forget_lost()
#endif
  :: has_lost && lost <= MOST_LOST -> raise_key(expired)
  :: else
  fi;
  d_step {
    if
    :: has_lost -> returned_writes++
    :: else
    fi;
    lost = 0;
    has_lost = false
  }
}

/* --- Judgements -------------------------------------------------------------------------------------------------- */

inline judge_edge(p, l) {
  if
  :: is_edge[l] && HIGHER(p.birth, since[l]) < watermark[l] -> verdict = removed
  :: else
  fi
}

/* LabelGraph::judge, under the lock of the graph. */
inline judge_edges(p) {
  lock(graph_mutex);
  judge_edge(p, 0);
  judge_edge(p, 1);
  unlock(graph_mutex)
}

inline judge_key(p) {
  if
  :: p.birth < key_remove -> verdict = removed
  :: else
  fi;
  if
  :: verdict == fresh && p.birth < key_expire -> verdict = expired
  :: else
  fi
}

/* Freshness::judge. What depends on keys is never spared the walk. */
inline judge(p) {
  seen = published;
  verdict = p.verdict;
  if
  :: p.checked < seen ->
#ifdef NO_EDGES_FIRST
    judge_key(p);
    judge_edges(p);
#else
    judge_edges(p);
    judge_key(p);
#endif
    d_step {
      if
      :: verdict != removed ->
        p.checked = seen;
        p.verdict = verdict
      :: else
      fi
    }
  :: else
  fi;
  seen = 0
}

#define is_stale_by(l) (part.parents & BIT(l) && part.birth < watermark[l])
#define is_part_stale (is_stale_by(0) || is_stale_by(1))

#define is_hit_by(p, l) \
  (p.known[l] < source[l] && (p.parents & BIT(l) || (is_edge[l] && edge_known[l] < source[l])))
#define is_hit(p) (is_hit_by(p, 0) || is_hit_by(p, 1) || p.known_writes < writes)
#define is_behind_by(p, l) (p.parents & BIT(l) && p.source[l] < must[l])
#define is_behind(p) (p.version < must_part || is_behind_by(p, 0) || is_behind_by(p, 1))

/* Freshness::leave_behind, of a part that is stale and leaves. Not higher than what it is stale by. */
inline leave_part() {
#ifndef NO_LEAVE_BEHIND
  d_step {
    left = 0;
    if
    :: is_stale_by(0) -> left = HIGHER(left, watermark[0])
    :: else
    fi;
    if
    :: is_stale_by(1) -> left = HIGHER(left, watermark[1])
    :: else
    fi;
    if
    :: references == 0 -> key_floor = HIGHER(key_floor, left)
    :: else -> key_load_floor = HIGHER(key_load_floor, left)
    fi;
    left = 0
  }
#endif
  d_step {
    is_part = false;
    clear_part(part)
  }
}

/* --- Who does what ----------------------------------------------------------------------------------------------- */

/* Raises a resource, or puts the part, made of the second resource. */
proctype Caller() {
  byte l, next, calls, lost;
  bool live, has_lost;
  do
  :: calls < CALLS ->
    calls++;
    if
    :: l = 0
    :: l = 1
    :: l = 2
    fi;
    if
    :: l < 2 ->
      source[l]++;
      lock(raise_mutex);
      next = revision + 1;
      watermark[l] = next;
      published = next;
      revision = next;
      unlock(raise_mutex);
      d_step {
        told[l] = source[l];
        next = 0
      }
    :: else ->
      d_step {
        writes++;
        part_version++
      }
      lock(part_mutex);
#ifndef NO_KEY_RAISED
      raise_key(removed);
#endif
      d_step {
        is_part = true;
        part.birth = revision;
        part.parents = BIT(1);
        part.version = part_version;
        part.source[0] = 0;
        part.source[1] = source[1];
        part.known[0] = told[0];
        part.known[1] = told[1]
      }
      relate(part);
      unlock(part_mutex);
      d_step {
        part_told = part_version;
        returned_writes++
      }
    fi;
    l = 0
  :: else -> break
  od
}

#ifdef EARLY
/* A refresh of the part: a fill. What it is made of may be another resource than before, or both. */
proctype Refresher() {
  Part made;
  byte next, lost, noted;
  bool live, has_lost;
  d_step {
    made.birth = revision;
    noted = writes; /* stands for the sequence of the part's key */
    made.version = part_version;
    made.known[0] = told[0];
    made.known[1] = told[1]
  }
  if
  :: made.parents = BIT(1)
  :: made.parents = BIT(0) | BIT(1)
  fi;
  made.source[0] = source[0];
  made.source[1] = source[1];
  lock(part_mutex);
  if
  :: noted == writes && (!(made.parents & BIT(0)) || made.birth >= watermark[0]) && made.birth >= watermark[1] ->
#ifndef NO_RELATE_AT_FILL
    relate(made);
#endif
    d_step {
      is_part = true;
      part.birth = made.birth;
      part.parents = made.parents;
      part.version = made.version;
      part.source[0] = made.source[0];
      part.source[1] = made.source[1];
      part.known[0] = made.known[0];
      part.known[1] = made.known[1]
    }
  :: else
  fi;
  unlock(part_mutex);
  d_step {
    clear_part(made);
    noted = 0
  }
}
#else
proctype Sweeper() {
  byte left;
  lock(part_mutex);
  if
  :: is_part && is_part_stale -> leave_part()
  :: else
  fi;
  unlock(part_mutex)
}
#endif

#if defined(LATE) || defined(LOADING)
/* Dependencies::pin, with Shard::relate_resident. */
inline depend_on_part() {
  pin_key();
#ifndef NO_RELATE_RESIDENT
  lock(part_mutex);
  if
  :: is_part && !is_part_stale -> relate(part)
  :: is_part && is_part_stale -> leave_part()
  :: else
  fi;
  unlock(part_mutex)
#endif
}

/* Makes the page of the part, if that is there and fresh. */
proctype Loader() {
  Page made;
  byte verdict, seen, next, lost, left;
  bool live, has_lost, is_found, is_replaced;
#ifdef EARLY
  depend_on_part();
#endif
  d_step {
    made.birth = revision;
    made.known[0] = told[0];
    made.known[1] = told[1];
    made.known_writes = returned_writes
  }
  lock(part_mutex);
  if
  :: is_part && !is_part_stale ->
    d_step {
      is_found = true;
      made.parents = part.parents;
      made.version = part.version;
      made.source[0] = part.source[0];
      made.source[1] = part.source[1]
    }
  :: is_part && is_part_stale -> leave_part()
  :: else
  fi;
  unlock(part_mutex);
#ifdef LATE
  if
  :: is_found ->
    depend_on_part()
  :: else
  fi;
#endif
  if
  :: is_found ->
    lock(page_mutex);
    judge(made);
    if
    :: verdict == fresh && made.birth < key_load_floor -> verdict = removed
    :: else
    fi;
    if
    :: verdict == fresh ->
      d_step {
        is_replaced = is_page;
        is_page = true;
        page.birth = made.birth;
        page.checked = made.checked;
        page.verdict = fresh;
        page.parents = made.parents;
        page.version = made.version;
        page.source[0] = made.source[0];
        page.source[1] = made.source[1];
        page.known[0] = made.known[0];
        page.known[1] = made.known[1];
        page.known_writes = made.known_writes
      }
    :: else ->
      is_replaced = true
    fi;
    unlock(page_mutex);
    if
    :: is_replaced -> give_up_key()
    :: else
    fi
  :: else ->
#ifdef EARLY
    give_up_key()
#endif
  fi;
  d_step {
    clear_page(made);
    verdict = 0;
    is_found = false;
    is_replaced = false
  }
}
#endif

proctype Reader() {
  byte verdict, seen, looks, must_part;
  byte must[2];
  bool left;
  do
  :: looks < LOOKS ->
    d_step {
      looks++;
      must_part = part_told;
      must[0] = told[0];
      must[1] = told[1]
    }
    lock(page_mutex);
    if
    :: is_page ->
      judge(page);
      if
      :: verdict != removed -> assert(!is_behind(page) || G1)
      :: else
      fi;
      if
      :: verdict != fresh -> assert(is_hit(page) || G3)
      :: else
      fi;
      if
      :: verdict == removed ->
        d_step {
          left = true;
          is_page = false;
          clear_page(page)
        }
      :: else
      fi
    :: else
    fi;
    unlock(page_mutex);
    if
    :: left -> give_up_key()
    :: else
    fi;
    d_step {
      left = false;
      verdict = 0;
      must_part = 0;
      must[0] = 0;
      must[1] = 0
    }
  :: else -> break
  od
}

init {
  atomic {
    is_part = true;
    part.birth = 1;
    part.parents = BIT(0);
#ifdef EARLY
    is_page = true;
    page.birth = 1;
    page.checked = 1;
    page.parents = BIT(0);
    references = 1;
    is_edge[0] = true;
    is_current[0] = true;
    since[0] = 1;
    run Refresher();
#else
    run Sweeper();
#endif
#if defined(LATE) || defined(LOADING)
    run Loader();
#endif
    run Caller();
    run Reader()
  }
}
