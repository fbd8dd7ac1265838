// Judging blocks: names, options, and fields of the key.
#include "config/block_check.hpp"

#include <fmt/format.h>

#include <unordered_map>

#include "config/block_table.hpp"
#include "config/glob.hpp"
#include "freshet/limits.hpp"
#include "strategy/key_template.hpp"

namespace freshet::config {
namespace {

/// `"user_*" (freshet.yaml:9:3)`, or the name alone where no place is known.
std::string name_and_place(const BlockName& block) {
  if (block.place.line == 0) return in_quotes(block.name);
  return fmt::format("{} ({}:{}:{})", in_quotes(block.name), block.place.file, block.place.line,
                     block.place.column);
}

void check_ties(std::span<const BlockName* const> globs, Findings& findings) {
  for (std::size_t later = 1; later < globs.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      const BlockName& a = *globs[earlier];
      const BlockName& b = *globs[later];
      const bool tie = a.name != b.name &&
                       literal_prefix(a.name).size() == literal_prefix(b.name).size() &&
                       globs_meet(a.name, b.name);
      if (!tie) continue;
      findings.add(b.place, block_path(b.name),
                   fmt::format("ties with {}: a namespace could match both, and what stands before "
                               "the first wildcard "
                               "is equally long",
                               name_and_place(a)));
    }
  }
}

void check_name(const BlockName& block, Findings& findings) {
  if (block.name.empty())
    findings.add(block.place, "namespaces", "expected the name of a block, found an empty one");
  if (block.name.size() <= kMaxNamespaceBytes) return;
  findings.add(block.place, block_path(block.name),
               fmt::format("expected a name of at most {} bytes, found {}", kMaxNamespaceBytes,
                           block.name.size()));
}

}  // namespace

std::string block_path(std::string_view name) { return path_to("namespaces", name); }

void check_block_names(std::span<const BlockName> names, Findings& findings) {
  if (names.size() > kMaxBlocks) {
    findings.add(names[kMaxBlocks].place, "namespaces",
                 fmt::format("expected at most {} blocks, found {}", format_count(kMaxBlocks),
                             names.size()));
    return;
  }
  std::unordered_map<std::string_view, const BlockName*> seen;
  std::vector<const BlockName*> globs;
  for (const BlockName& block : names) {
    check_name(block, findings);
    if (!seen.try_emplace(block.name, &block).second) {
      findings.add(block.place, block_path(block.name), "the block is given twice");
    }
    if (is_glob(block.name) && block.name.size() <= kMaxNamespaceBytes) globs.push_back(&block);
  }
  if (globs.size() > kMaxGlobs) {
    findings.add(
        globs[kMaxGlobs]->place, "namespaces",
        fmt::format("expected at most {} names with wildcards, found {}", kMaxGlobs, globs.size()));
    return;
  }
  check_ties(globs, findings);
}

void check_block_options(const BlockModel& block, Findings& findings) {
  block_table().list().check(&block.options, {}, findings);
  for (const StrategyPart& part : block.strategies) part.type->check(part.options, {}, findings);
}

void check_block_relations(const BlockModel& block, Findings& findings) {
  block_table().list().check_relations(&block.options, {}, findings);
  const Parsed<KeyTemplate> key = KeyTemplate::parse(block.options.key);
  for (const StrategyPart& part : block.strategies) {
    part.type->check_relations(part.options, {}, findings);
    if (!key.value) continue;
    for (const KeyFieldUse& use : part.type->field_uses(part.options)) {
      if (auto problem = field_problem(*key.value, use.field)) findings.add(use.path, *problem);
    }
  }
}

}  // namespace freshet::config
