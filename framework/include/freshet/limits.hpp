// The limits on what callers may pass. Beyond them a call throws InvalidName and changes nothing; what is part of a policy
// is a finding.
#pragma once

#include <cstddef>

namespace freshet {

inline constexpr std::size_t kMaxKeyBytes = 4096;
inline constexpr std::size_t kMaxNamespaceBytes = 512;
inline constexpr std::size_t kMaxTagBytes = 1024;
inline constexpr std::size_t kMaxResourceBytes = 4096;
inline constexpr std::size_t kMaxVersionBytes = 512;  // of a dependency's name, and of a hash
inline constexpr std::size_t kMaxValidatorBytes = 1024;
inline constexpr std::size_t kMaxPatternBytes = 512;
inline constexpr std::size_t kMaxAllOfTags = 16;
inline constexpr std::size_t kMaxEventNameBytes = 512;
inline constexpr std::size_t kMaxTemplateFields = 64;  // of a template, a rule or an entity

}  // namespace freshet
