// SPDX-License-Identifier: MIT
#include "funnel/report/training_report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "funnel/base/time.hpp"
#include "funnel/report/result_json.hpp"
#include "funnel/report/text_table.hpp"

namespace funnel::report {
namespace {

using Json = nlohmann::ordered_json;

Json number_or_null(const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
}

std::string horizon_text(std::int64_t horizon) {
    return horizon == events::kVisitHorizon ? "visit" : base::format_duration(horizon);
}

/// Times of a table are all 0 and then say nothing.
Json range_json(const model::TimeRange& range) {
    Json json;
    json["examples"] = range.examples;
    const bool has_times = range.from != 0 || range.to != 0;
    json["from"] = has_times ? Json(base::format_time(range.from)) : Json(nullptr);
    json["to"] = has_times ? Json(base::format_time(range.to)) : Json(nullptr);
    return json;
}

std::string range_text(const model::TimeRange& range) {
    std::string text = format_count(static_cast<std::int64_t>(range.examples)) + " examples";
    if (range.from != 0 || range.to != 0) {
        text += ", " + base::format_time(range.from) + " to " + base::format_time(range.to);
    }
    return text;
}

/// "{click} {cart -> purchase}"
std::string chains_text(const Bundle& bundle) {
    std::string text;
    for (std::size_t c = 0; c < bundle.chains.size(); ++c) {
        text += c > 0 ? " {" : "{";
        for (std::size_t k = 0; k < bundle.chains.lengths()[c]; ++k) {
            text += (k > 0 ? " -> " : "") + printable(bundle.heads[bundle.chains.first(c) + k].name);
        }
        text += "}";
    }
    return text;
}

Json chains_json(const Bundle& bundle) {
    Json json = Json::array();
    for (std::size_t c = 0; c < bundle.chains.size(); ++c) {
        Json names = Json::array();
        for (std::size_t k = 0; k < bundle.chains.lengths()[c]; ++k) {
            names.push_back(bundle.heads[bundle.chains.first(c) + k].name);
        }
        json.push_back(names);
    }
    return json;
}

Json epochs_json(const Bundle& bundle, const std::optional<TrainingTimes>& times) {
    Json json = Json::array();
    for (std::size_t i = 0; i < bundle.summary.epochs.size(); ++i) {
        const model::EpochSummary& epoch = bundle.summary.epochs[i];
        Json row{{"epoch", epoch.epoch},
                 {"train_loss", epoch.train_loss},
                 {"valid_loss", number_or_null(epoch.valid_loss)}};
        row["valid_roc_auc"] = Json::object();
        for (std::size_t k = 0; k < epoch.valid_roc_auc.size(); ++k) {
            row["valid_roc_auc"][bundle.heads[k].name] = number_or_null(epoch.valid_roc_auc[k]);
        }
        if (times && i < times->epochs.size()) row["seconds"] = times->epochs[i];
        json.push_back(row);
    }
    return json;
}

Json validation_json(const model::TrainingSummary& summary) {
    Json json = Json::object();
    for (const model::TargetSummary& target : summary.targets) {
        json[target.name] = {{"examples", target.examples},
                             {"positives", target.positives},
                             {"log_loss", number_or_null(target.log_loss)},
                             {"base_rate_log_loss", number_or_null(target.base_rate_log_loss)},
                             {"normalized_entropy", number_or_null(target.normalized_entropy)},
                             {"roc_auc", number_or_null(target.roc_auc)},
                             {"ece", number_or_null(target.ece)}};
    }
    return json;
}

Json summary_json(const Bundle& bundle, const std::optional<TrainingTimes>& times) {
    const model::TrainingSummary& summary = bundle.summary;
    Json json;
    json["schema_version"] = kSchemaVersion;
    json["examples"] = summary.examples;
    json["features"] = summary.features;
    json["parameters"] = summary.parameters;
    json["targets"] = Json::array();
    for (const model::Head& head : bundle.heads)
        json["targets"].push_back(head.name);
    json["chains"] = chains_json(bundle);
    json["ranges"] = {{"train", range_json(summary.train)},
                      {"valid", range_json(summary.valid)},
                      {"refit", summary.refit.examples > 0 ? range_json(summary.refit) : Json(nullptr)}};
    json["epochs"] = epochs_json(bundle, times);
    json["best_epoch"] = summary.best_epoch;
    json["stop_reason"] = summary.stop_reason;
    json["validation"] = validation_json(summary);
    return json;
}

std::string validation_table(const model::TrainingSummary& summary) {
    TextTable table({{"target", Align::left},
                     {"examples"},
                     {"positives"},
                     {"log loss"},
                     {"base rate's"},
                     {"gain"},
                     {"ROC AUC"},
                     {"ECE"}});
    for (const model::TargetSummary& target : summary.targets) {
        const std::optional<double> gain =
            target.normalized_entropy ? std::optional(1 - *target.normalized_entropy) : std::nullopt;
        table.add_row({printable(target.name), format_count(static_cast<std::int64_t>(target.examples)),
                       format_count(static_cast<std::int64_t>(target.positives)),
                       format_number(target.log_loss, 5), format_number(target.base_rate_log_loss, 5),
                       format_share(gain), format_number(target.roc_auc, 4), format_number(target.ece, 4)});
    }
    return table.text(2);
}

std::string epochs_table(const Bundle& bundle) {
    std::vector<TableColumn> columns{{"epoch"}, {"train loss"}, {"valid loss"}};
    for (const model::Head& head : bundle.heads)
        columns.push_back({"AUC " + printable(head.name)});
    columns.push_back({"", Align::left});
    TextTable table(std::move(columns));
    for (const model::EpochSummary& epoch : bundle.summary.epochs) {
        std::vector<std::string> cells{std::to_string(epoch.epoch), format_number(epoch.train_loss, 5),
                                       format_number(epoch.valid_loss, 5)};
        for (std::size_t k = 0; k < bundle.heads.size(); ++k) {
            cells.push_back(
                format_number(k < epoch.valid_roc_auc.size() ? epoch.valid_roc_auc[k] : std::nullopt, 4));
        }
        cells.emplace_back(epoch.epoch == bundle.summary.best_epoch ? "<- best" : "");
        table.add_row(std::move(cells));
    }
    return table.text(2);
}

std::string net_text(const Bundle& bundle) {
    const nn::NetShape& shape = bundle.nets.front().shape();
    std::string text = std::to_string(shape.inputs());
    for (const std::size_t width : shape.hidden)
        text += " -> " + std::to_string(width);
    text += " -> " + std::to_string(shape.outputs);
    if (bundle.nets.size() > 1) text += ", mean of " + std::to_string(bundle.nets.size());
    return text;
}

Json audit_json(const train::Audit& audit) {
    const auto figure = [](const std::optional<double>& value) {
        return value ? Json(*value) : Json(nullptr);
    };
    Json json = {{"splits", Json::object()},
                 {"inputs", Json::array()},
                 {"warnings", warnings_json<Json>(audit.warnings)}};
    for (std::size_t k = 0; k < audit.targets.size(); ++k) {
        json["splits"][audit.targets[k]] = {{"roc_auc", figure(audit.by_time[k])},
                                            {"roc_auc_at_random", figure(audit.at_random[k])}};
    }
    for (const train::InputAuc& input : audit.inputs)
        json["inputs"].push_back(
            {{"input", input.input}, {"target", input.target}, {"roc_auc", input.roc_auc}});
    return json;
}

}  // namespace

std::string audit_text(const train::Audit& audit) {
    std::string text = "Audit\n";
    for (std::size_t k = 0; k < audit.targets.size(); ++k) {
        text += "  " + printable(audit.targets[k]) + ": ROC AUC " + format_number(audit.by_time[k], 4) +
                " with this split, " + format_number(audit.at_random[k], 4) + " with a random one\n";
    }
    TextTable table({{"input alone", Align::left}, {"target", Align::left}, {"ROC AUC"}});
    constexpr std::size_t kShown = 10;
    for (std::size_t i = 0; i < std::min(kShown, audit.inputs.size()); ++i) {
        const train::InputAuc& input = audit.inputs[i];
        table.add_row({printable(input.input), printable(input.target), format_number(input.roc_auc, 4)});
    }
    text += table.text(2);
    for (const base::Warning& warning : audit.warnings)
        text += "  warning: " + printable(warning.message) + "\n";
    return text;
}

std::string training_json(const Bundle& bundle, const std::optional<TrainingTimes>& times,
                          const train::Audit* audit, const base::Warnings& warnings) {
    Json json = summary_json(bundle, times);
    if (audit != nullptr) json["audit"] = audit_json(*audit);
    json["warnings"] = warnings_json<Json>(warnings);
    if (times) json["seconds"] = times->seconds;
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string training_text(const Bundle& bundle) {
    const model::TrainingSummary& summary = bundle.summary;
    std::string text = "Training\n";
    text += "  train     " + range_text(summary.train) + "\n";
    if (summary.valid.examples > 0) {
        const auto all = static_cast<double>(summary.train.examples + summary.valid.examples);
        text += "  validate  " + range_text(summary.valid) + ", " +
                format_share(static_cast<double>(summary.valid.examples) / all) + " of both\n";
    }
    if (summary.refit.examples > 0) text += "  refit     " + range_text(summary.refit) + "\n";
    text += "  net       " + net_text(bundle) + ", " +
            format_count(static_cast<std::int64_t>(summary.parameters)) + " parameters\n";
    text += "  chains    " + chains_text(bundle) + "\n";
    text +=
        "  stopped   " + summary.stop_reason + ", best epoch " + std::to_string(summary.best_epoch) + "\n\n";
    text += epochs_table(bundle);
    if (summary.targets.empty()) return text;  // no part of a table read in one pass validates
    text += "\nValidation (the fit before the refit; gain: log loss saved against the base rate)\n";
    text += validation_table(summary);
    return text;
}

std::string inspect_json(const Bundle& bundle) {
    Json json = summary_json(bundle, std::nullopt);
    json["task"] = bundle.log ? "log" : "table";
    if (bundle.log) {
        json["funnel"] = bundle.log->funnel.text();
        json["schema"] = Json::parse(bundle.log->schema, nullptr, false);
    } else {
        json["label"] = bundle.table->label;
    }
    json["horizons"] = Json::object();
    for (const model::Head& head : bundle.heads) {
        if (bundle.log) json["horizons"][head.name] = horizon_text(head.horizon);
    }
    json["inputs"] = {{"numeric", Json::array()},
                      {"categorical", bundle.encoder.categorical_features()},
                      {"encoded", bundle.encoder.dense_names()}};
    for (const auto& feature : bundle.encoder.numeric_features())
        json["inputs"]["numeric"].push_back(feature.name);
    json["net"] = net_text(bundle);
    if (bundle.history) {
        json["history"] = {{"watermark", base::format_time(bundle.history->watermark())}};
    }
    json["configuration"] = Json::object();
    for (const auto& [key, value] : bundle.summary.configuration)
        json["configuration"][key] = value;
    json["warnings"] = Json::array();
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string inspect_text(const Bundle& bundle) {
    std::string text = "Model of a " + std::string(bundle.log ? "log" : "table") + "\n";
    if (bundle.log) {
        text += "  funnel    " + printable(bundle.log->funnel.text()) + "\n";
        for (const model::Head& head : bundle.heads) {
            text += "  horizon   " + printable(head.name) + " within " + horizon_text(head.horizon) + "\n";
        }
        text += "  history   up to " + base::format_time(bundle.history->watermark()) + "\n";
    } else {
        text += "  label     " + printable(bundle.table->label) + "\n";
    }
    text += "  inputs    " + std::to_string(bundle.encoder.numeric_features().size()) + " numbers, " +
            std::to_string(bundle.encoder.categorical_features().size()) + " categories, encoded as " +
            std::to_string(bundle.encoder.dense_names().size()) + " numbers and " +
            std::to_string(bundle.encoder.embeddings().size()) + " embeddings\n\n";
    text += training_text(bundle) + "\nConfiguration\n";
    TextTable table({{"", Align::left}, {"", Align::left}});
    for (const auto& [key, value] : bundle.summary.configuration)
        table.add_row({printable(key), printable(value)});
    return text + table.text(2);
}

}  // namespace funnel::report
