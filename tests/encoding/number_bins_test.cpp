// SPDX-License-Identifier: MIT
// Numbers as categories of their bins, and thresholds where the target changes; all by hand.
#include "funnel/encoding/number_bins.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "funnel/encoding/dataset_encoder.hpp"
#include "funnel/encoding/target_edges.hpp"

namespace funnel::encoding {
namespace {

std::vector<LabelledValue> labelled(std::size_t n, const auto& label) {
    std::vector<LabelledValue> rows;
    for (std::size_t i = 1; i <= n; ++i)
        rows.push_back({static_cast<float>(i), static_cast<std::uint8_t>(label(i) ? 1 : 0)});
    return rows;
}

TEST(TargetEdges, LieWhereTheTargetChanges) {
    auto rows = labelled(60, [](std::size_t i) { return i > 20 && i <= 40; });
    EXPECT_EQ(target_edges(rows), (std::vector<float>{20.5F, 40.5F}));
}

TEST(TargetEdges, AThresholdMustWinItsGain) {
    // 20 rows, the upper half positive: the likelihood rises by 20 ln 2 = 13.86 nats.
    const auto upper = [](std::size_t i) { return i > 10; };
    auto rows = labelled(20, upper);
    EXPECT_EQ(target_edges(rows, {.min_gain = 13.8}), std::vector<float>{10.5F});
    EXPECT_TRUE(target_edges(rows, {.min_gain = 13.9}).empty());
}

TEST(TargetEdges, LeavesAreLargeEnoughAndNotTooMany) {
    auto rows = labelled(60, [](std::size_t i) { return i <= 5; });
    EXPECT_EQ(target_edges(rows, {.min_rows = 10, .min_gain = 1}).front(), 10.5F);
    auto waves = labelled(400, [](std::size_t i) { return i / 40 % 2 == 0; });
    EXPECT_EQ(target_edges(waves).size(), 9u);
    EXPECT_EQ(target_edges(waves, {.leaves = 4}).size(), 3u);
}

TEST(TargetEdges, OneClassOrOneValueHasNone) {
    auto positive = labelled(50, [](std::size_t) { return true; });
    EXPECT_TRUE(target_edges(positive).empty());
    std::vector<LabelledValue> same(50, {1.0F, 0}), none;
    same[0].label = 1;
    EXPECT_TRUE(target_edges(same).empty());
    EXPECT_TRUE(target_edges(none).empty());
}

TEST(NumberBins, IdCountsTheStartsAtOrBelow) {
    std::vector<float> values{1, 1, 2, 2, 3, 3};
    const NumberBins bins = NumberBins::fit(7, std::vector<float>{1, 2, 3}, values, 2);
    EXPECT_EQ(bins.feature(), 7u);
    EXPECT_EQ(bins.starts(), (std::vector<float>{2, 3}));
    EXPECT_EQ(bins.ids(), 4u);
    EXPECT_EQ(bins.id(-100), 1u);
    EXPECT_EQ(bins.id(1.9F), 1u);
    EXPECT_EQ(bins.id(2), 2u);
    EXPECT_EQ(bins.id(3), 3u);
    EXPECT_EQ(bins.id(1e30F), 3u);
    EXPECT_EQ(bins.id(std::numeric_limits<float>::quiet_NaN()), 0u);
    EXPECT_EQ(bins.id(std::numeric_limits<float>::infinity()), 0u);
}

TEST(NumberBins, BinsOfFewRowsAreJoined) {
    std::vector<float> values{1, 2, 3, 4, 5, 6, 7};
    // A start at 2 would leave one row below it, one at 7 a single row above.
    EXPECT_EQ(NumberBins::fit(0, std::vector<float>{2, 3, 4, 5, 7}, values, 2).starts(),
              (std::vector<float>{3, 5}));
}

Dataset steps() {
    Dataset data;
    data.numeric_features = {{.name = "x"}, {.name = "constant"}};
    data.categorical_features = {"kind"};
    data.categories.resize(1);
    (void)data.categories[0].intern("a");
    (void)data.categories[0].intern("b");
    data.targets = {"y"};
    for (std::uint32_t i = 0; i < 400; ++i) {
        data.numeric.push_back(i % 40 == 39 ? std::numeric_limits<float>::quiet_NaN()
                                            : static_cast<float>(i % 40));
        data.numeric.push_back(3);
        data.categorical.push_back(i / 40 % 2);
        data.labels.push_back(i % 40 < 20 ? 1 : 0);
        data.keys.push_back({.row = i});
    }
    return data;
}

LabelledRows all_rows(const Dataset& data) {
    LabelledRows rows;
    rows.labels = data.labels;
    for (std::uint32_t i = 0; i < data.size(); ++i)
        rows.rows.push_back(i);
    return rows;
}

TEST(EncoderNumberBins, ComeAfterTheCategories) {
    const Dataset data = steps();
    const Encoder encoder =
        Encoder::fit(data, all_rows(data), {.bins = 4, .target_leaves = 8, .embed_numbers = true});
    ASSERT_EQ(encoder.embeddings().size(), 2u);
    EXPECT_EQ(encoder.embeddings()[0].name, "kind");
    EXPECT_EQ(encoder.embeddings()[1].name, "x_bin");
    EXPECT_EQ(encoder.embedding_bins(0), nullptr);
    ASSERT_NE(encoder.embedding_bins(1), nullptr);
    // The target changes between 19 and 20.
    EXPECT_NE(encoder.embedding_bins(1)->id(19), encoder.embedding_bins(1)->id(20));
    EXPECT_EQ(encoder.embeddings()[1].rows, encoder.embedding_bins(1)->ids());
}

TEST(EncoderNumberBins, ALiveRowIsEncodedAsOneOfTheDataset) {
    const Dataset data = steps();
    const Encoder fitted = Encoder::fit(data, all_rows(data), {.bins = 4, .embed_numbers = true});
    base::ByteWriter out;
    fitted.write(out);
    const std::vector<char> bytes = out.take();
    base::ByteReader in(bytes);
    const Encoder encoder = Encoder::read(in);
    const DatasetEncoder rows(fitted, data);
    const std::size_t d = encoder.dense_names().size(), e = encoder.embeddings().size();
    ASSERT_EQ(e, 2u);
    std::vector<float> dense(d), live(d);
    std::vector<std::uint32_t> ids(e), live_ids(e);
    for (std::uint32_t i = 0; i < 80; ++i) {
        rows.encode(i, dense, ids);
        const std::vector<std::string_view> texts{data.categories[0].text(data.categorical_row(i)[0])};
        encoder.encode(data.numeric_row(i), texts, live, live_ids);
        EXPECT_EQ(ids, live_ids) << i;
        EXPECT_EQ(dense, live) << i;
        std::ranges::fill(live_ids, 99u);
        encoder.encode_rows(1, data.numeric_row(i), texts, live, live_ids);
        EXPECT_EQ(ids, live_ids) << i;
    }
}

TEST(EncoderNumberBins, AnEncoderOfTheFirstFormatIsRead) {
    const Dataset data = steps();
    const Encoder encoder = Encoder::fit(data, all_rows(data), {.bins = 4});
    base::ByteWriter out;
    encoder.write(out);
    std::vector<char> bytes = out.take();
    bytes.resize(bytes.size() - sizeof(std::uint64_t));  // format 1 ends before the list of bins
    base::ByteReader in(bytes);
    const Encoder again = Encoder::read(in);
    EXPECT_EQ(again.dense_names(), encoder.dense_names());
    ASSERT_EQ(again.embeddings().size(), 1u);
    EXPECT_EQ(again.embeddings()[0].name, "kind");
}

}  // namespace
}  // namespace funnel::encoding
