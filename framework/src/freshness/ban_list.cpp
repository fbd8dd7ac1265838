#include "freshness/ban_list.hpp"

#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace freshet::detail {
namespace {

Verdict judge_by(const Watermarks& at, Revision birth) noexcept {
  if (birth < at.remove) return Verdict::removed;
  if (birth < at.expire) return Verdict::expired;
  return Verdict::fresh;
}

Revision newest(const Watermarks& at) noexcept { return std::max(at.remove, at.expire); }

bool carries(const BanSubject& subject, const Label* label) noexcept {
  for (const LabelRef& own : subject.labels) {
    if (own.get() == label) return true;
  }
  for (const AttachedLabel* late = subject.attached; late != nullptr; late = late->next) {
    if (late->label.get() == label) return true;
  }
  return false;
}

bool carries_all(const BanSubject& subject, const Label* space,
                 std::span<const LabelRef> tags) noexcept {
  if (space != nullptr && subject.labels.front().get() != space) return false;
  return std::all_of(tags.begin(), tags.end(),
                     [&](const LabelRef& tag) { return carries(subject, tag.get()); });
}

// A tag that an entry carries from a later revision on is, for bans older than that, a tag it has not.
Revision joined_last(const BanSubject& subject, std::span<const LabelRef> tags,
                     Revision birth) noexcept {
  for (const AttachedLabel* late = subject.attached; late != nullptr; late = late->next) {
    const bool counts = std::any_of(tags.begin(), tags.end(),
                                    [&](const LabelRef& tag) { return tag == late->label; });
    if (counts) birth = std::max(birth, late->joined);
  }
  return birth;
}

}  // namespace

bool takes_prefix(std::string_view prefix, std::string_view key, char separator) noexcept {
  return key.substr(0, prefix.size()) == prefix &&
         (key.size() == prefix.size() || key[prefix.size()] == separator);
}

std::size_t BanList::TextHash::operator()(std::string_view text) const noexcept {
  return XXH3_64bits(text.data(), text.size());
}

bool BanList::add(const Ban& ban, Mode mode, Revision at) {
  rt::WriterLock lock(mutex_);
  if (ban.kind != Ban::Kind::all_of) {
    BannedSpace& banned = spaces_[ban.space.get()];
    if (!banned.space) banned = {.space = ban.space, .separator = ban.separator};
    return add_to(banned, ban, mode, at);
  }
  std::vector<BannedAllOf>& bans = all_of_[ban.tags.front().get()];
  const auto equal = std::find_if(bans.begin(), bans.end(), [&](const BannedAllOf& other) {
    return other.space == ban.space && other.tags == ban.tags;
  });
  if (equal != bans.end()) {
    equal->at.raise(mode, at);
    return true;
  }
  if (bans.size() >= kMaxAllOf) return false;
  bans.push_back({ban.space, ban.tags, {}});
  bans.back().at.raise(mode, at);
  size_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool BanList::add_to(BannedSpace& banned, const Ban& ban, Mode mode, Revision at) {
  if (ban.kind == Ban::Kind::prefix) {
    auto place = banned.prefixes.find(ban.text);
    if (place == banned.prefixes.end()) {
      if (banned.prefixes.size() >= kMaxPrefixes) return false;
      place = banned.prefixes.emplace(ban.text, Watermarks{}).first;
      size_.fetch_add(1, std::memory_order_relaxed);
    }
    place->second.raise(mode, at);
    return true;
  }
  const auto equal =
      std::find_if(banned.globs.begin(), banned.globs.end(),
                   [&](const BannedGlob& other) { return other.glob.text() == ban.text; });
  if (equal != banned.globs.end()) {
    equal->at.raise(mode, at);
    return true;
  }
  if (banned.globs.size() >= kMaxGlobs) return false;
  banned.globs.push_back({*KeyGlob::parse(ban.text), {}});
  banned.globs.back().at.raise(mode, at);
  size_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void BanList::forget(const Label& space) {
  BannedSpace dropped;  // given up after the lock
  rt::WriterLock lock(mutex_);
  const auto place = spaces_.find(&space);
  if (place == spaces_.end()) return;
  dropped = std::move(place->second);
  spaces_.erase(place);
  size_.fetch_sub(dropped.prefixes.size() + dropped.globs.size(), std::memory_order_release);
}

void BanList::forget_all_of(const Label& tag) {
  std::vector<BannedAllOf> dropped;  // given up after the lock
  rt::WriterLock lock(mutex_);
  const auto place = all_of_.find(&tag);
  if (place == all_of_.end()) return;
  dropped = std::move(place->second);
  all_of_.erase(place);
  size_.fetch_sub(dropped.size(), std::memory_order_release);
}

Verdict BanList::judge(const BanSubject& subject, Revision birth) const noexcept {
  try {
    rt::ReaderLock lock(mutex_);
    Verdict worst = Verdict::fresh;
    const auto space = spaces_.find(subject.labels.front().get());
    if (space != spaces_.end()) {
      worst = std::max(judge_prefixes(space->second, subject.key, birth),
                       judge_globs(space->second, subject.key, birth));
    }
    for_each_all_of(subject, birth, [&](const Watermarks& at, Revision since) {
      worst = std::max(worst, judge_by(at, since));
    });
    return worst;
  } catch (...) {  // no memory to look: what cannot be judged is stale
    return Verdict::removed;
  }
}

Verdict BanList::judge_key(const Label& space, std::string_view key,
                           Revision birth) const noexcept {
  rt::ReaderLock lock(mutex_);
  const auto banned = spaces_.find(&space);
  if (banned == spaces_.end()) return Verdict::fresh;
  try {
    return std::max(judge_prefixes(banned->second, key, birth),
                    judge_globs(banned->second, key, birth));
  } catch (...) {  // no memory to look: what cannot be judged is stale
    return Verdict::removed;
  }
}

Watermarks BanList::newest_of(const Label& space, std::string_view key) const {
  Watermarks newest;
  rt::ReaderLock lock(mutex_);
  const auto banned = spaces_.find(&space);
  if (banned == spaces_.end()) return newest;
  for_each_prefix(banned->second, key, [&](const Watermarks& at) { newest.raise_to(at); });
  for (const BannedGlob& ban : banned->second.globs) {
    if (ban.glob.matches(key)) newest.raise_to(ban.at);
  }
  return newest;
}

Watermarks BanList::newest_all_of(const BanSubject& subject, Revision birth) const {
  Watermarks newest;
  rt::ReaderLock lock(mutex_);
  for_each_all_of(subject, birth, [&](const Watermarks& at, Revision since) {
    if (judge_by(at, since) != Verdict::fresh) newest.raise_to(at);
  });
  return newest;
}

void BanList::for_each_prefix(const BannedSpace& banned, std::string_view key,
                              FunctionRef<void(const Watermarks& at)> visitor) {
  if (banned.prefixes.empty()) return;
  for (std::size_t end = 0; end <= key.size(); ++end) {
    if (end < key.size() && key[end] != banned.separator) continue;
    const auto found = banned.prefixes.find(key.substr(0, end));
    if (found != banned.prefixes.end()) visitor(found->second);
  }
}

Verdict BanList::judge_prefixes(const BannedSpace& banned, std::string_view key, Revision birth) {
  Verdict worst = Verdict::fresh;
  for_each_prefix(banned, key,
                  [&](const Watermarks& at) { worst = std::max(worst, judge_by(at, birth)); });
  return worst;
}

Verdict BanList::judge_globs(const BannedSpace& banned, std::string_view key, Revision birth) {
  Verdict worst = Verdict::fresh;
  for (const BannedGlob& ban : banned.globs) {
    const Verdict verdict = judge_by(ban.at, birth);
    if (verdict > worst && ban.glob.matches(key)) worst = verdict;
  }
  return worst;
}

void BanList::for_each_all_of(
    const BanSubject& subject, Revision birth,
    FunctionRef<void(const Watermarks& at, Revision since)> visitor) const {
  if (all_of_.empty()) return;
  // The analysis does not see that the lambda runs within this call.
  const auto look = [&](const Label* first) FRESHET_NO_THREAD_SAFETY_ANALYSIS {
    const auto bans = all_of_.find(first);
    if (bans == all_of_.end()) return;
    for (const BannedAllOf& ban : bans->second) {
      if (!carries_all(subject, ban.space.get(), ban.tags)) continue;
      visitor(ban.at, joined_last(subject, ban.tags, birth));
    }
  };
  for (const LabelRef& label : subject.labels) look(label.get());
  for (const AttachedLabel* late = subject.attached; late != nullptr; late = late->next)
    look(late->label.get());
}

bool BanList::hits(const Ban& ban, const BanSubject& subject) {
  switch (ban.kind) {
    case Ban::Kind::prefix:
      return subject.labels.front() == ban.space &&
             takes_prefix(ban.text, subject.key, ban.separator);
    case Ban::Kind::glob:
      return subject.labels.front() == ban.space && KeyGlob::parse(ban.text)->matches(subject.key);
    case Ban::Kind::all_of:
      return carries_all(subject, ban.space.get(), ban.tags);
  }
  return false;
}

std::size_t BanList::for_each_label(FunctionRef<void(const Label&)> visitor) const {
  rt::ReaderLock lock(mutex_);
  std::size_t count = 0;
  for (const auto& [label, banned] : spaces_) {
    visitor(*banned.space);
    count += banned.prefixes.size() + banned.globs.size();
  }
  for (const auto& [label, bans] : all_of_) {
    for (const BannedAllOf& ban : bans) {
      if (ban.space) visitor(*ban.space);
      for (const LabelRef& tag : ban.tags) visitor(*tag);
    }
    count += bans.size();
  }
  return count;
}

std::size_t BanList::retire(const std::function<bool(const LabelRef& space, Revision at)>& may_go) {
  if (size() == 0) return 0;
  std::vector<BannedAllOf> dropped;  // given up after the lock
  std::vector<BannedSpace> emptied;
  rt::WriterLock lock(mutex_);
  // What needs memory comes first: then either all of it is done or nothing.
  emptied.reserve(spaces_.size());
  std::size_t most = 0;
  for (const auto& [label, bans] : all_of_) most += bans.size();
  dropped.reserve(most);
  std::size_t gone = 0;
  for (auto place = spaces_.begin(); place != spaces_.end();) {
    BannedSpace& banned = place->second;
    const auto goes = [&](const Watermarks& at) { return may_go(banned.space, newest(at)); };
    gone += std::erase_if(banned.prefixes, [&](const auto& ban) { return goes(ban.second); });
    gone += std::erase_if(banned.globs, [&](const BannedGlob& ban) { return goes(ban.at); });
    const bool empty = banned.prefixes.empty() && banned.globs.empty();
    if (empty) emptied.push_back(std::move(banned));
    place = empty ? spaces_.erase(place) : std::next(place);
  }
  for (auto place = all_of_.begin(); place != all_of_.end();) {
    std::vector<BannedAllOf>& bans = place->second;
    const auto first = std::stable_partition(bans.begin(), bans.end(), [&](const BannedAllOf& ban) {
      return !may_go(ban.space, newest(ban.at));
    });
    gone += static_cast<std::size_t>(bans.end() - first);
    std::move(first, bans.end(), std::back_inserter(dropped));
    bans.erase(first, bans.end());
    place = bans.empty() ? all_of_.erase(place) : std::next(place);
  }
  size_.fetch_sub(gone, std::memory_order_release);
  return gone;
}

}  // namespace freshet::detail
