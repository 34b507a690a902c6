// SPDX-License-Identifier: MIT
#include <ostream>

#include "commands.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/report/calibration_report.hpp"
#include "funnel/train/recalibrate.hpp"
#include "judged.hpp"
#include "outputs.hpp"

namespace funnel::tool {
namespace {

struct CalibrateCommand {
    JudgeOptions judging;
    std::string model, output;
};

void run_calibrate(const CalibrateCommand& command, Run& run) {
    const std::vector<std::string> others = {command.judging.history.save_state, command.judging.log.rejects,
                                             run.options.manifest};
    std::vector<std::string> outputs = others;
    outputs.push_back(command.output);
    claim_outputs(outputs, command.judging.inputs());
    claim_outputs(others, {command.model});  // the new model may take the place of the old one
    Bundle bundle = load_model(command.model, run);
    const Judged judged = judge(bundle, command.judging, false, nullptr, run);
    const auto shifts = train::recalibrate(bundle, judged.examples.scores, judged.examples.labels,
                                           judged.examples.weights, run.kernels());
    // All that may run out of memory comes before the old model is replaced.
    run.record.add_output(command.output);
    const std::string summary = run.options.json ? report::calibration_json(shifts, run.console.warnings())
                                                 : report::calibration_text(shifts);
    persist::save_model(command.output, bundle);
    run.out << summary;
}

}  // namespace

void add_calibrate(CLI::App& app, Session& session) {
    const auto [sub, command] = add_command(
        app, session, "calibrate", "A model's intercepts after labels known since training", run_calibrate);
    command->judging.add_to(*sub, true);
    sub->add_option("-m,--model", command->model, "The model file")->required();
    sub->add_option("-o,--output", command->output, "The new model file")->required();
}

}  // namespace funnel::tool
