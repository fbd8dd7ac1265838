// Clang's thread-safety annotations under our own names; nothing on other compilers.
#pragma once

#if defined(__clang__)
#define FRESHET_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define FRESHET_THREAD_ANNOTATION(x)
#endif

#define FRESHET_CAPABILITY(name) FRESHET_THREAD_ANNOTATION(capability(name))
#define FRESHET_SCOPED_CAPABILITY FRESHET_THREAD_ANNOTATION(scoped_lockable)
#define FRESHET_GUARDED_BY(mutex) FRESHET_THREAD_ANNOTATION(guarded_by(mutex))
#define FRESHET_PT_GUARDED_BY(mutex) FRESHET_THREAD_ANNOTATION(pt_guarded_by(mutex))
#define FRESHET_REQUIRES(...) FRESHET_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define FRESHET_ACQUIRE(...) FRESHET_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define FRESHET_RELEASE(...) FRESHET_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define FRESHET_ACQUIRE_SHARED(...) \
  FRESHET_THREAD_ANNOTATION(acquire_shared_capability(__VA_ARGS__))
#define FRESHET_RELEASE_SHARED(...) \
  FRESHET_THREAD_ANNOTATION(release_shared_capability(__VA_ARGS__))
#define FRESHET_REQUIRES_SHARED(...) \
  FRESHET_THREAD_ANNOTATION(requires_shared_capability(__VA_ARGS__))
#define FRESHET_TRY_ACQUIRE(...) FRESHET_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define FRESHET_EXCLUDES(...) FRESHET_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define FRESHET_RETURN_CAPABILITY(x) FRESHET_THREAD_ANNOTATION(lock_returned(x))
#define FRESHET_NO_THREAD_SAFETY_ANALYSIS FRESHET_THREAD_ANNOTATION(no_thread_safety_analysis)
