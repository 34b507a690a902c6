// SPDX-License-Identifier: MIT
#include "funnel/encoding/encoder.hpp"
#include "funnel/encoding/dataset_encoder.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "funnel/base/random.hpp"

namespace funnel::encoding {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

/// A table of numbers, one column after the other, and all rows as training rows.
struct Numbers {
    std::vector<base::NumericFeature> features;
    std::vector<float> values;
    std::vector<std::uint32_t> rows;

    Numbers(std::vector<base::NumericFeature> f, std::vector<std::vector<float>> columns)
        : features(std::move(f)) {
        for (std::uint32_t row = 0; row < columns.front().size(); ++row) {
            rows.push_back(row);
            for (const auto& column : columns)
                values.push_back(column[row]);
        }
    }
    [[nodiscard]] std::vector<float> encode(const Normalizer& normalizer, std::vector<float> raw) const {
        std::vector<std::uint32_t> places;
        for (std::uint32_t i = 0; i < features.size(); ++i)
            places.push_back(i);
        std::vector<float> out(normalizer.size());
        normalizer.encode(raw, places, out);
        return out;
    }
};

TEST(Normalizer, TransformsThenScores) {
    const float e = std::exp(1.0f);
    const Numbers table({{"plain", base::Transform::identity},
                         {"count", base::Transform::log1p},
                         {"rate", base::Transform::logit}},
                        {{1, 3}, {0, e * e - 1}, {0.5f, 1 / (1 + std::exp(-2.0f))}});
    const Normalizer normalizer = Normalizer::fit(table.features, table.values, table.rows);
    EXPECT_EQ(normalizer.names(), (std::vector<std::string>{"plain", "count", "rate"}));
    const auto low = table.encode(normalizer, {1, 0, 0.5f}),
               high = table.encode(normalizer, {4, e - 1, 0.5f});
    ASSERT_EQ(low.size(), 3u);
    for (const float z : low)
        EXPECT_NEAR(z, -1, 1e-5);  // mean - deviation, the deviation over n
    EXPECT_NEAR(high[0], 2, 1e-5);
    EXPECT_NEAR(high[1], 0, 1e-5);
}

TEST(Normalizer, ShowsMissingValuesAndDropsConstants) {
    const Numbers table({{"varies"}, {"constant"}, {"absent"}, {"sometimes"}},
                        {{1, 2, kNan, 3}, {5, 5, 5, 5}, {kNan, kNan, kInf, kNan}, {7, kNan, kInf, 7}});
    const Normalizer normalizer = Normalizer::fit(table.features, table.values, table.rows);
    EXPECT_EQ(normalizer.names(),
              (std::vector<std::string>{"varies", "varies_missing", "sometimes_missing"}));
    EXPECT_EQ(table.encode(normalizer, {kNan, 5, 1, 7}), (std::vector<float>{0, 1, 0}));
    EXPECT_EQ(table.encode(normalizer, {2, 5, 1, -kInf}), (std::vector<float>{0, 0, 1}));
}

TEST(Normalizer, CutsFarScores) {
    const Numbers table({{"x"}}, {{-1, 1}});
    const Normalizer normalizer = Normalizer::fit(table.features, table.values, table.rows, {.clip = 5});
    EXPECT_EQ(table.encode(normalizer, {1e30f})[0], 5);
    EXPECT_EQ(table.encode(normalizer, {-1e30f})[0], -5);
}

TEST(Normalizer, TakesTheLogarithmOfALongTail) {
    std::vector<float> column(1000, 1.0f);
    column[0] = 1e6f;
    const Numbers table({{"duration"}}, {column});
    const Normalizer normalizer = Normalizer::fit(table.features, table.values, table.rows, {.clip = 1e9f});
    const float step = table.encode(normalizer, {std::exp(2.0f) - 1})[0] - table.encode(normalizer, {0})[0];
    EXPECT_NEAR(table.encode(normalizer, {std::exp(4.0f) - 1})[0] - table.encode(normalizer, {0})[0],
                2 * step, 1e-4 * step);
    EXPECT_NEAR(table.encode(normalizer, {0})[0] - table.encode(normalizer, {1 - std::exp(2.0f)})[0], step,
                1e-4 * step);  // and of its size below 0
}

TEST(Normalizer, PutsValuesIntoPiecewiseLinearBins) {
    std::vector<float> column;
    for (int i = 0; i <= 100; ++i)
        column.push_back(static_cast<float>(i));
    column.push_back(kNan);
    const Numbers table({{"x"}}, {column});
    const Normalizer normalizer = Normalizer::fit(table.features, table.values, table.rows, {.bins = 4});
    ASSERT_EQ(normalizer.names(),
              (std::vector<std::string>{"x", "x_missing", "x_bin1", "x_bin2", "x_bin3", "x_bin4"}));
    const auto bins = [&](float x) {
        const auto out = table.encode(normalizer, {x});
        return std::vector<float>(out.begin() + 2, out.end());
    };
    EXPECT_EQ(bins(0), (std::vector<float>{0, 0, 0, 0}));
    EXPECT_EQ(bins(60), (std::vector<float>{1, 1, 0.4f, 0}));
    EXPECT_EQ(bins(1000), (std::vector<float>{1, 1, 1, 1}));
    EXPECT_EQ(bins(kNan), (std::vector<float>{0, 0, 0, 0}));
}

TEST(Normalizer, WritesWhatRowsDoNotShareWithoutGaps) {
    constexpr std::size_t kFeatures = 40, kRows = 200,
                          kSharedFeatures = 37;  // two groups of scores and a part
    Rng rng(5);
    std::vector<base::NumericFeature> features;
    std::vector<std::vector<float>> columns(kFeatures);
    for (std::size_t f = 0; f < kFeatures; ++f) {
        features.push_back(
            {"f" + std::to_string(f), f % 2 == 0 ? base::Transform::identity : base::Transform::log1p});
        for (std::size_t i = 0; i < kRows; ++i) {
            const bool missing = f % 3 == 0 && rng.below(4) == 0;
            columns[f].push_back(missing ? kNan : static_cast<float>(rng.uniform()));
        }
    }
    const Numbers table(features, columns);
    const Normalizer normalizer = Normalizer::fit(table.features, table.values, table.rows, {.bins = 4});
    const Normalizer::Shared shared = normalizer.shared_by(kSharedFeatures);
    EXPECT_EQ(shared.scores, kSharedFeatures);
    EXPECT_EQ(shared.bins, kSharedFeatures);
    std::vector<float> raw(table.values.begin(), table.values.begin() + kFeatures);
    const std::vector<float> first = table.encode(normalizer, raw);
    for (std::size_t f = kSharedFeatures; f < kFeatures; ++f)
        raw[f] = 0.5f;
    const std::vector<float> whole = table.encode(normalizer, raw);
    const std::vector<std::uint32_t> shared_places = normalizer.places_of(shared);
    ASSERT_GE(shared_places.size(), kSharedFeatures * 5);  // a score and four bins each
    std::vector<float> expected;
    for (std::uint32_t i = 0; i < whole.size(); ++i) {
        if (std::ranges::binary_search(shared_places, i))
            EXPECT_EQ(whole[i], first[i]) << i;
        else
            expected.push_back(whole[i]);
    }
    std::vector<std::uint32_t> places(kFeatures);
    std::iota(places.begin(), places.end(), 0u);
    std::vector<float> rest(whole.size() - shared_places.size());
    normalizer.encode_rest(raw, places, rest, nn::eigen_kernels(), shared);
    EXPECT_EQ(rest, expected);
}

TEST(Normalizer, HasALogarithmOfItsOwn) {
    base::Rng rng(1);
    for (int i = 0; i < 100'000; ++i) {
        const auto x = static_cast<float>(std::exp(80 * rng.uniform() - 40));
        const double exact = std::log(static_cast<double>(x));
        EXPECT_NEAR(nn::detail::fast_log(x), exact, 3e-7 * std::max(1.0, std::fabs(exact))) << x;
    }
}

TEST(Vocabulary, KeepsFrequentTextsFirst) {
    base::StringTable texts;
    for (const char* text : {"rare", "b", "a", "most"})
        texts.intern(text);
    const std::vector<std::uint64_t> counts = {1, 5, 5, 9};
    const Vocabulary vocabulary = Vocabulary::fit(texts, counts, 6, 2);
    ASSERT_EQ(vocabulary.size(), 4u);
    EXPECT_EQ(vocabulary.id("most"), 1u);
    EXPECT_EQ(vocabulary.id(""), 2u);  // the rows without a value
    EXPECT_EQ(vocabulary.id("a"), 3u);
    EXPECT_EQ(vocabulary.id("b"), 4u);
    EXPECT_EQ(vocabulary.id("rare"), 0u);
    EXPECT_EQ(Vocabulary::fit(texts, counts, 1, 2).id(""), 0u);
    EXPECT_EQ(vocabulary.ids_of(texts), (std::vector<std::uint32_t>{0, 4, 3, 1}));
}

TEST(TargetRates, ShrinkToTheRateOfAll) {
    TargetRates rates(3, 2, 10);
    const auto add = [&](std::uint32_t id, std::uint8_t click, std::uint8_t buy, int times) {
        const std::uint8_t labels[] = {click, buy};
        for (int i = 0; i < times; ++i)
            rates.add(id, labels);
    };
    add(1, 1, 0, 3);
    add(1, 0, base::kUnknownLabel, 2);
    add(2, 0, 1, 4);
    const auto logit = [](double p) { return std::log(p / (1 - p)); };
    const double click = 3.5 / 10, buy = 4.5 / 8;
    std::vector<float> out(3);
    rates.write_row(1, out);
    EXPECT_NEAR(out[0], logit((3 + 10 * click) / 15), 1e-6);
    EXPECT_NEAR(out[1], logit((0 + 10 * buy) / 13), 1e-6);
    EXPECT_NEAR(out[2], std::log(6.0), 1e-6);
    rates.write_row(0, out);
    EXPECT_NEAR(out[0], logit(click), 1e-6);
    EXPECT_EQ(out[2], 0);
}

/// Rows with a small category, a large one, a constant one and a number; label = what the small one says.
struct Example {
    Dataset data;
    LabelledRows train;

    explicit Example(std::size_t rows = 4000) {
        data.numeric_features = {{"x"}, {"y", base::Transform::log1p}};
        data.categorical_features = {"device", "city", "same"};
        data.categories.resize(3);
        data.targets = {"buys"};
        base::Rng rng(3);
        for (std::uint32_t i = 0; i < rows; ++i) {
            const auto device = rng.below(4);
            const auto city = rng.below(500);
            data.numeric.push_back(static_cast<float>(rng.normal()));
            data.numeric.push_back(rng.below(5) == 0 ? kNan : static_cast<float>(rng.below(100)));
            data.categorical.push_back(
                device == 3 ? base::kNone : data.categories[0].intern("device" + std::to_string(device)));
            data.categorical.push_back(data.categories[1].intern("city" + std::to_string(city)));
            data.categorical.push_back(data.categories[2].intern("x"));
            data.keys.push_back({.row = i, .time = i});
            data.labels.push_back(rng.uniform() < 0.2 + 0.1 * static_cast<double>(device) ? 1 : 0);
            train.rows.push_back(i);
        }
        train.labels = data.labels;
        train.to = static_cast<std::int64_t>(rows) - 1;
    }
    [[nodiscard]] std::vector<std::string_view> texts(std::size_t row) const {
        std::vector<std::string_view> result;
        for (std::size_t c = 0; c < 3; ++c) {
            const std::uint32_t code = data.categorical_row(row)[c];
            result.push_back(code == base::kNone ? "" : data.categories[c].text(code));
        }
        return result;
    }
};

TEST(Encoder, ChoosesEmbeddingsForFewAndRatesForManyTexts) {
    const Example example;
    const Encoder encoder = Encoder::fit(example.data, example.train);
    EXPECT_EQ(encoder.dense_names(),
              (std::vector<std::string>{"x", "y", "y_missing", "city_buys_rate", "city_count"}));
    ASSERT_EQ(encoder.embeddings().size(), 1u);
    EXPECT_EQ(encoder.embeddings()[0].name, "device");
    EXPECT_EQ(encoder.embeddings()[0].rows, 5u);  // three, missing, and all others
    std::vector<float> dense(5);
    std::vector<std::uint32_t> ids(1);
    encoder.encode(std::vector<float>{0, 1}, std::vector<std::string_view>{"unheard of", "unheard of", "x"},
                   dense, ids);
    EXPECT_EQ(ids[0], 0u);
}

TEST(Encoder, TurnsShortLivedTextsIntoRates) {
    Example example;
    base::StringTable weeks;
    for (std::size_t i = 0; i < example.data.size(); ++i) {
        example.data.categorical[i * 3] = weeks.intern("campaign" + std::to_string(i / 500));
    }
    example.data.categories[0] = weeks;
    const Encoder encoder = Encoder::fit(example.data, example.train);
    EXPECT_TRUE(encoder.embeddings().empty());
    EXPECT_EQ(std::ranges::count(encoder.dense_names(), "device_buys_rate"), 1);
}

TEST(Encoder, GivesTheSameBytesForLiveAndStoredRows) {
    const Example example;
    const Encoder encoder = Encoder::fit(example.data, example.train, {.bins = 8});
    base::ByteWriter out;
    encoder.write(out);
    base::ByteReader in(out.bytes());
    const Encoder reread = Encoder::read(in);
    in.expect_end();

    // Columns in another order and one more, as another file may have them.
    Dataset other;
    other.numeric_features = {{"more"}, {"y"}, {"x"}};
    other.categorical_features = {"same", "device", "city"};
    other.categories = {example.data.categories[2], example.data.categories[0], example.data.categories[1]};
    other.keys = example.data.keys;
    for (std::size_t i = 0; i < example.data.size(); ++i) {
        const auto numbers = example.data.numeric_row(i);
        const auto codes = example.data.categorical_row(i);
        other.numeric.insert(other.numeric.end(), {1, numbers[1], numbers[0]});
        other.categorical.insert(other.categorical.end(), {codes[2], codes[0], codes[1]});
    }
    const DatasetEncoder stored(encoder, example.data), reordered(reread, other);
    const std::size_t d = encoder.dense_names().size(), e = encoder.embeddings().size();
    ASSERT_TRUE(example.data.size() > 0 && d > 0 && e > 0);
    for (std::size_t i = 0; i < example.data.size(); i += 7) {
        std::vector<float> a(d), b(d), c(d);
        std::vector<std::uint32_t> ia(e), ib(e), ic(e);
        reread.encode(example.data.numeric_row(i), example.texts(i), a, ia);
        stored.encode(i, b, ib);
        reordered.encode(i, c, ic);
        EXPECT_EQ(0, std::memcmp(a.data(), b.data(), d * sizeof(float)));
        EXPECT_EQ(0, std::memcmp(a.data(), c.data(), d * sizeof(float)));
        EXPECT_EQ(ia, ib);
        EXPECT_EQ(ia, ic);
    }
    other.numeric_features[2].name = "z";
    EXPECT_THROW(DatasetEncoder(encoder, other), Error);
}

TEST(Encoder, HidesTheOwnLabelFromTrainingRows) {
    Example example;
    const Encoder encoder = Encoder::fit(example.data, example.train, {.folds = 5});
    const DatasetEncoder before(encoder, example.data, &example.train);
    std::vector<float> a(5), b(5);
    std::vector<std::uint32_t> ids(1);
    before.encode(11, a, ids);
    // Another label of this row, with the same encoder: its own rate must not move.
    const std::uint8_t other = example.train.labels[11] ^ 1;
    example.train.labels[11] = example.data.labels[11] = other;
    const Encoder changed = Encoder::fit(example.data, example.train, {.folds = 5});
    const DatasetEncoder after(changed, example.data, &example.train);
    after.encode(11, b, ids);
    // Mean and deviation of the z-score know the label; their change is of the order of one row in 4000.
    EXPECT_NEAR(a[3], b[3], 1e-2);
    DatasetEncoder(encoder, example.data).encode(11, a, ids);
    DatasetEncoder(changed, example.data).encode(11, b, ids);
    EXPECT_GT(std::fabs(a[3] - b[3]), 5e-2);  // the full statistic does move
}

TEST(Encoder, RefusesDataWithoutInputs) {
    Dataset data;
    data.numeric_features = {{"constant"}};
    data.targets = {"y"};
    data.numeric = {1, 1};
    data.labels = {0, 1};
    data.keys.resize(2);
    EXPECT_THROW(static_cast<void>(Encoder::fit(data, {.rows = {0, 1}, .labels = {0, 1}})), Error);
}

TEST(Encoder, RefusesDamagedBytes) {
    const Example example(600);
    base::ByteWriter out;
    Encoder::fit(example.data, example.train, {.bins = 4}).write(out);
    const std::vector<char> bytes = out.take();
    ASSERT_FALSE(bytes.empty());
    for (std::size_t size = 0; size < bytes.size(); size += 3) {
        base::ByteReader in{std::span(bytes).first(size)};
        EXPECT_THROW(static_cast<void>(Encoder::read(in)), Error);
    }
    std::size_t refused = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        std::vector<char> damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
        try {
            base::ByteReader in(damaged);
            const Encoder encoder = Encoder::read(in);
            std::vector<float> numeric(encoder.numeric_features().size(), 1),
                dense(encoder.dense_names().size());
            std::vector<std::string_view> texts(encoder.categorical_features().size(), "x");
            std::vector<std::uint32_t> ids(encoder.embeddings().size());
            encoder.encode(numeric, texts, dense, ids);
        } catch (const Error&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, 0u);
}

}  // namespace
}  // namespace funnel::encoding
