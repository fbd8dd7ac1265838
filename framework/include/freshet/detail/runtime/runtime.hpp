// The runtime seam: everything in this library that synchronises, tells time or draws a seed goes through
// freshet::detail::rt, and through nothing else (a test greps for it).
//
// In production the names are the standard library's. A build that defines FRESHET_RUNTIME_HEADER replaces the whole
// set, so that the same sources can run on fibers in one thread with every lock and atomic a switch point. The set:
//   Atomic<T>  Mutex  Lock  SharedMutex  ReaderLock  WriterLock  CondVar  ThreadId  current_thread()  thread_number()
//   thread_local_value<T, Tag>()  kNoThreadNumber  boot_time_ns()  running_time_ns()  coarse_running_time_ns()
//   wall_time_ns()  entropy()  announce()  fence_all_threads()  stripes()  kLockShards  kThreadStripes  kRecentRaiseBits  kSlotsOfBucket
//   kRetiredAtOnce  kTaggedBits  tagged()
//
// Pause points: FRESHET_PAUSE("load_done_before_fill") is where a test may hold a thread to stage a race. They exist only
// with FRESHET_PAUSE_POINTS (presets dev, asan, tsan) and compile to nothing otherwise.
#pragma once

#include <cstdint>

#ifdef FRESHET_RUNTIME_HEADER
#include FRESHET_RUNTIME_HEADER
#else
#include "freshet/detail/runtime/standard_runtime.hpp"
#endif

#ifdef FRESHET_PAUSE_POINTS
namespace freshet::detail::rt {
/// Called at every pause point with its name. Null means go on. Set only while no other thread is in the library.
using PauseHook = void (*)(const char* point);
inline std::atomic<PauseHook> pause_hook{
    nullptr};  // release by the test, acquire here: the hook's state is visible
inline void pause(const char* point) {
  if (PauseHook hook = pause_hook.load(std::memory_order_acquire)) hook(point);
}
}  // namespace freshet::detail::rt
#define FRESHET_PAUSE(point) ::freshet::detail::rt::pause(point)
#else
#define FRESHET_PAUSE(point) static_cast<void>(0)
#endif
