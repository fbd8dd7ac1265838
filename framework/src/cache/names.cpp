#include "cache/names.hpp"

#include <fmt/format.h>

#include "freshet/errors.hpp"
#include "freshet/findings.hpp"
#include "freshet/limits.hpp"
#include "freshet/loader.hpp"
#include "freshness/key_glob.hpp"

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

void refuse_key(std::string_view key) { check_length("key", key, kMaxKeyBytes); }
void check_tag(std::string_view tag) { check_length("tag", tag, kMaxTagBytes); }
void check_resource(std::string_view resource) {
  check_length("resource", resource, kMaxResourceBytes);
}

void check_validator(std::string_view validator) {
  if (!validator.empty()) check_length("validator", validator, kMaxValidatorBytes);
}

void check_version(std::string_view dependency, std::string_view hash) {
  check_length("versioned dependency", dependency, kMaxVersionBytes);
  if (dependency.front() == '\0')
    throw InvalidName("a versioned dependency must not begin with a zero byte");
  if (hash.size() > kMaxVersionBytes) check_length("version", hash, kMaxVersionBytes);
}

std::string_view check_prefix(std::string_view prefix, char separator) {
  if (!prefix.empty() && prefix.back() == separator) prefix.remove_suffix(1);
  check_length("prefix", prefix, kMaxKeyBytes);
  return prefix;
}

void check_glob(std::string_view glob) {
  check_length("pattern", glob, kMaxPatternBytes);
  if (!KeyGlob::parse(glob)) {
    throw InvalidName(fmt::format(
        "the pattern {} does not end: a bracket is open or a backslash is last", in_quotes(glob)));
  }
}

void check_all_of(std::span<const std::string> tags) {
  if (tags.empty()) throw InvalidName("all_of needs at least one tag");
  if (tags.size() > kMaxAllOfTags) {
    throw InvalidName(
        fmt::format("all_of of {} tags: the limit is {}", tags.size(), kMaxAllOfTags));
  }
  for (const std::string& tag : tags) check_tag(tag);
}

std::string policy_dependency(std::string_view name_space) {
  return std::string(1, '\0').append(name_space);
}

void check_event(std::string_view event) { check_length("event", event, kMaxEventNameBytes); }
void check_namespace(std::string_view name_space) {
  check_length("namespace", name_space, kMaxNamespaceBytes);
}

void check_scope(std::string_view scope) {
  check_length("scope", scope, kMaxKeyBytes);
  if (scope.find(kKeySeparator) != std::string_view::npos) {
    throw InvalidName(
        fmt::format("a scope must not contain '{}': {}", kKeySeparator, in_quotes(scope)));
  }
}

}  // namespace detail

LoadContext& LoadContext::tag(std::string tag) {
  detail::check_tag(tag);
  tags_.push_back(std::move(tag));
  return *this;
}

LoadContext& LoadContext::depends_on(std::string resource) {
  detail::check_resource(resource);
  dependencies_.push_back(std::move(resource));
  return *this;
}

LoadContext& LoadContext::version(std::string dependency, std::string hash) {
  detail::check_version(dependency, hash);
  versions_.push_back({std::move(dependency), std::move(hash)});
  return *this;
}

LoadContext& LoadContext::validator(std::string text) {
  detail::check_validator(text);
  validator_ = std::move(text);
  return *this;
}

void LoadContext::no_previous_value() const {
  throw NoPreviousValue(
      fmt::format("the loader of {} says that its previous value is still right, and there is none "
                  "of that type; ask the origin without a "
                  "condition where previous() is empty",
                  in_quotes(key_)));
}

}  // namespace freshet
