#include "freshet/request_context.hpp"

#include <iterator>

#include "cache/context_state.hpp"
#include "cache/names.hpp"
#include "cache/transaction_state.hpp"
#include "freshet/errors.hpp"
#include "runtime/open_scopes.hpp"

namespace freshet {
namespace {

template <class T>
void append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

std::shared_ptr<detail::ContextState> make_context(ContextLabels labels) {
  for (const std::string& tag : labels.tags) detail::check_tag(tag);
  for (const std::string& resource : labels.depends_on) detail::check_resource(resource);
  for (const VersionPin& version : labels.versions)
    detail::check_version(version.dependency, version.hash);
  if (const detail::Scopes* open = detail::open_scopes(); open != nullptr && open->context) {
    const ContextLabels& around = open->context->labels();
    append(labels.tags, around.tags);
    append(labels.depends_on, around.depends_on);
    append(labels.versions, around.versions);
  }
  return std::make_shared<detail::ContextState>(std::move(labels));
}

detail::Scopes within(std::shared_ptr<const detail::ContextState> context) {
  detail::Scopes scopes = detail::copy_open_scopes();
  scopes.context = std::move(context);
  return scopes;
}

detail::Scopes within(std::shared_ptr<const detail::BypassState> bypass) {
  detail::Scopes scopes = detail::copy_open_scopes();
  scopes.bypass = std::move(bypass);
  return scopes;
}

}  // namespace

RequestContext::RequestContext(ContextLabels labels)
    : state_(make_context(std::move(labels))), guard_(within(state_)) {}

RequestContext::~RequestContext() { state_->end(); }

Bypass::Bypass() : state_(std::make_shared<detail::BypassState>()), guard_(within(state_)) {}

Bypass::~Bypass() { state_->end(); }

// A transaction that is over but still stands is not handed on.
OpenScopes OpenScopes::here() {
  detail::Scopes scopes = detail::copy_open_scopes();
  while (scopes.transaction && !scopes.transaction->keeps_apart())
    scopes.transaction = std::shared_ptr(scopes.transaction->outer());
  return OpenScopes(std::move(scopes));
}

EnteredScopes OpenScopes::enter() const {
  if (scopes_.context && scopes_.context->has_ended())
    throw ScopeEnded("the request context that was handed on has ended");
  if (scopes_.bypass && scopes_.bypass->has_ended())
    throw ScopeEnded("the bypass that was handed on has ended");
  if (scopes_.transaction && !scopes_.transaction->is_open())
    throw ScopeEnded("the transaction that was handed on has ended");
  detail::Scopes scopes = scopes_;
  // This thread may be in the middle of a transaction of its own.
  if (!scopes.transaction) scopes.transaction = detail::beside(detail::open_scopes()).transaction;
  return EnteredScopes(std::move(scopes));
}

}  // namespace freshet
