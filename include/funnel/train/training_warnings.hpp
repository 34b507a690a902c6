// SPDX-License-Identifier: MIT
// training_warnings: what to know about a training before trusting its model.
#pragma once

#include <cstdint>
#include <string>

#include "funnel/base/count_words.hpp"
#include "funnel/base/warning.hpp"
#include "funnel/model/training_summary.hpp"

namespace funnel::train {

/// In the order: the split, then targets.
///  few_training_rows: less than a third of the examples trains, the rest validates;
///  one_class: all validation rows of a target have the same label, so nothing says how good the model is;
///  no_better_than_base_rate: the log loss of a target is above that of a guess of its base rate.
[[nodiscard]] base::Warnings training_warnings(const model::TrainingSummary& summary);

namespace detail {

inline void warn_of_target(const model::TargetSummary& target, base::Warnings& warnings) {
    const std::string rows = base::counted(target.examples, "validation row");
    if (target.positives == 0 || target.positives == target.examples) {
        warnings.push_back({"one_class", target.name + ": all " + rows +
                                             " have the same label, so nothing says how good the model is; "
                                             "give more data or let more rows validate"});
    } else if (target.log_loss && target.base_rate_log_loss &&
               *target.log_loss > *target.base_rate_log_loss) {
        warnings.push_back(
            {"no_better_than_base_rate",
             target.name + ": no better on the " + rows + " (" + base::format_count(target.positives) +
                 " positive) than a guess of their base rate: log loss " + std::to_string(*target.log_loss) +
                 " against " + std::to_string(*target.base_rate_log_loss) +
                 "; give more data or fewer inputs"});
    }
}

}  // namespace detail

inline base::Warnings training_warnings(const model::TrainingSummary& summary) {
    base::Warnings warnings;
    const std::uint64_t train = summary.train.examples, valid = summary.valid.examples;
    if (train * 2 < valid) {
        warnings.push_back({"few_training_rows",
                            "only " + base::format_count(train) + " of " + base::format_count(train + valid) +
                                " examples train and the rest validates, since most of them are in the last "
                                "part of the time; let a smaller part validate"});
    }
    for (const model::TargetSummary& target : summary.targets)
        detail::warn_of_target(target, warnings);
    return warnings;
}

}  // namespace funnel::train
