// What docs/guides/ending.md quotes. It runs and judges itself, so that what the guide says is so.
#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <freshet/freshet.hpp>
#include <future>

namespace {

using namespace std::chrono_literals;

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "not so: {}\n", what);
  std::exit(1);
}

struct Row {};
struct Report {
  void add(const Row&) { ++rows; }
  int rows = 0;
};
struct Stopped {};

/// Whose rows do not end, while somebody asks for them.
class Database {
 public:
  struct Cursor {
    const Row& operator*() const { return row; }
    Cursor& operator++() { return *this; }
    bool operator!=(const Cursor&) const { return true; }
    Row row{};
  };
  struct Rows {
    Cursor begin() const { return {}; }
    Cursor end() const { return {}; }
  };
  Rows rows() {
    reads_.set_value();
    return {};
  }
  void wait_until_read() { reads_.get_future().wait(); }

 private:
  std::promise<void> reads_;
};

void log_what_was_left(const freshet::CloseReport& report) {
  fmt::print("{} loads still run\n", report.loads);
}

}  // namespace

int main() {
  auto invalidator =
      freshet::CacheInvalidator::from_yaml("freshet: 1\nnamespaces:\n  reports: {ttl: 1h}\n");
  const auto reports = invalidator.cache<Report>("reports");
  Database db;
  const auto year = [&] {
    // [loader]
    const auto report = reports.get_or_load("2030", [&](freshet::LoadContext& load) {
      Report sum;
      for (const Row& row : db.rows()) {
        if (load.cancelled()) throw Stopped();
        sum.add(row);
      }
      return sum;
    });
    // [/loader]
    return report->rows;
  };
  auto load = std::async(std::launch::async, year);
  db.wait_until_read();
  // [close]
  const freshet::CloseReport report = invalidator.close({.wait = 5s, .cancel_loads = true});
  if (!report.clean()) log_what_was_left(report);
  // [/close]
  require(report.clean(), "the load has ended");
  try {
    load.get();
    require(false, "it was cancelled");
  } catch (const Stopped&) {
    fmt::print("stopped\n");
  }
}
