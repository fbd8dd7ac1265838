// LabelledCarrier: a carrier with its labels behind it, as an entry has them.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#include "freshness/carrier.hpp"

namespace freshet::detail {

class LabelledCarrier : public Carrier {
 public:
  static constexpr std::size_t kMost = 16;  // labels

  LabelledCarrier(Revision birth, const std::vector<LabelRef>& labels) : Carrier(birth, labels) {
    static_assert(sizeof(LabelledCarrier) == sizeof(Carrier) + kMost * sizeof(LabelRef));
    assert(labels.size() <= kMost);
    std::copy(labels.begin(), labels.end(), behind_.begin());
  }

 private:
  std::array<LabelRef, kMost> behind_{};
};

}  // namespace freshet::detail
