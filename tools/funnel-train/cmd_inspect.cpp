// SPDX-License-Identifier: MIT
#include <ostream>

#include "commands.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/report/training_report.hpp"
#include "log_model.hpp"

namespace funnel::tool {
namespace {

struct InspectCommand {
    std::string model;
};

void run_inspect(const InspectCommand& command, Run& run) {
    const Bundle bundle = load_model(command.model, run);
    run.out << (run.options.json ? report::inspect_json(bundle) : report::inspect_text(bundle));
}

}  // namespace

void add_inspect(CLI::App& app, Session& session) {
    const auto [sub, command] = add_command(app, session, "inspect", "What a model file holds", run_inspect);
    sub->add_option("MODEL", command->model, "The model file")->required();
}

}  // namespace funnel::tool
