// SPDX-License-Identifier: MIT
// A table as a Dataset: numbers that decide, a category, and two ordered targets; for tests of whole models.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/dataset/split.hpp"
#include "funnel/encoding/dataset.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/nn/activation.hpp"
#include "funnel/train/train_model.hpp"

namespace funnel::testing {

/// n rows of these numbers and a category of three texts; the target follows the first number. Rows 4 i to
/// 4 i + 3 are of one user.
inline encoding::Dataset make_dataset(std::size_t n, const std::vector<std::string>& numbers,
                                      std::uint64_t seed = 1) {
    encoding::Dataset data;
    for (const std::string& name : numbers)
        data.numeric_features.push_back({.name = name});
    data.categorical_features = {"kind"};
    data.categories.resize(1);
    for (const char* text : {"red", "green", "blue"})
        (void)data.categories[0].intern(text);
    data.targets = {"bought"};
    Rng rng(seed);
    for (std::size_t i = 0; i < n; ++i) {
        double z = -0.5;
        for (std::size_t j = 0; j < numbers.size(); ++j) {
            data.numeric.push_back(static_cast<float>(rng.normal()));
            if (j == 0) z += 2 * static_cast<double>(data.numeric.back());
        }
        data.categorical.push_back(static_cast<std::uint32_t>(rng.below(3)));
        data.labels.push_back(rng.uniform() < nn::sigmoid(z) ? 1 : 0);
        data.keys.push_back({.row = i, .user = i / 4 + 1});
    }
    return data;
}

inline train::ModelOptions quick_options() {
    train::ModelOptions options;
    options.training.hidden = {8, 4};
    options.training.epochs = 3;
    options.training.threads = 1;
    options.encoder.max_turnover = 1;
    options.refit = false;
    return options;
}

inline Bundle make_model(const encoding::Dataset& data, const train::ModelOptions& options) {
    Bundle bundle;
    bundle.table = model::TableTask{data.targets.front()};
    bundle.heads = {{.name = data.targets.front()}};
    bundle.chains = nn::Chains({1});
    train::train_model(bundle, data, dataset::split_at_random(data, 0.25, 1), options, nn::eigen_kernels());
    return bundle;
}

}  // namespace funnel::testing
