// What docs/guides/asking-what-has-changed.md quotes. It runs and judges itself, so that what the guide says is so.
#include <fmt/core.h>

#include <cstdlib>
#include <freshet/freshet.hpp>
#include <optional>
#include <string>

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "not so: {}\n", what);
  std::exit(1);
}

struct Page {
  std::string text;
};

/// Answers like a web server: 304, without a body, to whoever has what is current.
struct Server {
  struct Response {
    int status = 200;
    std::string etag;
    Page body;
  };
  Response get(std::string_view, const std::string& if_none_match) {
    ++requests;
    if (if_none_match == etag) return {.status = 304, .etag = {}, .body = {}};
    ++bodies;
    return {.status = 200, .etag = etag, .body = page};
  }
  std::string etag = "\"v1\"";
  Page page{"a long page"};
  int requests = 0;
  int bodies = 0;
};

}  // namespace

int main() {
  auto invalidator = freshet::CacheInvalidator::from_yaml(
      "freshet: 1\nnamespaces:\n  pages: {ttl: 1h, stale_if_error: 1d}\n");
  Server server;
  // [load]
  const auto pages = invalidator.cache<Page>("pages");
  const auto fetch = [&](freshet::LoadContext& load) -> Page {
    const auto response = server.get(load.key(), std::string(load.previous_validator()));
    if (response.status == 304) return load.not_modified<Page>();
    load.validator(response.etag);
    return response.body;
  };
  const auto page = pages.get_or_load("/news", fetch);
  // [/load]
  require(page->text == "a long page", "the page is loaded");
  // [expire]
  pages.invalidate("/news", {.mode = freshet::Mode::expire});  // perhaps it has changed
  // [/expire]
  require(pages.get_or_load("/news", fetch)->text == "a long page", "and is still right");
  require(server.requests == 2 && server.bodies == 1, "the server sent it once");
  require(static_cast<bool>(pages.get("/news")), "it is in the cache again");
  pages.invalidate("/news");
  pages.get_or_load("/news", fetch);
  require(server.bodies == 2, "what was removed is asked for without a condition");
  server.etag = "\"v2\"";
  server.page.text = "another page";
  pages.invalidate("/news", {.mode = freshet::Mode::expire});
  require(pages.get_or_load("/news", fetch)->text == "another page", "what has changed is sent");
}
