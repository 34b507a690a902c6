// SPDX-License-Identifier: MIT
#include "drift_gate.hpp"

#include <charconv>
#include <vector>

#include "exit_codes.hpp"
#include "funnel/base/count_words.hpp"
#include "funnel/base/number.hpp"

namespace funnel::tool {
namespace {

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

}  // namespace

void DriftOptions::add_to(CLI::App& command) {
    command.add_option(
        "--max-drift", gate,
        "Exit 4 if the distribution of an input or a score has moved further (PSI): 0.25 or NAME=0.25,...");
}

void DriftOptions::check(bool has_rows) const {
    if (!gate.empty() && !has_rows) {
        usage_error(
            "--max-drift: expected examples that a model scores, got --candidates or --scores; leave it out");
    }
    for (const std::string& part : list_option(gate)) {
        if (!(limit_of(part) > 0)) {
            usage_error("--max-drift: expected a number above 0 such as 0.25, or NAME=0.25,..., got \"" +
                        part + "\"");
        }
    }
}

std::vector<model::DriftLimit> DriftOptions::limits() const {
    std::vector<model::DriftLimit> limits;
    for (const std::string& part : list_option(gate)) {
        const std::size_t equals = part.rfind('=');
        limits.push_back({equals == std::string::npos ? "" : part.substr(0, equals), limit_of(part)});
    }
    return limits;
}

model::Drift* DriftGate::begin(const Bundle& bundle, const Run& run) {
    if (!options_.wanted() && (run.options.manifest.empty() || bundle.reference.empty())) return nullptr;
    try {
        model::check_drift_limits(bundle, options_.limits());
    } catch (const Error& error) {
        usage_error("--max-" + std::string(error.what()));
    }
    drift_.emplace(bundle.reference);
    return &*drift_;
}

void DriftGate::add_table(const encoding::Dataset& data, const score::ScoredExamples& scored) {
    if (drift_) model::count_drift(*drift_, data, scored.scores);
}

void DriftGate::note(const Bundle& bundle, Run& run) {
    if (!drift_) return;
    verdict_ = model::judge_drift(bundle, *drift_, options_.limits());
    for (const model::ColumnDrift& column : verdict_.columns) {
        run.record.add_drift(column.name, column.psi);
        run.console.detail("drift of " + column.name + ": " + shown(column.psi));
    }
    if (options_.wanted() && verdict_.too_few) {
        run.console.warn("too_few_rows_to_judge",
                         "--max-drift: " + base::counted(verdict_.rows, "row") +
                             (verdict_.rows == 1 ? " is" : " are") + " too few to judge; " +
                             base::format_count(model::kLeastDriftRows) + " would do");
    }
}

void DriftGate::judge() const {
    if (!drift_ || !options_.wanted()) return;
    if (drift_->rows() == 0) throw GateNotMet("--max-drift: expected rows to judge, got none");
    if (verdict_.exceeded.empty()) return;
    const model::ColumnDrift& worst = verdict_.exceeded.front();
    const std::size_t more = verdict_.exceeded.size() - 1;
    throw GateNotMet("--max-drift: expected a PSI of at most " + shown(*verdict_.limit) + " for " +
                     worst.name + ", got " + shown(worst.psi) +
                     (more > 0 ? ", and " + std::to_string(more) + " more columns" : "") +
                     "; see them with -v, check the log, or train anew");
}

}  // namespace funnel::tool
