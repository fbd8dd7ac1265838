#include "freshet/detail/write_window.hpp"

#include <utility>

#include "cache/engine.hpp"
#include "cache/invalidated_sum.hpp"
#include "runtime/open_scopes.hpp"

namespace freshet::detail {
namespace {

std::vector<Target> targets_of(const WriteTargets& from) {
  std::vector<Target> targets = from.targets;
  for (const KeyName& key : from.keys) targets.push_back(Target::key(key.key, key.name_space));
  for (const std::string& tag : from.tags) targets.push_back(Target::tag(tag));
  for (const std::string& space : from.namespaces) targets.push_back(Target::name_space(space));
  for (const std::string& resource : from.dependents)
    targets.push_back(Target::dependents(resource));
  for (const VersionPin& version : from.versions) {
    targets.push_back(version.hash.empty() ? Target::new_version(version.dependency)
                                           : Target::version(version.dependency, version.hash));
  }
  return targets;
}

}  // namespace

WriteWindow::WriteWindow(std::shared_ptr<Engine> engine, const WriteTargets& targets,
                         const MutateOptions& options)
    : engine_(std::move(engine)),
      targets_(targets_of(targets)),
      options_(options),
      is_written_(options.order == Order::after) {
  for (const Target& target : targets_) engine_->check(target);
  if (options_.report != nullptr) *options_.report = {};
}

WriteWindow::~WriteWindow() {
  engine_->totals().add(Metric::writes);
  if (std::uncaught_exceptions() > thrown_) engine_->totals().add(Metric::write_failures);
}

void WriteWindow::invalidate() {
  const bool is_written = std::exchange(is_written_, true);
  const Moment moment = is_written                        ? Moment::after
                        : options_.order == Order::before ? Moment::once
                                                          : Moment::before;
  Invalidated done;
  try {
    Collected work;
    for (const Target& target : targets_)
      work.targets.push_back({target, options_.mode, options_.cause});
    done = engine_->invalidate_around(std::move(work), moment);
  } catch (...) {
    if (is_written) engine_->invalidate_everything();
    throw;
  }
  if (options_.report == nullptr) return;
  (is_written ? options_.report->after : options_.report->before) = done;
}

AwaitedWrite::AwaitedWrite(std::shared_ptr<Engine> engine, const WriteTargets& targets,
                           const MutateOptions& options)
    : window_(std::move(engine), targets, options),
      order_(options.order),
      scopes_{.transaction = copy_open_scopes().transaction} {}

AwaitedWrite::~AwaitedWrite() {
  try {
    end();
  } catch (...) {  // NOLINT(bugprone-empty-catch): everything is invalidated then
  }
}

void AwaitedWrite::begin() {
  const ScopesGuard as_made(scopes_);
  if (order_ != Order::after) window_.invalidate();
  is_open_ = true;
}

void AwaitedWrite::end() {
  if (!std::exchange(is_open_, false) || order_ == Order::before) return;
  const ScopesGuard as_made(scopes_);
  window_.invalidate();
}

}  // namespace freshet::detail
