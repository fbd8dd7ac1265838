// The part of NamespaceView that makes stale: a key, all of the view, a tag, what a predicate says.
#include <utility>

#include "cache/names.hpp"
#include "cache/namespace_view.hpp"
#include "freshness/key_glob.hpp"

namespace freshet::detail {

Invalidated NamespaceView::invalidate(std::string_view key, const InvalidateOptions& options) {
  const FullKey name = full(key);
  if (auto done = engine_->invalidate_plainly(block_, name.ref(), options)) return *std::move(done);
  return engine_->invalidate(Target::key(std::string(name.ref().key), this->name()), options);
}

// Prefixes are looked up, patterns are compared one by one; but a block may separate the parts of its keys by something else.
Invalidated NamespaceView::clear(const InvalidateOptions& options) {
  if (scope_.empty()) return engine_->invalidate(Target::name_space(name()), options);
  if (block_.policy()->options.separator.front() == kKeySeparator)
    return engine_->invalidate(Target::prefix(scope_, name()), options);
  return engine_->invalidate(Target::matching(KeyGlob::literal(scope_) + "*", name()), options);
}

Invalidated NamespaceView::invalidate_tag(const std::string& tag,
                                          const InvalidateOptions& options) {
  return engine_->invalidate(Target::tag(tag), options);
}

Invalidated NamespaceView::invalidate_if(const ErasedPredicate& predicate,
                                         const InvalidateOptions& options) {
  return engine_->invalidate_if(block_, space_, predicate, options);
}

}  // namespace freshet::detail
