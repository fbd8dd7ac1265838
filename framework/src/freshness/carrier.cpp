#include "freshness/carrier.hpp"

#include <algorithm>
#include <utility>

#include "freshness/version_table.hpp"

namespace freshet::detail {

bool is_inherited(const Label& label) noexcept {
  return label.kind() == LabelKind::overflow ||
         (is_dependency(label.kind()) && !VersionTable::is_internal(label));
}

Carrier::Carrier(Revision birth, std::span<const LabelRef> labels) noexcept
    : birth_(birth), label_count_(static_cast<std::uint32_t>(labels.size())) {
  for (const LabelRef& label : labels) {
    kinds_ |= bit_of(label->kind());
  }
}

Carrier::~Carrier() {
  AttachedLabel* node = attached_.load(std::memory_order_relaxed);  // nobody else is left
  while (node != nullptr) delete std::exchange(node, node->next);
}

bool Carrier::carries(const Label* label) const noexcept {
  for (const LabelRef& own : labels()) {
    if (own.get() == label) return true;
  }
  for (const AttachedLabel* node = attached(); node != nullptr; node = node->next) {
    if (node->label.get() == label) return true;
  }
  return false;
}

bool Carrier::carries_any(const std::unordered_set<const Label*>& labels) const {
  if (labels.empty()) return false;
  for (const LabelRef& own : this->labels()) {
    if (labels.count(own.get()) != 0) return true;
  }
  for (const AttachedLabel* node = attached(); node != nullptr; node = node->next) {
    if (labels.count(node->label.get()) != 0) return true;
  }
  return false;
}

std::size_t Carrier::label_count() const noexcept {
  std::size_t count = std::size_t{label_count_} - 1;
  for (const AttachedLabel* node = attached(); node != nullptr; node = node->next) ++count;
  return count;
}

std::vector<LabelRef> Carrier::all_labels() const {
  std::vector<LabelRef> all(labels().begin(), labels().end());
  for (const AttachedLabel* node = attached(); node != nullptr; node = node->next)
    all.push_back(node->label);
  return all;
}

bool Carrier::carries_any(LabelKinds kinds, bool (*wanted)(const Label&)) const noexcept {
  if ((kinds_ & kinds) != 0) {
    for (const LabelRef& label : labels()) {
      if (wanted(*label)) return true;
    }
  }
  for (const AttachedLabel* node = attached(); node != nullptr; node = node->next) {
    if (wanted(*node->label)) return true;
  }
  return false;
}

bool Carrier::carries_tag() const noexcept {
  return carries_any(bit_of(LabelKind::tag),
                     [](const Label& label) { return label.kind() == LabelKind::tag; });
}

bool Carrier::carries_dependency() const noexcept {
  return carries_any(kDependencyKinds,
                     [](const Label& label) { return is_dependency(label.kind()); });
}

bool Carrier::carries_inherited() const noexcept {
  return carries_any(kDependencyKinds | bit_of(LabelKind::overflow), is_inherited);
}

bool Carrier::carries_inherited_of(const Carrier& other) const noexcept {
  if (!other.carries_inherited()) return true;
  const auto kept = [this](const LabelRef& label) {
    return !is_inherited(*label) || carries(label.get());
  };
  for (const AttachedLabel* node = other.attached(); node != nullptr; node = node->next) {
    if (!kept(node->label)) return false;
  }
  return std::all_of(other.labels().begin(), other.labels().end(), kept);
}

void Carrier::attach(LabelRef label, Revision joined) {
  if (carries(label.get())) return;
  AttachedLabel* node =
      new AttachedLabel{std::move(label), joined, attached_.load(std::memory_order_relaxed)};
  if (counted_) node->label->count(1);
  attached_.store(node, std::memory_order_release);
}

bool Carrier::take_counts_of(Carrier& other) noexcept {
  if (!other.counted_ || counted_ || attached() != nullptr || other.attached() != nullptr)
    return false;
  if (!std::equal(labels().begin(), labels().end(), other.labels().begin(), other.labels().end()))
    return false;
  counted_ = std::exchange(other.counted_, false);
  return true;
}

bool Carrier::count_in() noexcept {
  if (std::exchange(counted_, true)) return false;
  for (const LabelRef& label : labels()) label->count(1);
  for (const AttachedLabel* node = attached(); node != nullptr; node = node->next)
    node->label->count(1);
  return true;
}

bool Carrier::count_out() noexcept {
  if (!std::exchange(counted_, false)) return false;
  for (const LabelRef& label : labels()) label->count(-1);
  for (const AttachedLabel* node = attached(); node != nullptr; node = node->next)
    node->label->count(-1);
  return true;
}

}  // namespace freshet::detail
