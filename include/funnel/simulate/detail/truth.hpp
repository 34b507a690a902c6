// SPDX-License-Identifier: MIT
// Truth: what a simulation knows and a log does not say: the true rates, and how well a forecast that knew
// every true click probability would do. No model can be expected to beat it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "funnel/eval/log_loss.hpp"

namespace funnel::simulate {

struct Truth {
    // Counted, as anybody could from the log.
    std::uint64_t events = 0, users = 0, visits = 0, page_views = 0, impressions = 0, clicks = 0, views = 0;
    std::uint64_t cart_adds = 0, cart_removes = 0, checkouts = 0, orders = 0, purchases = 0;
    std::int64_t revenue_cents = 0;

    // Sums of the true probabilities at each decision, given all that had happened before.
    double expected_clicks = 0;     ///< over impressions
    double expected_cart_adds = 0;  ///< over views
    double expected_orders = 0;     ///< over carts at the end of a visit and immediate purchases

    // The forecast of `click` for every impression from its true probability. Every impression is the first
    // exposure of its item in its visit, and its click comes within 30 minutes or never.
    std::optional<double> click_log_loss, click_normalized_entropy, click_roc_auc;
};

/// Calls visit(name, value) for every field in order; an undefined value is empty.
template <typename Visit>
void for_each_figure(const Truth& truth, Visit&& visit);

/// Sums up the click forecast in constant memory. One thread at a time.
class ClickOracle {
 public:
    /// p in (0, 1).
    void add(double p, bool clicked) noexcept {
        const double z = std::clamp(std::log(p / (1 - p)), -kRange, kRange);
        auto& bin = bins_[static_cast<std::size_t>((z + kRange) * kBinsPerUnit)];
        ++(clicked ? bin.clicked : bin.passed);
        loss_.add(p, clicked ? 1 : 0);
    }

    /// AUC over bins of 1/1000 logit, ties half: within 1e-3 of exact on any log, far closer on large ones.
    void fill(Truth& truth) const;

 private:
    struct Bin {
        std::uint64_t clicked = 0, passed = 0;
    };
    static constexpr double kRange = 16, kBinsPerUnit = 1000;

    eval::LossSum loss_;
    std::vector<Bin> bins_ = std::vector<Bin>(static_cast<std::size_t>(2 * kRange * kBinsPerUnit) + 1);
};

template <typename Visit>
void for_each_figure(const Truth& truth, Visit&& visit) {
    const auto count = [&](std::string_view name, std::uint64_t n) {
        visit(name, std::optional(static_cast<double>(n)));
    };
    const auto rate = [&](std::string_view name, double sum, std::uint64_t n) {
        visit(name, n == 0 ? std::nullopt : std::optional(sum / static_cast<double>(n)));
    };
    count("events", truth.events);
    count("users", truth.users);
    count("visits", truth.visits);
    count("page_views", truth.page_views);
    count("impressions", truth.impressions);
    count("clicks", truth.clicks);
    count("views", truth.views);
    count("cart_adds", truth.cart_adds);
    count("cart_removes", truth.cart_removes);
    count("checkouts", truth.checkouts);
    count("orders", truth.orders);
    count("purchases", truth.purchases);
    visit(std::string_view("revenue"), std::optional(static_cast<double>(truth.revenue_cents) / 100));
    visit(std::string_view("expected_clicks"), std::optional(truth.expected_clicks));
    visit(std::string_view("expected_cart_adds"), std::optional(truth.expected_cart_adds));
    visit(std::string_view("expected_orders"), std::optional(truth.expected_orders));
    rate("true_click_rate", truth.expected_clicks, truth.impressions);
    rate("true_cart_rate", truth.expected_cart_adds, truth.views);
    visit(std::string_view("click_log_loss"), truth.click_log_loss);
    visit(std::string_view("click_normalized_entropy"), truth.click_normalized_entropy);
    visit(std::string_view("click_roc_auc"), truth.click_roc_auc);
}

inline void ClickOracle::fill(Truth& truth) const {
    double wins = 0, passed_below = 0, clicked = 0;
    for (const Bin& bin : bins_) {
        const auto positive = static_cast<double>(bin.clicked), negative = static_cast<double>(bin.passed);
        wins += positive * (passed_below + 0.5 * negative);
        passed_below += negative;
        clicked += positive;
    }
    truth.click_log_loss = loss_.log_loss();
    truth.click_normalized_entropy = loss_.normalized_entropy();
    if (clicked > 0 && passed_below > 0) truth.click_roc_auc = wins / (clicked * passed_below);
}

}  // namespace funnel::simulate
