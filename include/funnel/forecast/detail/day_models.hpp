// SPDX-License-Identifier: MIT
// What the coming days are like, from the days before an origin: weekdays times a damped level, sparse
// demand, last week again. No function looks at a day from the origin on.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace funnel::forecast::detail {

inline constexpr std::size_t kWeek = 7;
/// Days that weekdays and levels are learned from; smoothing has forgotten what is older.
inline constexpr std::size_t kWindow = 12 * kWeek;

[[nodiscard]] inline std::span<const double> window_before(std::span<const double> past) noexcept {
    return past.last(std::min(past.size(), kWindow));
}

[[nodiscard]] inline double mean_of(std::span<const double> values) noexcept {
    double sum = 0;
    for (const double value : values)
        sum += value;
    return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

/// How much more or less than a usual day each weekday brings, by (index of the day) mod 7: its mean over the
/// mean of all, drawn towards 1 as if half a week more had been usual. They average 1.
[[nodiscard]] inline std::array<double, kWeek> weekday_factors(std::span<const double> past) noexcept {
    const auto window = window_before(past);
    const std::size_t first = past.size() - window.size();
    const double usual = mean_of(window);
    std::array<double, kWeek> sum = {}, days = {}, factor = {};
    for (std::size_t i = 0; i < window.size(); ++i) {
        sum[(first + i) % kWeek] += window[i];
        days[(first + i) % kWeek] += 1;
    }
    constexpr double kUsualWeeks = 0.5;
    double all = 0;
    for (std::size_t d = 0; d < kWeek; ++d) {
        factor[d] = usual > 0 ? (sum[d] / usual + kUsualWeeks) / (days[d] + kUsualWeeks) : 1;
        all += factor[d];
    }
    for (double& f : factor)
        f *= static_cast<double>(kWeek) / all;
    return factor;
}

/// Last week again: the seasonal naive forecast. past: a week or more.
inline void last_week_again(std::span<const double> past, std::span<double> ahead) noexcept {
    const auto week = past.last(kWeek);
    for (std::size_t h = 0; h < ahead.size(); ++h)
        ahead[h] = week[h % kWeek];
}

/// Weekdays and a damped level: the level is smoothed (Brown 1959) over days without their weekday and goes
/// back towards the usual day: usual + damping^h (level - usual). Means of unlike forecasts miss by less than
/// either (Bates and Granger 1969), so half of last week again is a setting.
class WeekdayModel {
 public:
    struct Setting {
        double level = 0;      ///< weight of the newest day in the level
        double damping = 0;    ///< what of the level's distance from the usual is left a day later
        double last_week = 0;  ///< weight of last week again
    };

    /// Borrows the past: a week or more.
    explicit WeekdayModel(std::span<const double> past) : past_(past), factors_(weekday_factors(past)) {
        const auto window = window_before(past);
        const std::size_t first = past.size() - window.size();
        for (std::size_t i = 0; i < window.size(); ++i)
            plain_.push_back(window[i] / factors_[(first + i) % kWeek]);
        usual_ = mean_of(plain_);
    }

    /// Writes ahead[h] for the day h days after the past.
    void forecast(const Setting& setting, std::span<double> ahead) const noexcept {
        last_week_again(past_, ahead);
        double level = usual_;
        for (const double day : plain_)
            level += setting.level * (day - level);
        double left = 1;
        for (std::size_t h = 0; h < ahead.size(); ++h) {
            left *= setting.damping;
            const double plain = std::max(0.0, usual_ + left * (level - usual_));
            ahead[h] = setting.last_week * ahead[h] +
                       (1 - setting.last_week) * factors_[(past_.size() + h) % kWeek] * plain;
        }
    }

    [[nodiscard]] static std::vector<Setting> settings() {
        std::vector<Setting> all;
        for (const double level : {.05, .1, .2, .4}) {
            for (const double damping : {0.0, .8, .95, 1.0}) {
                for (const double last_week : {0.0, .5})
                    all.push_back({level, damping, last_week});
            }
        }
        return all;
    }

 private:
    std::span<const double> past_;
    std::array<double, kWeek> factors_;
    std::vector<double> plain_;  // the window without its weekdays
    double usual_ = 0;
};

/// Sparse demand: the share of days with demand and its size, each smoothed; their product for every day.
/// Teunter, Syntetos and Babai, "Intermittent demand: linking forecasting to inventory obsolescence" (2011).
class SparseModel {
 public:
    struct Setting {
        double size = 0;   ///< weight of the newest day with demand in its size
        double share = 0;  ///< weight of the newest day in the share
    };

    /// Borrows the past.
    explicit SparseModel(std::span<const double> past) : window_(window_before(past)) {
        double days = 0, sum = 0;
        for (const double day : window_) {
            days += day > 0;
            sum += day;
        }
        share_ = window_.empty() ? 0 : days / static_cast<double>(window_.size());
        size_ = days > 0 ? sum / days : 0;
    }

    /// Writes the same for every day ahead.
    void forecast(const Setting& setting, std::span<double> ahead) const noexcept {
        double share = share_, size = size_;
        for (const double day : window_) {
            share += setting.share * ((day > 0 ? 1.0 : 0.0) - share);
            if (day > 0) size += setting.size * (day - size);
        }
        std::ranges::fill(ahead, share * size);
    }

    [[nodiscard]] static std::vector<Setting> settings() {
        std::vector<Setting> all;
        for (const double size : {.05, .1, .2}) {
            for (const double share : {.02, .05, .1})
                all.push_back({size, share});
        }
        return all;
    }

 private:
    std::span<const double> window_;
    double share_ = 0, size_ = 0;
};

}  // namespace funnel::forecast::detail
