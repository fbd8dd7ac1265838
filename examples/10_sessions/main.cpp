// 10: a store of web sessions, with nothing behind it: what is not here is signed out. A request that
// changes a session takes a lease before it reads, so a session that is ended meanwhile stays ended.
#include <fmt/core.h>

#include <chrono>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "freshet/freshet.hpp"
#include "freshet/testing/manual_clock.hpp"

namespace {

using namespace std::chrono_literals;

struct Session {
  std::string user, cart;
};

class Sessions {
 public:
  explicit Sessions(freshet::CacheInvalidator invalidator) : invalidator_(std::move(invalidator)) {}

  // [sessions]
  bool sign_in(const std::string& token, const std::string& user, const std::string& password) {
    const freshet::Lease lease = sessions_.lease(token);  // before the password is looked at
    if (passwords_.at(user) != password) return false;
    return is_stored(sessions_.put(token, {user, ":"}, lease, {.tags = {"user:" + user}}));
  }
  bool change(const std::string& token, auto edit) {
    const freshet::Lease lease = sessions_.lease(token);  // before the session is read
    const auto session = sessions_.get(token);
    if (!session) return false;  // signed out
    Session changed = *session;
    edit(changed);
    const std::string tag = "user:" + changed.user;
    return is_stored(
        sessions_.put(token, changed, lease, {.tags = {tag}, .ttl = session.remaining()}));
  }
  void sign_out(const std::string& token) { sessions_.invalidate(token); }
  void change_password(const std::string& user, const std::string& password) {
    passwords_[user] = password;
    invalidator_.invalidate_tag("user:" + user);  // on all their devices
  }
  // [/sessions]
  std::string show(const std::string& token) const {
    const auto session = sessions_.get(token);
    return session ? session->user + session->cart : "signed out";
  }

 private:
  freshet::CacheInvalidator invalidator_;
  std::map<std::string, std::string> passwords_{{"ada", "duck"}, {"bob", "goose"}};
  freshet::Cache<Session> sessions_ = invalidator_.cache<Session>("sessions");
};

void run(const char* policy) {
  const auto clock = std::make_shared<freshet::testing::ManualClock>();
  freshet::Components components;
  components.clock = clock;
  Sessions sessions(freshet::CacheInvalidator::from_yaml_file(policy, components));
  const auto at = [&, start = clock->now()](auto time, const char* token, const char* what) {
    clock->set(start + time);
    fmt::print("{}:{:02}  {:<7}{:<11} {}\n", time / 1h, time % 1h / 1min, token,
               sessions.show(token), what);
  };
  for (const char* token : {"laptop", "phone"}) sessions.sign_in(token, "ada", "duck");
  sessions.sign_in("tablet", "bob", "goose");
  sessions.change("laptop", [](Session& session) { session.cart += " tea"; });
  for (const char* token : {"laptop", "tablet"}) at(25min, token, "in use");
  at(50min, "laptop", "used again in time");
  at(50min, "phone", "nobody used it for half an hour");
  const bool stored = sessions.change("tablet", [&](Session& session) {
    session.cart += " rum";
    sessions.sign_out("tablet");  // another request, while this one is under way
  });
  at(50min, "tablet", stored ? "" : "what the request had changed was refused");
  sessions.change_password("ada", "swan");
  at(60min, "laptop", "another password");
  sessions.sign_in("laptop", "ada", "swan");
  for (int i = 0; i < 24; ++i, clock->advance(20min)) sessions.show("laptop");
  at(9h, "laptop", "used all day, and 8 hours are over");
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
