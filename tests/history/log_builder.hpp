// SPDX-License-Identifier: MIT
// Logs for the tests of features: written by hand, or random with heavy ties.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/base/time.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/history/history.hpp"

namespace funnel::history::test {

using base::kDay;
using base::kHour;
using base::kMinute;
using base::kSecond;
using events::Event;
using events::EventKind;
using events::EventLog;

struct RandomLogOptions {
    std::uint64_t seed = 1;
    std::size_t events = 600;
    std::uint32_t users = 6, items = 5;
    std::int64_t step = 10 * kMinute;  ///< times are multiples of it: many ties
    std::int64_t span = 3 * kDay;
    bool sessions = true;         ///< half of the events have a visit id, and ids interleave
    bool daily_sessions = false;  ///< no visit id lives longer than a day
};

/// Calls use(event) for random events in the order of time.
template <typename Use>
void for_each_random_event(const RandomLogOptions& options, Use&& use) {
    base::Rng rng(options.seed);
    std::vector<std::int64_t> times;
    for (std::size_t i = 0; i < options.events; ++i) {
        const auto steps = static_cast<std::uint64_t>(options.span / options.step);
        times.push_back(static_cast<std::int64_t>(rng.below(steps)) * options.step + 1'470'000'000 * kSecond);
    }
    std::ranges::sort(times);
    constexpr EventKind kKinds[] = {EventKind::impression, EventKind::impression, EventKind::impression,
                                    EventKind::impression, EventKind::click,      EventKind::view,
                                    EventKind::cart_add,   EventKind::purchase,   EventKind::page_view,
                                    EventKind::cart_remove};
    for (const std::int64_t time : times) {
        const auto draw = [&](std::string_view prefix, std::uint64_t n) {
            return std::string(prefix) + std::to_string(rng.below(n));
        };
        const std::string user = draw("u", options.users);
        std::string session = options.sessions && rng.below(2) == 0 ? draw("s", 4) : "";
        if (options.daily_sessions && !session.empty())
            session += "." + std::to_string((time - times[0]) / kDay);
        Event event{.time = time, .kind = kKinds[rng.below(10)], .user = user, .session = session};
        const bool has_item = event.kind != EventKind::page_view;
        const auto number = rng.below(options.items);
        const std::string item = has_item ? "i" + std::to_string(number) : "";
        const std::string category = has_item && rng.below(3) > 0 ? "c" + std::to_string(number % 2) : "";
        const std::string list = event.kind == EventKind::impression && rng.below(4) > 0 ? draw("l", 2) : "";
        event.item = item;
        event.category = category;
        event.list = list;
        if (event.kind == EventKind::impression && rng.below(4) > 0) {
            event.position = static_cast<double>(1 + rng.below(3));
        }
        if (has_item && rng.below(2) == 0) event.price = static_cast<double>(5 + 2 * number + rng.below(2));
        use(event);
    }
}

/// The same as a log.
[[nodiscard]] inline EventLog random_log(const RandomLogOptions& options) {
    EventLog log;
    for_each_random_event(options, [&](const Event& event) { log.add(event); });
    return log;
}

/// The rows [begin, end) of a log as a log of their own.
[[nodiscard]] inline EventLog part(const EventLog& log, std::int64_t begin, std::int64_t end) {
    EventLog result;
    for (std::size_t row = 0; row < log.size(); ++row) {
        if (log.time[row] < begin || log.time[row] >= end) continue;
        result.add(log.event(row));
    }
    return result;
}

/// The bytes of a history.
[[nodiscard]] inline std::vector<char> bytes_of(const History& history) {
    base::ByteWriter out;
    history.write(out);
    return out.take();
}

/// Index of a numeric feature by name; fails loudly when it is not there.
[[nodiscard]] inline std::size_t feature(const events::FeatureSpec& spec, std::string_view name) {
    for (std::size_t i = 0; i < spec.numeric.size(); ++i) {
        if (spec.numeric[i].name == name) return i;
    }
    throw Error(ErrorCode::internal, "no feature " + std::string(name));
}

/// One row of features by name.
class Row {
 public:
    Row(const History& history, const Event& context)
        : spec_(history.spec()), numeric_(spec_.numeric.size()), categorical_(spec_.categorical.size()) {
        history.features(context, numeric_, categorical_);
    }
    [[nodiscard]] float operator[](std::string_view name) const { return numeric_[feature(spec_, name)]; }
    [[nodiscard]] std::string_view text(std::string_view name) const {
        for (std::size_t i = 0; i < spec_.categorical.size(); ++i) {
            if (spec_.categorical[i] == name) return categorical_[i];
        }
        throw Error(ErrorCode::internal, "no feature " + std::string(name));
    }
    [[nodiscard]] const std::vector<float>& numeric() const { return numeric_; }
    [[nodiscard]] const std::vector<std::string_view>& categorical() const { return categorical_; }

 private:
    const events::FeatureSpec& spec_;
    std::vector<float> numeric_;
    std::vector<std::string_view> categorical_;
};

}  // namespace funnel::history::test
