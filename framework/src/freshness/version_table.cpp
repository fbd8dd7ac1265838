#include "freshness/version_table.hpp"

#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace freshet::detail {
namespace {

// The two parts of version_label_text().
std::pair<std::string_view, std::string_view> parts_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  std::size_t size = 0;
  for (const char digit : text.substr(0, colon))
    size = size * 10 + static_cast<std::size_t>(digit - '0');
  return {text.substr(colon + 1, size), text.substr(colon + 1 + size)};
}

bool is_pair(const LabelRef& label, std::string_view hash) {
  return parts_of(label->text()).second == hash;
}

}  // namespace

std::size_t VersionTable::TextHash::operator()(std::string_view text) const noexcept {
  return XXH3_64bits(text.data(), text.size());
}

const VersionTable::Dependency* VersionTable::find(std::string_view dependency) const {
  const auto found = dependencies_.find(dependency);
  return found == dependencies_.end() ? nullptr : &found->second;
}

LabelRef VersionTable::pin(std::string_view dependency, std::string_view hash) {
  rt::Lock lock(mutex_);
  auto found = dependencies_.find(dependency);
  if (found == dependencies_.end())
    found = dependencies_.emplace(std::string(dependency), Dependency{}).first;
  Dependency& known = found->second;
  if (hash.empty()) hash = known.current;
  const auto pair = std::find_if(known.pairs.begin(), known.pairs.end(),
                                 [&](const LabelRef& label) { return is_pair(label, hash); });
  if (pair != known.pairs.end()) return *pair;
  const std::string text = version_label_text(dependency, hash);
  const Revision at_least = std::max(known.changed_at, floor_);
  known.pairs.push_back(labels_.pin(LabelName(LabelKind::version, text), {}, at_least));
  return known.pairs.back();
}

bool VersionTable::is_internal(const Label& label) noexcept {
  return label.kind() == LabelKind::version && !parts_of(label.text()).first.empty() &&
         parts_of(label.text()).first.front() == '\0';
}

Announced VersionTable::judge(const Dependency* dependency, std::string_view hash) const {
  if (dependency == nullptr || !dependency->has_current) return Announced::unknown;
  return hash.empty() || hash == dependency->current ? Announced::current : Announced::other;
}

Announced VersionTable::announces(std::string_view dependency, std::string_view hash) const {
  rt::Lock lock(mutex_);
  return judge(find(dependency), hash);
}

Announced VersionTable::announces(const Label& pair) const {
  const auto [dependency, hash] = parts_of(pair.text());
  rt::Lock lock(mutex_);
  const Dependency* known = find(dependency);
  // A pair with an empty hash was pinned before there was a current one.
  if (known != nullptr && known->has_current && hash != known->current) return Announced::other;
  return judge(known, hash);
}

std::vector<LabelRef> VersionTable::others(std::string_view dependency,
                                           std::string_view hash) const {
  std::vector<LabelRef> labels;
  rt::Lock lock(mutex_);
  const Dependency* known = find(dependency);
  if (known == nullptr || (known->has_current && known->current == hash)) return labels;
  for (const LabelRef& pair : known->pairs) {
    if (!is_pair(pair, hash)) labels.push_back(pair);
  }
  return labels;
}

bool VersionTable::is_current(std::string_view dependency, std::string_view hash) const {
  rt::Lock lock(mutex_);
  const Dependency* known = find(dependency);
  return known != nullptr && known->has_current && known->current == hash;
}

std::vector<LabelRef> VersionTable::set(std::string_view dependency, std::string_view hash,
                                        Revision at) {
  std::vector<LabelRef> labels;
  rt::Lock lock(mutex_);
  auto found = dependencies_.find(dependency);
  if (found == dependencies_.end())
    found = dependencies_.emplace(std::string(dependency), Dependency{}).first;
  Dependency& known = found->second;
  for (const LabelRef& pair : known.pairs) {
    if (!is_pair(pair, hash)) labels.push_back(pair);
  }
  // What needs memory comes first: then the version is set or it is not.
  std::string current(hash);
  if (known.has_current) {
    turns_.splice(turns_.end(), turns_, known.turn);
  } else {
    known.turn = turns_.insert(turns_.end(), found->first);
  }
  known.has_current = true;
  known.current.swap(current);
  known.changed_at = at;
  while (turns_.size() > max_dependencies_) {
    const auto oldest = dependencies_.find(turns_.front());
    turns_.pop_front();
    std::move(oldest->second.pairs.begin(), oldest->second.pairs.end(), std::back_inserter(labels));
    dependencies_.erase(oldest);
    floor_ = at;
    forgotten_.fetch_add(1, std::memory_order_relaxed);
  }
  return labels;
}

void VersionTable::prune() {
  std::vector<LabelRef> unused;  // given up after the lock
  rt::Lock lock(mutex_);
  for (auto place = dependencies_.begin(); place != dependencies_.end();) {
    Dependency& known = place->second;
    // A pair may be pinned from this table only, under mutex_, so one that only the table holds stays so.
    const auto used = std::stable_partition(known.pairs.begin(), known.pairs.end(),
                                            [](const LabelRef& pair) { return pair->is_shared(); });
    unused.insert(unused.end(), std::make_move_iterator(used),
                  std::make_move_iterator(known.pairs.end()));
    known.pairs.erase(used, known.pairs.end());
    place =
        known.pairs.empty() && !known.has_current ? dependencies_.erase(place) : std::next(place);
  }
}

void VersionTable::for_each_pair(FunctionRef<void(const Label&)> visitor) const {
  rt::Lock lock(mutex_);
  for (const auto& [name, known] : dependencies_) {
    for (const LabelRef& pair : known.pairs) visitor(*pair);
  }
}

std::size_t VersionTable::size() const {
  rt::Lock lock(mutex_);
  return dependencies_.size();
}

}  // namespace freshet::detail
