#include "replay/replay_run.hpp"

#include <cstdint>

#include "replay/progress_bar.hpp"
#include "trace/trace_reader.hpp"

namespace freshet::replay {
namespace {

constexpr std::uint64_t kRowsPerLook =
    4096;  // looking at the clock costs more than a row's parsing

void replay_one(trace::TraceReader& reader, std::span<Replayer> replayers, ProgressBar& progress,
                std::uint64_t before) {
  for (Replayer& replayer : replayers) replayer.begin_trace();
  trace::TraceRow row;
  for (std::uint64_t rows = 0; reader.next(row); ++rows) {
    for (Replayer& replayer : replayers) replayer.replay(row);
    if (rows % kRowsPerLook == 0) progress.show(before + reader.position());
  }
}

}  // namespace

void replay_traces(const std::vector<std::filesystem::path>& files, std::span<Replayer> replayers) {
  std::uint64_t total = 0;
  for (const std::filesystem::path& file : files) total += trace::TraceReader(file).size();
  ProgressBar progress(total);
  std::uint64_t before = 0;
  for (const std::filesystem::path& file : files) {
    trace::TraceReader reader(file);
    replay_one(reader, replayers, progress, before);
    before += reader.size();
  }
}

}  // namespace freshet::replay
