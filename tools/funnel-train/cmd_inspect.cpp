// SPDX-License-Identifier: MIT
#include <memory>
#include <ostream>

#include "commands.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/report/training_report.hpp"
#include "log_model.hpp"

namespace funnel::tool {

void add_inspect(CLI::App& app, Session& session) {
    struct InspectCommand {
        GeneralOptions general;
        std::string model;
    };
    auto command = std::make_shared<InspectCommand>();
    CLI::App* sub = app.add_subcommand("inspect", "What a model file holds");
    command->general.add_to(*sub);
    sub->add_option("MODEL", command->model, "The model file")->required();
    sub->callback([command, &session] {
        session.action = [command, &session] {
            command->general.apply(session);
            const Bundle bundle = load_model(command->model, command->general);
            session.out << (command->general.json ? report::inspect_json(bundle)
                                                  : report::inspect_text(bundle));
        };
    });
}

}  // namespace funnel::tool
