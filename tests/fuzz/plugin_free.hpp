// Which policies a fuzzer may read: a policy can name any shared library of this machine, and reading it runs its code.
#pragma once

#include <string_view>

#include "config/document.hpp"

namespace freshet::fuzz {

inline bool names_plugins(std::string_view yaml) {
  Findings ignored;
  const auto document = config::read_document(yaml, "p.yaml", ignored);
  return document && document->find("plugins") != nullptr;
}

}  // namespace freshet::fuzz
