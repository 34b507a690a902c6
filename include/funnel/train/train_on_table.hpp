// SPDX-License-Identifier: MIT
// train_on_table: turns finished examples, the rows of a Dataset with their labels, into a Bundle
// (docs/model.md).
//
//     const auto data = encoding::matrix_dataset(names, values, "bought", labels);
//     const Bundle model = train::train_on_table(data, {}, kernel::best());
//     const auto scored = score::score_table(model, encoding::matrix_dataset(names, others), kernel::best());
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "funnel/base/error.hpp"
#include "funnel/dataset/table_split.hpp"
#include "funnel/train/train_model.hpp"

namespace funnel::train {

struct TableModelOptions {
    dataset::TableSplit split;  ///< which rows validate
    model::TableTask task;      ///< how the cells of a file were written; its label is the target of the data
    ModelOptions model;  ///< what is empty is chosen by model.search, or by the number of training rows
};

/// The rows of `data` with their one target; rows whose label is unknown are left out. The inputs of the
/// Bundle are the columns of the data, matched by name ever after. Throws Error(shape) for another number
/// of targets, Error(schema) for labels of one kind, and as split_table and train_model. The same data,
/// options and kernels give the same bytes at any number of threads.
[[nodiscard]] inline Bundle train_on_table(const encoding::Dataset& data, const TableModelOptions& options,
                                           const nn::Kernels& kernels, const TrainObserver& observer = {}) {
    if (data.targets.size() != 1) {
        throw Error(ErrorCode::shape, "training: expected data with one target, got " +
                                          std::to_string(data.targets.size()) + "; train a model for each");
    }
    const auto has = [&](std::uint8_t label) {
        return std::ranges::find(data.labels, label) != data.labels.end();
    };
    detail::expect_both_labels(data.targets.front(), has(0), has(1));
    Bundle bundle;
    bundle.table = options.task;
    bundle.table->label = data.targets.front();
    bundle.heads = {{.name = data.targets.front(), .horizon = 0}};
    const auto split_by = [&](std::uint64_t seed) { return dataset::split_table(data, options.split, seed); };
    const std::uint64_t seed = options.model.training.seed;
    const dataset::Split split = split_by(seed);
    ModelOptions model = options.model;
    const bool drawn =
        options.split.way == dataset::SplitWay::at_random || options.split.way == dataset::SplitWay::groups;
    if (!model.search) {
        choose_table_defaults(model, split.train.size());
    } else if (drawn) {
        // Few rows say little about a choice; split again they say more.
        model.search->resplit = [&](std::size_t n) { return split_by(seed + 1000 * n); };
    }
    train_model(bundle, data, split, model, kernels, observer);
    return bundle;
}

}  // namespace funnel::train
