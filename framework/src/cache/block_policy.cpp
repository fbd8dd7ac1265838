#include "cache/block_policy.hpp"

#include <utility>

namespace freshet::detail {
namespace {

// Both texts were judged with the policy, so they parse.
std::optional<KeyTemplate> key_template(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return KeyTemplate::parse(text).value;
}

std::vector<TagTemplate> tag_templates(const std::vector<std::string>& texts) {
  std::vector<TagTemplate> templates;
  templates.reserve(texts.size());
  for (const std::string& text : texts) templates.push_back(*TagTemplate::parse(text).value);
  return templates;
}

}  // namespace

BlockPolicy::BlockPolicy(const config::BlockModel& model,
                         const StrategyCollaborators& collaborators,
                         std::unique_ptr<BlockHost> block_host)
    : strategy_name(config::strategy_text(model)),
      options(model.options),
      key(key_template(model.options.key)),
      tags(tag_templates(model.options.tags)),
      host(std::move(block_host)),
      strategies(make_strategies(model, collaborators)) {}

}  // namespace freshet::detail
