// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "commands.hpp"
#include "funnel/files/output.hpp"
#include "funnel/onnx/onnx_model.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/report/result_json.hpp"
#include "outputs.hpp"

namespace funnel::tool {
namespace {

struct ExportCommand {
    std::string model, output;
};

void run_export(const ExportCommand& command, Run& run) {
    claim_outputs({command.output, run.options.manifest}, {command.model});
    files::FileDigest digest;
    const Bundle bundle = persist::load_model(command.model, persist::kDefaultSizeLimit, &digest);
    run.record.add_model(digest);
    files::Output file(command.output);
    const std::string graph = onnx::onnx_model(bundle);
    file.append(graph);
    file.commit();
    run.record.add_output(command.output);
    if (!run.options.json) return;
    std::vector<std::string> targets;
    for (const model::Head& head : bundle.heads)
        targets.push_back(head.name);
    run.out << nlohmann::ordered_json{{"schema_version", report::kSchemaVersion},
                                      {"output", command.output},
                                      {"bytes", graph.size()},
                                      {"targets", targets},
                                      {"warnings",
                                       report::warnings_json<nlohmann::ordered_json>(run.console.warnings())}}
                   .dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
            << '\n';
}

}  // namespace

void add_export(CLI::App& app, Session& session) {
    const auto [sub, command] =
        add_command<ExportCommand>(app, session, "export", "A model as an ONNX graph", run_export);
    sub->add_option("-m,--model", command->model, "The model file")->required();
    sub->add_option("-o,--output", command->output, "Where the graph goes")->required();
}

}  // namespace funnel::tool
