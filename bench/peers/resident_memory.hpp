// What this process holds in memory that is its own.
#pragma once

#include <malloc.h>

#include <cstddef>
#include <fstream>
#include <string>

namespace freshet::bench {

/// Bytes of anonymous memory that are resident, the allocator's own included. What malloc can give back, it has first.
inline std::size_t resident_bytes() {
  ::malloc_trim(0);
  std::ifstream file("/proc/self/status");
  std::string name;
  std::size_t kilobytes = 0;
  while (file >> name) {
    if (name == "RssAnon:" && file >> kilobytes) return kilobytes * 1024;
    std::getline(file, name);
  }
  return 0;
}

}  // namespace freshet::bench
