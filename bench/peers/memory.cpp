#include "peers/memory.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "peers/freshet_adapter.hpp"
#include "peers/resident_memory.hpp"
#include "peers/subject_of.hpp"

namespace freshet::bench {
namespace {

constexpr unsigned kFurtherTags = 4;

/// Bytes of a key and a value, on average.
double payload_bytes() {
  double keys = 0;
  for (std::uint32_t id = 0; id < kManyKeys; ++id) keys += operation_of(id).key_length;
  return keys / kManyKeys + sizeof(Value);
}

/// Who names the tags of an entry.
enum class NamedBy { put, call, loader };

std::string tagged_name(bool in_place, NamedBy who, unsigned tags) {
  return fmt::format("tagged/{}/{}/{}", in_place ? "in-place" : "string", static_cast<int>(who),
                     tags);
}

/// Bytes of an entry that carries so many tags, which all carry.
template <class Stored>
double tagged_bytes(NamedBy who, unsigned tags) {
  EntryOptions options;
  for (unsigned i = 0; i < tags; ++i) options.tags.push_back(fmt::format("tag:{}", i));
  const EntryOptions of_call = who == NamedBy::call ? options : EntryOptions{};
  const std::size_t before = resident_bytes();
  FreshetAdapter<Stored> adapter(room_for(kManyKeys));
  const Cache<Stored>& cache = adapter.cache();
  for (std::uint32_t id = 0; id < kManyKeys; ++id) {
    const Operation operation = operation_of(id);
    if (who == NamedBy::put) {
      cache.put(operation.key(), stored_value<Stored>(operation.key()), options);
      continue;
    }
    const auto loader = [&](LoadContext& load) {
      for (std::size_t i = of_call.tags.size(); i < options.tags.size(); ++i)
        load.tag(options.tags[i]);
      return stored_value<Stored>(operation.key());
    };
    cache.get_or_load(operation.key(), loader, of_call);
  }
  return static_cast<double>(resident_bytes() - before) / kManyKeys;
}

double bytes_in_own_process(const std::string& what) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::FILE* const answers =
      ::popen(fmt::format("exec '{}' --memory-of '{}'", program, what).c_str(), "r");
  if (answers == nullptr) throw std::runtime_error("cannot start " + program);
  char line[64] = "";
  const bool answered = std::fgets(line, sizeof line, answers) != nullptr;
  if (::pclose(answers) != 0 || !answered) throw std::runtime_error("no answer for " + what);
  return std::strtod(line, nullptr);
}

TaggedMemory measure_tagged(bool in_place, double payload) {
  const auto bytes = [in_place](NamedBy who, unsigned tags) {
    return bytes_in_own_process(tagged_name(in_place, who, tags));
  };
  const auto for_a_tag = [&](NamedBy who) {
    return (bytes(who, 1 + kFurtherTags) - bytes(who, 1)) / kFurtherTags;
  };
  return {bytes(NamedBy::put, 1) - payload, for_a_tag(NamedBy::put), for_a_tag(NamedBy::call),
          for_a_tag(NamedBy::loader)};
}

}  // namespace

Memory measure_memory(const std::vector<Subject*>& subjects) {
  const double payload = payload_bytes();
  Memory memory;
  for (Subject* const subject : subjects) {
    const std::string name(subject->name());
    memory.subjects.push_back({name, bytes_in_own_process(name) - payload});
  }
  memory.in_place = measure_tagged(true, payload);
  memory.strings = measure_tagged(false, payload);
  return memory;
}

bool print_memory_of(const std::string& what) {
  for (const NamedBy who : {NamedBy::put, NamedBy::call, NamedBy::loader}) {
    for (const unsigned tags : {1U, 1 + kFurtherTags}) {
      const bool in_place = what == tagged_name(true, who, tags);
      if (!in_place && what != tagged_name(false, who, tags)) continue;
      fmt::print("{}\n",
                 in_place ? tagged_bytes<Value>(who, tags) : tagged_bytes<std::string>(who, tags));
      return true;
    }
  }
  for (const Candidate& candidate : candidates()) {
    if (candidate.made == nullptr || candidate.name != what) continue;
    fmt::print("{}\n", candidate.made->bytes_per_entry());
    return true;
  }
  return false;
}

}  // namespace freshet::bench
