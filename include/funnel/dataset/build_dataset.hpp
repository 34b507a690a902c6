// SPDX-License-Identifier: MIT
// build_dataset: walks a log in time order and records the features of every example before any event at the
// same time is observed.
//
//     const Funnel funnel = Funnel::parse("impression,click,purchase");
//     const auto examples = dataset::build_examples(log, funnel, {});
//     history::History history;
//     const encoding::Dataset data = dataset::build_dataset(log, history, examples);  // features and labels
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/progress.hpp"
#include "funnel/base/random.hpp"
#include "funnel/dataset/examples.hpp"
#include "funnel/encoding/dataset.hpp"
#include "funnel/events/side_tables.hpp"
#include "funnel/history/history.hpp"
#include "funnel/history/log_coder.hpp"

namespace funnel::dataset {

struct BuildOptions {
    std::vector<std::string> text_inputs;    ///< further text columns of the log as categorical inputs
    std::vector<std::string> number_inputs;  ///< further number columns of the log as numeric inputs
    std::vector<events::SideInput>
        side_inputs;  ///< what `side` writes, after those; the names of the features
    const events::FurtherInputs* side = nullptr;  ///< borrowed; needed with side_inputs
    bool observe_rest = true;                     ///< go on to the end of the log after the last example
    base::ProgressObserver progress;
};

/// One example with its features: those of history.spec(), then the text_inputs and number_inputs, then
/// the side_inputs.
struct ExampleRow {
    std::size_t example = 0;  ///< index into the ExampleList
    std::uint64_t row = 0;    ///< of the log
    history::Known known;
    std::span<const float> numeric;                 ///< d, NaN = missing
    std::span<const std::string_view> categorical;  ///< c, empty = missing
};

/// Calls use(const ExampleRow&) once per example, in the order of time (not of rows). The history must be the
/// one that the examples were built with; afterwards it has observed the whole log (see observe_rest). Throws
/// Error(schema) if an input column is not in the log.
template <typename Use>
void for_each_example(const EventLog& log, history::History& history, const ExampleList& examples,
                      const BuildOptions& options, Use&& use);

/// The same as a table, in the order of the ExampleList. Costs 4 (d + c) + 40 bytes per example.
[[nodiscard]] encoding::Dataset build_dataset(const EventLog& log, history::History& history,
                                              const ExampleList& examples, const BuildOptions& options = {});

/// What a list that is yet to be ranked does not have: sets the features of FeatureGroup::place to missing
/// in the given share of rows, together; which rows depends on (seed, ExampleKey::row) alone.
void mask_place(encoding::Dataset& dataset, const events::FeatureSpec& spec, double share,
                std::uint64_t seed);

namespace detail {

/// What goes in beside the features of the history: columns of the log, and of side tables.
class RowInputs {
 public:
    /// Throws Error(schema) if a column is not in the log.
    RowInputs(const EventLog& log, const BuildOptions& options) : log_(log), side_(options.side) {
        for (const std::string& name : options.text_inputs)
            texts_.push_back(found(log.text_column(name), name));
        for (const std::string& name : options.number_inputs) {
            numbers_.push_back(found(log.number_column(name), name));
        }
        if (side_ == nullptr && !options.side_inputs.empty()) {
            throw Error(ErrorCode::invalid_argument,
                        "features: expected the side table of " + options.side_inputs.front().name());
        }
    }
    void write(std::uint64_t row, std::span<float> numbers,
               std::span<std::string_view> texts) const noexcept {
        for (std::size_t i = 0; i < numbers_.size(); ++i)
            numbers[i] = numbers_[i]->value[row];
        for (std::size_t i = 0; i < texts_.size(); ++i) {
            const std::uint32_t code = texts_[i]->code[row];
            texts[i] = code == base::kNone ? std::string_view{} : texts_[i]->values.text(code);
        }
        if (side_ == nullptr) return;
        Event event{.time = log_.time[row], .kind = log_.kind[row], .user = log_.users.text(log_.user[row])};
        if (log_.item[row] != base::kNone) event.item = log_.items.text(log_.item[row]);
        side_->write(event, log_.session[row], numbers.subspan(numbers_.size()),
                     texts.subspan(texts_.size()));
    }

 private:
    template <typename Column>
    static const Column* found(const Column* column, const std::string& name) {
        if (column == nullptr)
            throw Error(ErrorCode::schema, "features: the log has no column \"" + name + "\"");
        return column;
    }
    const EventLog& log_;
    const events::FurtherInputs* side_;
    std::vector<const events::TextColumn*> texts_;
    std::vector<const events::NumberColumn*> numbers_;
};

/// Names of the inputs beside those of the history, in their order.
[[nodiscard]] inline std::vector<std::string> further_names(const BuildOptions& options, bool numbers) {
    std::vector<std::string> names = numbers ? options.number_inputs : options.text_inputs;
    for (const events::SideInput& input : options.side_inputs) {
        if (input.is_number == numbers && !input.completes_events()) names.push_back(input.name());
    }
    return names;
}

/// Features of the examples of one moment. Examples of one user and visit share the user part.
class MomentRows {
 public:
    MomentRows(const EventLog& log, history::LogCoder& coder, const history::History& history,
               const ExampleList& examples, const BuildOptions& options)
        : log_(log),
          coder_(coder),
          history_(history),
          examples_(examples),
          inputs_(log, options),
          numeric_(history.spec().numeric.size() + further_names(options, true).size()),
          categorical_(history.spec().categorical.size() + further_names(options, false).size()) {}

    /// moment: indices into the list of examples, all of one time.
    template <typename Use>
    void write(std::span<const std::uint32_t> moment, Use&& use) {
        const std::size_t d = history_.spec().numeric.size(), c = history_.spec().categorical.size();
        const std::span numeric(numeric_);
        const std::span categorical(categorical_);
        for (std::size_t i = 0; i < moment.size();) {
            const std::uint64_t first = examples_.rows[moment[i]];
            const history::detail::UserPart user = coder_.user_part(first);
            for (; i < moment.size(); ++i) {
                const std::uint64_t row = examples_.rows[moment[i]];
                if (log_.user[row] != log_.user[first] || log_.session[row] != log_.session[first]) break;
                const history::Known known =
                    coder_.features(row, user, numeric.first(d), categorical.first(c));
                inputs_.write(row, numeric.subspan(d), categorical.subspan(c));
                use(ExampleRow{moment[i], row, known, numeric, categorical});
            }
        }
    }

 private:
    const EventLog& log_;
    history::LogCoder& coder_;
    const history::History& history_;
    const ExampleList& examples_;
    RowInputs inputs_;
    std::vector<float> numeric_;
    std::vector<std::string_view> categorical_;
};

/// Example numbers by (time, row).
[[nodiscard]] inline std::vector<std::uint32_t> by_time(const EventLog& log, const ExampleList& examples) {
    if (examples.size() >= base::kNone)
        throw Error(ErrorCode::memory, "features: more than 4294967294 examples");
    std::vector<std::uint32_t> order(examples.size());
    std::iota(order.begin(), order.end(), 0u);
    const auto before = [&](std::uint32_t a, std::uint32_t b) {
        const std::uint64_t x = examples.rows[a], y = examples.rows[b];
        return log.time[x] != log.time[y] ? log.time[x] < log.time[y] : x < y;
    };
    if (!std::ranges::is_sorted(order, before)) std::ranges::sort(order, before);
    return order;
}

/// Cuts texts of rows into dictionary codes.
inline void fill_row(encoding::Dataset& data, const ExampleRow& row) {
    const std::size_t d = row.numeric.size(), c = row.categorical.size();
    std::ranges::copy(row.numeric, data.numeric.begin() + static_cast<std::ptrdiff_t>(row.example * d));
    for (std::size_t i = 0; i < c; ++i) {
        data.categorical[row.example * c + i] =
            row.categorical[i].empty() ? base::kNone : data.categories[i].intern(row.categorical[i]);
    }
    data.keys[row.example].known_user = row.known.user;
    data.keys[row.example].known_item = row.known.item;
}

}  // namespace detail

template <typename Use>
void for_each_example(const EventLog& log, history::History& history, const ExampleList& examples,
                      const BuildOptions& options, Use&& use) {
    const std::int64_t watermark = history.watermark();
    history::LogCoder coder(log, history);
    detail::MomentRows rows(log, coder, history, examples, options);
    const std::vector<std::uint64_t> events = log.time_order();
    const std::vector<std::uint32_t> order = detail::by_time(log, examples);
    constexpr std::size_t kReportEvery = 1u << 16, kAhead = 8;
    std::size_t next = 0;  // the first event that is not observed
    const auto observe_until = [&](auto&& goes_on) {
        for (; next < events.size() && goes_on(log.time[events[next]]); ++next) {
            if (next + kAhead < events.size()) coder.prefetch(events[next + kAhead]);
            if (watermark == history::kNever || log.time[events[next]] > watermark)
                coder.observe(events[next]);
            if (options.progress && next % kReportEvery == 0) {
                options.progress({.job = "features", .done = next, .total = events.size(), .unit = "events"});
            }
        }
    };
    for (std::size_t i = 0, end = 0; i < order.size(); i = end) {
        const std::int64_t now = log.time[examples.rows[order[i]]];
        while (end < order.size() && log.time[examples.rows[order[end]]] == now)
            ++end;
        observe_until([&](std::int64_t time) { return time < now; });
        history.advance(now);
        rows.write(std::span(order).subspan(i, end - i), use);
    }
    if (options.observe_rest) observe_until([](std::int64_t) { return true; });
    if (options.progress) {
        options.progress({.job = "features", .done = next, .total = events.size(), .unit = "events"});
    }
}

inline encoding::Dataset build_dataset(const EventLog& log, history::History& history,
                                       const ExampleList& examples, const BuildOptions& options) {
    encoding::Dataset data;
    data.numeric_features = history.spec().numeric;
    data.categorical_features = history.spec().categorical;
    for (const std::string& name : detail::further_names(options, true))
        data.numeric_features.push_back({name});
    for (const std::string& name : detail::further_names(options, false))
        data.categorical_features.push_back(name);
    data.categories.resize(data.categorical_features.size());
    data.targets = examples.targets;
    data.labels = examples.labels;
    data.numeric.resize(examples.size() * data.numeric_features.size());
    data.categorical.resize(examples.size() * data.categorical_features.size());
    data.keys.resize(examples.size());
    for (std::size_t i = 0; i < examples.size(); ++i) {
        const std::uint64_t row = examples.rows[i];
        data.keys[i] = {
            .row = row, .time = log.time[row], .group = examples.groups[i], .user = log.user[row]};
    }
    for_each_example(log, history, examples, options,
                     [&](const ExampleRow& row) { detail::fill_row(data, row); });
    return data;
}

inline void mask_place(encoding::Dataset& data, const events::FeatureSpec& spec, double share,
                       std::uint64_t seed) {
    const std::size_t d = data.numeric_features.size(), c = data.categorical_features.size();
    for (std::size_t i = 0; i < data.size(); ++i) {
        if (base::uniform_at(seed, data.keys[i].row) >= share) continue;
        for (std::size_t j = 0; j < spec.numeric.size(); ++j) {
            if (spec.numeric_groups[j] == events::FeatureGroup::place)
                data.numeric[i * d + j] = std::nanf("");
        }
        for (std::size_t j = 0; j < spec.categorical.size(); ++j) {
            if (spec.categorical_groups[j] == events::FeatureGroup::place)
                data.categorical[i * c + j] = base::kNone;
        }
    }
}

}  // namespace funnel::dataset
