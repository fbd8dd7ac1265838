// BlockResolver: sorted once, asked often.
#include "config/block_resolver.hpp"

#include <algorithm>

#include "config/glob.hpp"

namespace freshet::config {
namespace {

std::vector<std::string> names_of(const PolicyModel& model) {
  std::vector<std::string> names;
  for (const BlockModel& block : model.blocks) names.push_back(block.name);
  return names;
}

}  // namespace

BlockResolver::BlockResolver(const PolicyModel& model) : BlockResolver(names_of(model)) {}

BlockResolver::BlockResolver(std::span<const std::string> block_names) {
  for (std::size_t i = 0; i < block_names.size(); ++i) {
    if (is_glob(block_names[i])) {
      globs_.push_back({block_names[i], i});
    } else {
      exact_.emplace(block_names[i], i);
    }
  }
  std::stable_sort(globs_.begin(), globs_.end(), [](const Glob& a, const Glob& b) {
    return literal_prefix(a.pattern).size() > literal_prefix(b.pattern).size();
  });
}

std::optional<std::size_t> BlockResolver::find(std::string_view name_space) const {
  if (const auto at = exact_.find(name_space); at != exact_.end()) return at->second;
  for (const Glob& glob : globs_) {
    if (glob_matches(glob.pattern, name_space)) return glob.block;
  }
  return std::nullopt;
}

}  // namespace freshet::config
