// SPDX-License-Identifier: MIT
#include "commands.hpp"
#include "funnel/files/output.hpp"
#include "funnel/onnx/onnx_model.hpp"
#include "funnel/persist/model_file.hpp"
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
    file.append(onnx::onnx_model(bundle));
    file.commit();
    run.record.add_output(command.output);
}

}  // namespace

void add_export(CLI::App& app, Session& session) {
    const auto [sub, command] =
        add_command<ExportCommand>(app, session, "export", "A model as an ONNX graph", run_export);
    sub->add_option("-m,--model", command->model, "The model file")->required();
    sub->add_option("-o,--output", command->output, "Where the graph goes")->required();
}

}  // namespace funnel::tool
