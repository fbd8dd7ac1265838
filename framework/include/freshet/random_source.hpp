// RandomSource: where jitter comes from. Injected, so that a seed fixes a run.
#pragma once

#include <cstdint>
#include <memory>

namespace freshet {

/// Draws random numbers. Implementations are thread-safe. Not for secrets.
class RandomSource {
 public:
  virtual ~RandomSource() = default;

  /// 64 uniform bits.
  virtual std::uint64_t next() noexcept = 0;

  /// Uniform in [0, 1), in steps of 2^-53.
  double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
};

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014): equal seeds give equal
/// sequences; threads that share it share the sequence.
std::shared_ptr<RandomSource> make_random_source(std::uint64_t seed);

/// The same from a seed that differs from run to run.
std::shared_ptr<RandomSource> make_random_source();

}  // namespace freshet
