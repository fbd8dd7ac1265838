// What docs/guides/lists-of-what-changes.md calls the wrong way. It runs and judges itself: the race is there.
#include <fmt/core.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

struct Post {
  int id = 0;
  std::string author;
  std::string title;
};
using Titles = std::vector<std::string>;

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "not so: {}\n", what);
  std::exit(1);
}

/// `meanwhile` runs once, between a query and its answer.
struct Database {
  Titles titles_by(const std::string& author) {
    Titles titles;
    for (const auto& [id, post] : posts) {
      if (post.author == author) titles.push_back(post.title);
    }
    if (meanwhile) std::exchange(meanwhile, nullptr)();
    return titles;
  }
  void save(const Post& post) { posts[post.id] = post; }

  std::map<int, Post> posts;
  std::function<void()> meanwhile;
};

/// A cache as it is written by hand: nothing says when a fetch began.
struct HandMade {
  std::optional<Titles> get(const std::string& key) const {
    const auto found = kept.find(key);
    if (found == kept.end()) return std::nullopt;
    return found->second;
  }
  void set(const std::string& key, Titles titles) { kept[key] = std::move(titles); }
  void remove(const std::string& key) { kept.erase(key); }
  std::map<std::string, Titles> kept;
};

}  // namespace

int main() {
  Database db;
  HandMade cache;
  // [by_hand]
  const auto posts_by = [&](const std::string& author) {
    if (auto cached = cache.get("by:" + author)) return *cached;
    Titles titles = db.titles_by(author);
    cache.set("by:" + author, titles);
    return titles;
  };
  const auto save = [&](const Post& post) {
    db.save(post);
    cache.remove("post:" + std::to_string(post.id));
    cache.remove("by:" + post.author);  // the list where it stands now
  };
  // [/by_hand]
  save({1, "ada", "Ducks"});
  db.meanwhile = [&] { save({2, "ada", "Geese"}); };
  posts_by("ada");
  require(posts_by("ada") == Titles{"Ducks"}, "by hand, the new post is lost from its list");

  cache.remove("by:ada");
  require(posts_by("ada").size() == 2, "both posts are Ada's");
  save({1, "bob", "Ducks"});
  require(posts_by("ada").size() == 2, "by hand, the list where it stood is forgotten");
  return 0;
}
