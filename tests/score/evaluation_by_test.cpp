// SPDX-License-Identifier: MIT
// The figures of a key are those of its examples judged alone; keys come worst first.
#include "funnel/score/evaluation_by.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "funnel/base/random.hpp"

namespace funnel::test {
namespace {

using score::ExampleKeys;
using score::ScoredExamples;

ScoredExamples random_examples(std::uint64_t seed, std::size_t n) {
    Rng random(seed);
    ScoredExamples examples{.targets = {"click", "purchase"}, .grouped = true};
    examples.scores.assign(2, {});
    examples.labels.assign(2, {});
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < 2; ++k) {
            const auto p = static_cast<float>(random.below(20) + 1) / 22;
            examples.scores[k].push_back(p);
            const bool unknown = random.below(10) == 0;
            examples.labels[k].push_back(unknown ? base::kUnknownLabel
                                                 : random.uniform() < static_cast<double>(p));
        }
        examples.weights.push_back(static_cast<float>(random.below(3) + 1));
        const std::uint64_t user = random.below(n / 3 + 1);
        examples.clusters.push_back(base::mix64(user));
        examples.keys.push_back({.row = i, .group = random.below(n / 2 + 1), .user = user});
    }
    return examples;
}

ScoredExamples only(const ScoredExamples& all, const std::vector<std::uint32_t>& key, std::uint32_t wanted) {
    ScoredExamples out{.targets = all.targets, .grouped = all.grouped};
    out.scores.resize(2);
    out.labels.resize(2);
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (key[i] != wanted) continue;
        for (std::size_t k = 0; k < 2; ++k) {
            out.scores[k].push_back(all.scores[k][i]);
            out.labels[k].push_back(all.labels[k][i]);
        }
        out.weights.push_back(all.weights[i]);
        out.clusters.push_back(all.clusters[i]);
        out.keys.push_back(all.keys[i]);
    }
    return out;
}

TEST(EvaluateBy, AKeyHasTheFiguresOfItsExamplesAlone) {
    std::size_t compared = 0, figures = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const ScoredExamples examples = random_examples(seed, 20 + seed * 10);
        Rng random(seed + 1000);
        ExampleKeys keys{.by = "device"};
        for (std::size_t k = 0; k < 1 + seed % 4; ++k)
            keys.values.push_back({k == 0 ? std::nullopt : std::optional("d" + std::to_string(k))});
        for (std::size_t i = 0; i < examples.size(); ++i)
            keys.key_of_example.push_back(static_cast<std::uint32_t>(random.below(keys.values.size())));
        score::Evaluation evaluation = score::evaluate(examples, false);
        score::evaluate_by(evaluation, examples, keys);
        ASSERT_EQ(evaluation.by.size(), keys.values.size());
        double worst_before = -1e300;
        for (const score::EvaluatedKey& of : evaluation.by) {
            const auto key =
                static_cast<std::uint32_t>(std::ranges::find(keys.values, of.values) - keys.values.begin());
            const ScoredExamples mine = only(examples, keys.key_of_example, key);
            const score::Evaluation alone = score::evaluate(mine, false);
            EXPECT_EQ(of.examples, mine.size());
            EXPECT_EQ(of.by, "device");
            double least = 1e300;
            for (std::size_t k = 0; k < 2; ++k) {
                const auto &a = of.rows.targets[k], &b = alone.all.targets[k];
                EXPECT_EQ(a.examples, b.examples);
                EXPECT_EQ(a.positives, b.positives);
                EXPECT_EQ(a.masked, b.masked);
                for (const auto& [x, y] : {std::pair(a.roc_auc.value, b.roc_auc.value),
                                           std::pair(a.log_loss.value, b.log_loss.value),
                                           std::pair(a.normalized_entropy.value, b.normalized_entropy.value),
                                           std::pair(a.grouped_auc.value, b.grouped_auc.value)}) {
                    ASSERT_EQ(x.has_value(), y.has_value());
                    if (x) {
                        EXPECT_NEAR(*x, *y, 1e-12);
                        ++figures;
                    }
                }
                const bool few = alone.all.clustered[k].few_users();
                EXPECT_EQ(of.rows.clustered[k].few_users(), few);
                if (!few && b.normalized_entropy.value)
                    least = std::min(least, 1 - *b.normalized_entropy.value);
                ++compared;
            }
            EXPECT_GE(least, worst_before - 1e-9);
            worst_before = least;
        }
    }
    EXPECT_GT(compared, 100u);
    EXPECT_GT(figures, 300u);
}

TEST(EvaluateBy, KeysOfALogAreThoseOfTheRowsOfTheExamples) {
    EventLog log;
    for (int i = 0; i < 4; ++i) {
        log.add({.time = i * base::kDay, .kind = EventKind::view, .user = "u", .item = i == 3 ? "b" : "a"});
    }
    ScoredExamples examples{.targets = {"click"}};
    for (const std::uint64_t row : {3u, 0u, 1u})
        examples.keys.push_back({.row = row});
    const ExampleKeys items = score::keys_of_examples(examples, log, "item", {});
    ASSERT_EQ(items.values.size(), 2u);
    EXPECT_EQ(items.values[items.key_of_example[0]].front(), "b");
    EXPECT_EQ(items.values[items.key_of_example[1]].front(), "a");
    EXPECT_EQ(items.key_of_example[1], items.key_of_example[2]);
    const ExampleKeys days = score::keys_of_examples(examples, log, "day,item", {{0, base::kHour}});
    EXPECT_EQ(days.values.size(), 3u);
    EXPECT_EQ(days.values[days.key_of_example[0]],
              (std::vector<std::optional<std::string>>{"1970-01-04", "b"}));
    EXPECT_THROW((void)score::keys_of_examples(examples, log, "colour", {}), Error);
}

TEST(EvaluateBy, MoreThanFiveHundredKeysAreRefused) {
    base::StringTable texts;
    std::vector<std::uint32_t> code;
    for (int i = 0; i < 500; ++i)
        code.push_back(texts.intern(std::to_string(i)));
    code.push_back(base::kNone);
    const auto keys = [&](std::size_t rows) {
        const std::vector<base::ColumnView> columns = {{"x", &texts, std::span(code).first(rows)}};
        return score::keys_of_rows(columns, "x").values.size();
    };
    EXPECT_EQ(keys(500), 500u);
    EXPECT_THROW((void)keys(501), Error);
    const std::vector<base::ColumnView> columns = {{"x", &texts, code}};
    EXPECT_THROW((void)score::keys_of_rows(columns, "y"), Error);
}

}  // namespace
}  // namespace funnel::test
