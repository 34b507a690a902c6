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
#include <iterator>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/feature.hpp"
#include "funnel/base/random.hpp"
#include "funnel/encoding/dataset.hpp"
#include "funnel/encoding/moments.hpp"
#include "funnel/encoding/target_edges.hpp"
#include "funnel/nn/eigen_kernels.hpp"

namespace funnel::encoding {

struct NormalizerOptions {
    float clip = 8;          ///< z-scores are cut to [-clip, clip]
    std::uint32_t bins = 0;  ///< quantile bins per number beside the z-score; 0: none
    std::uint64_t seed = 1;  ///< of the sample that quantiles are taken from
    /// With labels of `rows` (one target, 0, 1 or unknown) bins also end where the target changes.
    std::span<const std::uint8_t> labels = {};
    TargetEdgeOptions target_edges = {};
};

/// d raw numbers to, in this order: a z-score of each that varies, an indicator of each that was missing in
/// some training row, the bins. A raw number that is not finite is missing. Immutable: share freely.
class Normalizer {
 public:
    /// features: d names and transforms; numeric: row-major, d wide; rows: those to fit on.
    [[nodiscard]] static Normalizer fit(std::span<const base::NumericFeature> features,
                                        std::span<const float> numeric, std::span<const std::uint32_t> rows,
                                        const NormalizerOptions& options = {},
                                        const nn::Kernels& kernels = nn::eigen_kernels());

    /// Scores and indicators of all features, from what was measured elsewhere.
    [[nodiscard]] static Normalizer of_moments(std::span<const base::NumericFeature> features,
                                               std::span<const Moments> moments, float clip);

    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
    [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }
    /// The raw feature behind each of names().
    [[nodiscard]] std::vector<std::uint32_t> features_behind() const;
    /// Calls take(feature, transform, mean, scale) for every z-score = (transform(x) - mean) scale, in the
    /// order of encode. Of a number that is not finite it is 0.
    template <typename Take>
    void for_each_score(Take&& take) const {
        for (const Score& score : scores_)
            take(score.feature, score.transform, score.mean, score.scale);
    }
    /// The numbers that have an indicator, 1 where they are not finite; after the scores.
    [[nodiscard]] std::span<const std::uint32_t> indicators() const noexcept { return indicators_; }
    [[nodiscard]] float clip() const noexcept { return clip_; }  ///< z-scores are cut to [-clip, clip]
    /// Calls take(feature, edges) for every number that has bins.
    template <typename Take>
    void for_each_bins(Take&& take) const {
        for (const Bins& bins : bins_)
            take(bins.feature, bins.edges);
    }

    /// raw: d values; `place[i]` is the index of feature i in raw. out: size() values. Does not allocate.
    void encode(std::span<const float> raw, std::span<const std::uint32_t> place, std::span<float> out,
                const nn::Kernels& kernels = nn::eigen_kernels()) const noexcept {
        encode_rest(raw, place, out, kernels, {});
    }

    /// How much of what encode writes follows from the first raw features alone.
    struct Shared {
        std::size_t scores = 0, indicators = 0, bins = 0, bin_values = 0;
    };
    [[nodiscard]] Shared shared_by(std::size_t first_features) const noexcept;
    /// Their places in what encode writes, ascending.
    [[nodiscard]] std::vector<std::uint32_t> places_of(const Shared& shared) const;
    /// What encode writes in all other places, without gaps; the same bytes.
    void encode_rest(std::span<const float> raw, std::span<const std::uint32_t> place, std::span<float> out,
                     const nn::Kernels& kernels, const Shared& shared) const noexcept;

    void write(base::ByteWriter& out) const;
    /// Throws Error(format) if the bytes are damaged or name a feature beyond d.
    [[nodiscard]] static Normalizer read(base::ByteReader& in, std::size_t d);

 private:
    struct Score {
        std::uint32_t feature = 0;
        base::Transform transform = base::Transform::identity;
        float mean = 0, scale = 1;  ///< of the transformed value; z = (t - mean) * scale
    };
    struct Bins {
        std::uint32_t feature = 0;
        std::vector<float> edges;  ///< of the raw value, ascending: one more than there are bins
    };
    [[nodiscard]] static std::vector<Moments> fit_moments(const Columns& columns,
                                                          std::vector<base::Transform>& transforms,
                                                          const nn::Kernels& kernels);
    void fit_bins(const Columns& columns, const NormalizerOptions& options);
    void finish();
    void encode_scores(std::size_t from, std::span<const float> raw, std::span<const std::uint32_t> place,
                       float* out, const nn::Kernels& kernels) const noexcept;

    float clip_ = 8;
    std::vector<std::string> features_;  ///< d
    std::vector<Score> scores_;
    std::vector<nn::ZScores<float>> groups_;  // the same scores, 16 side by side
    std::vector<std::uint32_t> inputs_;       // feature of each lane of the groups; of unused ones, the first
    std::vector<std::uint32_t> indicators_;
    std::vector<Bins> bins_;
    std::vector<std::string> names_;
};

namespace detail {

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

inline Normalizer Normalizer::fit(std::span<const base::NumericFeature> features,
                                  std::span<const float> numeric, std::span<const std::uint32_t> rows,
                                  const NormalizerOptions& options, const nn::Kernels& kernels) {
    Normalizer result;
    result.clip_ = options.clip;
    const Columns columns{numeric, rows, features.size()};
    std::vector<base::Transform> transforms;
    for (const base::NumericFeature& feature : features) {
        result.features_.push_back(feature.name);
        transforms.push_back(feature.transform);
    }
    std::vector<Moments> moments = result.fit_moments(columns, transforms, kernels);
    for (std::uint32_t i = 0; i < features.size(); ++i) {
        const Moments& m = moments[i];
        if (m.varies()) {
            result.scores_.push_back({.feature = i,
                                      .transform = transforms[i],
                                      .mean = static_cast<float>(m.mean),
                                      .scale = static_cast<float>(1.0 / m.deviation())});
        }
        if (m.count > 0 && m.count < static_cast<double>(rows.size())) result.indicators_.push_back(i);
    }
    if (options.bins > 0) result.fit_bins(columns, options);
    result.finish();
    return result;
}

inline Normalizer Normalizer::of_moments(std::span<const base::NumericFeature> features,
                                         std::span<const Moments> moments, float clip) {
    Normalizer result;
    result.clip_ = clip;
    for (std::uint32_t i = 0; i < features.size(); ++i) {
        result.features_.push_back(features[i].name);
        result.scores_.push_back({.feature = i,
                                  .transform = features[i].transform,
                                  .mean = static_cast<float>(moments[i].mean),
                                  .scale = moments[i].scale()});
        result.indicators_.push_back(i);
    }
    result.finish();
    return result;
}

/// Moments of all columns. A plain number with a long tail is measured again by its logarithm.
inline std::vector<Moments> Normalizer::fit_moments(const Columns& columns,
                                                    std::vector<base::Transform>& transforms,
                                                    const nn::Kernels& kernels) {
    std::vector<std::uint32_t> features(transforms.size()), changed;
    std::iota(features.begin(), features.end(), 0u);
    std::vector<Moments> moments = moments_of(columns, features, transforms, kernels);
    for (const std::uint32_t i : features) {
        if (transforms[i] != base::Transform::identity || !moments[i].varies() || !moments[i].has_long_tail())
            continue;
        transforms[i] = base::Transform::log1p;
        changed.push_back(i);
    }
    const std::vector<base::Transform> logarithms(changed.size(), base::Transform::log1p);
    const auto again = moments_of(columns, changed, logarithms, kernels);
    for (std::size_t i = 0; i < changed.size(); ++i)
        moments[changed[i]] = again[i];
    return moments;
}

/// Quantiles from at most 100,000 rows, drawn by (seed, row); with labels also where the target changes.
inline void Normalizer::fit_bins(const Columns& columns, const NormalizerOptions& options) {
    constexpr double kSample = 100'000;
    const double share = kSample / std::max(kSample, static_cast<double>(columns.rows.size()));
    std::vector<std::uint32_t> sample;  // places in columns.rows
    for (std::uint32_t i = 0; i < columns.rows.size(); ++i) {
        if (base::uniform_at(options.seed, columns.rows[i]) < share) sample.push_back(i);
    }
    std::vector<float> values;
    std::vector<LabelledValue> labelled;
    for (const Score& score : scores_) {
        values.clear();
        labelled.clear();
        for (const std::uint32_t i : sample) {
            const float x = columns.numeric[columns.rows[i] * columns.width + score.feature];
            if (!std::isfinite(x)) continue;
            values.push_back(x);
            if (!options.labels.empty() && options.labels[i] <= 1) labelled.push_back({x, options.labels[i]});
        }
        std::vector<float> edges = detail::quantile_edges(values, options.bins);
        std::ranges::copy(target_edges(labelled, options.target_edges), std::back_inserter(edges));
        std::ranges::sort(edges);
        const auto same = std::unique(edges.begin(), edges.end());  // clang 14: no ranges::unique
        edges.erase(same, edges.end());
        if (edges.size() > 2) bins_.push_back({score.feature, std::move(edges)});
    }
}

/// Names and groups from the fitted parts.
inline void Normalizer::finish() {
    names_.clear();
    groups_.assign((scores_.size() + nn::kScores - 1) / nn::kScores, {});
    inputs_.assign(groups_.size() * nn::kScores, 0);
    for (std::size_t i = 0; i < scores_.size(); ++i) {
        const Score& score = scores_[i];
        nn::ZScores<float>& group = groups_[i / nn::kScores];
        const std::size_t lane = i % nn::kScores;
        inputs_[i] = score.feature;
        set_transform(group, lane, score.transform);
        group.mean[lane] = score.mean;
        group.scale[lane] = score.scale;
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

inline std::vector<std::uint32_t> Normalizer::features_behind() const {
    std::vector<std::uint32_t> features;
    for (const Score& score : scores_)
        features.push_back(score.feature);
    features.insert(features.end(), indicators_.begin(), indicators_.end());
    for (const Bins& bins : bins_)
        features.insert(features.end(), bins.edges.size() - 1, bins.feature);
    return features;
}

inline Normalizer::Shared Normalizer::shared_by(std::size_t first_features) const noexcept {
    const auto leading = [&](const auto& list, auto&& feature) {
        const auto end =
            std::ranges::find_if(list, [&](const auto& x) { return feature(x) >= first_features; });
        return static_cast<std::size_t>(end - list.begin());
    };
    Shared shared;
    shared.scores = leading(scores_, [](const Score& score) { return score.feature; });
    shared.indicators = leading(indicators_, [](std::uint32_t feature) { return feature; });
    shared.bins = leading(bins_, [](const Bins& bins) { return bins.feature; });
    for (std::size_t b = 0; b < shared.bins; ++b)
        shared.bin_values += bins_[b].edges.size() - 1;
    return shared;
}

inline std::vector<std::uint32_t> Normalizer::places_of(const Shared& shared) const {
    std::vector<std::uint32_t> places;
    const auto take = [&](std::size_t first, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            places.push_back(static_cast<std::uint32_t>(first + i));
    };
    take(0, shared.scores);
    take(scores_.size(), shared.indicators);
    take(scores_.size() + indicators_.size(), shared.bin_values);
    return places;
}

/// From score `from` on.
inline void Normalizer::encode_scores(std::size_t from, std::span<const float> raw,
                                      std::span<const std::uint32_t> place, float* out,
                                      const nn::Kernels& kernels) const noexcept {
    constexpr std::size_t kAtOnce = 8;  // groups: all are gathered before the first is read
    std::array<float, kAtOnce * nn::kScores> x, z;
    for (std::size_t g = from / nn::kScores; g < groups_.size(); g += kAtOnce) {
        const std::size_t groups = std::min(kAtOnce, groups_.size() - g), first = g * nn::kScores;
        for (std::size_t i = 0; i < groups * nn::kScores; ++i)
            x[i] = raw[place[inputs_[first + i]]];
        kernels.z_scores(groups, groups_.data() + g, clip_, x.data(), z.data());
        const std::size_t skipped = from > first ? from - first : 0;
        out = std::copy_n(z.begin() + static_cast<std::ptrdiff_t>(skipped),
                          std::min(groups * nn::kScores, scores_.size() - first) - skipped, out);
    }
}

inline void Normalizer::encode_rest(std::span<const float> raw, std::span<const std::uint32_t> place,
                                    std::span<float> out, const nn::Kernels& kernels,
                                    const Shared& shared) const noexcept {
    encode_scores(shared.scores, raw, place, out.data(), kernels);
    float* to = out.data() + scores_.size() - shared.scores;
    for (const std::uint32_t feature : std::span(indicators_).subspan(shared.indicators))
        *to++ = std::isfinite(raw[place[feature]]) ? 0.0f : 1.0f;
    for (const Bins& bins : std::span(bins_).subspan(shared.bins)) {
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
        score.transform = in.value<base::Transform>();
        score.mean = in.value<float>();
        score.scale = in.value<float>();
        expect(score.feature < d && score.transform <= base::Transform::logit && std::isfinite(score.mean) &&
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

}  // namespace funnel::encoding
