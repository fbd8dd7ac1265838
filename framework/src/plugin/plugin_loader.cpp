#include "plugin/plugin_loader.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <exception>
#include <utility>

#include "freshet/errors.hpp"
#include "plugin/child_trial.hpp"
#include "plugin/plugin_file.hpp"
#include "plugin/plugin_host.hpp"
#include "plugin/plugin_table.hpp"

namespace freshet::plugin {
namespace {

using Entry = const freshet_plugin_v1* (*)();

/// dlerror() begins with the path, which every message of ours has already.
std::string loader_message(const std::string& file) {
  const char* text = ::dlerror();
  std::string message = text == nullptr ? "unknown error" : text;
  if (message.starts_with(file + ": ")) message.erase(0, file.size() + 2);
  return message;
}

Entry entry_of(void* handle) {
  void* symbol = ::dlsym(handle, FRESHET_PLUGIN_ENTRY_NAME);
  if (symbol == nullptr)
    throw Error("it has no function " FRESHET_PLUGIN_ENTRY_NAME ", so it is no plugin");
  return reinterpret_cast<Entry>(symbol);
}

}  // namespace

void PluginLibrary::Close::operator()(void* handle) const noexcept { ::dlclose(handle); }

PluginLibrary::PluginLibrary(const std::filesystem::path& file) : file_(file.string()) {
  handle_.reset(::dlopen(file_.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!handle_) throw Error("cannot be loaded: " + loader_message(file_));
  table_ = entry_of(handle_.get())();
  if (const auto problem = table_problem(table_)) throw Error(*problem);
  name_ = table_->name;
  if (table_->options_schema != nullptr) schema_ = PluginSchema::parse(table_->options_schema);
}

std::shared_ptr<const PluginLibrary> PluginLibrary::load(const std::filesystem::path& file,
                                                         Duration trial_limit) {
  std::error_code ignored;
  const std::filesystem::path full = std::filesystem::absolute(file, ignored);
  auto problem = file_problem(full);
  if (!problem) {
    problem = try_in_child(trial_limit, [&full](const Stage& stage) -> std::string {
      stage("was loaded");
      const PluginLibrary library(full);
      stage("made a strategy with default options");
      return library.schema_.required.empty() ? library.refusal_of(library.schema_.defaults)
                                              : std::string{};
    });
  }
  if (problem) throw Error(fmt::format("{}: {}", file.string(), *problem));
  try {
    return std::shared_ptr<const PluginLibrary>(new PluginLibrary(full));
  } catch (const std::exception& error) {
    throw Error(fmt::format("{}: {}", file.string(), error.what()));
  }
}

void* PluginLibrary::create(const freshet_host_v1& host, const OptionValues& options) const {
  const std::string json = options.json();
  std::array<char, 512> reason{};
  void* self = nullptr;
  try {
    self = table_->create(&host, json.data(), json.size(), reason.data(), reason.size());
  } catch (const std::exception& error) {
    throw Error(fmt::format("create threw: {}", error.what()));
  } catch (...) {
    throw Error("create threw something that is no std::exception");
  }
  reason.back() = '\0';
  if (self == nullptr) {
    throw Error(fmt::format("create failed: {}",
                            reason.front() == '\0' ? "it gave no reason" : reason.data()));
  }
  return self;
}

std::string PluginLibrary::refusal_of(const OptionValues& options) const {
  const auto clock = make_system_clock();
  const auto random = make_random_source(0);
  try {
    const PluginHost host(name_, *clock, *random);
    table_->destroy(create(host.table(), options));
    return {};
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "destroy threw something that is no std::exception";
  }
}

}  // namespace freshet::plugin
