// What callers name: keys, tags, scopes, patterns, versions. Each is taken or refused in one line, by its length and by
// nothing that another name said.
#include "cache/names.hpp"
#include "freshet/errors.hpp"
#include "freshet/limits.hpp"
#include "freshness/key_glob.hpp"
#include "fuzz/one_line.hpp"

namespace freshet::fuzz {
namespace {

template <class Check>
bool accepts(Check check) {
  try {
    check();
    return true;
  } catch (const InvalidName& error) {
    require_one_line(error.what());
    return false;
  }
}

}  // namespace

void fuzz_names(std::string_view input) {
  const auto parts = split_at(input, "\n");
  const std::string_view name = parts.first;
  const std::string_view hash = parts.second;
  const auto fits = [name](std::size_t limit) { return !name.empty() && name.size() <= limit; };
  using namespace detail;
  require(accepts([&] { check_key(name); }) == fits(kMaxKeyBytes), "a key is bytes");
  require(accepts([&] { check_tag(name); }) == fits(kMaxTagBytes), "a tag is bytes");
  require(accepts([&] { check_namespace(name); }) == fits(kMaxNamespaceBytes),
          "a namespace is bytes");
  require(accepts([&] { check_resource(name); }) == fits(kMaxResourceBytes), "a resource is bytes");
  require(accepts([&] { check_event(name); }) == fits(kMaxEventNameBytes), "an event is bytes");
  require(accepts([&] { check_scope(name); }) ==
              (fits(kMaxKeyBytes) && name.find(kKeySeparator) == std::string_view::npos),
          "a scope has no separator");
  require(accepts([&] { check_glob(name); }) ==
              (fits(kMaxPatternBytes) && KeyGlob::parse(name).has_value()),
          "a pattern ends");
  require(accepts([&] { check_version(name, hash); }) ==
              (fits(kMaxVersionBytes) && name.front() != '\0' && hash.size() <= kMaxVersionBytes),
          "a dependency is no internal one");
  const auto prefix = [&] {
    const std::string_view bare = check_prefix(name, '/');
    require(bare.size() + 1 >= name.size(), "a prefix loses its last separator at most");
  };
  const std::size_t separators = name.ends_with('/') ? 1 : 0;
  require(accepts(prefix) == (name.size() > separators && name.size() - separators <= kMaxKeyBytes),
          "a prefix is a key with more to come");
  require(accepts([&] { check_version(policy_dependency(name), {}); }) == false,
          "no caller can name the version of a policy");
}

}  // namespace freshet::fuzz
