// SPDX-License-Identifier: MIT
// DriftGate: --max-drift of score and evaluate: have the inputs and the scores moved away from those of the
// training?
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "funnel/model/drift_limits.hpp"
#include "funnel/score/evaluation.hpp"
#include "options.hpp"

namespace funnel::tool {

/// One thread at a time.
class DriftGate {
 public:
    void add_to(CLI::App& command);
    [[nodiscard]] bool wanted() const noexcept { return !gate_.empty(); }
    /// Throws Error(invalid_argument) for what is no number above 0, or where there are no rows to compare.
    void check_option(bool has_rows) const;
    /// Where rows are to be counted, or nullptr if nobody asked. Borrows the bundle's reference.
    /// Throws Error(invalid_argument) for a NAME that the model has not.
    [[nodiscard]] model::Drift* begin(const Bundle& bundle, const GeneralOptions& general);
    /// All rows of a table at once.
    void add_table(const encoding::Dataset& data, const score::ScoredExamples& scored);
    /// Notes the drift in the record of the run and on the console; call before the results are written,
    /// which hold the warnings.
    void note(const Bundle& bundle, const GeneralOptions& general, Console& console);
    /// Call after the results are out and note(). Throws GateNotMet.
    void judge() const;

 private:
    [[nodiscard]] std::vector<model::DriftLimit> limits() const;

    std::string gate_;  // "0.25" for every column, or "price=0.1,p_click=0.2" for these
    std::optional<model::Drift> drift_;
    model::DriftVerdict verdict_;  // once noted
};

}  // namespace funnel::tool
