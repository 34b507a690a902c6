// SPDX-License-Identifier: MIT
// Run: what every step of a command needs beside the command's own options.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "console.hpp"
#include "funnel/files/lock_file.hpp"
#include "funnel/ingest/log_parts.hpp"
#include "funnel/nn/kernels.hpp"
#include "run_record.hpp"

namespace funnel::tool {

/// Options of every command.
struct GeneralOptions {
    bool json = false;
    bool strict = false;  ///< a warning is exit 4
    bool quiet = false;
    bool verbose = false;
    std::string log_format = "text";
    unsigned threads = 0;
    std::string memory;
    std::string temp;
    std::string kernel;
    std::string lock, lock_wait = "0";
    std::string manifest;

    void add_to(CLI::App& command);
};

/// One run of a command, from its parsed options to its last output. One thread at a time.
class Run {
 public:
    /// Sets up the console and takes the lock, which it keeps to its end. Borrows `to` and `messages`. Throws
    /// Error(invalid_argument) for wrong options, and as files::LockFile.
    Run(GeneralOptions general, std::ostream& to, Console& messages);

    const GeneralOptions options;
    std::ostream& out;  ///< where results go
    Console& console;   ///< where everything else goes
    RunRecord record;   ///< what goes to --manifest, filled on the way

    /// --threads, or the cores there are.
    [[nodiscard]] unsigned threads() const;
    /// --memory and --temp.
    [[nodiscard]] ingest::PartsOptions parts() const;
    /// The kernels of --kernel, or the best here. Throws Error(unsupported) for those this CPU has not.
    [[nodiscard]] const nn::Kernels& kernels() const;

 private:
    std::optional<files::LockFile> lock_;
};

/// What parsing leaves: what the command that was given does, and its general options.
struct Session {
    GeneralOptions general = {};
    std::function<void(Run&)> action = {};
};

/// Declares a command with its general options; `act` gets what was parsed, and may not change it. The caller
/// adds the command's own options to the first, which fill the second: both live as long as the app.
template <typename Command>
std::pair<CLI::App*, Command*> add_command(CLI::App& app, Session& session, const std::string& name,
                                           const std::string& what, void (*act)(const Command&, Run&)) {
    CLI::App* const sub = app.add_subcommand(name, what);
    const auto general = std::make_shared<GeneralOptions>();
    const auto command = std::make_shared<Command>();
    general->add_to(*sub);
    sub->callback([general, command, act, &session] {
        session.general = *general;
        session.action = [command, act](Run& run) { act(*command, run); };
    });
    return {sub, command.get()};
}

}  // namespace funnel::tool
