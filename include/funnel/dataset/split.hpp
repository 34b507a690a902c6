// SPDX-License-Identifier: MIT
// Split: which labels train, which validate and which refit. Rules: docs/features.md, "Splits".
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/label.hpp"
#include "funnel/base/random.hpp"
#include "funnel/base/time.hpp"
#include "funnel/dataset/examples.hpp"
#include "funnel/encoding/dataset.hpp"
#include "funnel/encoding/labelled_rows.hpp"
#include "funnel/events/visit.hpp"

namespace funnel::dataset {

struct Split {
    encoding::LabelledRows train, valid;
    encoding::LabelledRows refit;  ///< everything known
};

/// Each head validates on its own last `share` of the time for which its labels can be known; a label
/// trains only if its window was over when that validation begins.
/// Throws Error(schema) if the log is shorter than three horizons, or nothing is left to train or validate.
[[nodiscard]] Split split_by_time(const encoding::Dataset& data, const ExampleList& examples,
                                  double share = 0.2);

/// Tables: about `share` of the rows, drawn by (seed, row).
[[nodiscard]] Split split_at_random(const encoding::Dataset& data, double share, std::uint64_t seed);
/// Tables: the latest `share` of the rows by ExampleKey::time; rows of one time stay together.
[[nodiscard]] Split split_last(const encoding::Dataset& data, double share);
/// Tables: whole groups (ExampleKey::group), drawn by (seed, group), about `share` of them.
[[nodiscard]] Split split_groups(const encoding::Dataset& data, double share, std::uint64_t seed);
/// Tables: the given rows validate, all others train; refit is all but these if `keep_apart`.
[[nodiscard]] Split split_given(const encoding::Dataset& data, std::span<const std::uint32_t> valid_rows,
                                bool keep_apart);

namespace detail {

inline constexpr std::int64_t kHour = base::kHour, kDay = base::kDay;

/// The rows with at least one label that is not masked.
class LabelledRowsBuilder {
 public:
    explicit LabelledRowsBuilder(const encoding::Dataset& data) : data_(data), labels_(data.targets.size()) {}

    /// Takes row i; keeps(k) says whether its label k is used.
    template <typename Keeps>
    void add(std::size_t i, Keeps&& keeps) {
        bool any = false;
        for (std::size_t k = 0; k < labels_.size(); ++k) {
            const std::uint8_t label = data_.label_row(i)[k];
            labels_[k] = label != base::kUnknownLabel && keeps(k) ? label : base::kUnknownLabel;
            any |= labels_[k] != base::kUnknownLabel;
        }
        if (!any) return;
        const std::int64_t time = data_.keys[i].time;
        out_.from = out_.rows.empty() ? time : std::min(out_.from, time);
        out_.to = out_.rows.empty() ? time : std::max(out_.to, time);
        out_.rows.push_back(static_cast<std::uint32_t>(i));
        out_.labels.insert(out_.labels.end(), labels_.begin(), labels_.end());
    }
    [[nodiscard]] encoding::LabelledRows take() noexcept { return std::move(out_); }

 private:
    const encoding::Dataset& data_;
    std::vector<std::uint8_t> labels_;
    encoding::LabelledRows out_;
};

/// A share that leaves something on both sides. Throws Error(invalid_argument).
inline void check_share(double share) {
    if (!(share > 0.0 && share < 1.0)) {
        throw Error(ErrorCode::invalid_argument, "split: expected a share of validation between 0 and 1");
    }
}

/// Throws Error(schema) unless there is something to train on and something to validate on.
inline Split checked(Split split) {
    if (split.train.rows.empty() || split.valid.rows.empty()) {
        throw Error(ErrorCode::schema, "split: expected rows to train and to validate on, got " +
                                           std::to_string(split.train.size()) + " and " +
                                           std::to_string(split.valid.size()) +
                                           "; give more rows or another share of validation");
    }
    return split;
}

/// Splits a table: validates(i) says where row i goes.
template <typename Validates>
[[nodiscard]] Split split_rows(const encoding::Dataset& data, bool refit_on_valid, Validates&& validates) {
    LabelledRowsBuilder train(data), valid(data), refit(data);
    const auto all = [](std::size_t) { return true; };
    for (std::size_t i = 0; i < data.size(); ++i) {
        const bool validating = validates(i);
        (validating ? valid : train).add(i, all);
        if (!validating || refit_on_valid) refit.add(i, all);
    }
    return checked({train.take(), valid.take(), refit.take()});
}

/// "2.9 d" or "7.5 h".
[[nodiscard]] inline std::string short_span(std::int64_t span) {
    const std::int64_t unit = span >= kDay ? kDay : kHour;
    const std::int64_t tenths = (span * 10 + unit / 2) / unit;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + (unit == kDay ? " d" : " h");
}

/// The longest usual horizon that a log is at least four times as long as.
[[nodiscard]] inline std::int64_t fitting_horizon(std::int64_t span) {
    constexpr std::int64_t kMinute = base::kMinute;
    for (const std::int64_t horizon : {7 * kDay, 3 * kDay, 2 * kDay, kDay, 12 * kHour, 6 * kHour, 3 * kHour,
                                       kHour, 30 * kMinute, 10 * kMinute, 5 * kMinute}) {
        if (span / 4 >= horizon) return horizon;
    }
    return kMinute;
}

[[noreturn]] inline void throw_too_short(const encoding::Dataset& data, std::int64_t span,
                                         std::int64_t horizon) {
    std::size_t labelled = 0;
    for (std::size_t i = 0; i < data.size(); ++i) {
        labelled +=
            std::ranges::find(data.label_row(i), base::kUnknownLabel) == data.label_row(i).end() ? 1 : 0;
    }
    const std::int64_t fitting = fitting_horizon(span);
    const bool some_fits = fitting < horizon && fitting <= span / 4;
    throw Error(ErrorCode::schema, "log spans " + short_span(span) + "; horizon " +
                                       base::format_duration(horizon) + " leaves " +
                                       std::to_string(labelled) + " labelled examples; " +
                                       (some_fits ? "try a horizon of " + base::format_duration(fitting)
                                                  : "it is too short to train on: give a longer log"));
}

/// Where the validation of each head begins: `share` of its known time before the end of it.
[[nodiscard]] inline std::vector<std::int64_t> validation_starts(const encoding::Dataset& data,
                                                                 const ExampleList& examples, double share) {
    std::int64_t from = std::numeric_limits<std::int64_t>::max();
    for (const encoding::ExampleKey& key : data.keys)
        from = std::min(from, key.time);
    std::vector<std::int64_t> starts;
    for (std::size_t k = 0; k < examples.horizons.size(); ++k) {
        std::int64_t last = history::kNever;  // the last time with a known label
        for (std::size_t i = 0; i < data.size(); ++i) {
            if (data.label_row(i)[k] != base::kUnknownLabel) last = std::max(last, data.keys[i].time);
        }
        const double known = last == history::kNever ? 0.0 : static_cast<double>(last - from);
        starts.push_back(last == history::kNever ? last : last - static_cast<std::int64_t>(known * share));
    }
    return starts;
}

}  // namespace detail

inline Split split_by_time(const encoding::Dataset& data, const ExampleList& examples, double share) {
    detail::check_share(share);
    std::int64_t longest = 0;
    for (const std::int64_t horizon : examples.horizons)
        longest = std::max(longest, horizon);
    const std::int64_t span = examples.end - examples.begin;
    if (data.size() == 0 || span / 3 < longest) detail::throw_too_short(data, span, longest);

    const std::vector<std::int64_t> starts = detail::validation_starts(data, examples, share);
    detail::LabelledRowsBuilder train(data), valid(data), refit(data);
    for (std::size_t i = 0; i < data.size(); ++i) {
        const std::int64_t time = data.keys[i].time;
        train.add(i, [&](std::size_t k) {
            const std::int64_t horizon = std::max<std::int64_t>(examples.horizons[k], 0);
            return time < starts[k] && events::mature(time, horizon, starts[k]);
        });
        valid.add(i, [&](std::size_t k) { return time >= starts[k]; });
        refit.add(i, [](std::size_t) { return true; });
    }
    Split split{train.take(), valid.take(), refit.take()};
    if (split.train.rows.empty() || split.valid.rows.empty()) detail::throw_too_short(data, span, longest);
    return split;
}

inline Split split_at_random(const encoding::Dataset& data, double share, std::uint64_t seed) {
    detail::check_share(share);
    return detail::split_rows(data, true, [&](std::size_t i) { return base::uniform_at(seed, i) < share; });
}

inline Split split_last(const encoding::Dataset& data, double share) {
    detail::check_share(share);
    std::vector<std::int64_t> times;
    for (const encoding::ExampleKey& key : data.keys)
        times.push_back(key.time);
    std::ranges::sort(times);
    const auto first = static_cast<std::size_t>(static_cast<double>(times.size()) * (1.0 - share));
    const std::int64_t start = times.empty() ? 0 : times[std::min(first, times.size() - 1)];
    return detail::split_rows(data, true, [&](std::size_t i) { return data.keys[i].time >= start; });
}

inline Split split_groups(const encoding::Dataset& data, double share, std::uint64_t seed) {
    detail::check_share(share);
    return detail::split_rows(
        data, true, [&](std::size_t i) { return base::uniform_at(seed, data.keys[i].group) < share; });
}

inline Split split_given(const encoding::Dataset& data, std::span<const std::uint32_t> valid_rows,
                         bool keep_apart) {
    std::vector<bool> validates(data.size(), false);
    for (const std::uint32_t row : valid_rows) {
        if (row >= data.size()) throw Error(ErrorCode::shape, "split: a validation row beyond the data");
        validates[row] = true;
    }
    return detail::split_rows(data, !keep_apart, [&](std::size_t i) { return validates[i]; });
}

}  // namespace funnel::dataset
