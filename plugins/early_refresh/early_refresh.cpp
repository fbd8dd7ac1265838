// early_refresh: an entry is refreshed ahead of its deadline, at a fixed point or at random, so that
// the processes of a fleet do not all load it at once.
//
// At random (Vattani, Chierichetti, Lowenstein: "Optimal Probabilistic Cache Stampede Prevention",
//   VLDB 2015): a reader at time t recomputes an entry that expires at e and took delta to compute
//   if t - delta * beta * ln(u) >= e, u uniform in (0, 1]. With X = -beta * delta * ln(u), an
//   exponential variable of mean beta * delta, that is X >= e - t: at T = e - t before the deadline
//   the probability is P(X >= T) = exp(-T / (beta * delta)).
// We draw X once, when the entry is stored, and make e - X the soft deadline. At T before the
//   deadline the soft one has passed if X >= T, so the probability is the same; but it does not
//   grow with the number of reads, and a read costs nothing. beta = 1 is the paper's optimum; more
//   is earlier.
// What a fleet of n does: the first one's moment is the largest of n draws, about
//   beta * delta * (ln n + 0.58) before the deadline. While it loads, for delta, those follow whose
//   draws lie within delta of it: the gaps between the largest draws are beta * delta * E_k / k
//   with E_k exponential, so for beta = 1 about e - 1 of them, whatever n is.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <stdexcept>

#include "freshet/plugin_sdk/strategy_plugin.hpp"

namespace {

using freshet::plugin::Deadlines;
using freshet::plugin::Decision;
using freshet::plugin::Entry;
using freshet::plugin::Host;
using freshet::plugin::kNever;
using freshet::plugin::later;
using freshet::plugin::Options;

constexpr std::int64_t kDefaultTtl = 300'000'000'000;  // 5m

constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "ttl": {"type": "string", "format": "duration", "exclusiveMinimum": "0s",
            "description": "how long an entry is good for; without it what the strategies before this one say, or 5m"},
    "early_ttl": {"type": "string", "format": "duration", "exclusiveMinimum": "0s",
                  "description": "refreshed from here on; without it at random, by beta"},
    "beta": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000, "default": 1,
             "description": "how early at random: 1 is optimal, more is earlier"},
    "background": {"type": "boolean", "default": false,
                   "description": "also without a reader, if it was read since it was stored"}
  },
  "additionalProperties": false
})";

/// Thread-safe: nothing changes after the constructor.
class EarlyRefresh final : public freshet::plugin::StrategyPlugin {
 public:
  EarlyRefresh(Host host, const Options& options)
      : host_(host),
        ttl_(options.integer("ttl")),
        early_ttl_(options.integer("early_ttl")),
        beta_(options.number("beta").value()),
        background_(options.boolean("background").value()) {
    if (ttl_ && early_ttl_ && *early_ttl_ >= *ttl_)
      throw std::invalid_argument("early_ttl: expected less than ttl");
  }

  Deadlines on_store(const Entry& entry, std::int64_t now) override {
    Deadlines deadlines;
    deadlines.hard = hard_deadline(entry, now);
    const std::int64_t early =
        early_ttl_ ? later(now, *early_ttl_) : drawn(now, deadlines.hard, entry.load_time());
    if (early < deadlines.hard) deadlines.soft = early;
    if (background_ && deadlines.soft != kNever) {
      deadlines.refresh_at = deadlines.soft;
      deadlines.refresh_from_accesses = 1;
    }
    return deadlines;
  }

  Decision on_soft_expired(const Entry&, std::int64_t) override {
    return Decision::serve_and_refresh;
  }

 private:
  /// In a composition such as [ttl, early_refresh] another strategy may have set a nearer one.
  std::int64_t hard_deadline(const Entry& entry, std::int64_t now) const {
    const std::int64_t before = entry.deadlines()->hard_ns;
    if (!ttl_ && before != kNever) return before;
    return std::min(before, later(now, entry.lifetime(ttl_.value_or(kDefaultTtl))));
  }

  /// hard - X, not before now. Nothing to draw where nothing was loaded or nothing expires.
  std::int64_t drawn(std::int64_t now, std::int64_t hard, std::int64_t load_time) const {
    if (load_time <= 0 || hard == kNever || hard <= now) return kNever;
    const double x = -beta_ * static_cast<double>(load_time) * std::log1p(-host_.uniform());
    const std::int64_t lifetime = hard - now;
    return x >= static_cast<double>(lifetime) ? now : hard - static_cast<std::int64_t>(x);
  }

  const Host host_;
  const std::optional<std::int64_t> ttl_;
  const std::optional<std::int64_t> early_ttl_;
  const double beta_;
  const bool background_;
};

}  // namespace

FRESHET_STRATEGY_PLUGIN(EarlyRefresh, "early_refresh", kSchema)
