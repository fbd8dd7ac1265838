// Expectations for GoogleTest (1.12 or later, with GoogleMock) on what a cache answers and what was invalidated in it.
//
//   EXPECT_THAT(profiles.get("user:42"), HoldsValue("Ada"));      also IsMiss(), IsStale(), IsFresh(), CameFrom(Origin::l1)
//   EXPECT_THAT(cache.invalidations(), InvalidatedTag("users"));  also InvalidatedKey, InvalidatedTarget, NothingInvalidated()
//
// A failure says in words what was there instead. They are matchers like any other: Not(…), AllOf(…), and any matcher inside
// HoldsValue. The only header of Freshet that needs a test framework: no other includes it. Include it wherever tests of one
// program print handles, so that all of them print alike.
#pragma once

#include <gmock/gmock.h>

#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "freshet/handle.hpp"
#include "freshet/invalidation.hpp"
#include "freshet/testing/notice_recorder.hpp"
#include "freshet/value_grammar.hpp"

namespace freshet::testing {

/// "memory", "the loader": where a value came from, in words.
inline std::string_view origin_text(Origin origin) noexcept {
  switch (origin) {
    case Origin::none:
      return "nowhere";
    case Origin::l1:
      return "memory";
    case Origin::l2:
      return "the second tier";
    case Origin::loaded:
      return "the loader";
  }
  return "";
}

/// "fresh", "stale (past its soft deadline)".
inline std::string_view staleness_text(Staleness staleness) noexcept {
  switch (staleness) {
    case Staleness::fresh:
      return "fresh";
    case Staleness::soft_deadline:
      return "stale (past its soft deadline)";
    case Staleness::expired:
      return "stale (it was expired)";
    case Staleness::load_failed:
      return "stale (its load failed)";
    case Staleness::load_late:
      return "stale (its load took too long)";
  }
  return "";
}

}  // namespace freshet::testing

namespace freshet {

/// GoogleTest prints handles with this: `"Ada", from memory, fresh, 3m old, 2m left`.
template <class T>
void PrintTo(const Handle<T>& handle, std::ostream* out) {
  if (!handle) {
    *out << "a miss";
    return;
  }
  *out << ::testing::PrintToString(*handle) << ", from " << testing::origin_text(handle.origin())
       << ", " << testing::staleness_text(handle.staleness()) << ", "
       << format_duration(handle.age()) << " old, ";
  if (handle.remaining() == Duration::max()) {
    *out << "without a deadline";
  } else {
    *out << format_duration(handle.remaining()) << " left";
  }
}

}  // namespace freshet

namespace freshet::testing {

/// The handle is empty.
MATCHER(IsMiss, negation ? "is a hit" : "is a miss") { return !arg; }

/// The handle has a value, and `value`, which may be a matcher, fits it.
MATCHER_P(HoldsValue, value,
          std::string(negation ? "does not hold" : "holds") + " a value that " +
              ::testing::DescribeMatcher<decltype(*std::declval<const arg_type&>())>(value)) {
  return arg && ::testing::ExplainMatchResult(value, *arg, result_listener);
}

/// There is a value, served past a deadline or an invalidation because the policy allows it.
MATCHER(IsStale, negation ? "is no stale value" : "is a stale value") { return arg.stale(); }

/// There is a value, and nothing had made it stale when it was served.
MATCHER(IsFresh, negation ? "is no fresh value" : "is a fresh value") {
  return arg && !arg.stale();
}

/// The value came from there: Origin::l1, Origin::loaded; Origin::none for a miss.
MATCHER_P(CameFrom, origin,
          std::string(negation ? "did not come" : "came") + " from " +
              std::string(origin_text(origin))) {
  return arg.origin() == origin;
}

/// For the three below: `what` as describe(Target) says it.
MATCHER_P2(HasInvalidation, what, cause,
           std::string(negation ? "has no" : "has an") + " invalidation of " + what +
               (cause.empty() ? "" : " with the cause \"" + cause + '"')) {
  if (arg.empty()) *result_listener << "which means that nothing was invalidated";
  for (const CacheNotice& notice : arg) {
    if (notice.target == what && (cause.empty() || notice.cause == cause)) return true;
  }
  return false;
}

/// TestCache::invalidations() has one of this target: of the very call, action or strategy's wish that named it. With a cause,
/// also of this cause: the caller's words, `event NAME`, or `reload`.
inline auto InvalidatedTarget(const Target& target, std::string cause = {}) {
  return HasInvalidation(describe(target), std::move(cause));
}
inline auto InvalidatedTag(std::string tag, std::string cause = {}) {
  return InvalidatedTarget(Target::tag(std::move(tag)), std::move(cause));
}
inline auto InvalidatedKey(std::string key, std::string name_space, std::string cause = {}) {
  return InvalidatedTarget(Target::key(std::move(key), std::move(name_space)), std::move(cause));
}
inline auto InvalidatedNamespace(std::string name_space, std::string cause = {}) {
  return InvalidatedTarget(Target::name_space(std::move(name_space)), std::move(cause));
}

/// TestCache::invalidations() is empty.
MATCHER(NothingInvalidated, negation ? "has an invalidation" : "has no invalidation") {
  return arg.empty();
}

}  // namespace freshet::testing
