// SPDX-License-Identifier: MIT
// Every figure against tests/golden/sklearn_metrics.txt, which tests/golden/sklearn_metrics.py made.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "funnel/eval/target_report.hpp"

namespace funnel::eval {
namespace {

struct Case {
    std::string name;
    std::vector<double> scores;
    std::vector<std::uint8_t> labels;
    std::vector<float> weights;
    std::vector<std::uint64_t> groups;
    std::map<std::string, double> figures;
};

std::vector<Case> read_cases() {
    std::ifstream in(FUNNEL_TEST_DIR "/golden/sklearn_metrics.txt");
    std::vector<Case> cases;
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string kind, name;
        words >> kind;
        if (kind == "case") {
            cases.emplace_back();
            words >> cases.back().name;
        } else if (kind == "row") {
            double score = 0, weight = 0;
            int label = 0;
            std::uint64_t group = 0;
            words >> score >> label >> weight >> group;
            cases.back().scores.push_back(score);
            cases.back().labels.push_back(static_cast<std::uint8_t>(label));
            cases.back().weights.push_back(static_cast<float>(weight));
            cases.back().groups.push_back(group);
        } else if (kind == "figure") {
            words >> name;
            words >> cases.back().figures[name];
        }
    }
    return cases;
}

void compare(const Case& c, const TargetReport& report) {
    EXPECT_EQ(report.examples, c.scores.size());
    EXPECT_EQ(static_cast<double>(report.groups_used), c.figures.at("groups_used"));
    int figures = 0;
    for_each_figure(report, [&](std::string_view name, const Figure& figure) {
        ++figures;
        const auto expected = c.figures.find(std::string(name));
        ASSERT_EQ(figure.value.has_value(), expected != c.figures.end()) << c.name << ' ' << name;
        if (!figure.value) {
            EXPECT_EQ(figure.reason, kNotProbabilities) << c.name << ' ' << name;
            return;
        }
        // Both sides sum some hundred doubles, in different orders.
        EXPECT_NEAR(*figure.value, expected->second, 1e-13 * std::max(1.0, std::abs(expected->second)))
            << c.name << ' ' << name;
    });
    EXPECT_EQ(figures, 12);
}

TEST(TargetReport, AgreesWithScikitLearn) {
    const auto cases = read_cases();
    ASSERT_EQ(cases.size(), 9u);
    for (const Case& c : cases) {
        const RowOptions options{.weights = c.weights, .groups = c.groups};
        compare(c, evaluate(c.scores, c.labels, options));
        const std::vector<float> rounded(c.scores.begin(), c.scores.end());
        compare(c, evaluate(rounded, c.labels, options));
    }
}

}  // namespace
}  // namespace funnel::eval
