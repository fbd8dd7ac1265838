#include "cache/loads_under_way.hpp"

#include <string>

namespace freshet::detail {

LoadsUnderWay::Load::Load(LoadsUnderWay& loads, const KeyRef& key, By by) noexcept
    : loads_(loads), stripe_(loads.stripes_[rt::thread_number() % rt::kThreadStripes]), key_(key) {
  if (by == By::thread) thread_ = rt::current_thread();
  rt::Lock lock(stripe_.mutex);
  // Under the lock: who looks for loads of an earlier round finds all of them.
  round_ = loads.round_.load(std::memory_order_acquire);
  next_ = stripe_.first;
  stripe_.first = this;
}

LoadsUnderWay::Load::~Load() {
  {
    rt::Lock lock(stripe_.mutex);
    Load** place = &stripe_.first;
    while (*place != this) place = &(*place)->next_;
    *place = next_;
  }
  if (loads_.draining_.load(std::memory_order_acquire) == 0) return;
  rt::Lock lock(loads_.mutex_);
  loads_.ended_.notify_all();
}

void LoadsUnderWay::drain(std::uint64_t round, const Clock& clock, Instant until) {
  draining_.fetch_add(1, std::memory_order_acq_rel);
  {
    rt::Lock lock(mutex_);
    while (any(round) && clock.now() < until) clock.wait_until(ended_, mutex_, until);
  }
  draining_.fetch_sub(1, std::memory_order_relaxed);
}

bool LoadsUnderWay::any(std::uint64_t round) const noexcept {
  for (const Stripe& stripe : stripes_) {
    rt::Lock lock(stripe.mutex);
    for (const Load* load = stripe.first; load != nullptr; load = load->next_) {
      if (load->round_ <= round) return true;
    }
  }
  return false;
}

std::uint64_t LoadsUnderWay::left(std::uint64_t round, std::size_t most,
                                  std::vector<KeyName>& names) const {
  std::uint64_t count = 0;
  for (const Stripe& stripe : stripes_) {
    rt::Lock lock(stripe.mutex);
    for (const Load* load = stripe.first; load != nullptr; load = load->next_) {
      if (load->round_ > round) continue;
      ++count;
      if (names.size() < most)
        names.push_back({std::string(load->key_.key), load->key_.space->text()});
    }
  }
  return count;
}

void LoadsUnderWay::cancel(std::uint64_t round) noexcept {
  for (Stripe& stripe : stripes_) {
    rt::Lock lock(stripe.mutex);
    for (Load* load = stripe.first; load != nullptr; load = load->next_) {
      if (load->round_ <= round) load->cancelled_.store(true, std::memory_order_release);
    }
  }
}

bool LoadsUnderWay::is_on_this_thread() const noexcept {
  const rt::ThreadId self = rt::current_thread();
  for (const Stripe& stripe : stripes_) {  // a thread that ends has no number of its own any more
    rt::Lock lock(stripe.mutex);
    for (const Load* load = stripe.first; load != nullptr; load = load->next_) {
      if (load->thread_ == self) return true;
    }
  }
  return false;
}

}  // namespace freshet::detail
