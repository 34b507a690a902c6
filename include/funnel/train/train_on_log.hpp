// SPDX-License-Identifier: MIT
// train_on_log: turns an event log into a Bundle: examples and labels from the funnel, point-in-time
// features, one head per stage, and the history that scoring goes on from (docs/features.md, docs/model.md).
//
//     train::LogModelOptions options;
//     options.task.funnel = Funnel::parse("impression,click,purchase");
//     const Bundle trained = train::train_on_log(log, options, kernel::best());
//     persist::save_model("shop.funnel", trained);
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "funnel/dataset/build_dataset.hpp"
#include "funnel/dataset/examples.hpp"
#include "funnel/dataset/split.hpp"
#include "funnel/events/side_tables.hpp"
#include "funnel/train/train_model.hpp"

namespace funnel::train {

struct LogModelOptions {
    model::LogTask task;               ///< schema, funnel, example mode, further inputs
    dataset::ExampleOptions examples;  ///< mode is that of the task
    history::HistoryOptions history;   ///< funnel, examples, first_horizon and kinds are filled in
    double valid_share = 0.2;          ///< last part of the known time
    double hide_place = 0.15;          ///< part of the training rows without list, position and page
    const events::FurtherInputs* side = nullptr;  ///< borrowed; what task.side_inputs name
    ModelOptions model;
};

/// The Bundle carries the history up to the end of the log. Throws as build_examples, split_by_time and
/// train_model. Memory: see dataset::build_dataset.
[[nodiscard]] Bundle train_on_log(const EventLog& log, const LogModelOptions& options,
                                  const nn::Kernels& kernels, const TrainObserver& observer = {});

/// Fills in what is empty by the number of training rows. Examples of one visit are alike, so a log needs
/// more decay than a table of that size; bins pay where they do not multiply hours (docs/lab/results.md).
inline void choose_log_defaults(ModelOptions& options, std::size_t rows) {
    const bool few = rows < 100'000;
    if (!options.encoder.bins) options.encoder.bins = few ? 8 : 0;
    const double n = static_cast<double>(std::max<std::size_t>(rows, 1));
    if (!options.training.weight_decay && options.training.optimizer == Optimizer::adamw)
        options.training.weight_decay = std::clamp(0.1 * std::sqrt(2e6 / n), 0.001, 1.0);
}

/// Chains as the nets know them from the horizons of the targets.
[[nodiscard]] inline nn::Chains chains_of(const std::vector<std::int64_t>& horizons) {
    const std::vector<std::uint32_t> starts = dataset::chains(horizons);
    std::vector<std::size_t> lengths;
    for (std::size_t c = 0; c < starts.size(); ++c) {
        const std::size_t end = c + 1 < starts.size() ? starts[c + 1] : horizons.size();
        lengths.push_back(end - starts[c]);
    }
    return nn::Chains(std::move(lengths));
}

/// The options of the history that examples of this log are featured from.
[[nodiscard]] inline history::HistoryOptions history_options(const EventLog& log,
                                                             const LogModelOptions& options) {
    history::HistoryOptions history = options.history;
    history.funnel = options.task.funnel;
    history.examples = options.task.examples;
    history.kinds = history::kinds_of(log);
    history.visit_gap = options.examples.visit_gap;
    return history;
}

inline Bundle train_on_log(const EventLog& log, const LogModelOptions& options, const nn::Kernels& kernels,
                           const TrainObserver& observer) {
    Bundle bundle;
    bundle.log = options.task;
    dataset::ExampleOptions example_options = options.examples;
    example_options.mode = options.task.examples;
    dataset::ExampleList examples = dataset::build_examples(log, options.task.funnel, example_options);
    for (std::size_t k = 0; k < examples.targets.size(); ++k) {
        bundle.heads.push_back({.name = examples.targets[k], .horizon = examples.horizons[k]});
    }
    bundle.chains = chains_of(examples.horizons);

    history::History history(history_options(log, options));
    dataset::BuildOptions build{.text_inputs = options.task.text_inputs,
                                .number_inputs = options.task.number_inputs,
                                .side_inputs = options.task.side_inputs,
                                .side = options.side,
                                .progress = observer.progress};
    encoding::Dataset data = dataset::build_dataset(log, history, examples, build);
    const dataset::Split split = dataset::split_by_time(data, examples, options.valid_share);
    bundle.reference = detail::reference_of(data, split, options.model);  // with the place, as rows will come
    dataset::mask_place(data, history.spec(), options.hide_place, options.model.training.seed);
    ModelOptions model = options.model;
    choose_log_defaults(model, split.train.size());
    train_model(bundle, data, split, model, kernels, observer);
    bundle.recent.observe(log, history::kNever);
    bundle.history = std::move(history);
    return bundle;
}

}  // namespace funnel::train
