// SPDX-License-Identifier: MIT
// The examples of the door headers compile as they stand there. The build collects them (CMakeLists.txt).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/encoding/matrix_dataset.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/score/score_log.hpp"
#include "funnel/score/score_table.hpp"
#include "includes.inc"

namespace funnel {
namespace {

/// What the examples begin with.
struct DoorExamples {
    EventLog log;
    Bundle bundle;
    score::ScoredExamples scored;
    std::vector<std::string> paths, names;
    std::vector<base::ColumnView> columns;
    std::vector<float> numbers, values, others, weights;
    std::vector<double> scores;
    std::vector<std::uint8_t> labels;
    std::vector<std::string_view> texts;
    std::int64_t now = 0;

    void show(std::string_view text) { shown.emplace_back(text); }
    void show(std::string_view id, float p) { shown.push_back(std::string(id) + std::to_string(p)); }
    std::vector<std::string> shown;

#include "declared.inc"
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"  // an example may begin with a name that others are given
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#include "examples.inc"
#pragma GCC diagnostic pop

constexpr std::string_view kNames[] = {
#include "names.inc"
};

// README sends its readers to these.
TEST(Doors, OfEveryTaskHaveAnExample) {
    for (const std::string_view door :
         {"funnel/recommender.hpp", "funnel/ingest/read_log.hpp", "funnel/metrics/measure.hpp",
          "funnel/train/train_on_log.hpp", "funnel/train/train_on_table.hpp", "funnel/persist/model_file.hpp",
          "funnel/score/scorer.hpp", "funnel/eval/target_report.hpp", "funnel/history/history.hpp",
          "funnel/dataset/build_dataset.hpp", "funnel/metrics/count_products.hpp",
          "funnel/metrics/find_people.hpp", "funnel/score/recommend.hpp",
          "funnel/forecast/forecast_sales.hpp"})
        EXPECT_NE(std::ranges::find(kNames, door), std::end(kNames)) << door;
}

}  // namespace
}  // namespace funnel
