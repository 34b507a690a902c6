// SPDX-License-Identifier: MIT
// forecast_days: the coming days of a daily series, with ranges from how past forecasts did
// (docs/metrics.md, "Forecast").
//
//     // scores: what each past day brought, the oldest first, 28 days or more
//     const forecast::Forecast coming = forecast::forecast_days(scores, {.days = 7});
//     const double week = coming.total.expected, at_least = coming.total.range ? coming.total.range->low : 0;
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/eval/interval.hpp"
#include "funnel/forecast/detail/conformal.hpp"
#include "funnel/forecast/detail/day_models.hpp"

namespace funnel::forecast {

inline constexpr std::size_t kLeastDays = 28;  ///< two weeks to learn from, two to try on
inline constexpr std::size_t kMostAhead = 91;

struct ForecastOptions {
    std::size_t days = 7;  ///< ahead, 1 to kMostAhead
    double level = .95;    ///< probability of every range
    /// What one unit is worth: 1 for counts, the value of an order for revenue. Misses are measured in
    /// sqrt(expected x unit + unit^2), as those of counts grow.
    double unit = 1;
};

enum class Method : std::uint8_t {
    weekdays,  ///< weekdays and a damped level
    sparse,    ///< share of days with demand and its size
    last_week  ///< the seasonal naive one: nothing else was better
};

/// "weekdays", "sparse" or "last_week".
[[nodiscard]] constexpr std::string_view method_name(Method method) noexcept {
    constexpr std::string_view kNames[] = {"weekdays", "sparse", "last_week"};
    return kNames[static_cast<std::size_t>(method)];
}

struct Expected {
    double expected = 0;
    std::optional<eval::Interval> range = {};  ///< empty: tried on too few past days
};

struct Forecast {
    std::vector<Expected> days = {};  ///< the first is the day behind the series
    Expected total = {};              ///< of all days together
    Method method = Method::weekdays;
    std::size_t origins = 0;  ///< past days from which it was tried
    /// Mean absolute miss of a day over the mean absolute change from a day to the same weekday of the next
    /// week; of the model and of last week again. Empty where no week ever changed.
    std::optional<double> scaled_error = {}, naive_error = {};
};

/// past: one value >= 0 per day, the oldest first, without gaps. Tries the model and last week again from
/// every day of the last half year, each time with the settings that were best until then, and gives what
/// missed by less. Ranges are conformal: of all misses of the same week ahead, and of the total's own.
/// Throws Error(invalid_argument) for fewer than kLeastDays days, days outside 1 to kMostAhead, a value that
/// is negative or not finite, a level outside (0, 1) or a unit that is not above 0. Cost: about 20 us per
/// past day tried and 7 days ahead. Immutable inputs, no state: any thread.
[[nodiscard]] Forecast forecast_days(std::span<const double> past, const ForecastOptions& options = {});

namespace detail {

inline constexpr std::size_t kFirstOrigin = 2 * kWeek;
inline constexpr std::size_t kTriedDays = 26 * kWeek;

inline void check_forecast(std::span<const double> past, const ForecastOptions& options) {
    const auto refuse = [](const std::string& expected, const std::string& got) {
        throw Error(ErrorCode::invalid_argument, "forecast: expected " + expected + ", got " + got);
    };
    if (past.size() < kLeastDays)
        refuse("at least " + std::to_string(kLeastDays) + " days", std::to_string(past.size()));
    if (options.days < 1 || options.days > kMostAhead)
        refuse("1 to " + std::to_string(kMostAhead) + " days ahead", std::to_string(options.days));
    if (!(options.level > 0 && options.level < 1))
        refuse("a level between 0 and 1", std::to_string(options.level));
    if (!(options.unit > 0 && std::isfinite(options.unit)))
        refuse("a unit above 0", std::to_string(options.unit));
    for (const double value : past) {
        if (!(value >= 0 && std::isfinite(value))) refuse("values of 0 or more", std::to_string(value));
    }
}

/// What a way to forecast got wrong from each origin.
struct Trial {
    std::vector<std::vector<double>> by_week;  // scaled misses of days, per week ahead
    std::vector<double> totals;                // those of the total
    double missed = 0;                         // sum of absolute misses of days
    std::size_t days = 0;

    void add(std::span<const double> ahead, std::span<const double> seen, double unit) {
        by_week.resize(std::max(by_week.size(), (ahead.size() + kWeek - 1) / kWeek));
        double expected = 0, observed = 0;
        for (std::size_t h = 0; h < seen.size(); ++h) {
            by_week[h / kWeek].push_back((seen[h] - ahead[h]) / spread(ahead[h], unit));
            missed += std::abs(seen[h] - ahead[h]);
            expected += ahead[h];
            observed += seen[h];
        }
        days += seen.size();
        if (seen.size() == ahead.size()) totals.push_back((observed - expected) / spread(expected, unit));
    }

    [[nodiscard]] static double spread(double expected, double unit) noexcept {
        return std::sqrt(expected * unit + unit * unit);
    }
};

[[nodiscard]] inline Expected with_range(double expected, const std::vector<double>& misses,
                                         double independent, const ForecastOptions& options) {
    Expected out{.expected = expected};
    if (const auto range = conformal_range(misses, options.level, independent)) {
        const double spread = Trial::spread(expected, options.unit);
        out.range = eval::Interval{std::max(0.0, expected + range->low * spread),
                                   std::max(0.0, expected + range->high * spread)};
    }
    return out;
}

/// Tries a model from origin to origin. A setting is chosen by what was missed from origins whose whole
/// forecast lies in the past, so that no trial knows what it is tried on.
template <typename Model>
class RollingTrial {
 public:
    RollingTrial(std::span<const double> past, const ForecastOptions& options)
        : past_(past), options_(options), settings_(Model::settings()), missed_(settings_.size()) {}

    void run() {
        const std::size_t n = past_.size(), first = first_origin(n);
        std::vector<double> ahead(options_.days);
        for (std::size_t origin = first; origin < n; ++origin) {
            if (origin >= first + options_.days) learn(origin - options_.days);
            Model(past_.first(origin)).forecast(best(), ahead);
            trial.add(ahead, seen(origin), options_.unit);
        }
        for (std::size_t origin = std::max(first, n < options_.days ? 0 : n - options_.days); origin < n;
             ++origin)
            learn(origin);
    }

    /// The first day from which is tried.
    [[nodiscard]] static std::size_t first_origin(std::size_t n) noexcept {
        return std::max(kFirstOrigin, n > kTriedDays ? n - kTriedDays : 0);
    }

    /// After run.
    [[nodiscard]] std::vector<double> forecast() const {
        std::vector<double> ahead(options_.days);
        Model(past_).forecast(best(), ahead);
        return ahead;
    }

    Trial trial = {};

 private:
    [[nodiscard]] std::span<const double> seen(std::size_t origin) const noexcept {
        return past_.subspan(origin, std::min(options_.days, past_.size() - origin));
    }
    void learn(std::size_t origin) {
        const Model model(past_.first(origin));
        std::vector<double> ahead(options_.days);
        const auto observed = seen(origin);
        for (std::size_t s = 0; s < settings_.size(); ++s) {
            model.forecast(settings_[s], ahead);
            for (std::size_t h = 0; h < observed.size(); ++h)
                missed_[s] += std::abs(observed[h] - ahead[h]);
        }
    }
    [[nodiscard]] typename Model::Setting best() const {
        return settings_[static_cast<std::size_t>(std::ranges::min_element(missed_) - missed_.begin())];
    }

    std::span<const double> past_;
    const ForecastOptions& options_;
    std::vector<typename Model::Setting> settings_;
    std::vector<double> missed_;
};

[[nodiscard]] inline Trial try_last_week(std::span<const double> past, const ForecastOptions& options,
                                         std::size_t first) {
    Trial trial;
    std::vector<double> ahead(options.days);
    for (std::size_t origin = first; origin < past.size(); ++origin) {
        last_week_again(past.first(origin), ahead);
        trial.add(ahead, past.subspan(origin, std::min(options.days, past.size() - origin)), options.unit);
    }
    return trial;
}

/// Mean absolute change to the same weekday of the next week, the scale of Hyndman and Koehler (2006).
[[nodiscard]] inline double weekly_change(std::span<const double> past) noexcept {
    double sum = 0;
    for (std::size_t i = kWeek; i < past.size(); ++i)
        sum += std::abs(past[i] - past[i - kWeek]);
    return sum / static_cast<double>(past.size() - kWeek);
}

template <typename Model>
Forecast forecast_by(std::span<const double> past, const ForecastOptions& options, Method method) {
    RollingTrial<Model> model(past, options);
    model.run();
    const std::size_t first = RollingTrial<Model>::first_origin(past.size());
    const Trial naive = try_last_week(past, options, first);
    Forecast out{.method = method, .origins = past.size() - first};
    const double scale = weekly_change(past);
    const auto mean_miss = [](const Trial& trial) { return trial.missed / static_cast<double>(trial.days); };
    if (scale > 0) {
        out.scaled_error = mean_miss(model.trial) / scale;
        out.naive_error = mean_miss(naive) / scale;
    }
    std::vector<double> ahead = model.forecast();
    const Trial* trial = &model.trial;
    if (mean_miss(model.trial) >= mean_miss(naive)) {
        out.method = Method::last_week;
        last_week_again(past, ahead);
        trial = &naive;
    }
    double total = 0;
    for (std::size_t h = 0; h < ahead.size(); ++h) {
        out.days.push_back(
            with_range(ahead[h], trial->by_week[h / kWeek], static_cast<double>(out.origins), options));
        total += ahead[h];
    }
    out.total =
        with_range(total, trial->totals,
                   static_cast<double>(trial->totals.size()) / static_cast<double>(options.days), options);
    return out;
}

/// Whether more than half of the newest days are without anything.
[[nodiscard]] inline bool is_sparse(std::span<const double> past) noexcept {
    const auto window = window_before(past);
    return std::ranges::count(window, 0.0) * 2 > static_cast<std::ptrdiff_t>(window.size());
}

}  // namespace detail

inline Forecast forecast_days(std::span<const double> past, const ForecastOptions& options) {
    detail::check_forecast(past, options);
    return detail::is_sparse(past)
               ? detail::forecast_by<detail::SparseModel>(past, options, Method::sparse)
               : detail::forecast_by<detail::WeekdayModel>(past, options, Method::weekdays);
}

}  // namespace funnel::forecast
