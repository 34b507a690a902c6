// SPDX-License-Identifier: MIT
// Normalizer: raw numbers to z-scores, missing indicators and piecewise-linear bins, fitted on training rows.
// Bins: Gorishniy et al., "On embeddings for numerical features in tabular deep learning" (2022),
// section 3.2.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/random.hpp"
#include "funnel/features/dataset.hpp"

namespace funnel::features {

struct NormalizerOptions {
    float clip = 8;          ///< z-scores are cut to [-clip, clip]
    std::uint32_t bins = 0;  ///< quantile bins per number beside the z-score; 0: none
    std::uint64_t seed = 1;  ///< of the sample that quantiles are taken from
};

namespace detail {
struct Columns;
}

/// d raw numbers to, in this order: a z-score of each that varies, an indicator of each that was missing in
/// some training row, the bins. A raw number that is not finite is missing. Immutable: share freely.
class Normalizer {
 public:
    /// features: d names and transforms; numeric: row-major, d wide; rows: those to fit on.
    [[nodiscard]] static Normalizer fit(std::span<const NumericFeature> features,
                                        std::span<const float> numeric, std::span<const std::uint32_t> rows,
                                        const NormalizerOptions& options = {});

    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
    [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }

    /// raw: d values; `place[i]` is the index of feature i in raw. out: size() values. Does not allocate.
    void encode(std::span<const float> raw, std::span<const std::uint32_t> place,
                std::span<float> out) const noexcept;

    void write(base::ByteWriter& out) const;
    /// Throws Error(format) if the bytes are damaged or name a feature beyond d.
    [[nodiscard]] static Normalizer read(base::ByteReader& in, std::size_t d);

 private:
    struct Score {
        std::uint32_t feature = 0;
        Transform transform = Transform::identity;
        float mean = 0, scale = 1;  ///< of the transformed value; z = (t - mean) * scale
    };
    /// Scores of kLanes features side by side, for loops that vectorize. Unused lanes score feature 0.
    static constexpr std::size_t kLanes = 16;
    struct Lanes {
        std::array<std::uint32_t, kLanes> feature{};
        std::array<float, kLanes> identity{}, logit{}, log1p{};  ///< weights of the transform
        std::array<float, kLanes> mean{}, scale{};
    };
    struct Bins {
        std::uint32_t feature = 0;
        std::vector<float> edges;  ///< of the raw value, ascending: one more than there are bins
    };
    void fit_bins(const detail::Columns& columns, const NormalizerOptions& options);
    void finish();

    float clip_ = 8;
    std::vector<std::string> features_;  ///< d
    std::vector<Score> scores_;
    std::vector<Lanes> lanes_;  // the same scores
    std::vector<std::uint32_t> indicators_;
    std::vector<Bins> bins_;
    std::vector<std::string> names_;
};

namespace detail {

/// Natural logarithm in float for positive normal x: Cephes logf, branch-free so that loops over it
/// vectorize. Relative error below 2e-7.
[[nodiscard]] inline float fast_log(float x) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    // The mantissa in [sqrt(1/2), sqrt(2)).
    const std::uint32_t shifted = bits - 0x3F3504F3u;
    const auto exponent = static_cast<float>(static_cast<std::int32_t>(shifted) >> 23);
    const float m = std::bit_cast<float>((shifted & 0x007FFFFFu) + 0x3F3504F3u) - 1.0f;
    const float q = m * m;
    float y = 7.0376836292e-2f;
    y = y * m - 1.1514610310e-1f;
    y = y * m + 1.1676998740e-1f;
    y = y * m - 1.2420140846e-1f;
    y = y * m + 1.4249322787e-1f;
    y = y * m - 1.6668057665e-1f;
    y = y * m + 2.0000714765e-1f;
    y = y * m - 2.4999993993e-1f;
    y = y * m + 3.3333331174e-1f;
    y = y * m * q + exponent * -2.12194440e-4f - 0.5f * q;
    return m + y + exponent * 0.693359375f;
}

/// A transform as weights of its three forms, so that a loop over features has no branches.
struct TransformWeights {
    float identity = 1, logit = 0, log1p = 0;
};
[[nodiscard]] constexpr TransformWeights weights_of(Transform transform) noexcept {
    return {transform == Transform::identity ? 1.0f : 0.0f, transform == Transform::logit ? 1.0f : 0.0f,
            transform == Transform::log1p ? 1.0f : 0.0f};
}

/// A finite number under its transform; of another number anything.
[[nodiscard]] inline float transformed(float x, float identity, float logit, float log1p) noexcept {
    constexpr float kLeast = 1e-7f, kMost = 1.0f - 1e-7f, kLongest = 1e30f;
    const float size = std::fabs(x);
    const float cut = size < kLongest ? size : kLongest;
    const float above = x > kLeast ? x : kLeast;
    const float rate = above < kMost ? above : kMost;
    const float numerator = identity + logit * rate + log1p * (1.0f + cut);
    const float denominator = 1.0f - logit * rate;
    const float log = fast_log(numerator / denominator);
    return identity * x + logit * log + log1p * std::copysign(log, x);
}
[[nodiscard]] inline float transformed(float x, Transform transform) noexcept {
    const TransformWeights w = weights_of(transform);
    return transformed(x, w.identity, w.logit, w.log1p);
}

/// All bits if x is finite, else none.
[[nodiscard]] inline std::uint32_t present_bits(float x) noexcept {
    constexpr std::uint32_t kExponent = 0x7F800000u;
    return (std::bit_cast<std::uint32_t>(x) & kExponent) == kExponent ? 0u : ~0u;
}

}  // namespace detail

namespace detail {

/// Running moments of one column.
struct Moments {
    std::uint64_t count = 0;
    double sum = 0, squares = 0;
    float least = std::numeric_limits<float>::max(), most = std::numeric_limits<float>::lowest();

    void add(float x) noexcept {
        ++count;
        sum += static_cast<double>(x);
        least = std::min(least, x);
        most = std::max(most, x);
    }
    void add_deviation(float x) noexcept {
        squares += (static_cast<double>(x) - mean()) * (static_cast<double>(x) - mean());
    }
    [[nodiscard]] double mean() const noexcept { return sum / static_cast<double>(count); }
    [[nodiscard]] double deviation() const noexcept {
        return std::sqrt(squares / static_cast<double>(count));
    }
    [[nodiscard]] bool varies() const noexcept {
        return count > 0 && least < most && deviation() > 1e-6 * std::fabs(mean());
    }
    /// Some value lies so far out that a z-score would spend its range on it.
    [[nodiscard]] bool has_long_tail() const noexcept {
        constexpr double kFar = 10;
        const double far = kFar * deviation();
        return static_cast<double>(most) - mean() > far || mean() - static_cast<double>(least) > far;
    }
};

/// Columns of a row-major table, restricted to some rows.
struct Columns {
    std::span<const float> numeric;
    std::span<const std::uint32_t> rows;
    std::size_t width = 0;

    [[nodiscard]] std::vector<Moments> moments(std::span<const Transform> transforms) const {
        std::vector<Moments> columns(width);
        for (const bool second : {false, true}) {
            for (const std::uint32_t row : rows) {
                for (std::size_t i = 0; i < width; ++i) {
                    const float x = numeric[row * width + i];
                    if (!std::isfinite(x)) continue;
                    const float t = transformed(x, transforms[i]);
                    second ? columns[i].add_deviation(t) : columns[i].add(t);
                }
            }
        }
        return columns;
    }
};

/// bins + 1 quantiles, equal ones joined.
[[nodiscard]] inline std::vector<float> quantile_edges(std::vector<float>& values, std::uint32_t bins) {
    std::ranges::sort(values);
    std::vector<float> edges;
    for (std::uint32_t b = 0; b <= bins && !values.empty(); ++b) {
        const float edge = values[(values.size() - 1) * b / bins];
        if (edges.empty() || edge > edges.back()) edges.push_back(edge);
    }
    return edges;
}

}  // namespace detail

inline Normalizer Normalizer::fit(std::span<const NumericFeature> features, std::span<const float> numeric,
                                  std::span<const std::uint32_t> rows, const NormalizerOptions& options) {
    Normalizer result;
    result.clip_ = options.clip;
    const detail::Columns columns{numeric, rows, features.size()};
    std::vector<Transform> transforms;
    for (const NumericFeature& feature : features) {
        result.features_.push_back(feature.name);
        transforms.push_back(feature.transform);
    }
    auto moments = columns.moments(transforms);
    bool changed = false;
    for (std::size_t i = 0; i < features.size(); ++i) {
        if (transforms[i] != Transform::identity || !moments[i].varies() || !moments[i].has_long_tail())
            continue;
        transforms[i] = Transform::log1p;
        changed = true;
    }
    if (changed) moments = columns.moments(transforms);
    for (std::uint32_t i = 0; i < features.size(); ++i) {
        const detail::Moments& m = moments[i];
        if (m.varies()) {
            result.scores_.push_back({.feature = i,
                                      .transform = transforms[i],
                                      .mean = static_cast<float>(m.mean()),
                                      .scale = static_cast<float>(1.0 / m.deviation())});
        }
        if (m.count > 0 && m.count < rows.size()) result.indicators_.push_back(i);
    }
    if (options.bins > 0) result.fit_bins(columns, options);
    result.finish();
    return result;
}

/// Quantiles from at most 100,000 rows, drawn by (seed, row).
inline void Normalizer::fit_bins(const detail::Columns& columns, const NormalizerOptions& options) {
    constexpr double kSample = 100'000;
    const double share = kSample / std::max(kSample, static_cast<double>(columns.rows.size()));
    std::vector<std::uint32_t> sample;
    for (const std::uint32_t row : columns.rows) {
        if (base::uniform_at(options.seed, row) < share) sample.push_back(row);
    }
    std::vector<float> values;
    for (const Score& score : scores_) {
        values.clear();
        for (const std::uint32_t row : sample) {
            const float x = columns.numeric[row * columns.width + score.feature];
            if (std::isfinite(x)) values.push_back(x);
        }
        std::vector<float> edges = detail::quantile_edges(values, options.bins);
        if (edges.size() > 2) bins_.push_back({score.feature, std::move(edges)});
    }
}

/// Names and lanes from the fitted parts.
inline void Normalizer::finish() {
    names_.clear();
    lanes_.assign((scores_.size() + kLanes - 1) / kLanes, Lanes{});
    for (std::size_t i = 0; i < scores_.size(); ++i) {
        const Score& score = scores_[i];
        Lanes& lanes = lanes_[i / kLanes];
        lanes.feature[i % kLanes] = score.feature;
        const detail::TransformWeights weights = detail::weights_of(score.transform);
        lanes.identity[i % kLanes] = weights.identity;
        lanes.logit[i % kLanes] = weights.logit;
        lanes.log1p[i % kLanes] = weights.log1p;
        lanes.mean[i % kLanes] = score.mean;
        lanes.scale[i % kLanes] = score.scale;
        names_.push_back(features_[score.feature]);
    }
    for (const std::uint32_t feature : indicators_)
        names_.push_back(features_[feature] + "_missing");
    for (const Bins& bins : bins_) {
        for (std::size_t b = 1; b < bins.edges.size(); ++b) {
            names_.push_back(features_[bins.feature] + "_bin" + std::to_string(b));
        }
    }
}

inline void Normalizer::encode(std::span<const float> raw, std::span<const std::uint32_t> place,
                               std::span<float> out) const noexcept {
    float* to = out.data();
    std::size_t left = scores_.size();
    const float clip = clip_;
    for (const Lanes& lanes : lanes_) {
        std::array<float, kLanes> x, z;
        for (std::size_t i = 0; i < kLanes; ++i)
            x[i] = raw[place[lanes.feature[i]]];
        for (std::size_t i = 0; i < kLanes; ++i) {
            const float t = detail::transformed(x[i], lanes.identity[i], lanes.logit[i], lanes.log1p[i]);
            const float score = (t - lanes.mean[i]) * lanes.scale[i];
            const float above = score > -clip ? score : -clip;
            const float cut = above < clip ? above : clip;
            z[i] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(cut) & detail::present_bits(x[i]));
        }
        const std::size_t n = std::min(left, kLanes);
        std::copy_n(z.begin(), n, to);
        to += n;
        left -= n;
    }
    for (const std::uint32_t feature : indicators_)
        *to++ = std::isfinite(raw[place[feature]]) ? 0.0f : 1.0f;
    for (const Bins& bins : bins_) {
        const float x = raw[place[bins.feature]];
        const bool present = std::isfinite(x);
        for (std::size_t b = 1; b < bins.edges.size(); ++b) {
            const float share = (x - bins.edges[b - 1]) / (bins.edges[b] - bins.edges[b - 1]);
            *to++ = present ? std::min(std::max(share, 0.0f), 1.0f) : 0.0f;
        }
    }
}

inline void Normalizer::write(base::ByteWriter& out) const {
    out.value(clip_);
    out.value<std::uint64_t>(features_.size());
    for (const std::string& name : features_)
        out.text(name);
    out.value<std::uint64_t>(scores_.size());
    for (const Score& score : scores_) {
        out.value(score.feature);
        out.value(score.transform);
        out.value(score.mean);
        out.value(score.scale);
    }
    out.array(indicators_);
    out.value<std::uint64_t>(bins_.size());
    for (const Bins& bins : bins_) {
        out.value(bins.feature);
        out.array(bins.edges);
    }
}

inline Normalizer Normalizer::read(base::ByteReader& in, std::size_t d) {
    const auto expect = [](bool fits) {
        if (!fits) throw Error(ErrorCode::format, "damaged: the normalizer of a model");
    };
    Normalizer result;
    result.clip_ = in.value<float>();
    expect(result.clip_ > 0);
    result.features_.resize(in.length(8));
    expect(result.features_.size() == d);
    for (std::string& name : result.features_)
        name = in.text();
    result.scores_.resize(in.length(13));
    for (Score& score : result.scores_) {
        score.feature = in.value<std::uint32_t>();
        score.transform = in.value<Transform>();
        score.mean = in.value<float>();
        score.scale = in.value<float>();
        expect(score.feature < d && score.transform <= Transform::logit && std::isfinite(score.mean) &&
               std::isfinite(score.scale) && score.scale > 0);
    }
    result.indicators_ = in.array<std::uint32_t>();
    for (const std::uint32_t feature : result.indicators_)
        expect(feature < d);
    result.bins_.resize(in.length(12));
    for (Bins& bins : result.bins_) {
        bins.feature = in.value<std::uint32_t>();
        bins.edges = in.array<float>();
        expect(bins.feature < d && bins.edges.size() > 2);
        for (std::size_t b = 1; b < bins.edges.size(); ++b) {
            expect(std::isfinite(bins.edges[b]) && bins.edges[b - 1] < bins.edges[b]);
        }
    }
    result.finish();
    return result;
}

}  // namespace funnel::features
