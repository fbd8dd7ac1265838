// Targets in words.
#include "freshet/invalidation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace freshet {

std::string describe(const Target& target) {
  const auto in_space = [&](std::string text) {
    return target.space.empty() ? text : fmt::format("{} in {}", text, target.space);
  };
  switch (target.kind) {
    case Target::Kind::key:
      return in_space("key " + target.name);
    case Target::Kind::tag:
      return in_space("tag " + target.name);
    case Target::Kind::name_space:
      return "namespace " + target.space;
    case Target::Kind::all:
      return "everything";
    case Target::Kind::all_of:
      return in_space(fmt::format("all of {}", fmt::join(target.more, ", ")));
    case Target::Kind::dependents:
      return in_space("dependents of " + target.name);
    case Target::Kind::prefix:
      return in_space("prefix " + target.name);
    case Target::Kind::matching:
      return in_space("pattern " + target.name);
    case Target::Kind::version:
      return target.more.empty()
                 ? fmt::format("new version of {}", target.name)
                 : fmt::format("version {} of {}", target.more.front(), target.name);
    case Target::Kind::policy_version:
      return fmt::format("policy version {} of {}",
                         target.more.empty() ? std::string() : target.more.front(), target.space);
  }
  return {};
}

}  // namespace freshet
