#include "cache/dependencies.hpp"

#include "cache/names.hpp"
#include "refresh/single_flight.hpp"

namespace freshet::detail {

Dependencies::KeyHome Dependencies::home_of(PolicyBlock& block, const LabelRef& space,
                                            std::string_view resource) const {
  const std::size_t slash = resource.find('/');
  if (slash != std::string_view::npos && slash != 0 && slash + 1 < resource.size()) {
    const std::string_view name_space = resource.substr(0, slash);
    const auto index = resolver_.find(name_space);
    if (index && blocks_[*index]->name() != "*") {
      return {blocks_[*index].get(), freshness_.pin(LabelKind::name_space, name_space),
              resource.substr(slash + 1)};
    }
  }
  return {&block, space, resource};
}

Revision Dependencies::pin(PolicyBlock& block, const LabelRef& space, std::string_view key,
                           std::string_view resource, std::vector<LabelRef>& labels) const {
  block.add_label(LabelKind::resource, resource, labels);
  const KeyHome home = home_of(block, space, resource);
  if (home.space == space && home.key == key) return {};  // an entry that depends on itself
  const LabelRef label = freshness_.pin_key(home.space, home.key);
  if (freshness_.live_labels() > block.policy()->options.labels.in_all && !label->is_shared()) {
    unite(labels,
          {freshness_.overflow_for(*label)});  // which goes with whatever that key depends on
    return home.space->keys_used_since();
  }
  home.block->store().relate_resident(KeyRef(*home.space, home.key), clock_.now());
  unite(labels, {label});
  return home.space->keys_used_since();
}

}  // namespace freshet::detail
