#include "freshet/random_source.hpp"

#include "freshet/detail/runtime/runtime.hpp"

namespace freshet {
namespace {

class SplitMix final : public RandomSource {
 public:
  explicit SplitMix(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept override {
    constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;
    // relaxed: each caller needs a number of its own, not an order among callers.
    std::uint64_t z = state_.fetch_add(kGolden, std::memory_order_relaxed) + kGolden;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  detail::rt::Atomic<std::uint64_t> state_;
};

}  // namespace

std::shared_ptr<RandomSource> make_random_source(std::uint64_t seed) {
  return std::make_shared<SplitMix>(seed);
}
std::shared_ptr<RandomSource> make_random_source() {
  return make_random_source(detail::rt::entropy());
}

}  // namespace freshet
