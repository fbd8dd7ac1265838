// StoreFixture: a store by itself, with the freshness it needs and a record of what left it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "store/store.hpp"

namespace freshet::detail {

class RemovalLog : public RemovalObserver {
 public:
  void on_removed(const Entry& entry, RemovalCause cause) noexcept override {
    removed.emplace_back(std::string(entry.key()), cause);
  }
  std::vector<std::pair<std::string, RemovalCause>> removed;
};

class StoreFixture : public ::testing::Test {
 protected:
  using Removed = std::vector<std::pair<std::string, RemovalCause>>;

  Store& make_store(Eviction eviction, const Capacity& capacity) {
    store_ = std::make_unique<Store>(eviction, capacity, freshness_, log_);
    return *store_;
  }

  KeyRef key(std::string_view name) const { return KeyRef(*space_, name); }

  EntryRef entry(std::string_view name, std::string value,
                 const std::vector<std::string>& tags = {}, Instant hard = kNever) {
    std::vector<LabelRef> labels{space_};
    for (const std::string& tag : tags) labels.push_back(freshness_.pin(LabelKind::tag, tag));
    return Entry::create(key(name), std::move(labels), freshness_.revision(), now_,
                         Deadlines{kNever, hard}, erase(value));
  }

  StoreOutcome put(std::string_view name, std::string value,
                   const std::vector<std::string>& tags = {}, Instant hard = kNever) {
    return store_->put(entry(name, std::move(value), tags, hard), key(name), now_);
  }

  /// The value, or "" for a miss.
  std::string get(std::string_view name) {
    const EntryRef found = store_->find(key(name), now_).entry;
    return found ? *static_cast<const std::string*>(found->value()) : std::string();
  }

  Revision raise(LabelKind kind, std::string_view text, Mode mode = Mode::remove) {
    return freshness_.raise(std::array{LabelName(kind, text)}, mode);
  }

  Removed take_removed() { return std::exchange(log_.removed, {}); }

  Freshness freshness_;
  LabelRef space_ = freshness_.pin(LabelKind::name_space, "profiles");
  RemovalLog log_;
  std::unique_ptr<Store> store_;
  Instant now_{std::chrono::hours(1)};
};

}  // namespace freshet::detail
