// SPDX-License-Identifier: MIT
#include <cmath>

#include "commands.hpp"
#include "funnel/base/time.hpp"
#include "funnel/dataset/build_dataset.hpp"
#include "funnel/encoding/dataset_encoder.hpp"
#include "funnel/files/atomic_file.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/train/train_on_log.hpp"
#include "log_model.hpp"
#include "outputs.hpp"
#include "rows_out.hpp"

namespace funnel::tool {
namespace {

struct FeaturesCommand {
    LogOptions log;
    HistoryOptions history;
    SideOptions side;
    std::string model, output;
    bool encoded = false;
};

struct FeatureTable {
    encoding::Dataset data;
    EventLog log;
    HistoryStart start;
};

FeatureTable build(const FeaturesCommand& command, const std::optional<Bundle>& bundle, Run& run) {
    if (bundle) {
        const events::SideTables side = command.side.load(*bundle->log, command.log, run);
        HistoryStart start = history_start(*bundle, command.history, run);
        ingest::ReadResult read = read_for_model(*bundle, command.log, side, start, run);
        const auto examples = examples_for_model(*bundle, read.log, start, command.history, command.log, run);
        encoding::Dataset data =
            dataset::build_dataset(read.log, start.history, examples, build_options(*bundle->log, side, run));
        return {std::move(data), std::move(read.log), std::move(start)};
    }
    ingest::ReadOptions reading = command.log.read_options(run);
    reading.columns = feature_columns({}, {});
    ingest::ReadResult read = ingest::read_log(command.log.paths, reading);
    tell_about_reading(read.report, command.log, run);
    const LoadedSide side = command.side.load(read.schema, {}, command.log, run);
    side.tables.complete(read.log);
    tell_about_ids(side.tables, read.log, run);
    train::LogModelOptions options;
    options.task.side_inputs = side.inputs;
    options.task.funnel = choose_funnel(command.log, read.schema, history::kinds_of(read.log), run).funnel;
    dataset::ExampleOptions wanted;
    const events::Period asked = command.history.asked(command.log, read.log);
    wanted.from = asked.from;
    wanted.until = asked.to;
    wanted.threads = run.threads();
    HistoryStart start{history::History(train::history_options(read.log, options)), {}, history::kNever};
    const auto examples = dataset::build_examples(read.log, options.task.funnel, wanted);
    encoding::Dataset data = dataset::build_dataset(read.log, start.history, examples,
                                                    build_options(options.task, side.tables, run));
    return {std::move(data), std::move(read.log), std::move(start)};
}

void write_number(RowsOut& rows, float value) {
    if (std::isnan(value)) {
        rows.missing();
    } else {
        rows.number(value);
    }
}

void write_raw(RowsOut& rows, const encoding::Dataset& data, std::size_t i) {
    for (const float value : data.numeric_row(i))
        write_number(rows, value);
    for (std::size_t c = 0; c < data.categorical_features.size(); ++c) {
        const std::uint32_t code = data.categorical_row(i)[c];
        rows.text(code == base::kNone ? std::string_view{} : data.categories[c].text(code));
    }
}

void write_labels(RowsOut& rows, const encoding::Dataset& data, std::size_t i) {
    for (const std::uint8_t label : data.label_row(i)) {
        if (label == base::kUnknownLabel) {
            rows.missing();
        } else {
            rows.number(static_cast<int>(label));
        }
    }
    rows.end_row();
}

void write_header(RowsOut& rows, const encoding::Dataset& data, const encoding::Encoder* encoder) {
    for (const std::string_view name : {"event_time", "user_id", "item_id", "known_user", "known_item"}) {
        rows.text(name);
    }
    if (encoder != nullptr) {
        for (const std::string& name : encoder->dense_names())
            rows.text(name);
        for (const auto& embedding : encoder->embeddings())
            rows.text(embedding.name + "_id");
    } else {
        for (const auto& feature : data.numeric_features)
            rows.text(feature.name);
        for (const std::string& name : data.categorical_features)
            rows.text(name);
    }
    for (const std::string& target : data.targets)
        rows.text("label_" + target);
    rows.end_row();
}

void write_table(RowsOut& rows, const FeatureTable& table, const encoding::Encoder* encoder) {
    const encoding::Dataset& data = table.data;
    std::optional<encoding::DatasetEncoder> encode;
    std::vector<float> dense;
    std::vector<std::uint32_t> ids;
    if (encoder != nullptr) {
        encode.emplace(*encoder, data);
        dense.resize(encoder->dense_names().size());
        ids.resize(encoder->embeddings().size());
    }
    write_header(rows, data, encoder);
    for (std::size_t i = 0; i < data.size(); ++i) {
        const Event event = table.log.event(data.keys[i].row);
        rows.text(base::format_time(event.time));
        rows.text(event.user);
        rows.text(event.item);
        rows.number(static_cast<int>(data.keys[i].known_user));
        rows.number(static_cast<int>(data.keys[i].known_item));
        if (encode) {
            encode->encode(i, dense, ids);
            for (const float value : dense)
                rows.number(value);
            for (const std::uint32_t id : ids)
                rows.number(id);
        } else {
            write_raw(rows, data, i);
        }
        write_labels(rows, data, i);
    }
    rows.finish();
}

void run_features(const FeaturesCommand& command, Run& run) {
    command.history.check(command.log);
    if (command.encoded && command.model.empty())
        usage_error("--encoded: needs a model that says how; give -m MODEL");
    std::vector<std::string> inputs = command.log.inputs();
    if (!command.model.empty()) inputs.push_back(command.model);
    for (const std::string& path : command.side.paths())
        inputs.push_back(path);
    claim_outputs({command.output, command.history.save_state, command.log.rejects, run.options.manifest},
                  inputs);
    std::optional<Bundle> bundle;
    if (!command.model.empty()) bundle = load_model(command.model, run);
    if (bundle && !bundle->log) usage_error("features: expected a model of a log, got one of a table");
    FeatureTable table = build(command, bundle, run);
    run.record.add_output(command.output);
    run.record.add_count("examples", table.data.size());
    RowsOut rows(command.output, run.out);
    write_table(rows, table, command.encoded ? &bundle->encoder : nullptr);
    keep_state(command.history, table.start, table.log, run);
}

}  // namespace

void add_features(CLI::App& app, Session& session) {
    const auto [sub, command] =
        add_command(app, session, "features",
                    "The point-in-time feature table, with labels, for any other tool", run_features);
    command->log.add_to(*sub);
    command->history.add_to(*sub);
    command->side.add_to(*sub);
    sub->add_option("-m,--model", command->model, "Stages, horizons and history of this model");
    sub->add_option("-o,--output", command->output, "CSV file (.gz by name); default: standard output");
    sub->add_flag("--encoded", command->encoded, "What the net sees, instead of raw values");
}

}  // namespace funnel::tool
