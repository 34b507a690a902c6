// SPDX-License-Identifier: MIT
#include <memory>
#include <ostream>

#include "commands.hpp"
#include "funnel/files/atomic_file.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/report/calibration.hpp"
#include "funnel/train/recalibrate.hpp"
#include "judged.hpp"

namespace funnel::tool {
namespace {

struct CalibrateCommand {
    GeneralOptions general;
    LogOptions log;
    TableOptions table;
    HistoryOptions history;
    std::string model, output;
};

void run_calibrate(const CalibrateCommand& command, Session& session) {
    command.general.apply(session.console);
    refuse_overwriting_input(command.output, command.log.paths);
    files::check_writable(command.output);
    Bundle bundle = persist::load_model(command.model);
    const Judged judged =
        judge(bundle, command.log, command.table, command.history, command.general, session);
    const auto shifts = train::recalibrate(bundle, judged.examples.scores, judged.examples.labels,
                                           judged.examples.weights, chosen_kernels(command.general));
    persist::save_model(command.output, bundle);
    session.out << (command.general.json ? report::calibration_json(shifts)
                                         : report::calibration_text(shifts));
}

}  // namespace

void add_calibrate(CLI::App& app, Session& session) {
    auto command = std::make_shared<CalibrateCommand>();
    CLI::App* sub = app.add_subcommand("calibrate", "A model's intercepts after labels known since training");
    command->general.add_to(*sub);
    command->log.add_to(*sub);
    command->table.add_to(*sub);
    command->history.add_to(*sub);
    sub->add_option("-m,--model", command->model, "The model file")->required();
    sub->add_option("-o,--output", command->output, "The new model file")->required();
    sub->callback(
        [command, &session] { session.action = [command, &session] { run_calibrate(*command, session); }; });
}

}  // namespace funnel::tool
