// What libFuzzer calls: FRESHET_FUZZER, one of the functions of fuzzers.hpp.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/fuzzers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* text = reinterpret_cast<const char*>(data);
  freshet::fuzz::FRESHET_FUZZER(size == 0 ? std::string_view() : std::string_view(text, size));
  return 0;
}
