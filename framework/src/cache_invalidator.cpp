// The wiring: a policy, read or given in code, becomes an engine. Everything else is passed on to it.
#include "freshet/cache_invalidator.hpp"

#include <utility>

#include "cache/engine.hpp"
#include "config/key_list.hpp"
#include "config/plugin_section.hpp"
#include "config/policy_model.hpp"

namespace freshet {
namespace {

Components with_strategies(Components components) {
  if (!components.strategies) components.strategies = StrategyRegistry::with_builtins();
  return components;
}

config::Observation observation_of(const Components& components) {
  return {components.analytics, components.warnings};
}

std::shared_ptr<detail::Engine> make_engine(config::PolicyModel policy, Components components) {
  return std::make_shared<detail::Engine>(std::move(policy), std::move(components));
}

}  // namespace

CacheInvalidator CacheInvalidator::from_yaml_file(const std::filesystem::path& file,
                                                  Components components) {
  components = with_strategies(std::move(components));
  config::PolicyModel policy =
      config::read_policy_file(file, *components.strategies, observation_of(components));
  return CacheInvalidator(make_engine(std::move(policy), std::move(components)));
}

CacheInvalidator CacheInvalidator::from_yaml(std::string_view text, Components components) {
  components = with_strategies(std::move(components));
  config::PolicyModel policy =
      config::read_policy(text, "", *components.strategies, observation_of(components));
  return CacheInvalidator(make_engine(std::move(policy), std::move(components)));
}

CacheInvalidatorBuilder CacheInvalidator::builder() { return {}; }

CacheInvalidatorBuilder& CacheInvalidatorBuilder::add(std::string name,
                                                      std::vector<std::any> strategies,
                                                      BlockOptions block) {
  blocks_.push_back({std::move(name), std::move(strategies), std::move(block)});
  return *this;
}

CacheInvalidatorBuilder& CacheInvalidatorBuilder::on(std::string event,
                                                     std::vector<RuleAction> actions,
                                                     RuleOptions options) {
  rules_.rules.push_back({std::move(event), std::move(actions), std::move(options)});
  return *this;
}

CacheInvalidatorBuilder& CacheInvalidatorBuilder::max_per_second(std::string event,
                                                                 std::uint64_t count) {
  rules_.limits.push_back({std::move(event), count});
  return *this;
}

CacheInvalidatorBuilder& CacheInvalidatorBuilder::schedule(std::string event, std::string time) {
  rules_.schedules.push_back({std::move(event), std::move(time)});
  return *this;
}

CacheInvalidatorBuilder& CacheInvalidatorBuilder::entity(std::string name, EntityParts parts) {
  rules_.entities.push_back({std::move(name), std::move(parts)});
  return *this;
}

CacheInvalidatorBuilder& CacheInvalidatorBuilder::warm(WarmOptions options) {
  warm_ = std::move(options);
  return *this;
}

CacheInvalidatorBuilder& CacheInvalidatorBuilder::components(Components components) {
  components_ = std::move(components);
  return *this;
}

CacheInvalidatorBuilder& CacheInvalidatorBuilder::plugin(std::filesystem::path file) {
  plugins_.push_back(std::move(file));
  return *this;
}

CacheInvalidator CacheInvalidatorBuilder::build() {
  Components components = with_strategies(components_);
  Findings findings;
  if (!plugins_.empty())
    components.strategies = config::load_plugins(plugins_, *components.strategies, findings);
  std::vector<config::CodeBlock> blocks;
  blocks.reserve(blocks_.size());
  for (const Block& block : blocks_) blocks.push_back({block.name, block.strategies, block.block});
  config::PolicyModel policy =
      config::policy_from_code(std::move(blocks), *components.strategies, rules_,
                               std::move(findings), observation_of(components), warm_);
  return CacheInvalidator(make_engine(std::move(policy), std::move(components)));
}

std::shared_ptr<detail::NamespaceCache> CacheInvalidator::open(std::string_view name_space,
                                                               const detail::ValueType& type) {
  return engine_->open(name_space, type);
}

Invalidated CacheInvalidator::invalidate(std::string_view key, std::string_view name_space,
                                         const InvalidateOptions& options) {
  return engine_->invalidate(Target::key(std::string(key), std::string(name_space)), options);
}

Invalidated CacheInvalidator::invalidate_tag(std::string_view tag,
                                             const InvalidateOptions& options) {
  return engine_->invalidate(Target::tag(std::string(tag)), options);
}

Invalidated CacheInvalidator::invalidate_tag_in(std::string_view tag, std::string_view name_space,
                                                const InvalidateOptions& options) {
  return engine_->invalidate(Target::tag_in(std::string(tag), std::string(name_space)), options);
}

Invalidated CacheInvalidator::invalidate_namespace(std::string_view name_space,
                                                   const InvalidateOptions& options) {
  return engine_->invalidate(Target::name_space(std::string(name_space)), options);
}

Invalidated CacheInvalidator::invalidate_all(const InvalidateOptions& options) {
  return engine_->invalidate(Target::all(), options);
}

Invalidated CacheInvalidator::invalidate_all_of(std::vector<std::string> tags,
                                                const InvalidateOptions& options) {
  return engine_->invalidate(Target::all_of(std::move(tags)), options);
}

Invalidated CacheInvalidator::invalidate_dependents(std::string_view resource,
                                                    const InvalidateOptions& options) {
  return engine_->invalidate(Target::dependents(std::string(resource)), options);
}

Invalidated CacheInvalidator::invalidate_dependents_of_key(std::string_view key,
                                                           std::string_view name_space,
                                                           const InvalidateOptions& options) {
  return engine_->invalidate(Target::dependents_of_key(std::string(key), std::string(name_space)),
                             options);
}

Invalidated CacheInvalidator::invalidate_prefix(std::string_view prefix,
                                                std::string_view name_space,
                                                const InvalidateOptions& options) {
  return engine_->invalidate(Target::prefix(std::string(prefix), std::string(name_space)), options);
}

Invalidated CacheInvalidator::invalidate_matching(std::string_view glob,
                                                  std::string_view name_space,
                                                  const InvalidateOptions& options) {
  return engine_->invalidate(Target::matching(std::string(glob), std::string(name_space)), options);
}

Invalidated CacheInvalidator::invalidate_version(std::string_view dependency, std::string_view hash,
                                                 const InvalidateOptions& options) {
  return engine_->invalidate(Target::version(std::string(dependency), std::string(hash)), options);
}

Invalidated CacheInvalidator::bump_version(std::string_view dependency,
                                           const InvalidateOptions& options) {
  return engine_->invalidate(Target::new_version(std::string(dependency)), options);
}

Invalidated CacheInvalidator::set_policy_version(std::string_view name_space,
                                                 std::string_view version,
                                                 const InvalidateOptions& options) {
  return engine_->invalidate(Target::policy_version(std::string(name_space), std::string(version)),
                             options);
}

Invalidated CacheInvalidator::invalidate_if(std::string_view name_space,
                                            const EntryPredicate& predicate,
                                            const InvalidateOptions& options) {
  return engine_->invalidate_if(name_space, predicate, options);
}

InvalidatedMany CacheInvalidator::invalidate_many(std::span<const Target> targets,
                                                  const InvalidateOptions& options) {
  return engine_->invalidate_many(targets, options);
}

Invalidated CacheInvalidator::invalidate_entity(const Event& entity,
                                                const InvalidateOptions& options) {
  return engine_->events().invalidate_entity(entity, options);
}

Connection CacheInvalidator::register_event_handler(std::string event,
                                                    std::function<void(const Event&)> handler,
                                                    Delivery delivery) {
  return engine_->signals().on_event(std::move(event), std::move(handler), delivery);
}

Connection CacheInvalidator::register_event_handler(std::function<void(const Event&)> handler,
                                                    Delivery delivery) {
  return engine_->signals().on_any_event(std::move(handler), delivery);
}

Connection CacheInvalidator::on_notice(NoticeKind kind,
                                       std::function<void(const CacheNotice&)> handler,
                                       Delivery delivery) {
  return engine_->signals().on_notice(kind, std::move(handler), delivery);
}

Emitted CacheInvalidator::emit(const Event& event) { return engine_->events().emit(event); }

bool CacheInvalidator::tag(std::string_view key, std::string_view name_space,
                           std::span<const std::string> tags) {
  return engine_->tag(key, name_space, tags);
}

bool CacheInvalidator::add_dependency(std::string_view key, std::string_view name_space,
                                      std::string_view resource) {
  return engine_->add_dependency(key, name_space, resource);
}

Reloaded CacheInvalidator::reload_yaml(std::string_view text) {
  return engine_->reload(
      [text](const Components& components, const config::PolicyModel& running) {
        return config::read_policy(text, "", *components.strategies, observation_of(components),
                                   &running);
      },
      "");
}

Reloaded CacheInvalidator::reload_yaml_file(const std::filesystem::path& file) {
  return engine_->reload(
      [&file](const Components& components, const config::PolicyModel& running) {
        return config::read_policy_file(file, *components.strategies, observation_of(components),
                                        &running);
      },
      file.string());
}

Statistics CacheInvalidator::stats() const { return engine_->stats(); }

std::vector<HotKey> CacheInvalidator::hot_keys(std::size_t count) const {
  return engine_->hot_keys(count);
}

std::vector<HotKey> CacheInvalidator::hot_keys(std::size_t count,
                                               std::string_view name_space) const {
  return engine_->hot_keys(count, name_space);
}

WarmProgress CacheInvalidator::warm(std::span<const KeyName> keys) { return engine_->warm(keys); }

WarmProgress CacheInvalidator::warm_from_file(const std::filesystem::path& file) {
  Findings findings;
  const std::vector<KeyName> keys = config::read_key_file(file, findings);
  findings.throw_if_any();
  return engine_->warm(keys);
}

WarmProgress CacheInvalidator::warming() const { return engine_->refiller().warming(); }

bool CacheInvalidator::save_hot_keys(const std::filesystem::path& file, std::size_t count) const {
  return engine_->save_hot_keys(file, count);
}

EntryReport CacheInvalidator::inspect(const InspectOptions& options) const {
  return engine_->inspect(options);
}

EntryReport CacheInvalidator::inspect(std::string_view name_space,
                                      const InspectOptions& options) const {
  return engine_->inspect(name_space, options);
}

std::vector<std::string> CacheInvalidator::namespaces() const { return engine_->namespaces(); }
std::size_t CacheInvalidator::sweep(std::size_t max_entries) { return engine_->sweep(max_entries); }
void CacheInvalidator::settle() { engine_->settle(); }
void CacheInvalidator::close() { engine_->close(); }
CloseReport CacheInvalidator::close(const CloseOptions& options) { return engine_->close(options); }

}  // namespace freshet
