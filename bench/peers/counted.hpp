// Operations of Freshet alone, for a tool that counts instructions.
#pragma once

#include <cstdint>
#include <string>

namespace freshet::bench {

/// Names that count_operations takes, as one text.
std::string counted_names();

/// Fills a cache of 100,000 strings and then does `count` operations within a function called counted_operations and in
/// nothing else. `what`: visit, get, miss, put, insert, get_or_load, erase. False if it is none of these.
bool count_operations(const std::string& what, std::uint64_t count);

}  // namespace freshet::bench
