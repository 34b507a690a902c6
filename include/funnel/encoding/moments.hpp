// SPDX-License-Identifier: MIT
// Moments: count, mean, variance and range of transformed columns in one pass over their rows. Sums about the
// mean of a block are exact; blocks are joined as in Chan, Golub and LeVeque (1979).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "funnel/base/feature.hpp"
#include "funnel/nn/kernels.hpp"

namespace funnel::encoding {

/// Of the finite numbers of one column.
struct Moments {
    double count = 0, mean = 0;
    double squares = 0;  ///< sum of squared deviations from the mean
    float least = std::numeric_limits<float>::max(), most = std::numeric_limits<float>::lowest();

    void join(const Moments& other) noexcept {
        if (other.count == 0) return;
        const double total = count + other.count, step = other.mean - mean;
        mean += step * other.count / total;
        squares += other.squares + step * step * count * other.count / total;
        count = total;
        least = std::min(least, other.least);
        most = std::max(most, other.most);
    }
    [[nodiscard]] double deviation() const noexcept { return std::sqrt(squares / count); }
    /// 1 / deviation; of a column that does not vary anything finite: its scores are 0.
    [[nodiscard]] float scale() const noexcept {
        return varies() ? static_cast<float>(std::min(1.0 / deviation(), 1e30)) : 1.0f;
    }
    [[nodiscard]] bool varies() const noexcept {
        return count > 0 && least < most && deviation() > 1e-6 * std::fabs(mean);
    }
    /// Some value lies so far out that a z-score would spend its range on it.
    [[nodiscard]] bool has_long_tail() const noexcept {
        constexpr double kFar = 10;
        const double far = kFar * deviation();
        return static_cast<double>(most) - mean > far || mean - static_cast<double>(least) > far;
    }
};

/// All bits if x is finite, else none.
[[nodiscard]] inline std::uint32_t present_bits(float x) noexcept {
    constexpr std::uint32_t kExponent = 0x7F800000u;
    return (std::bit_cast<std::uint32_t>(x) & kExponent) == kExponent ? 0u : ~0u;
}

/// Columns of a row-major table, restricted to some rows.
struct Columns {
    std::span<const float> numeric;
    std::span<const std::uint32_t> rows;
    std::size_t width = 0;
};

/// Weights of one lane for a transform.
inline void set_transform(nn::ZScores<float>& group, std::size_t lane, base::Transform transform) noexcept {
    group.identity[lane] = transform == base::Transform::identity ? 1.0f : 0.0f;
    group.logit[lane] = transform == base::Transform::logit ? 1.0f : 0.0f;
    group.log1p[lane] = transform == base::Transform::log1p ? 1.0f : 0.0f;
    group.scale[lane] = 1.0f;
}

/// Numbers of some rows, transformed, and their moments. 16 columns to a group; the last may be filled up.
class MomentBlock {
 public:
    explicit MomentBlock(std::span<const base::Transform> transforms)
        : groups_((transforms.size() + nn::kScores - 1) / nn::kScores), parameters_(groups_) {
        for (std::size_t i = 0; i < transforms.size(); ++i)
            set_transform(parameters_[i / nn::kScores], i % nn::kScores, transforms[i]);
        raw_.resize(kRows * groups_ * nn::kScores);
        transformed_.resize(raw_.size());
    }

    static constexpr std::size_t kRows = 128;

    /// Where row i < kRows of the block is to be put.
    [[nodiscard]] std::span<float> row(std::size_t i) noexcept {
        return std::span(raw_).subspan(i * groups_ * nn::kScores, groups_ * nn::kScores);
    }

    /// Joins the moments of the first n rows to those of `columns`.
    void join_to(std::span<Moments> columns, std::size_t n, const nn::Kernels& kernels) {
        for (std::size_t i = 0; i < n; ++i) {
            kernels.z_scores(groups_, parameters_.data(), std::numeric_limits<float>::max(), row(i).data(),
                             transformed_.data() + i * groups_ * nn::kScores);
        }
        for (std::size_t g = 0; g < groups_; ++g) {
            const std::size_t first = g * nn::kScores, last = std::min(first + nn::kScores, columns.size());
            join_group(first, n, columns.subspan(first, last - first));
        }
    }

 private:
    void join_group(std::size_t first, std::size_t n, std::span<Moments> columns) const noexcept {
        constexpr float kMost = std::numeric_limits<float>::max();
        std::array<double, nn::kScores> count{}, sum{}, mean{}, squares{};
        std::array<float, nn::kScores> least, most;
        least.fill(kMost);
        most.fill(-kMost);
        const std::size_t stride = groups_ * nn::kScores;
        for (std::size_t i = 0; i < n; ++i) {
            const float* x = raw_.data() + i * stride + first;
            const float* t = transformed_.data() + i * stride + first;
            for (std::size_t j = 0; j < nn::kScores; ++j) {
                const bool present = present_bits(x[j]) != 0;
                count[j] += present ? 1.0 : 0.0;
                sum[j] += static_cast<double>(t[j]);
                least[j] = std::min(least[j], present ? t[j] : kMost);
                most[j] = std::max(most[j], present ? t[j] : -kMost);
            }
        }
        for (std::size_t j = 0; j < nn::kScores; ++j)
            mean[j] = count[j] > 0 ? sum[j] / count[j] : 0.0;
        for (std::size_t i = 0; i < n; ++i) {
            const float* x = raw_.data() + i * stride + first;
            const float* t = transformed_.data() + i * stride + first;
            for (std::size_t j = 0; j < nn::kScores; ++j) {
                const double from = static_cast<double>(t[j]) - mean[j];
                squares[j] += present_bits(x[j]) != 0 ? from * from : 0.0;
            }
        }
        for (std::size_t j = 0; j < columns.size(); ++j)
            columns[j].join({count[j], mean[j], squares[j], least[j], most[j]});
    }

    std::size_t groups_;
    std::vector<nn::ZScores<float>> parameters_;
    std::vector<float> raw_, transformed_;  // (kRows, groups x 16)
};

/// Moments of the given features under their transforms.
[[nodiscard]] inline std::vector<Moments> moments_of(const Columns& columns,
                                                     std::span<const std::uint32_t> features,
                                                     std::span<const base::Transform> transforms,
                                                     const nn::Kernels& kernels) {
    std::vector<Moments> moments(features.size());
    MomentBlock block(transforms);
    for (std::size_t first = 0; first < columns.rows.size(); first += MomentBlock::kRows) {
        const std::size_t n = std::min(MomentBlock::kRows, columns.rows.size() - first);
        for (std::size_t i = 0; i < n; ++i) {
            const float* from = columns.numeric.data() + columns.rows[first + i] * columns.width;
            float* to = block.row(i).data();
            for (std::size_t j = 0; j < features.size(); ++j)
                to[j] = from[features[j]];
        }
        block.join_to(moments, n, kernels);
    }
    return moments;
}

}  // namespace funnel::encoding
