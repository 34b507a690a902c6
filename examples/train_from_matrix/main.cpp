// SPDX-License-Identifier: MIT
// Training on a matrix in memory: numbers in, a model file out, and scores by the names of the columns.
#include <cstdio>

#include "funnel/base/random.hpp"
#include "funnel/encoding/matrix_dataset.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/score/score_table.hpp"
#include "funnel/train/train_on_table.hpp"

int main() {
    // Inside a circle or not: what a straight line cannot tell.
    const std::vector<std::string> names = {"x", "y"};
    std::vector<float> values;
    std::vector<std::uint8_t> labels;
    for (funnel::Rng random(1); labels.size() < 20'000;) {
        const auto x = static_cast<float>(random.normal()), y = static_cast<float>(random.normal());
        values.insert(values.end(), {x, y});
        labels.push_back(x * x + y * y < 1.4f ? 1 : 0);
    }
    funnel::train::TableModelOptions options;  // a fifth of the rows, drawn at random, validates
    options.model.training.hidden = {16, 8};
    funnel::persist::save_model(
        "circle.funnel",
        funnel::train::train_on_table(funnel::encoding::matrix_dataset(names, values, "inside", labels),
                                      options, funnel::kernel::best()));

    const funnel::Bundle model = funnel::persist::load_model("circle.funnel");
    const double auc = model.summary.targets.at(0).roc_auc.value_or(0);
    std::printf("validation AUC %.4f\n", auc);
    // Columns are matched by name, in any order.
    const std::vector<std::string> other = {"y", "x", "unused"};
    const std::vector<float> rows = {0, 0, 7, 2, 2, 7};
    const auto p = funnel::score::score_table(model, funnel::encoding::matrix_dataset(other, rows),
                                              funnel::kernel::best())
                       .scores.at(0);
    std::printf("p(inside) at (0, 0): %.3f, at (2, 2): %.3f\n", p[0], p[1]);
    return auc > 0.99 && p[0] > 0.7f && p[1] < 0.1f ? 0 : 1;
}
