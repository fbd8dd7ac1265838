// What docs/guides/sessions.md calls the wrong way. It runs and judges itself: the race is there.
#include <fmt/core.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace {

struct Session {
  std::string user;
  std::string cart;
};

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "not so: {}\n", what);
  std::exit(1);
}

/// A store as it is written by hand. `meanwhile` runs once, after a read.
struct HandMade {
  std::optional<Session> get(const std::string& token) {
    const auto found = kept.find(token);
    if (found == kept.end()) return std::nullopt;
    const Session session = found->second;
    if (meanwhile) std::exchange(meanwhile, nullptr)();
    return session;
  }
  void set(const std::string& token, Session session) { kept[token] = std::move(session); }
  void remove(const std::string& token) { kept.erase(token); }

  std::map<std::string, Session> kept;
  std::function<void()> meanwhile;
};

}  // namespace

int main() {
  HandMade store;
  // [by_hand]
  const auto add_to_cart = [&](const std::string& token, const std::string& item) {
    std::optional<Session> session = store.get(token);
    if (!session) return;  // signed out
    session->cart += " " + item;
    store.set(token, *session);  // signed in again
  };
  const auto sign_out = [&](const std::string& token) { store.remove(token); };
  // [/by_hand]
  store.set("tablet", {"bob", ""});
  store.meanwhile = [&] { sign_out("tablet"); };
  add_to_cart("tablet", "rum");
  require(store.get("tablet").has_value(), "by hand, a session comes back after its sign-out");
  return 0;
}
