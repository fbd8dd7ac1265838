// Doing something dangerous in a forked child first, so that it cannot end or stop this process.
//
// The child has one thread, a copy of this process's memory, no standard streams, and a time limit.
// It leaves by _exit: no destructor, handler or leak check of ours runs twice.
// fork() and threads: strictly, the child of a process with several threads may call only what is
//   async-signal-safe, and a trial loads libraries and allocates. glibc puts malloc in order for the
//   child; any other lock that another thread held at the fork stays held. The price is a trial that
//   runs into its limit and a refusal that says so, never a hang of this process. An exec of a
//   helper program would avoid it and need an installed program that a library cannot rely on.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "freshet/clock.hpp"

namespace freshet::plugin {

/// Says what the child does from now on, for a message: "was loaded".
using Stage = std::function<void(std::string_view)>;

/// Runs `trial` in a child. Its answer, a problem in words, or empty; or what the child came to: a
/// signal, an exit, the time limit, with the stage that it was in. nullopt if all is well.
std::optional<std::string> try_in_child(Duration limit,
                                        const std::function<std::string(const Stage&)>& trial);

}  // namespace freshet::plugin
