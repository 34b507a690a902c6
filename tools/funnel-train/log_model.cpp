// SPDX-License-Identifier: MIT
#include "log_model.hpp"

#include <algorithm>

#include "funnel/base/time.hpp"
#include "funnel/events/effective_funnel.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/model/columns_needed.hpp"
#include "funnel/persist/model_file.hpp"

namespace funnel::tool {

void HistoryOptions::add_to(CLI::App& command) {
    command
        .add_option("--history", history, "model: go on from the model's history; none: start from LOG alone")
        ->check(CLI::IsMember({"model", "none"}));
    command.add_option("--state", state, "Go on from this state instead of the model's");
    command.add_option("--save-state", save_state, "Write the history as it is after LOG, for the next run");
    command.add_option("--score-from", score_from, "Rows before this time are history only (ISO 8601)");
}

ingest::LogColumns feature_columns(const std::vector<std::string>& text_inputs,
                                   const std::vector<std::string>& number_inputs) {
    ingest::LogColumns columns;
    columns.price = true;
    columns.text_if_mapped = true;
    columns.position_if_mapped = true;
    columns.text = text_inputs;
    columns.numbers = number_inputs;
    return columns;
}

ingest::ReadOptions read_options_for_model(const model::LogTask& task, const LogOptions& options,
                                           const GeneralOptions& general, Console& console) {
    ingest::ReadOptions reading = options.read_options(general, console);
    if (options.funnel) usage_error("--funnel: a model's stages are fixed when it is trained; leave it out");
    if (options.schema == "auto")
        reading.explicit_schema = ingest::parse_schema(task.schema, "the model's schema");
    reading.custom_kinds = task.funnel.custom_types;
    reading.columns = feature_columns(task.text_inputs, task.number_inputs);
    return reading;
}

namespace {

/// Columns that the training rows had and this log has not: scores lack them, and look as good as ever. They
/// become columns without values, which is what the caller is told.
std::string take_as_missing(const events::NeededColumns& needed, EventLog& log) {
    std::string names;
    const auto note = [&](const std::string& name) { names += (names.empty() ? "" : ", ") + name; };
    for (const std::string& name : needed.text) {
        if (log.text_column(name) != nullptr) continue;
        note(name);
        log.add_text_column(name);
    }
    for (const std::string& name : needed.numbers) {
        if (log.number_column(name) != nullptr) continue;
        note(name);
        log.add_number_column(name);
    }
    return names;
}

}  // namespace

ingest::ReadResult read_for_model(const Bundle& bundle, const LogOptions& options,
                                  const events::SideTables& side, const GeneralOptions& general,
                                  Console& console) {
    const ingest::ReadOptions reading = read_options_for_model(*bundle.log, options, general, console);
    ingest::ReadResult read = ingest::read_log(options.paths, reading);
    tell_about_reading(read.report, options, general, console);
    side.complete(read.log);
    const std::string missing = take_as_missing(model::columns_needed(bundle), read.log);
    if (!missing.empty()) {
        console.warn(
            "the model learned from " + missing +
            ", which this log has not: its scores do without; if a column has another name, give the "
            "schema that it was trained with");
    }
    return read;
}

Bundle load_model(const std::string& path, const GeneralOptions& general) {
    files::FileDigest digest;
    Bundle bundle = persist::load_model(path, persist::kDefaultSizeLimit, &digest);
    general.record->add_model(digest);
    return bundle;
}

void save_state(const HistoryOptions& options, const history::History& history,
                const GeneralOptions& general) {
    if (options.save_state.empty()) return;
    persist::save_state(options.save_state, history);
    general.record->add_output(options.save_state);
}

namespace {

/// To the program a state that does not fit is a bad model file, not a bad log.
history::History load_matching_state(const std::string& path, const Bundle& bundle) {
    try {
        return persist::load_matching_state(path, bundle);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::schema) throw;
        throw Error(ErrorCode::format, error.what());
    }
}

}  // namespace

dataset::BuildOptions build_options(const model::LogTask& task, const events::SideTables& side,
                                    Console& console) {
    return {.text_inputs = task.text_inputs,
            .number_inputs = task.number_inputs,
            .side_inputs = task.side_inputs,
            .side = &side,
            .progress = console.progress()};
}

history::History starting_history(const Bundle& bundle, const HistoryOptions& options) {
    if (!options.state.empty()) {
        if (options.history == "none") usage_error("--state and --history none exclude each other; give one");
        return load_matching_state(options.state, bundle);
    }
    if (options.history == "none") return history::History(bundle.history->options());
    return *bundle.history;
}

dataset::ExampleList examples_for_model(const Bundle& bundle, const EventLog& log,
                                        const history::History& history, const HistoryOptions& options,
                                        const LogOptions& log_options, const GeneralOptions& general) {
    dataset::ExampleOptions wanted;
    wanted.mode = bundle.log->examples;
    for (const model::Head& head : bundle.heads) {
        wanted.targets.push_back(head.name);
        wanted.horizons.push_back(head.horizon);
    }
    wanted.visit_gap = history.options().visit_gap;
    wanted.burn_in = 0;
    const events::Period asked = log_options.asked(log);
    wanted.from = asked.from;
    wanted.until = asked.to;
    if (!options.score_from.empty())
        wanted.from = time_option("--score-from", options.score_from, log_options.tz);
    wanted.threads = general.thread_count();
    dataset::ExampleList examples = dataset::build_examples(log, bundle.log->funnel, wanted, &history);
    if (!log.empty() && examples.already_observed == log.size()) {
        throw Error(ErrorCode::schema, "expected rows after " + base::format_time(history.watermark()) +
                                           ", the watermark of the history, got none; give a newer log, or "
                                           "--history none to start from this log alone");
    }
    return examples;
}

ChosenFunnel choose_funnel(const LogOptions& options, const ingest::Schema& schema, events::KindSet kinds,
                           Console& console) {
    if (auto chosen = options.funnel_override()) {
        for (const events::Stage& stage : chosen->stages) {
            if ((stage.kinds & kinds) != 0) continue;
            console.warn("--funnel: stage " + stage.name + " counts 0: the log has no such event");
        }
        return {std::move(*chosen), {}};
    }
    if (!schema.funnel_is_default) return {Funnel::make(schema.funnel), {}};
    auto [funnel, left_out] = events::effective_funnel(schema.funnel, kinds);
    for (const std::string& stage : left_out) {
        console.note("stage " + stage + " is left out of the funnel: the log has no such event");
    }
    return {std::move(funnel), std::move(left_out)};
}

const nn::Kernels& chosen_kernels(const GeneralOptions& general) {
    return general.kernel.empty() ? kernel::best() : kernel::named(general.kernel);
}

}  // namespace funnel::tool
