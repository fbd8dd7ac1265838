#include "freshness/freshness.hpp"

#include <algorithm>

namespace freshet::detail {

Freshness::Freshness(std::size_t stripes)
    : labels_(std::make_shared<LabelTable>(stripes)),
      root_(pin(LabelKind::root, {})),
      keys_(stripes) {}

Revision Freshness::raise(std::span<const LabelName> names, Mode mode) {
  rt::Lock lock(raise_mutex_);
  const Revision next{revision_.load(std::memory_order_relaxed) +
                      1};  // only raises write it, under this lock
  bool live = false;
  for (const LabelName& name : names) {
    if (labels_->raise(name, mode, next)) live = true;
    FRESHET_PAUSE("label_raised");
  }
  // Watermarks first: whoever reads either word sees them (release here, acquire in revision() and published()).
  revision_.store(next.value, std::memory_order_release);
  FRESHET_PAUSE("revision_stored");
  // seq_cst: so that a get which starts after this call, by whatever order, cannot read an older word.
  if (live) published_.store(next.value, std::memory_order_seq_cst);
  return next;
}

Verdict Freshness::judge(Carrier& carrier) const noexcept {
  const Revision seen = published();
  if (carrier.checked() >= seen) return Verdict::fresh;
  Verdict worst = judge(carrier.birth(), carrier.labels());
  for (const AttachedLabel* node = carrier.attached(); node != nullptr; node = node->next) {
    worst = std::max(worst, node->label->judge(node->joined));
  }
  if (worst == Verdict::fresh) carrier.set_checked(seen);
  return worst;
}

Verdict Freshness::judge(Revision birth, std::span<const LabelRef> labels) const noexcept {
  Verdict worst = root_->judge(birth);
  for (const LabelRef& label : labels) worst = std::max(worst, label->judge(birth));
  return worst;
}

std::uint64_t Freshness::resident(const LabelName& name) const {
  const LabelRef label = labels_->find(name);
  return label ? static_cast<std::uint64_t>(std::max<std::int64_t>(0, label->resident().value()))
               : 0;
}

void Freshness::count_in(Carrier& carrier) noexcept {
  if (carrier.count_in()) root_->resident().add(1);
}

void Freshness::count_out(Carrier& carrier) noexcept {
  if (carrier.count_out()) root_->resident().add(-1);
}

}  // namespace freshet::detail
