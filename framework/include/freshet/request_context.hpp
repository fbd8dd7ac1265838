// RequestContext and Bypass: scopes that change what the calls of a thread do, without a word at each call.
//
//   RequestContext context({.tags = {"tenant:7"}});    // every entry that is made meanwhile carries the tag
//   Bypass bypass;                                     // nothing is read from the cache meanwhile, and nothing is kept
//
// They hold for the thread that made them, in every cache, and nest. Work that goes on elsewhere takes them along:
//
//   std::thread([scopes = OpenScopes::here()] { auto entered = scopes.enter(); ... });
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "freshet/detail/scopes.hpp"
#include "freshet/loader.hpp"

namespace freshet {

/// What entries carry in addition. As in EntryOptions.
struct ContextLabels {
  std::vector<std::string> tags{};
  std::vector<std::string> depends_on{};
  std::vector<VersionPin> versions{};
};

/// While it lives, entries that this thread loads or puts, memoized calls included, carry these labels as if each call named
/// them; so do their refreshes, and entries whose load by somebody else it waits for. What is found in the cache is left as it
/// is. Inside another context the labels of both count. `versions` are announced: what was made with others is a miss for
/// get_or_load. Reads by get are as always.
/// Confined to the thread that makes it; destroy it there, in the reverse order of making. O(labels), and at each load.
class [[nodiscard]] RequestContext {
 public:
  /// Throws InvalidName.
  explicit RequestContext(ContextLabels labels);
  ~RequestContext();
  RequestContext(const RequestContext&) = delete;
  RequestContext& operator=(const RequestContext&) = delete;

 private:
  std::shared_ptr<detail::ContextState> state_;
  detail::ScopesGuard guard_;
};

/// While it lives, this thread neither reads nor fills: get finds nothing, loaders run and their values are kept by nobody and
/// shared with nobody, also not with who loads the same key at the same time. put forgets the key, for what is cached is not
/// true any more. Invalidations are as always. Confined to the thread that makes it; destroy it there, in the reverse order
/// of making.
class [[nodiscard]] Bypass {
 public:
  Bypass();
  ~Bypass();
  Bypass(const Bypass&) = delete;
  Bypass& operator=(const Bypass&) = delete;

 private:
  std::shared_ptr<detail::BypassState> state_;
  detail::ScopesGuard guard_;
};

/// While it lives, this thread's calls are as those of the thread that handed the scopes on, whatever else is open on this one;
/// but its loads stay alone if they were, in a transaction of its own.
/// Destroy it on the thread that made it, in the reverse order of making.
class [[nodiscard]] EnteredScopes {
 public:
  explicit EnteredScopes(detail::Scopes scopes) noexcept : guard_(std::move(scopes)) {}

 private:
  detail::ScopesGuard guard_;
};

/// What is open on a thread, to be handed on to others: the load it reads for, its request context, bypass and transaction.
/// Freely copied. A thread that is still inside when the owner ends a scope goes on safely: labels of a context are still
/// added, a bypass still holds; after the end of a transaction its calls are ordinary ones.
class OpenScopes {
 public:
  /// Those of this thread.
  static OpenScopes here();

  /// Throws ScopeEnded if the context, bypass or transaction has ended. One that was committed before here() is not handed on.
  EnteredScopes enter() const;

 private:
  explicit OpenScopes(detail::Scopes scopes) noexcept : scopes_(std::move(scopes)) {}

  detail::Scopes scopes_;
};

}  // namespace freshet
