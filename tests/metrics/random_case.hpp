// SPDX-License-Identifier: MIT
// Small random logs with many ties, and a question about each.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "funnel/base/random.hpp"
#include "metrics/builder.hpp"

namespace funnel::test {

using metrics::Entity;
using metrics::MetricsOptions;

class Dice {
 public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}
    [[nodiscard]] std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_.below(n)); }
    template <typename T>
    [[nodiscard]] const T& pick(const std::vector<T>& choices) {
        return choices[below(choices.size())];
    }

 private:
    Rng random_;
};

struct Case {
    std::vector<Row> rows;
    MetricsOptions options;
    Question question;
    ShopQuestion shop;
};

inline Case random_case(std::uint64_t seed) {
    Dice dice(seed);
    std::vector<EventKind> kinds = {page_view, impression, impression, view,     view,  click,       favorite,
                                    cart_add,  cart_add,   purchase,   purchase, other, cart_remove, refund};
    if (dice.below(3) == 0) std::erase(kinds, click);
    if (dice.below(6) == 0) std::erase(kinds, impression);
    if (dice.below(2) == 0) std::erase(kinds, refund);
    const std::int64_t step =
        dice.pick<std::int64_t>({kMinute, 10 * kMinute, 15 * kMinute, kHour, 8 * kHour});
    const bool sessions = dice.below(2) == 0;
    const std::size_t users = 1 + dice.below(3), times = 2 + dice.below(12), rows = 1 + dice.below(30);
    Case c;
    for (std::size_t i = 0; i < rows; ++i) {
        Row row{.time = static_cast<std::int64_t>(dice.below(times)) * step,
                .kind = dice.pick(kinds),
                .user = "u" + std::to_string(dice.below(users)),
                .item = dice.pick<std::string>({"", "i1", "i1", "i2"}),
                .session = sessions ? dice.pick<std::string>({"", "s1", "s2"}) : "",
                .order = "",
                .key = dice.pick<std::string>({"", "a", "b", "a"})};
        if (row.kind == purchase || row.kind == refund) {
            row.order = dice.pick<std::string>({"", "o1", "o2"});
            if (dice.below(4) != 0) row.revenue = static_cast<double>(dice.below(8)) / 4;
        }
        c.rows.push_back(row);
    }
    c.options.funnel = Funnel::parse(dice.pick<std::string>(
        {"view,cart_add,purchase", "impression,click+view,cart_add,purchase", "view,view,purchase", "view",
         "purchase,cart_add,view", "cart_add,view,cart_add", "view,view,view,view",
         "view,cart_add,view,purchase"}));
    c.options.window = static_cast<std::int64_t>(dice.below(6)) * step;
    c.options.entity =
        dice.pick<Entity>({Entity::user, Entity::session, Entity::user_item, Entity::exposure});
    for (std::size_t k = 1; k < c.options.funnel.stages.size(); ++k) {
        c.options.horizons.push_back(static_cast<std::int64_t>(dice.below(5)) * step);
    }
    if (dice.below(4) == 0) c.options.from = static_cast<std::int64_t>(dice.below(times)) * step;
    if (dice.below(3) == 0) {
        c.options.to = c.options.from.value_or(0) + static_cast<std::int64_t>(dice.below(times)) * step;
    }
    if (std::ranges::any_of(c.rows, [](const Row& row) { return !row.key.empty(); }))
        c.options.by = {"category"};
    if (dice.below(3) == 0) c.options.warmup = static_cast<std::int64_t>(dice.below(times)) * step;
    c.options.repeat_within = {static_cast<std::int64_t>(dice.below(4)) * step, kDay};
    c.options.retention = {0, 1, 2};
    c.options.rolling_days = dice.below(2) == 0;
    if (dice.below(2) == 0)
        c.options.zone = {{0, -kHour}, {static_cast<std::int64_t>(dice.below(30)) * kHour, 0}};
    c.options.exposures = dice.below(2) == 0;
    c.shop = {.warmup = c.options.warmup,
              .spans = c.options.repeat_within,
              .days = c.options.retention,
              .rolling = c.options.rolling_days};
    for (const auto& change : c.options.zone)
        c.shop.zone.emplace_back(change.from, change.offset);
    c.options.threads = 1 + static_cast<unsigned>(dice.below(3));
    c.question = {.funnel = c.options.funnel,
                  .window = c.options.window,
                  .entity = std::string(metrics::entity_name(c.options.entity)),
                  .horizons = c.options.horizons,
                  .from = c.options.from,
                  .to = c.options.to,
                  .key = {}};
    return c;
}

}  // namespace funnel::test
