// Subject: something that is measured, Freshet or a peer, and the workloads it is measured with.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "peers/measure.hpp"

namespace freshet::bench {

enum class Workload : std::uint8_t {
  a100k,     // reads of 100,000 keys, all resident
  a1m,       // reads of a million keys, all resident
  b,         // get or insert: room for 100,000 of a million keys
  c,         // 75 % get, 25 % put, same room
  hot,       // reads of one key
  get_many,  // a1m by 32 keys at once
  singles,   // the same keys, one after the other, into a list of 32
  erase,     // of 100,000 of a million keys
};
inline constexpr std::array kWorkloads{Workload::a100k,   Workload::a1m,  Workload::b,
                                       Workload::c,       Workload::hot,  Workload::get_many,
                                       Workload::singles, Workload::erase};

/// As it is called in tables and on the command line.
std::string_view name_of(Workload workload);

/// One measurement. `timed`: each operation by itself, for quantiles; the other figures of such a run are not used.
struct Task {
  Workload workload;
  unsigned threads = 1;
  double seconds = 0.25;
  bool timed = false;
};

/// Confined to one thread; what it starts itself is over when a call returns.
class Subject {
 public:
  Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  virtual ~Subject() = default;

  virtual std::string_view name() const = 0;
  virtual bool takes(Workload workload, unsigned threads) const = 0;

  /// Makes a cache and fills it as the workload wants it; close() lets it go.
  virtual void open(Workload workload) = 0;
  virtual Measured measure(const Task& task) = 0;
  virtual void close() = 0;

  /// Bytes for each of a million entries, key and value included. Asked in a process that does nothing else.
  virtual double bytes_per_entry() = 0;
};

/// A subject that may be there.
struct Candidate {
  std::string name;
  std::string package;            // Debian's, empty if it needs none
  std::unique_ptr<Subject> made;  // null if this program was built without it
};

/// All that there are, Freshet first.
std::vector<Candidate> candidates();

/// The one that ratios refer to.
inline constexpr std::string_view kReference = "freshet visit";

}  // namespace freshet::bench
