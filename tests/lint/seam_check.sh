#!/usr/bin/env bash
# The runtime seam: the library synchronises, tells time and draws seeds through framework/include/freshet/detail/runtime
# and through nothing else. Prints each line that does not, and exits 1.
#
# usage: seam_check.sh [ROOT]
set -euo pipefail

root="${1:-$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)}"
cd -- "$root"

seam='framework/include/freshet/detail/runtime/'
# The default executor is the one place that starts threads, with Boost.Asio's pool and timers.
executor='framework/src/runtime/thread_pool_executor.cpp'

folders=()
for folder in framework strategies plugins; do
  if [[ -d "$folder" ]]; then folders+=("$folder"); fi
done

# shellcheck disable=SC2016  # awk's, not the shell's
find "${folders[@]}" -type f \( -name '*.hpp' -o -name '*.cpp' -o -name '*.inc' -o -name '*.h' -o -name '*.c' \) \
  ! -path "$seam*" ! -path "$executor" -print0 | sort -z |
  xargs -0 -r awk '
    FNR == 1 { in_comment = 0 }
    {
      code = $0
      if (in_comment) {                       # inside /* … */
        if (!sub(/^.*\*\//, "", code)) next
        in_comment = 0
      }
      sub(/\/\/.*/, "", code)
      while (match(code, /\/\*/)) {
        rest = substr(code, RSTART + 2)
        code = substr(code, 1, RSTART - 1)
        if (match(rest, /\*\//)) code = code " " substr(rest, RSTART + 2)
        else { in_comment = 1; break }
      }
      if (code ~ /^[ \t]*#[ \t]*include[ \t]*"/) next    # a file of ours may be called system_clock.hpp
      if (code ~ /std::(recursive_|timed_|shared_)*mutex|std::(lock_guard|unique_lock|scoped_lock|shared_lock)/ ||
          code ~ /std::(atomic|thread|jthread|this_thread|condition_variable|call_once|once_flag|async|promise)/ ||
          code ~ /std::(future|packaged_task|latch|barrier|counting_semaphore|binary_semaphore|stop_token)/ ||
          code ~ /std::(random_device|mt19937|minstd_rand|default_random_engine)/ ||
          code ~ /(^|[^A-Za-z0-9_])(steady_clock|system_clock|high_resolution_clock)([^A-Za-z0-9_]|$)/ ||
          code ~ /(^|[^A-Za-z0-9_])(clock_gettime|gettimeofday|nanosleep|usleep|sleep_for|sleep_until)([^A-Za-z0-9_]|$)/ ||
          code ~ /(^|[^A-Za-z0-9_])(pthread_[a-z]|thread_local([^A-Za-z0-9_]|$))/ ||
          code ~ /include[ \t]*<(mutex|shared_mutex|atomic|thread|condition_variable|future|semaphore|latch|barrier|stop_token)>/) {
        text = $0
        sub(/^[ \t]+/, "", text)
        print FILENAME ":" FNR ": goes past the runtime seam: " text
        found = 1
      }
    }
    END { exit found }' || exit 1
