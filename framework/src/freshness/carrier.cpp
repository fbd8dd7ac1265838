#include "freshness/carrier.hpp"

#include <algorithm>

namespace freshet::detail {

Carrier::~Carrier() {
  AttachedLabel* node = attached_.load(std::memory_order_relaxed);  // nobody else is left
  while (node != nullptr) delete std::exchange(node, node->next);
}

bool Carrier::carries(const Label* label) const noexcept {
  for (const LabelRef& own : labels_) {
    if (own.get() == label) return true;
  }
  for (const AttachedLabel* node = attached(); node != nullptr; node = node->next) {
    if (node->label.get() == label) return true;
  }
  return false;
}

bool Carrier::carries_tag() const noexcept {
  return attached() != nullptr ||
         std::any_of(labels_.begin(), labels_.end(),
                     [](const LabelRef& label) { return label->kind() == LabelKind::tag; });
}

void Carrier::attach(LabelRef label, Revision joined) {
  if (carries(label.get())) return;
  AttachedLabel* node =
      new AttachedLabel{std::move(label), joined, attached_.load(std::memory_order_relaxed)};
  if (counted_) node->label->resident().add(1);
  attached_.store(node, std::memory_order_release);
}

bool Carrier::count_in() noexcept {
  if (std::exchange(counted_, true)) return false;
  for (const LabelRef& label : labels_) label->resident().add(1);
  for (const AttachedLabel* node = attached(); node != nullptr; node = node->next)
    node->label->resident().add(1);
  return true;
}

bool Carrier::count_out() noexcept {
  if (!std::exchange(counted_, false)) return false;
  for (const LabelRef& label : labels_) label->resident().add(-1);
  for (const AttachedLabel* node = attached(); node != nullptr; node = node->next)
    node->label->resident().add(-1);
  return true;
}

}  // namespace freshet::detail
