// SPDX-License-Identifier: MIT
// build_dataset: walks a log in time order and writes down the features of every example before any event
// of its time is observed.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/progress.hpp"
#include "funnel/features/dataset.hpp"
#include "funnel/features/examples.hpp"
#include "funnel/features/history.hpp"

namespace funnel::features {

struct BuildOptions {
    std::vector<std::string> text_inputs;    ///< further text columns of the log as categorical inputs
    std::vector<std::string> number_inputs;  ///< further number columns of the log as numeric inputs
    bool observe_rest = true;                ///< go on to the end of the log after the last example
    base::ProgressObserver progress;
};

/// One example with its features: those of history.spec(), then text_inputs and number_inputs.
struct ExampleRow {
    std::size_t example = 0;  ///< index into the ExampleList
    std::uint64_t row = 0;    ///< of the log
    Known known;
    std::span<const float> numeric;                 ///< d, NaN = missing
    std::span<const std::string_view> categorical;  ///< c, empty = missing
};

/// Calls `use` once per example, in the order of time (not of rows). The history must be the one that the
/// examples were built with; afterwards it has observed the whole log (see observe_rest).
/// Throws Error(schema) if an input column is not in the log.
void for_each_example(const EventLog& log, History& history, const ExampleList& examples,
                      const BuildOptions& options, const std::function<void(const ExampleRow&)>& use);

/// The same as a table, in the order of the ExampleList. Costs 4 (d + c) + 40 bytes per example.
[[nodiscard]] Dataset build_dataset(const EventLog& log, History& history, const ExampleList& examples,
                                    const BuildOptions& options = {});

/// What a list that is yet to be ranked does not have: sets the features of FeatureGroup::place to missing
/// in the given share of rows, together; which rows depends on (seed, ExampleKey::row) alone.
void mask_place(Dataset& dataset, const FeatureSpec& spec, double share, std::uint64_t seed);

}  // namespace funnel::features
