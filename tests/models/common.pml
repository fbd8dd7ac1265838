/* What all models share: marks, locks, and the promises as names that a failed assertion shows.
 *
 * Steps interleave in one order that all processes see. README.md says which releases and acquires of the code make that
 * enough, file by file.
 *
 * A promise is a constant that is false: `assert(holds || G1)` fails where `holds` does, and the message names G1.
 *   G1  nothing that an invalidation took is served by a read that begins after the call has returned
 *   G2  one load of a key at a time, a second only where an invalidation forced it, never a third
 *   G3  nothing leaves, and nothing is refused, but for an invalidation that had not returned when its load began
 *   G7  a value never replaces one of higher birth */

#define BIT(l) (1 << (l))
#define HIGHER(a, b) ((a) > (b) -> (a) : (b))

#define fresh 0
#define expired 1
#define removed 2

bool G1 = false;
bool G2 = false;
bool G3 = false;
bool G7 = false;

inline lock(mutex) { atomic { !mutex -> mutex = true } }
inline unlock(mutex) { mutex = false }
