// SPDX-License-Identifier: MIT
#include "drift_gate.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "exit_codes.hpp"
#include "funnel/base/number.hpp"

namespace funnel::tool {
namespace {

/// With fewer rows chance alone moves ten cells by about 0.1.
constexpr std::uint64_t kLeastRows = 200;

std::string shown(double value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 3).ptr};
}

/// The number of "0.25" or "NAME=0.25", or 0 if it is none.
double limit_of(const std::string& part) {
    const std::size_t equals = part.rfind('=');
    return base::parse_number(std::string_view(part).substr(equals == std::string::npos ? 0 : equals + 1))
        .value_or(0);
}

/// The hour and the weekday of one night's rows are never those of the training.
bool is_clock(const Bundle& bundle, const std::string& name) {
    if (!bundle.history) return false;
    const events::FeatureSpec& spec = bundle.history->spec();
    for (std::size_t i = 0; i < spec.numeric.size(); ++i) {
        if (spec.numeric[i].name == name) return spec.numeric_groups[i] == events::FeatureGroup::clock;
    }
    return false;
}

}  // namespace

void DriftGate::add_to(CLI::App& command) {
    command.add_option(
        "--max-drift", gate_,
        "Exit 4 if the distribution of an input or a score has moved further (PSI): 0.25 or NAME=0.25,...");
}

void DriftGate::check_option(bool has_rows) const {
    if (!gate_.empty() && !has_rows) {
        usage_error(
            "--max-drift: expected examples that a model scores, got --candidates or --scores; leave it out");
    }
    for (const std::string& part : list_option(gate_)) {
        if (!(limit_of(part) > 0)) {
            usage_error("--max-drift: expected a number above 0 such as 0.25, or NAME=0.25,..., got \"" +
                        part + "\"");
        }
    }
}

/// Before anything is written: every NAME must be one that is judged.
void DriftGate::check_names(const Bundle& bundle) const {
    const auto judged = [&](const std::string& name) {
        const model::Reference& reference = bundle.reference;
        const auto has = [](const std::vector<model::ReferenceColumn>& columns, const std::string& column) {
            return std::ranges::find(columns, column, &model::ReferenceColumn::name) != columns.end();
        };
        return ((has(reference.numeric, name) || has(reference.categorical, name)) &&
                !is_clock(bundle, name)) ||
               (name.starts_with("p_") && has(reference.scores, name.substr(2)));
    };
    for (const std::string& part : list_option(gate_)) {
        const std::size_t equals = part.rfind('=');
        if (equals == std::string::npos || judged(part.substr(0, equals))) continue;
        usage_error("--max-drift: expected an input or p_TARGET of the model, got \"" +
                    part.substr(0, equals) + "\"; a manifest lists them");
    }
}

/// The limit of a column; the last part that fits it counts. Empty: it is not judged.
std::optional<double> DriftGate::most(const std::string& column) const {
    std::optional<double> most;
    for (const std::string& part : list_option(gate_)) {
        const std::size_t equals = part.rfind('=');
        if (equals == std::string::npos || part.substr(0, equals) == column) most = limit_of(part);
    }
    return most;
}

model::Drift* DriftGate::begin(const Bundle& bundle, const GeneralOptions& general) {
    if (gate_.empty() && (general.manifest.empty() || bundle.reference.empty())) return nullptr;
    if (bundle.reference.empty()) {
        usage_error(
            "--max-drift: expected a model that knows the distribution of its inputs, got one that was "
            "trained with --one-pass; leave it out");
    }
    check_names(bundle);
    drift_.emplace(bundle.reference);
    return &*drift_;
}

void DriftGate::add_table(const encoding::Dataset& data, const score::ScoredExamples& scored) {
    if (!drift_) return;
    std::vector<std::string_view> texts(data.categorical_features.size());
    for (std::size_t row = 0; row < data.size(); ++row) {
        for (std::size_t c = 0; c < texts.size(); ++c) {
            const std::uint32_t code = data.categorical_row(row)[c];
            texts[c] = code == base::kNone ? std::string_view{} : data.categories[c].text(code);
        }
        drift_->add_row(data.numeric_row(row), texts);
        for (std::size_t k = 0; k < scored.scores.size(); ++k)
            drift_->add_score(k, scored.scores[k][row]);
    }
}

void DriftGate::note(const Bundle& bundle, const GeneralOptions& general, Console& console) {
    if (!drift_) return;
    columns_ = drift_->columns();
    std::erase_if(columns_, [&](const model::ColumnDrift& column) { return is_clock(bundle, column.name); });
    for (const model::ColumnDrift& column : columns_) {
        general.record->add_drift(column.name, column.psi);
        console.detail("drift of " + column.name + ": " + shown(column.psi));
    }
    if (!gate_.empty() && drift_->rows() < kLeastRows) {
        console.warn("too_few_rows_to_judge", "--max-drift: " + std::to_string(drift_->rows()) +
                                                  " rows are too few to judge; 200 would do");
    }
}

void DriftGate::judge() const {
    if (!drift_ || gate_.empty()) return;
    if (drift_->rows() == 0) throw GateNotMet("--max-drift: expected rows to judge, got none");
    if (drift_->rows() < kLeastRows) return;
    std::vector<model::ColumnDrift> columns = columns_;
    std::erase_if(columns, [&](const model::ColumnDrift& column) {
        const std::optional<double> limit = most(column.name);
        return !limit || column.psi <= *limit;
    });
    if (columns.empty()) return;
    const model::ColumnDrift& worst = columns.front();
    throw GateNotMet(
        "--max-drift: expected a PSI of at most " + shown(*most(worst.name)) + " for " + worst.name +
        ", got " + shown(worst.psi) +
        (columns.size() > 1 ? ", and " + std::to_string(columns.size() - 1) + " more columns" : "") +
        "; see them with -v, check the log, or train anew");
}

}  // namespace funnel::tool
