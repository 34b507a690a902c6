// SPDX-License-Identifier: MIT
// Item vectors: what stands together in visits gets vectors that lie together; visits are cut by hand.
#include "funnel/train/detail/skip_gram.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "funnel/train/item_visits.hpp"

namespace funnel::train {
namespace {

double cosine(const std::vector<float>& vectors, std::size_t dim, std::size_t a, std::size_t b) {
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t d = 0; d < dim; ++d) {
        const double x = vectors[a * dim + d], y = vectors[b * dim + d];
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return ab / std::sqrt(aa * bb);
}

/// Visits of four items, all from 0 to 9 or all from 10 to 19.
ItemSequences two_tastes(std::size_t visits) {
    Rng rng(5);
    ItemSequences sequences;
    for (std::size_t v = 0; v < visits; ++v) {
        const std::uint64_t taste = 10 * rng.below(2);
        for (int i = 0; i < 4; ++i)
            sequences.items.push_back(static_cast<std::uint32_t>(taste + rng.below(10)));
        sequences.starts.push_back(sequences.items.size());
    }
    return sequences;
}

TEST(SkipGram, WhatStandsTogetherLiesTogether) {
    const SkipGramOptions options{.dimensions = 8, .sample = 0};
    const std::vector<float> vectors = skip_gram(two_tastes(3000), 20, options);
    ASSERT_EQ(vectors.size(), 160u);
    double within = 0, between = 0;
    for (std::size_t a = 0; a < 20; ++a) {
        for (std::size_t b = 0; b < 20; ++b) {
            if (a == b) continue;
            (a / 10 == b / 10 ? within : between) +=
                cosine(vectors, 8, a, b) / (a / 10 == b / 10 ? 180 : 200);
        }
    }
    EXPECT_GT(within, 0.8);
    EXPECT_LT(between, 0.2);
}

TEST(SkipGram, TheSeedDecidesEveryByte) {
    const ItemSequences sequences = two_tastes(200);
    EXPECT_EQ(skip_gram(sequences, 20), skip_gram(sequences, 20));
    EXPECT_NE(skip_gram(sequences, 20), skip_gram(sequences, 20, {.seed = 2}));
}

TEST(SkipGram, OptionsOutOfRangeAreRefused) {
    EXPECT_THROW((void)skip_gram(two_tastes(2), 20, {.dimensions = 0}), Error);
    EXPECT_THROW((void)skip_gram(two_tastes(2), 20, {.window = 0}), Error);
    EXPECT_THROW((void)skip_gram(two_tastes(2), 20, {.learning_rate = 0}), Error);
    EXPECT_THROW((void)skip_gram(two_tastes(2), 5), Error) << "items beyond the count";
    EXPECT_TRUE(skip_gram({}, 0).empty());
    EXPECT_EQ(skip_gram({}, 3, {.dimensions = 2}).size(), 6u) << "no visits: random starts";
}

EventLog log_of(const std::vector<std::vector<const char*>>& visits) {
    EventLog log;
    std::int64_t time = 0;
    for (std::size_t v = 0; v < visits.size(); ++v) {
        time += 3'600'000'000;
        for (const char* item : visits[v]) {
            const std::string user = "u" + std::to_string(v % 2);
            log.add({.time = time += 1'000'000, .kind = EventKind::view, .user = user, .item = item});
        }
    }
    return log;
}

std::vector<std::vector<std::string>> texts(const EventLog& log, const ItemVisits& visits) {
    std::vector<std::vector<std::string>> result;
    for (std::size_t i = 0; i < visits.sequences.size(); ++i) {
        result.emplace_back();
        for (const std::uint32_t item : visits.sequences.sequence(i))
            result.back().emplace_back(log.items.text(visits.items[item]));
    }
    return result;
}

TEST(ItemVisits, AreCutByUserAndSilence) {
    const EventLog log = log_of({{"a", "b", "b", "a"}, {"c", "a"}, {"b", "c"}, {"a"}});
    const ItemVisits visits = item_visits(log, {.min_count = 1});
    EXPECT_EQ(texts(log, visits),
              (std::vector<std::vector<std::string>>{{"a", "b", "a"}, {"b", "c"}, {"c", "a"}}));
    EXPECT_EQ(log.items.text(visits.items[0]), "a");  // 4 events; b 3, c 2
    EXPECT_EQ(log.items.text(visits.items[2]), "c");
}

TEST(ItemVisits, LeaveOutRareItemsOtherKindsAndOldEvents) {
    EventLog log = log_of({{"a", "b", "a", "c", "b"}});
    log.add({.time = log.time.back() + 1, .kind = EventKind::impression, .user = "u0", .item = "c"});
    EXPECT_EQ(texts(log, item_visits(log, {.kinds = events::kind_bit(EventKind::view), .min_count = 2})),
              (std::vector<std::vector<std::string>>{{"a", "b", "a", "b"}}));
    EXPECT_EQ(texts(log, item_visits(log, {.min_count = 1, .from = log.time[3]})),
              (std::vector<std::vector<std::string>>{{"c", "b", "c"}}));
}

}  // namespace
}  // namespace funnel::train
