#include "plugin/plugin_table.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstring>

#include "freshet/findings.hpp"

namespace freshet::plugin {
namespace {

constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kHeadBytes = offsetof(freshet_plugin_v1, name);

/// The size of the table in each minor version of this major.
constexpr std::size_t kSizes[] = {sizeof(freshet_plugin_v1)};
static_assert(std::size(kSizes) == FRESHET_ABI_MINOR + 1, "a new minor has a size of its own");

std::string versions(const freshet_plugin_v1& table) {
  return fmt::format("it was built for {}.{}, this is {}.{}", table.abi_major, table.abi_minor,
                     FRESHET_ABI_MAJOR, FRESHET_ABI_MINOR);
}

const char* missing_function(const freshet_plugin_v1& table) {
  if (table.create == nullptr) return "create";
  if (table.destroy == nullptr) return "destroy";
  if (table.on_store == nullptr) return "on_store";
  return nullptr;
}

}  // namespace

bool is_plugin_name(const char* name) {
  if (name == nullptr) return false;
  const std::size_t size = ::strnlen(name, kMaxNameBytes + 1);
  if (size == 0 || size > kMaxNameBytes) return false;
  return std::strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == size;
}

std::optional<std::string> table_problem(const freshet_plugin_v1* table) {
  if (table == nullptr) return "freshet_plugin_entry answered no table";
  if (table->struct_size < kHeadBytes) {
    return fmt::format("wrong size of its table: {} bytes, expected {}", table->struct_size,
                       sizeof(freshet_plugin_v1));
  }
  if (table->abi_major != FRESHET_ABI_MAJOR)
    return "wrong major version of the plugin interface: " + versions(*table);
  if (table->abi_minor > FRESHET_ABI_MINOR)
    return "newer minor version of the plugin interface: " + versions(*table);
  if (table->struct_size != kSizes[table->abi_minor]) {
    return fmt::format("wrong size of its table: {} bytes, version {}.{} has {}",
                       table->struct_size, table->abi_major, table->abi_minor,
                       kSizes[table->abi_minor]);
  }
  if (const char* missing = missing_function(*table))
    return fmt::format("the required function {} is missing", missing);
  if (!is_plugin_name(table->name)) {
    return fmt::format(
        "the name of a plugin is lower-case letters, digits and '_', at most {}, found {}",
        kMaxNameBytes, table->name == nullptr ? "none" : in_quotes(table->name));
  }
  return std::nullopt;
}

}  // namespace freshet::plugin
