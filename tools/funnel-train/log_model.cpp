// SPDX-License-Identifier: MIT
#include "log_model.hpp"

#include <algorithm>
#include <limits>

#include "funnel/base/count_words.hpp"
#include "funnel/base/time.hpp"
#include "funnel/events/effective_funnel.hpp"
#include "funnel/model/columns_needed.hpp"
#include "funnel/persist/model_file.hpp"

namespace funnel::tool {

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

ingest::ReadOptions read_options_for_model(const Bundle& bundle, const LogOptions& options, Run& run) {
    const model::LogTask& task = *bundle.log;
    ingest::ReadOptions reading = options.read_options(run);
    if (options.funnel) usage_error("--funnel: a model's stages are fixed when it is trained; leave it out");
    if (options.schema == "auto")
        reading.explicit_schema = ingest::parse_schema(task.schema, "the model's schema");
    reading.custom_kinds = task.funnel.custom_types;
    reading.columns = feature_columns(task.text_inputs, task.number_inputs);
    // A night that the model knows to be usual is no wrong clock in a file that has only one.
    if (bundle.history)
        reading.timeline.known_gap = static_cast<std::uint64_t>(bundle.history->longest_gap());
    return reading;
}

namespace {

/// Columns that the training rows had and this log has not: scores lack them, and look as good as ever. They
/// become columns without values, which is what the caller is told.
std::string take_as_missing(const events::NeededColumns& needed, EventLog& log) {
    std::string names;
    const auto note = [&](const std::string& name) { names += (names.empty() ? "" : ", ") + name; };
    const auto [text, numbers] = events::missing_columns(log, needed);
    for (const std::string& name : text) {
        note(name);
        log.add_text_column(name);
    }
    for (const std::string& name : numbers) {
        note(name);
        log.add_number_column(name);
    }
    return names;
}

}  // namespace

ingest::ReadResult read_for_model(const Bundle& bundle, const LogOptions& options,
                                  const events::SideTables& side, const HistoryStart& start, Run& run,
                                  const std::vector<std::string>& more_texts,
                                  const std::vector<std::string>& texts_if_there, bool position_if_there) {
    ingest::ReadOptions reading = read_options_for_model(bundle, options, run);
    reading.columns.text_if_there = texts_if_there;
    reading.columns.position_if_mapped |= position_if_there;
    reading.columns.text.insert(reading.columns.text.end(), more_texts.begin(), more_texts.end());
    reading.timeline.known_gap = static_cast<std::uint64_t>(start.history.longest_gap());
    ingest::ReadResult read = ingest::read_log(options.paths, reading);
    tell_about_reading(read.report, options, run);
    need_rows(read.report);
    run.record.add_times(read.log);
    side.complete(read.log);
    tell_about_ids(side, read.log, run);
    const std::string missing = take_as_missing(model::columns_needed(bundle), read.log);
    if (!missing.empty()) {
        run.console.warn(
            "missing_columns",
            "the model learned from " + missing +
                ", which this log has not: its scores do without; if a column has another name, give the "
                "schema that it was trained with");
    }
    return read;
}

Bundle load_model(const std::string& path, Run& run) {
    files::FileDigest digest;
    Bundle bundle = persist::load_model(path, persist::kDefaultSizeLimit, &digest);
    run.record.add_model(digest);
    return bundle;
}

std::size_t head_named(const std::string& target, const Bundle& bundle) {
    if (target.empty()) return bundle.heads.size() - 1;
    const auto at = std::ranges::find(bundle.heads, target, &model::Head::name);
    if (at != bundle.heads.end()) return static_cast<std::size_t>(at - bundle.heads.begin());
    std::string names;
    for (const model::Head& head : bundle.heads)
        names += (names.empty() ? "" : ", ") + head.name;
    usage_error("--target: expected one of " + names + ", got \"" + target + "\"");
}

dataset::BuildOptions build_options(const model::LogTask& task, const events::SideTables& side, Run& run) {
    return {.text_inputs = task.text_inputs,
            .number_inputs = task.number_inputs,
            .side_inputs = task.side_inputs,
            .side = &side,
            .progress = run.console.progress()};
}

dataset::ExampleOptions example_options(const Bundle& bundle, const EventLog& log, const HistoryStart& start,
                                        const HistoryOptions& options, const LogOptions& log_options,
                                        const Run& run) {
    dataset::ExampleOptions wanted;
    wanted.mode = bundle.log->examples;
    for (const model::Head& head : bundle.heads) {
        wanted.targets.push_back(head.name);
        wanted.horizons.push_back(head.horizon);
    }
    wanted.visit_gap = start.history.options().visit_gap;
    wanted.burn_in = 0;
    const events::Period asked = options.asked(log_options, log);
    wanted.from = asked.from;
    wanted.until = asked.to;
    wanted.threads = run.threads();
    return wanted;
}

dataset::ExampleList examples_for_model(const Bundle& bundle, const EventLog& log, HistoryStart& start,
                                        const HistoryOptions& options, const LogOptions& log_options,
                                        Run& run) {
    const history::History& history = start.history;
    find_known_rows(log, start, options, run);
    const dataset::ExampleOptions wanted = example_options(bundle, log, start, options, log_options, run);
    dataset::ExampleList examples = dataset::build_examples(log, bundle.log->funnel, wanted, &history);
    if (!log.empty() && examples.already_observed == log.size()) {
        throw Error(ErrorCode::schema, names_of(log_options.paths) + ": expected rows after " +
                                           base::format_time(history.watermark()) +
                                           ", the last time that is known, got none; give a newer log");
    }
    return examples;
}

bool learned_from(const Bundle& bundle, const EventLog& log, const dataset::ExampleList& examples,
                  bool allowed, Run& run) {
    std::int64_t from = std::numeric_limits<std::int64_t>::max(), to = history::kNever;
    for (const model::TimeRange* range :
         {&bundle.summary.train, &bundle.summary.valid, &bundle.summary.refit}) {
        if (range->examples == 0) continue;
        from = std::min(from, range->from);
        to = std::max(to, range->to);
    }
    const auto inside = std::ranges::count_if(
        examples.rows, [&](std::uint64_t row) { return log.time[row] >= from && log.time[row] <= to; });
    if (inside == 0) return false;
    const std::string what = base::format_count(inside) + " of " + base::counted(examples.size(), "example") +
                             (inside == 1 ? " is" : " are") + " of the time that the model learned from, " +
                             base::format_time(from) + " to " + base::format_time(to);
    if (!allowed) {
        throw Error(ErrorCode::schema, what +
                                           ": expected examples that it has not seen; give a later log, or "
                                           "judge it all the same with --allow-training-rows");
    }
    run.console.warn("in_sample", what + ": the figures are better than they will be on new rows");
    return true;
}

ChosenFunnel choose_funnel(const LogOptions& options, const ingest::Schema& schema, events::KindSet kinds,
                           Run& run) {
    const auto chosen_by = [&](Funnel funnel, const std::string& where) -> ChosenFunnel {
        for (const events::Stage& stage : funnel.stages) {
            if ((stage.kinds & kinds) != 0) continue;
            run.console.warn("unknown_stage",
                             where + ": stage " + stage.name + " counts 0: the log has no such event");
        }
        return {std::move(funnel), {}};
    };
    if (auto chosen = options.funnel_override())
        return chosen_by(chosen->with_printed_names(kinds), "--funnel");
    if (!schema.funnel_is_default) return chosen_by(Funnel::make(schema.funnel), "funnel of the schema");
    auto [funnel, left_out] = events::effective_funnel(schema.funnel, kinds);
    for (const std::string& stage : left_out) {
        run.console.note("stage " + stage + " is left out of the funnel: the log has no such event");
    }
    return {std::move(funnel), std::move(left_out)};
}

}  // namespace funnel::tool
