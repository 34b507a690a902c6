// SPDX-License-Identifier: MIT
// ShopperModel: generates a shop's event log with known true rates from a seed. docs/simulate.md describes
// the model.
//
//     EventLog made;
//     const simulate::ShopperModel shop({.users = 1000, .days = 14, .seed = 7});
//     shop.run([&](const Event& event) { made.add(event); });  // returns the true rates
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/random.hpp"
#include "funnel/base/time.hpp"
#include "funnel/events/event.hpp"
#include "funnel/simulate/detail/catalogue.hpp"
#include "funnel/simulate/detail/shopper.hpp"
#include "funnel/simulate/detail/shopper_visit.hpp"
#include "funnel/simulate/detail/truth.hpp"

namespace funnel::simulate {

struct ShopperOptions {
    std::uint64_t users = 10'000;  ///< 1 .. 4e9; each comes at least once
    std::uint32_t days = 30;       ///< 1 .. 100,000; visits that begin before the end are finished
    std::uint64_t seed = 1;
    std::uint64_t items = 0;                   ///< 1 .. 1e8; 0: a fifth of the users, within 200 .. 20,000
    std::int64_t start = 19'723 * base::kDay;  ///< 2024-01-01
};

/// Const calls may run concurrently. A user costs about 250 bytes.
class ShopperModel {
 public:
    /// Throws Error(invalid_argument) for options out of range.
    explicit ShopperModel(const ShopperOptions& options);

    /// Calls sink(const events::Event&) for every event, in order of time; the texts are valid during the
    /// call. The same options give the same events. Single-threaded; about 3 million events a second.
    template <typename Sink>
    Truth run(Sink&& sink) const;

 private:
    struct Arrival {
        std::int64_t time;
        std::uint32_t user;
        [[nodiscard]] bool operator>(const Arrival& other) const noexcept {
            return time != other.time ? time > other.time : user > other.user;
        }
    };
    using Arrivals = std::priority_queue<Arrival, std::vector<Arrival>, std::greater<>>;

    [[nodiscard]] std::int64_t first_visit(Rng& rng) const noexcept;
    [[nodiscard]] std::int64_t next_visit(const Shopper& shopper, std::int64_t after, Rng& rng) const;

    ShopperOptions options_;
    Catalogue catalogue_;
};

namespace detail {

inline ShopperOptions checked(ShopperOptions options) {
    if (options.items == 0) options.items = std::clamp<std::uint64_t>(options.users / 5, 200, 20'000);
    const auto require = [](bool ok, const char* what) {
        if (!ok) throw Error(ErrorCode::invalid_argument, std::string("simulate: expected ") + what);
    };
    require(options.users >= 1 && options.users <= 4'000'000'000, "1 to 4000000000 users");
    require(options.days >= 1 && options.days <= 100'000, "1 to 100000 days");
    require(options.items <= 100'000'000, "at most 100000000 items");
    return options;
}

/// How busy the shop is, 1 at its peak; by hour (UTC) and day of the week.
[[nodiscard]] inline double busyness(std::int64_t time) noexcept {
    constexpr std::array<double, 24> kByHour = {0.25, 0.15, 0.10, 0.08, 0.08, 0.12, 0.25, 0.40,
                                                0.50, 0.60, 0.65, 0.70, 0.75, 0.70, 0.65, 0.65,
                                                0.70, 0.80, 0.90, 1.00, 1.00, 0.90, 0.70, 0.45};
    const std::int64_t day = base::floor_div(time, base::kDay);
    const std::int64_t weekday = base::floor_mod(day + 3, 7);  // 0 is Monday: 1970-01-01 was a Thursday
    return kByHour[static_cast<std::size_t>(base::floor_mod(time, base::kDay) / base::kHour)] *
           (weekday >= 5 ? 1.0 : 0.8);
}

/// Mean of busyness over a week.
inline constexpr double kMeanBusyness = 0.4675;

/// A letter and a number, as text that lives in the object.
class NumberedId {
 public:
    NumberedId(char letter, std::uint64_t number) noexcept {
        text_[0] = letter;
        end_ = std::to_chars(text_.data() + 1, text_.data() + text_.size(), number).ptr;
    }
    [[nodiscard]] std::string_view view() const noexcept {
        return {text_.data(), static_cast<std::size_t>(end_ - text_.data())};
    }

 private:
    std::array<char, 24> text_;
    const char* end_;
};

/// Calls sink with the draft written out as an Event.
template <typename Sink>
void emit(const Draft& draft, const Catalogue& catalogue, Sink&& sink) {
    const NumberedId user('u', std::uint64_t{draft.user} + 1), session('s', draft.session),
        order('o', draft.order);
    events::Event event{
        .time = draft.time, .kind = draft.kind, .user = user.view(), .session = session.view()};
    event.list = kListNames[static_cast<std::size_t>(draft.list)];
    if (draft.order != 0) event.order = order.view();
    if (draft.position != 0) event.position = draft.position;
    if (draft.quantity != 0) event.quantity = draft.quantity;
    if (draft.item != base::kNone) {
        const Item& item = catalogue.item(draft.item);
        event.item = item.id;
        event.category = kCategories[item.category].name;
        event.brand = item.brand;
        event.price = item.price();
        if (draft.kind == events::EventKind::purchase) {
            event.revenue = static_cast<double>(item.cents * draft.quantity) / 100;
        }
    }
    sink(static_cast<const events::Event&>(event));
}

}  // namespace detail

inline ShopperModel::ShopperModel(const ShopperOptions& options)
    : options_(detail::checked(options)), catalogue_(options_.items, options_.seed) {}

/// Everybody comes at least once, more of them early in the log than late.
inline std::int64_t ShopperModel::first_visit(Rng& rng) const noexcept {
    for (;;) {
        const double u = rng.uniform();
        const auto millis = static_cast<std::int64_t>(u * u * options_.days * 86'400'000);
        const std::int64_t time = options_.start + millis * 1000;
        if (rng.uniform() < detail::busyness(time)) return time;
    }
}

/// Thinning of a Poisson process: Lewis and Shedler (1979).
inline std::int64_t ShopperModel::next_visit(const Shopper& shopper, std::int64_t after, Rng& rng) const {
    const double peak_per_day = shopper.visits_per_day / detail::kMeanBusyness;
    const double end = 2.0 * options_.days;  // in days from `after`; far enough to be never
    double days = 0;
    std::int64_t time = after;
    do {
        days -= std::log(1 - rng.uniform()) / peak_per_day;
        if (days > end) break;
        time = after + static_cast<std::int64_t>(days * 86'400'000) * 1000;
    } while (rng.uniform() >= detail::busyness(time));
    return days > end ? after + static_cast<std::int64_t>(end) * base::kDay : time;
}

template <typename Sink>
Truth ShopperModel::run(Sink&& sink) const {
    constexpr std::size_t kBatch = 1u << 16;
    // The next visit begins later than the labels of this one reach.
    constexpr std::int64_t kPause = 45 * base::kMinute;
    const std::int64_t end = options_.start + options_.days * base::kDay;

    Truth truth;
    truth.users = options_.users;
    ClickOracle oracle;
    std::vector<Draft> drafts;
    VisitSimulator simulator(catalogue_, truth, oracle, drafts);
    Rng rng(base::random_at(options_.seed, 1));
    std::vector<Shopper> shoppers;
    shoppers.reserve(options_.users);
    Arrivals arrivals;
    for (std::uint32_t user = 0; user < options_.users; ++user) {
        shoppers.push_back(Shopper::draw(base::random_at(options_.seed, 2 + std::uint64_t{user})));
        arrivals.push({first_visit(rng), user});
    }

    std::size_t enough = kBatch;
    const auto write_before = [&](std::int64_t time) {
        std::ranges::stable_sort(drafts, {}, &Draft::time);
        const auto last = std::ranges::lower_bound(drafts, time, {}, &Draft::time);
        for (auto draft = drafts.begin(); draft != last; ++draft)
            detail::emit(*draft, catalogue_, sink);
        drafts.erase(drafts.begin(), last);
        enough = 2 * drafts.size() + kBatch;
    };
    while (!arrivals.empty() && arrivals.top().time < end) {
        const Arrival arrival = arrivals.top();
        arrivals.pop();
        if (drafts.size() >= enough) write_before(arrival.time);
        Shopper& shopper = shoppers[arrival.user];
        const std::int64_t left = simulator.run(shopper, arrival.user, arrival.time);
        arrivals.push({next_visit(shopper, left + kPause, rng), arrival.user});
    }
    write_before(std::numeric_limits<std::int64_t>::max());
    oracle.fill(truth);
    return truth;
}

}  // namespace funnel::simulate
