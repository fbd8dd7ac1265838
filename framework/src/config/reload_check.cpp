#include "config/reload_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "config/block_table.hpp"

namespace freshet::config {
namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;

/// A finding if an option has another text than it had.
void check_same(std::string_view name, const Texts& running, const Texts& next,
                Findings& findings) {
  const auto text_in = [name](const Texts& texts) {
    const auto found = std::find_if(texts.begin(), texts.end(),
                                    [name](const auto& text) { return text.first == name; });
    return found == texts.end() ? std::string() : found->second;
  };
  const std::string was = text_in(running);
  const std::string is = text_in(next);
  if (was == is) return;
  findings.add(std::string(name),
               fmt::format("cannot be changed by a reload: expected {}, found {}", was, is));
}

}  // namespace

void check_block_reload(const BlockModel& running, const BlockModel& next, Findings& findings) {
  const Texts was = block_table().list().texts(&running.options);
  const Texts is = block_table().list().texts(&next.options);
  check_same("capacity", was, is, findings);
  check_same("eviction", was, is, findings);
}

void check_observation_reload(const Observation& running, const Observation& next,
                              Findings& findings) {
  check_same("analytics", observation_table().list().texts(&running),
             observation_table().list().texts(&next), findings);
}

const BlockModel* find_block(const PolicyModel& policy, std::string_view name) {
  const auto found = std::find_if(policy.blocks.begin(), policy.blocks.end(),
                                  [name](const BlockModel& block) { return block.name == name; });
  return found == policy.blocks.end() ? nullptr : &*found;
}

}  // namespace freshet::config
