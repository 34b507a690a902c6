// SPDX-License-Identifier: MIT
// DriftGate: --max-drift of score and evaluate: have the inputs and the scores moved away from those of the
// training?
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "funnel/model/drift_limits.hpp"
#include "funnel/score/evaluation.hpp"
#include "options.hpp"

namespace funnel::tool {

struct DriftOptions {
    std::string gate;  ///< "0.25" for every column, or "price=0.1,p_click=0.2" for these

    void add_to(CLI::App& command);
    [[nodiscard]] bool wanted() const noexcept { return !gate.empty(); }
    /// Throws Error(invalid_argument) for what is no number above 0, or where there are no rows to compare.
    void check(bool has_rows) const;
    [[nodiscard]] std::vector<model::DriftLimit> limits() const;
};

/// The rows of one run and what came of them. One thread at a time.
class DriftGate {
 public:
    explicit DriftGate(DriftOptions options) : options_(std::move(options)) {}

    /// Where rows are to be counted, or nullptr if nobody asked. Borrows the bundle's reference.
    /// Throws Error(invalid_argument) for a NAME that the model has not.
    [[nodiscard]] model::Drift* begin(const Bundle& bundle, const Run& run);
    /// All rows of a table at once.
    void add_table(const encoding::Dataset& data, const score::ScoredExamples& scored);
    /// Notes the drift in the record of the run and on the console; call before the results are written,
    /// which hold the warnings.
    void note(const Bundle& bundle, Run& run);
    /// Call after the results are out and note(). Throws GateNotMet.
    void judge() const;

 private:
    DriftOptions options_;
    std::optional<model::Drift> drift_;
    model::DriftVerdict verdict_;  // once noted
};

}  // namespace funnel::tool
