// LabelledCarrier: a carrier that owns its labels, as an entry does.
#pragma once

#include <utility>
#include <vector>

#include "freshness/carrier.hpp"

namespace freshet::detail {

struct OwnLabels {
  std::vector<LabelRef> own;
};

class LabelledCarrier : OwnLabels, public Carrier {
 public:
  LabelledCarrier(Revision birth, std::vector<LabelRef> labels)
      : OwnLabels{std::move(labels)}, Carrier(birth, own) {}
};

}  // namespace freshet::detail
