// 09: a blog. A post, and the list of each author's posts, are kept until somebody writes: saving a
// post takes the post, the lists it stood in and the list it stands in now, and nothing else.
#include <fmt/core.h>

#include <exception>
#include <map>
#include <string>
#include <utility>

#include "freshet/freshet.hpp"

namespace {

struct Post {
  int id = 0;
  std::string author, title;
};

struct Database {
  std::map<int, Post> posts;
  std::map<std::string, std::string> names;  // of authors
  int queries = 0;
};

class Blog {
 public:
  Blog(freshet::CacheInvalidator invalidator, Database& db)
      : invalidator_(std::move(invalidator)), db_(db) {}

  // [reads]
  std::string post(int id) {
    return *posts_.get_or_load(fmt::format("post:{}", id), [&](freshet::LoadContext& load) {
      const Post post = (++db_.queries, db_.posts.at(id));
      load.tag("author:" + post.author);  // the page shows the author's name
      return fmt::format("{}, by {}", post.title, db_.names.at(post.author));
    });
  }
  std::string posts_by(const std::string& author) {
    return *lists_.get_or_load("by:" + author, [&](freshet::LoadContext& load) {
      std::string list = (++db_.queries, db_.names.at(author) + ":");
      for (const auto& [id, post] : db_.posts) {
        if (post.author != author) continue;
        load.tag(fmt::format("post:{}", id));  // the list shows its title
        list += " " + post.title;
      }
      return list;
    });
  }
  // [/reads]

  // [writes]
  freshet::Emitted save(const Post& post) {
    db_.posts[post.id] = post;
    return invalidator_.emit("post_saved", {{"id", post.id}, {"author", post.author}});
  }
  freshet::Emitted rename(const std::string& author, const std::string& name) {
    db_.names[author] = name;
    return invalidator_.emit("author_renamed", {{"author", author}});
  }
  // [/writes]
  void show(const char* what, const freshet::Emitted& done = {}) {
    const int before = db_.queries;
    const std::string texts =
        fmt::format("  {}\n  {}\n  {}\n  {}\n", post(1), post(3), posts_by("ada"), posts_by("bob"));
    fmt::print("{}: {} stale, {} queries\n{}", what, done.invalidated.count, db_.queries - before,
               texts);
  }

 private:
  freshet::CacheInvalidator invalidator_;
  Database& db_;
  freshet::Cache<std::string> posts_ = invalidator_.cache<std::string>("posts");
  freshet::Cache<std::string> lists_ = invalidator_.cache<std::string>("lists");
};

void run(const char* policy) {
  Database db{
      .posts = {{1, {1, "ada", "Ducks"}}, {2, {2, "ada", "Geese"}}, {3, {3, "bob", "Eggs"}}},
      .names = {{"ada", "Ada"}, {"bob", "Bob"}}};
  Blog blog(freshet::CacheInvalidator::from_yaml_file(policy), db);
  blog.show("at first");
  blog.show("again");
  blog.show("Ada has a new title for post 1", blog.save({1, "ada", "Ducklings"}));
  blog.show("Bob writes post 4", blog.save({4, "bob", "Nests"}));
  blog.show("post 3 was Ada's after all", blog.save({3, "ada", "Eggs"}));
  blog.show("Ada takes another name", blog.rename("ada", "Grace"));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : EXAMPLE_DIR "/policy.yaml");
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
