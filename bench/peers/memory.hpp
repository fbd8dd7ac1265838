// What an entry takes in memory, each answer from a process that does nothing else.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "peers/subject.hpp"

namespace freshet::bench {

/// A million entries of Freshet whose tags all share; each has its birth, a soft and a hard deadline, and what counts its
/// reads. With one tag and with five.
struct TaggedMemory {
  double one_tag = 0;    // bytes for an entry beyond key and value
  double per_label = 0;  // bytes for each further tag that put() names
  double loaded = 0;     // that get_or_load() names
  double by_loader = 0;  // that its loader names
};

/// Bytes for an entry beyond key and value, of each subject that is there and wanted.
struct Memory {
  struct OfSubject {
    std::string name;
    double bytes = 0;
  };
  std::vector<OfSubject> subjects;
  TaggedMemory in_place;  // values of 64 bytes that can be copied byte by byte
  TaggedMemory strings;   // values that are strings of 64 bytes
};

Memory measure_memory(const std::vector<Subject*>& subjects);

/// What the processes are started for: prints the bytes of an entry of `what`. False if there is no such thing.
bool print_memory_of(const std::string& what);

}  // namespace freshet::bench
