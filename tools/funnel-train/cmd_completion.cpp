// SPDX-License-Identifier: MIT
#include <ostream>

#include "commands.hpp"
#include "completion.hpp"
#include "options.hpp"

namespace funnel::tool {
namespace {

struct CompletionCommand {
    const CLI::App* app = nullptr;
    std::string shell;
};

void run_completion(const CompletionCommand& command, Run& run) {
    if (run.options.json) usage_error("--json: completion prints a script, which is no JSON; leave it out");
    run.out << (command.shell == "bash"  ? bash_completion(*command.app)
                : command.shell == "zsh" ? zsh_completion(*command.app)
                                         : fish_completion(*command.app));
}

}  // namespace

void add_completion(CLI::App& app, Session& session) {
    const auto [sub, command] = add_command<CompletionCommand>(
        app, session, "completion", "Completion script of a shell", run_completion);
    command->app = &app;
    sub->add_option("shell", command->shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

}  // namespace funnel::tool
