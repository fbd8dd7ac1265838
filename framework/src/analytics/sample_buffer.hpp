// SampleBuffer: a few names, copied into a fixed piece of memory, until somebody counts them.
//
// Confined to one thread, or to whoever holds the lock that guards it. Allocates nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>

#include "analytics/stream_summary.hpp"

namespace freshet::detail {

class SampleBuffer {
 public:
  static constexpr std::size_t kBytes = 2048;

  /// Whether a name could ever be kept.
  static bool fits(const CountedName& name) noexcept { return bytes_of(name) <= kBytes; }

  /// Copies the name. False if there is no room for it now.
  bool push(const CountedName& name) noexcept {
    if (used_ + bytes_of(name) > kBytes) return false;
    const Header header{name.hash, static_cast<std::uint32_t>(name.space.size()),
                        static_cast<std::uint32_t>(name.text.size())};
    append(&header, sizeof header);
    append(name.space.data(), name.space.size());
    append(name.text.data(), name.text.size());
    return true;
  }

  /// Calls `visitor(name)` for each name, in the order of pushing.
  template <class Visitor>
  void for_each(Visitor&& visitor) const {
    for (std::size_t at = 0; at < used_;) {
      Header header;
      std::memcpy(&header, &bytes_[at], sizeof header);
      at += sizeof header;
      const std::string_view space(&bytes_[at], header.space_size);
      const std::string_view text(&bytes_[at] + header.space_size, header.text_size);
      at += space.size() + text.size();
      visitor(CountedName{header.hash, space, text});
    }
  }

  void clear() noexcept { used_ = 0; }

 private:
  struct Header {
    std::uint64_t hash;
    std::uint32_t space_size;
    std::uint32_t text_size;
  };

  static std::size_t bytes_of(const CountedName& name) noexcept {
    return sizeof(Header) + name.space.size() + name.text.size();
  }
  void append(const void* from, std::size_t size) noexcept {
    if (size != 0) std::memcpy(&bytes_[used_], from, size);
    used_ += size;
  }

  std::array<char, kBytes + 1> bytes_;  // one more, so that a view of nothing at the end is inside
  std::size_t used_ = 0;
};

}  // namespace freshet::detail
