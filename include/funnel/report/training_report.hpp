// SPDX-License-Identifier: MIT
// A trained Bundle as JSON for scripts and as tables for people: what `train` and `inspect` print.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "funnel/base/warning.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/train/audit.hpp"

namespace funnel::report {

/// The object of `train --json` (docs/cli.md). seconds: of the whole training and of each epoch, if known.
struct TrainingTimes {
    double seconds = 0;
    std::vector<double> epochs;
};
[[nodiscard]] std::string training_json(const Bundle& bundle, const std::optional<TrainingTimes>& times,
                                        const train::Audit* audit = nullptr,
                                        const base::Warnings& warnings = {});

/// The same for people: ranges, epochs, validation figures beside the base rate, chains.
[[nodiscard]] std::string training_text(const Bundle& bundle);

/// What an audit found: the two splits, the ten best inputs alone, the warnings.
[[nodiscard]] std::string audit_text(const train::Audit& audit);

/// What a model file holds: task, schema, features, inputs, nets, history, configuration.
[[nodiscard]] std::string inspect_json(const Bundle& bundle);
[[nodiscard]] std::string inspect_text(const Bundle& bundle);

}  // namespace funnel::report
