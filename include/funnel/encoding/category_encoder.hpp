// SPDX-License-Identifier: MIT
// CategoryEncoder: one fitted categorical feature: dropped, an embedding id, or target rates.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/encoding/dataset.hpp"
#include "funnel/encoding/labelled_rows.hpp"
#include "funnel/encoding/target_rates.hpp"
#include "funnel/encoding/vocabulary.hpp"

namespace funnel::encoding {

struct CategoryOptions {
    std::uint32_t min_count = 20;       ///< training rows that a category needs for an id of its own
    std::uint32_t max_categories = 64;  ///< features with more become target rates
    double max_turnover = 0.05;  ///< so do those with more new texts in the last fifth of the training time
    double max_rare = 0.1;       ///< and those with more rows of texts below min_count
    float rate_strength = 20;    ///< prior rows of a target rate
    float clip = 8;              ///< of the z-scores of rates
};

/// What a net sees of every id, computed once: logarithms are dear.
struct ShownRates {
    std::size_t width = 0;
    std::vector<float> values;  ///< (ids, width)

    [[nodiscard]] std::span<const float> row(std::uint32_t id) const noexcept {
        return std::span(values).subspan(id * width, width);
    }
};

/// Const calls may run concurrently; changes need a lock.
class CategoryEncoder {
 public:
    enum class Kind : std::uint8_t { dropped, embedding, rates };

    /// Fitted to feature `column` of the data on the training rows and labels.
    [[nodiscard]] static CategoryEncoder fit(const Dataset& data, std::size_t column,
                                             const LabelledRows& train, const CategoryOptions& options);

    /// Target rates from their parts: counts per id of the vocabulary; mean and scale (1 / deviation) of what
    /// TargetRates::write_row writes, one per target and one for the count.
    [[nodiscard]] static CategoryEncoder of_rates(Vocabulary vocabulary, TargetRates rates,
                                                  std::vector<float> means, std::vector<float> scales,
                                                  float clip);

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] const Vocabulary& vocabulary() const noexcept { return vocabulary_; }
    [[nodiscard]] const TargetRates& rates() const noexcept { return rates_; }
    /// Dense inputs: targets + 1 for rates, else 0.
    [[nodiscard]] std::size_t width() const noexcept { return means_.size(); }

    /// The z-scores of the rates of one id.
    void write_rates(std::uint32_t id, std::span<float> out) const noexcept {
        std::ranges::copy(shown_.row(id), out.begin());
    }
    /// As of write_rates for all ids, from other counts: ours without a fold. scale: see TargetRates.
    [[nodiscard]] ShownRates show(const TargetRates& rates, double scale) const;

    void write(base::ByteWriter& out) const;
    [[nodiscard]] static CategoryEncoder read(base::ByteReader& in);

 private:
    void fit_rates(const Dataset& data, std::size_t column, const LabelledRows& train,
                   const CategoryOptions& options);

    Kind kind_ = Kind::dropped;
    Vocabulary vocabulary_;
    TargetRates rates_;
    std::vector<float> means_, scales_;
    float clip_ = 8;
    ShownRates shown_;
};

namespace detail {

/// Training rows per text of a column, and those without one.
struct CategoryCounts {
    std::vector<std::uint64_t> all, early;  ///< early: rows before the last fifth of the time
    std::uint64_t missing = 0, late_rows = 0;

    CategoryCounts(const Dataset& data, std::size_t column, const LabelledRows& train)
        : all(data.categories[column].size()), early(all.size()) {
        const double begin = static_cast<double>(train.from), length = static_cast<double>(train.to) - begin;
        std::vector<std::uint64_t> late(all.size());
        for (const std::uint32_t row : train.rows) {
            const std::uint32_t code = data.categorical_row(row)[column];
            const bool is_late = static_cast<double>(data.keys[row].time) > begin + 0.8 * length;
            late_rows += is_late ? 1 : 0;
            if (code == base::kNone) {
                ++missing;
                continue;
            }
            ++all[code];
            ++(is_late ? late : early)[code];
        }
    }

    /// Share of the rows whose text comes less than `min_count` times.
    [[nodiscard]] double rare_share(std::uint64_t min_count, std::size_t rows) const noexcept {
        std::uint64_t rare = missing < min_count ? missing : 0;
        for (const std::uint64_t n : all)
            rare += n < min_count ? n : 0;
        return static_cast<double>(rare) / static_cast<double>(rows);
    }
    /// Share of the late rows whose text was not there early.
    [[nodiscard]] double turnover() const noexcept {
        std::uint64_t fresh = 0;
        for (std::size_t i = 0; i < all.size(); ++i)
            fresh += early[i] == 0 ? all[i] : 0;
        return late_rows == 0 ? 0.0 : static_cast<double>(fresh) / static_cast<double>(late_rows);
    }
};

}  // namespace detail

inline CategoryEncoder CategoryEncoder::fit(const Dataset& data, std::size_t column,
                                            const LabelledRows& train, const CategoryOptions& options) {
    CategoryEncoder result;
    result.clip_ = options.clip;
    const detail::CategoryCounts counts(data, column, train);
    const base::StringTable& texts = data.categories[column];
    result.vocabulary_ = Vocabulary::fit(texts, counts.all, counts.missing, options.min_count);
    const auto met =
        static_cast<std::size_t>(std::ranges::count_if(counts.all, [](auto n) { return n > 0; })) +
        (counts.missing > 0 ? 1 : 0);
    if (met < 2) return result;
    const double rare = counts.rare_share(options.min_count, train.size());
    if (result.vocabulary_.size() <= options.max_categories && counts.turnover() <= options.max_turnover &&
        rare <= options.max_rare) {
        result.kind_ = Kind::embedding;
        return result;
    }
    result.vocabulary_ = Vocabulary::fit(texts, counts.all, counts.missing, 2);
    if (result.vocabulary_.size() == 0) return result;  // no text comes twice: nothing to learn
    result.kind_ = Kind::rates;
    result.fit_rates(data, column, train, options);
    return result;
}

inline void CategoryEncoder::fit_rates(const Dataset& data, std::size_t column, const LabelledRows& train,
                                       const CategoryOptions& options) {
    const std::size_t targets = data.targets.size();
    const std::vector<std::uint32_t> ids = vocabulary_.ids_of(data.categories[column]);
    const std::uint32_t missing = vocabulary_.id({});
    const auto id_of = [&](std::uint32_t row) {
        const std::uint32_t code = data.categorical_row(row)[column];
        return code == base::kNone ? missing : ids[code];
    };
    rates_ = TargetRates(vocabulary_.size() + 1, targets, static_cast<double>(options.rate_strength));
    for (std::size_t i = 0; i < train.size(); ++i) {
        rates_.add(id_of(train.rows[i]), std::span(train.labels).subspan(i * targets, targets));
    }
    std::vector<double> sum(targets + 1), squares(targets + 1);
    std::vector<float> values(targets + 1);
    for (const std::uint32_t row : train.rows) {
        rates_.write_row(id_of(row), values);
        for (std::size_t k = 0; k <= targets; ++k) {
            sum[k] += static_cast<double>(values[k]);
            squares[k] += static_cast<double>(values[k]) * static_cast<double>(values[k]);
        }
    }
    const auto n = static_cast<double>(train.size());
    for (std::size_t k = 0; k <= targets; ++k) {
        const double mean = sum[k] / n, variance = std::max(0.0, squares[k] / n - mean * mean);
        means_.push_back(static_cast<float>(mean));
        scales_.push_back(static_cast<float>(1.0 / std::max(1e-3, std::sqrt(variance))));
    }
    shown_ = show(rates_, 1);
}

inline CategoryEncoder CategoryEncoder::of_rates(Vocabulary vocabulary, TargetRates rates,
                                                 std::vector<float> means, std::vector<float> scales,
                                                 float clip) {
    CategoryEncoder result;
    result.kind_ = Kind::rates;
    result.vocabulary_ = std::move(vocabulary);
    result.rates_ = std::move(rates);
    result.means_ = std::move(means);
    result.scales_ = std::move(scales);
    result.clip_ = clip;
    result.shown_ = result.show(result.rates_, 1);
    return result;
}

inline ShownRates CategoryEncoder::show(const TargetRates& rates, double scale) const {
    ShownRates shown{.width = width(), .values = std::vector<float>(rates.ids() * width())};
    for (std::uint32_t id = 0; id < rates.ids(); ++id) {
        float* row = shown.values.data() + id * width();
        rates.write_row(id, {row, width()}, scale);
        for (std::size_t i = 0; i < width(); ++i)
            row[i] = std::clamp((row[i] - means_[i]) * scales_[i], -clip_, clip_);
    }
    return shown;
}

inline void CategoryEncoder::write(base::ByteWriter& out) const {
    out.value(kind_);
    vocabulary_.write(out);
    out.value(clip_);
    if (kind_ != Kind::rates) return;
    rates_.write(out);
    out.array(means_);
    out.array(scales_);
}

inline CategoryEncoder CategoryEncoder::read(base::ByteReader& in) {
    const auto expect = [](bool fits) {
        if (!fits) throw Error(ErrorCode::format, "damaged: a category of a model");
    };
    CategoryEncoder result;
    result.kind_ = in.value<Kind>();
    expect(result.kind_ <= Kind::rates);
    result.vocabulary_ = Vocabulary::read(in);
    result.clip_ = in.value<float>();
    expect(result.clip_ > 0);
    if (result.kind_ != Kind::rates) return result;
    result.rates_ = TargetRates::read(in);
    result.means_ = in.array<float>();
    result.scales_ = in.array<float>();
    expect(result.rates_.ids() == result.vocabulary_.size() + 1 &&
           result.means_.size() == result.rates_.targets() + 1 &&
           result.scales_.size() == result.means_.size());
    for (std::size_t k = 0; k < result.means_.size(); ++k) {
        expect(std::isfinite(result.means_[k]) && std::isfinite(result.scales_[k]) && result.scales_[k] > 0);
    }
    result.shown_ = result.show(result.rates_, 1);
    return result;
}

}  // namespace funnel::encoding
