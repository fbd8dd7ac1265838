#include "cache/names.hpp"

#include <fmt/format.h>

#include "freshet/errors.hpp"
#include "freshet/limits.hpp"
#include "freshet/loader.hpp"

namespace freshet {
namespace detail {
namespace {

void check_length(std::string_view what, std::string_view name, std::size_t limit) {
  if (name.empty()) throw InvalidName(fmt::format("a {} must not be empty", what));
  if (name.size() > limit) {
    throw InvalidName(fmt::format("a {} of {} bytes: the limit is {}", what, name.size(), limit));
  }
}

}  // namespace

void check_key(std::string_view key) { check_length("key", key, kMaxKeyBytes); }
void check_tag(std::string_view tag) { check_length("tag", tag, kMaxTagBytes); }
void check_event(std::string_view event) { check_length("event", event, kMaxEventNameBytes); }
void check_namespace(std::string_view name_space) {
  check_length("namespace", name_space, kMaxNamespaceBytes);
}

void check_scope(std::string_view scope) {
  check_length("scope", scope, kMaxKeyBytes);
  if (scope.find(kKeySeparator) != std::string_view::npos) {
    throw InvalidName(fmt::format("a scope must not contain '{}': \"{}\"", kKeySeparator, scope));
  }
}

}  // namespace detail

LoadContext& LoadContext::tag(std::string tag) {
  detail::check_tag(tag);
  tags_.push_back(std::move(tag));
  return *this;
}

}  // namespace freshet
