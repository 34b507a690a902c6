// SPDX-License-Identifier: MIT
#include <chrono>
#include <ostream>

#include "commands.hpp"
#include "earlier_models.hpp"
#include "funnel/events/put_in_order.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/report/training_report.hpp"
#include "funnel/train/training_warnings.hpp"
#include "outputs.hpp"
#include "train_options.hpp"

namespace funnel::tool {
namespace {

using Clock = std::chrono::steady_clock;

/// Measures epochs on the way and shows them with -v.
class Stopwatch {
 public:
    explicit Stopwatch(Console& console) : console_(console) {}

    [[nodiscard]] train::TrainObserver observer() {
        return {.progress = console_.progress(), .epoch_ends = [this](const train::EpochReport& epoch) {
                    const auto now = Clock::now();
                    times_.epochs.push_back(std::chrono::duration<double>(now - last_).count());
                    last_ = now;
                    console_.detail(
                        "epoch " + std::to_string(epoch.epoch) + ": train loss " +
                        std::to_string(epoch.train_loss) +
                        (epoch.valid_loss ? ", valid loss " + std::to_string(*epoch.valid_loss) : "") +
                        (epoch.best ? ", best so far" : ""));
                    return true;
                }};
    }
    [[nodiscard]] report::TrainingTimes times() {
        times_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
        return times_;
    }

 private:
    Console& console_;
    report::TrainingTimes times_;
    Clock::time_point start_ = Clock::now(), last_ = start_;
};

Bundle train_log(const TrainCommand& command, const train::ModelOptions& model, Stopwatch& watch, Run& run) {
    ingest::ReadOptions reading = command.log.read_options(run);
    std::vector<std::string> texts, numbers;
    if (command.log.schema != "auto") {
        const ingest::Schema schema = ingest::load_schema(command.log.schema);
        texts = schema.categorical;
        numbers = schema.numeric;
    }
    reading.columns = feature_columns(texts, numbers);
    ingest::ReadResult read = ingest::read_log(command.log.paths, reading);
    tell_about_reading(read.report, command.log, run);
    if (read.log.empty()) {
        throw Error(ErrorCode::schema,
                    names_of(command.log.paths) + ": no rows to train on; check the file, or --as-of");
    }
    if (!command.log.to.empty() && command.log.as_of.empty()) {
        run.console.warn("to_is_not_as_of",
                         "--to chooses examples: the rows after it are known to the model, in labels and "
                         "history; for the log as it was known then give --as-of " +
                             command.log.to);
    }
    events::put_in_order(read.log);  // the same rows are the same model, in whatever order they come
    train::LogModelOptions options = command.log_options(read, model, run);
    const LoadedSide side =
        command.side.load(read.schema, list_option(command.table.categorical), command.log, run);
    run.record.add_times(read.log);
    side.tables.complete(read.log);
    tell_about_ids(side.tables, read.log, run);
    options.task.side_inputs = side.inputs;
    options.side = &side.tables;
    return naming_files(command.log.paths, [&] {
        return train::train_on_log(read.log, options, run.kernels(), watch.observer());
    });
}

Bundle trained(const TrainCommand& command, const train::ModelOptions& model, Stopwatch& watch, Run& run) {
    if (command.table.label.empty()) return train_log(command, model, watch, run);
    return naming_files(command.log.paths, [&] {
        if (command.one_pass) return train_in_one_pass(command.table, command.log, model, run);
        return train_on_table(command.table, command.log, model, command.valid, watch.observer(), run);
    });
}

/// What the library says of a training, with the option that would help.
void warn_about_training(const model::TrainingSummary& summary, Run& run) {
    for (const base::Warning& warning : train::training_warnings(summary)) {
        const bool by_share = warning.code == "few_training_rows";
        const bool by_rows = warning.code == "one_class";
        run.console.warn(warning.code, warning.message + (by_share  ? " (a smaller --valid)"
                                                          : by_rows ? " (a larger --valid)"
                                                                    : ""));
    }
}

/// The new model may take the place of an earlier one; nothing else may.
void claim_outputs_of(const TrainCommand& command, const Run& run) {
    std::vector<std::string> inputs = command.log.inputs();
    for (const std::string& path : command.side.paths())
        inputs.push_back(path);
    if (!command.table.valid_file.empty()) inputs.push_back(command.table.valid_file);
    claim_outputs({command.output, command.log.rejects, run.options.manifest}, inputs);
    for (const std::string* model : {&command.init, &command.champion}) {
        if (!model->empty()) claim_outputs({command.log.rejects, run.options.manifest}, {*model});
    }
}

void run_train(const TrainCommand& command, Run& run) {
    // A wrong option ends the run before the long work.
    command.check(run);
    claim_outputs_of(command, run);
    const EarlierModels earlier(command, run);
    train::ModelOptions model = command.model_options(run.threads());
    earlier.add_to(model, command, run);
    train::Audit audit;
    if (command.audit) model.audit = &audit;
    Stopwatch watch(run.console);
    Bundle bundle = trained(command, model, watch, run);
    warn_about_training(bundle.summary, run);
    command.add_configuration(bundle);
    if (bundle.table) {
        for (const files::FileDigest& file : run.record.inputs())
            bundle.learned_from.push_back(file.xxh128);
    }
    for (const base::Warning& warning : audit.warnings)
        run.console.warn(warning);
    // All that may run out of memory comes before the old model is replaced.
    run.record.add_output(command.output);
    run.record.add_count("examples", bundle.summary.examples);
    std::string summary =
        run.options.json ? report::training_json(bundle, watch.times(), model.audit, run.console.warnings())
                         : report::training_text(bundle);
    if (command.audit && !run.options.json) summary += "\n" + report::audit_text(audit);
    persist::save_model(command.output, bundle);
    run.out << summary;
}

}  // namespace

void add_train(CLI::App& app, Session& session) {
    const auto [sub, command] = add_command(app, session, "train", "A log or a table to a model", run_train);
    command->log.add_to(*sub);
    command->table.add_to(*sub);
    command->table.add_reading_to(*sub);
    command->table.add_training_to(*sub);
    command->side.add_to(*sub);
    sub->add_option("-o,--output", command->output, "The model file")->required();
    command->add_learning_to(*sub);
}

}  // namespace funnel::tool
