// SPDX-License-Identifier: MIT
// A small shop for the tests of the recommender: events with texts of their own, and a model of their past.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "funnel/kernel/best_kernels.hpp"
#include "funnel/recommender.hpp"
#include "funnel/simulate/shopper_model.hpp"
#include "funnel/train/train_on_log.hpp"

namespace funnel::recommender_test {

/// An event whose texts live as long as it does.
struct Happened {
    std::int64_t time = 0;
    EventKind kind = EventKind::other;
    std::string user, item, session, category, brand, list;
    double position = events::kMissing, price = events::kMissing;

    explicit Happened(const Event& e)
        : time(e.time),
          kind(e.kind),
          user(e.user),
          item(e.item),
          session(e.session),
          category(e.category),
          brand(e.brand),
          list(e.list),
          position(e.position),
          price(e.price) {}

    [[nodiscard]] Event event() const {
        Event e{.time = time, .kind = kind, .user = user, .item = item, .session = session};
        e.category = category;
        e.brand = brand;
        e.list = list;
        e.position = position;
        e.price = price;
        return e;
    }
    [[nodiscard]] Recommender::Event told() const {
        return {.time = time,
                .kind = events::kKindNames[static_cast<std::size_t>(kind)],
                .user = user,
                .item = item,
                .session = session,
                .category = category,
                .brand = brand,
                .list = list,
                .position = position,
                .price = price};
    }
};

struct Shop {
    std::vector<Happened> past, future;  ///< in the order of a log
    std::vector<std::string> users, items;

    explicit Shop(std::uint32_t users_count = 60, std::uint32_t days = 18, std::uint32_t past_days = 15) {
        const simulate::ShopperOptions options{.users = users_count, .days = days};
        const std::int64_t today = options.start + past_days * base::kDay;
        std::vector<Happened> all;
        simulate::ShopperModel(options).run([&](const Event& event) { all.emplace_back(event); });
        EventLog log;
        for (const Happened& happened : all)
            log.add(happened.event());
        for (const std::uint64_t row : log.time_order())
            (all[row].time < today ? past : future).push_back(all[row]);
        for (std::uint32_t i = 0; i < log.users.size(); ++i)
            users.emplace_back(log.users.text(i));
        for (std::uint32_t i = 0; i < log.items.size(); ++i)
            items.emplace_back(log.items.text(i));
    }

    [[nodiscard]] Bundle train(const char* funnel = "impression,click,purchase",
                               std::uint32_t width = 8) const {
        EventLog log;
        for (const Happened& happened : past)
            log.add(happened.event());
        train::LogModelOptions options;
        options.task.funnel = Funnel::parse(funnel);
        options.examples.horizons.assign(options.task.funnel.stages.size() - 1, base::kDay);
        options.model.training.hidden = {width};
        options.model.training.epochs = 1;
        return train::train_on_log(log, options, kernel::best());
    }
};

}  // namespace funnel::recommender_test
