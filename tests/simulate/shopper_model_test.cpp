// SPDX-License-Identifier: MIT
#include "funnel/simulate/shopper_model.hpp"

#include <gtest/gtest.h>
#include <isa-l/igzip_lib.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "funnel/base/time.hpp"
#include "funnel/eval/roc_auc.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/simulate/event_csv.hpp"
#include "support/temporary_folder.hpp"

namespace funnel::simulate {
namespace {

using events::EventKind;

struct Run {
    EventLog log;
    std::vector<std::string> sessions;  // per row
    Truth truth;
};

const Run& sample() {
    static const Run run = [] {
        Run r;
        r.truth = ShopperModel({.users = 1500, .days = 30, .seed = 7}).run([&](const Event& event) {
            r.log.add(event);
            r.sessions.emplace_back(event.session);
        });
        return r;
    }();
    return run;
}

std::string csv(const ShopperOptions& options) {
    std::string text;
    (void)ShopperModel(options).run([&](const Event& event) { append_csv_row(text, event); });
    return text;
}

std::uint64_t count(const EventLog& log, EventKind kind) {
    return static_cast<std::uint64_t>(std::ranges::count(log.kind, kind));
}

/// Both are sums over the same decisions; the variance of the sum is at most the expected count.
void expect_near_count(double expected, std::uint64_t counted) {
    EXPECT_NEAR(expected, static_cast<double>(counted), 4 * std::sqrt(expected));
}

TEST(ShopperModel, SameSeedGivesTheSameBytes) {
    const ShopperOptions options{.users = 150, .days = 10, .seed = 3};
    EXPECT_TRUE(csv(options) == csv(options));
    ShopperOptions other = options;
    other.seed = 4;
    EXPECT_FALSE(csv(options) == csv(other));
}

TEST(ShopperModel, SampleLogIsWhatItGives) {
    // data/README.md names these options; a change of the model makes the sample anew.
    std::string packed = support::read_file(FUNNEL_TEST_DIR "/../data/shop_events.csv.gz");
    const std::string expected = std::string(kCsvHeader) + csv({.users = 230, .days = 35, .seed = 1});
    std::string text(expected.size() + 1, '\0');
    inflate_state state;
    isal_inflate_init(&state);
    state.crc_flag = ISAL_GZIP;
    state.next_in = reinterpret_cast<std::uint8_t*>(packed.data());
    state.avail_in = static_cast<std::uint32_t>(packed.size());
    state.next_out = reinterpret_cast<std::uint8_t*>(text.data());
    state.avail_out = static_cast<std::uint32_t>(text.size());
    ASSERT_EQ(isal_inflate(&state), ISAL_DECOMP_OK);
    text.resize(state.total_out);
    EXPECT_TRUE(text == expected);
}

TEST(ShopperModel, EventsComeInOrderOfTime) {
    const EventLog& log = sample().log;
    EXPECT_TRUE(std::ranges::is_sorted(log.time));
    const std::int64_t start = ShopperOptions().start;
    EXPECT_GE(log.time.front(), start);
    EXPECT_GE(log.time.back(), start + 29 * base::kDay);
    EXPECT_LT(log.time.back(), start + 30 * base::kDay + 6 * base::kHour);
}

TEST(ShopperModel, TruthCountsWhatTheLogHolds) {
    const auto& [log, sessions, truth] = sample();
    EXPECT_EQ(truth.events, log.size());
    EXPECT_EQ(truth.users, log.users.size());
    EXPECT_EQ(truth.users, 1500u);
    EXPECT_EQ(truth.visits, std::set(sessions.begin(), sessions.end()).size());
    EXPECT_EQ(truth.page_views, count(log, EventKind::page_view));
    EXPECT_EQ(truth.impressions, count(log, EventKind::impression));
    EXPECT_EQ(truth.clicks, count(log, EventKind::click));
    EXPECT_EQ(truth.views, count(log, EventKind::view));
    EXPECT_EQ(truth.cart_adds, count(log, EventKind::cart_add));
    EXPECT_EQ(truth.cart_removes, count(log, EventKind::cart_remove));
    EXPECT_EQ(truth.checkouts, count(log, EventKind::checkout));
    EXPECT_EQ(truth.purchases, count(log, EventKind::purchase));
    EXPECT_EQ(truth.orders, count(log, EventKind::payment));
    EXPECT_EQ(truth.orders, log.orders.size());
    double revenue = 0;
    EXPECT_FALSE(log.order_lines.empty());
    for (const auto& line : log.order_lines) {
        EXPECT_NEAR(line.revenue, line.price * line.quantity, 1e-9);
        revenue += line.revenue;
    }
    EXPECT_NEAR(static_cast<double>(truth.revenue_cents) / 100, revenue, 1e-4);
}

TEST(ShopperModel, TrueProbabilitiesAddUpToTheCounts) {
    const Truth& truth = sample().truth;
    expect_near_count(truth.expected_clicks, truth.clicks);
    expect_near_count(truth.expected_cart_adds, truth.cart_adds);
    expect_near_count(truth.expected_orders, truth.orders);
}

TEST(ShopperModel, RatesAreThoseOfAShop) {
    const Truth& truth = ShopperModel({.users = 4000}).run([](const Event&) {});
    const auto rate = [](std::uint64_t a, std::uint64_t b) {
        return static_cast<double>(a) / static_cast<double>(b);
    };
    EXPECT_NEAR(rate(truth.clicks, truth.impressions), 0.065, 0.015);
    EXPECT_NEAR(rate(truth.cart_adds, truth.views), 0.125, 0.025);
    EXPECT_NEAR(rate(truth.purchases, truth.cart_adds), 0.45, 0.07);
}

TEST(ShopperModel, ImpressionsAreFirstExposuresAndClicksFollowWithinHalfAnHour) {
    const auto& [log, sessions, truth] = sample();
    std::map<std::pair<std::string, std::uint32_t>, std::int64_t> shown;
    std::uint64_t clicks = 0;
    for (std::size_t row = 0; row < log.size(); ++row) {
        const std::pair key(sessions[row], log.item[row]);
        if (log.kind[row] == EventKind::impression) {
            EXPECT_TRUE(shown.emplace(key, log.time[row]).second) << "shown twice in a visit, row " << row;
        } else if (log.kind[row] == EventKind::click) {
            ASSERT_TRUE(shown.contains(key)) << row;
            EXPECT_LE(log.time[row] - shown[key], 30 * base::kMinute);
            ++clicks;
        }
    }
    EXPECT_EQ(clicks, truth.clicks);
    EXPECT_GT(clicks, 1000u);
}

TEST(ShopperModel, VisitsOfAShopperAreFarApart) {
    const auto& [log, sessions, truth] = sample();
    std::map<std::uint32_t, std::pair<std::string, std::int64_t>> last;
    std::size_t returned = 0;
    for (std::size_t row = 0; row < log.size(); ++row) {
        auto& [session, time] = last[log.user[row]];
        const bool is_new = !session.empty() && session != sessions[row];
        EXPECT_TRUE(!is_new || log.time[row] - time > 30 * base::kMinute) << row;
        returned += is_new;
        session = sessions[row];
        time = log.time[row];
    }
    EXPECT_GT(returned, 1000u);
}

TEST(ShopperModel, HasRepeatBuyersImmediatePurchasesAndAbandonedCarts) {
    const EventLog& log = sample().log;
    std::map<std::uint32_t, std::set<std::uint32_t>> orders;
    std::set<std::pair<std::uint32_t, std::uint32_t>> carted, bought;
    for (const auto& line : log.order_lines) {
        orders[log.user[line.row]].insert(line.order);
        bought.emplace(log.user[line.row], log.item[line.row]);
    }
    for (std::size_t row = 0; row < log.size(); ++row) {
        if (log.kind[row] == EventKind::cart_add) carted.emplace(log.user[row], log.item[row]);
    }
    const auto repeat =
        std::ranges::count_if(orders, [](const auto& entry) { return entry.second.size() > 1; });
    EXPECT_GT(repeat, std::ssize(orders) / 20);
    const auto directly =
        std::ranges::count_if(bought, [&](const auto& pair) { return !carted.contains(pair); });
    EXPECT_GT(directly, std::ssize(bought) / 50);
    EXPECT_LT(directly, std::ssize(bought) / 3);
    const auto abandoned =
        std::ranges::count_if(carted, [&](const auto& pair) { return !bought.contains(pair); });
    EXPECT_GT(abandoned, std::ssize(carted) / 3);
}

TEST(ShopperModel, LaterPlacesAreClickedLess) {
    const EventLog& log = sample().log;
    const auto& position = *log.number_column("position");
    std::set<std::tuple<std::uint32_t, std::uint64_t, std::uint32_t>> clicked;
    for (std::size_t row = 0; row < log.size(); ++row) {
        if (log.kind[row] == EventKind::click)
            clicked.emplace(log.user[row], log.session[row], log.item[row]);
    }
    std::array<double, 13> shown{}, clicks{};
    for (std::size_t row = 0; row < log.size(); ++row) {
        if (log.kind[row] != EventKind::impression) continue;
        const auto place = static_cast<std::size_t>(position.value[row]);
        ASSERT_TRUE(place >= 1 && place <= 12);
        ++shown[place];
        if (clicked.contains({log.user[row], log.session[row], log.item[row]})) ++clicks[place];
    }
    const double first = clicks[1] / shown[1], eighth = clicks[8] / shown[8];
    EXPECT_NEAR(eighth / first, examination(8), 0.07);
}

TEST(ShopperModel, PastClicksForetellLaterOnes) {
    const EventLog& log = sample().log;
    const auto& category = *log.text_column("category");
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::pair<double, double>> seen;  // clicks, impressions
    std::map<std::tuple<std::uint32_t, std::uint64_t, std::uint32_t>, std::size_t> open;
    std::vector<float> scores;
    std::vector<std::uint8_t> labels;
    for (std::size_t row = 0; row < log.size(); ++row) {
        auto& [clicks, impressions] = seen[{log.user[row], category.code[row]}];
        const std::tuple key(log.user[row], log.session[row], log.item[row]);
        if (log.kind[row] == EventKind::impression) {
            open[key] = scores.size();
            scores.push_back(static_cast<float>((clicks + 1) / (impressions + 15)));
            labels.push_back(0);
            ++impressions;
        } else if (log.kind[row] == EventKind::click) {
            labels[open[key]] = 1;
            ++clicks;
        }
    }
    const double auc = eval::roc_auc(scores, labels).value();
    EXPECT_GT(auc, 0.55);
    EXPECT_LT(auc, sample().truth.click_roc_auc.value());
}

TEST(ShopperModel, OracleBeatsTheBaseRate) {
    const Truth& truth = sample().truth;
    EXPECT_LT(truth.click_normalized_entropy.value(), 0.9);
    EXPECT_GT(truth.click_roc_auc.value(), 0.7);
}

TEST(ShopperModel, ErrorOfTheSinkEndsTheRun) {
    int calls = 0;
    const auto sink = [&](const Event&) {
        if (++calls == 100) throw std::runtime_error("full");
    };
    EXPECT_THROW((void)ShopperModel({.users = 50}).run(sink), std::runtime_error);
    EXPECT_EQ(calls, 100);
}

TEST(ShopperModel, RefusesOptionsOutOfRange) {
    for (const ShopperOptions& options : std::vector<ShopperOptions>{{.users = 0},
                                                                     {.users = 5'000'000'000},
                                                                     {.days = 0},
                                                                     {.days = 100'001},
                                                                     {.items = 100'000'001}}) {
        EXPECT_THROW(ShopperModel{options}, Error);
    }
}

TEST(ShopperModel, SmallestShopWorks) {
    const Truth truth = ShopperModel({.users = 1, .days = 1, .items = 1}).run([](const Event&) {});
    EXPECT_EQ(truth.users, 1u);
    EXPECT_GE(truth.visits, 1u);
}

TEST(ClickOracle, AgreesWithTheExactAuc) {
    Rng rng(5);
    ClickOracle oracle;
    std::vector<float> p;
    std::vector<std::uint8_t> labels;
    for (int i = 0; i < 20'000; ++i) {
        p.push_back(static_cast<float>(0.001 + 0.3 * rng.uniform() * rng.uniform()));
        labels.push_back(rng.uniform() < static_cast<double>(p.back()));
        oracle.add(static_cast<double>(p.back()), labels.back() != 0);
    }
    Truth truth;
    oracle.fill(truth);
    EXPECT_NEAR(truth.click_roc_auc.value(), eval::roc_auc(p, labels).value(), 1e-4);
}

TEST(ClickOracle, IsUndefinedWithoutRows) {
    Truth truth;
    ClickOracle().fill(truth);
    EXPECT_FALSE(truth.click_roc_auc || truth.click_log_loss || truth.click_normalized_entropy);
}

TEST(AliasTable, DrawsByWeight) {
    const std::array weights{1.0, 0.0, 5.0, 2.5, 1.5};
    const AliasTable table(weights);
    Rng rng(11);
    std::array<double, 5> drawn{};
    constexpr int kDraws = 100'000;
    for (int i = 0; i < kDraws; ++i)
        ++drawn[table.draw(rng)];
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const double p = weights[i] / 10;
        EXPECT_NEAR(drawn[i] / kDraws, p, 4 * std::sqrt(p * (1 - p) / kDraws)) << i;
    }
}

TEST(Truth, NamesEveryFigureOnce) {
    std::set<std::string_view> names;
    for_each_figure(Truth(), [&](std::string_view name, std::optional<double> value) {
        EXPECT_TRUE(names.insert(name).second) << name;
        EXPECT_EQ(value.has_value(), !name.starts_with("click_") && !name.starts_with("true_")) << name;
    });
    EXPECT_EQ(names.size(), 21u);
}

}  // namespace
}  // namespace funnel::simulate
