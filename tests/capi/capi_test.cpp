// SPDX-License-Identifier: MIT
// The functions for C say what Recommender says, refuse what cannot be, and let nothing out but a status.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "funnel/capi/funnel.h"
#include "funnel/recommender.hpp"
#include "support/temporary_folder.hpp"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"  // as C writes them: the rest is 0

namespace funnel {
namespace {

const std::string kModel = FUNNEL_TEST_DIR "/golden/v0.1.0/model.funnel";
constexpr std::int64_t kNow = 1'705'320'000'000'000;  // 2024-01-15 12:00 UTC

std::string output_of(const std::string& command) {
    std::string out;
    FILE* const pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return "cannot run " + command;
    std::array<char, 4096> block;
    while (const std::size_t size = std::fread(block.data(), 1, block.size(), pipe))
        out.append(block.data(), size);
    return out + "exit " + std::to_string(pclose(pipe));
}

/// What program/main.c prints, by the C++ interface.
std::string told_by_recommender() {
    Recommender shop = Recommender::load(kModel);
    const std::vector<Recommender::Event> events{
        {.time = kNow - 3'000'000, .kind = "click", .user = "u8", .item = "p1009", .session = "s900"},
        {.time = kNow - 2'000'000, .kind = "cart_add", .user = "u8", .item = "p1009", .session = "s900"},
        {.time = kNow - 1'000'000, .kind = "click", .item = "p1009"},
        {.time = kNow + 864'000'000'000, .kind = "click", .user = "u8", .item = "p1009"}};
    std::vector<Recommender::Taken> taken(events.size());
    shop.observe(events, kNow, taken);
    std::string out;
    for (std::size_t i = 0; i < taken.size(); ++i)
        out += (i == 0 ? "" : " ") + std::to_string(static_cast<int>(taken[i]));
    shop.flush(kNow);
    const Recommender::Statistics statistics = shop.statistics();
    out += "\n" + std::to_string(statistics.in_use) + " in use, " + std::to_string(statistics.ahead) +
           " ahead\n";
    const std::vector<Recommender::Item> items{
        {.id = "p1011", .position = 1}, {.id = "p1009", .price = 20}, {.id = "new"}};
    const Recommender::Request request{.now = kNow, .user = "u8", .session = "s900", .list = "Category"};
    Recommender::Scratch scratch;
    const auto line = [&](const std::string& name, float p) {
        std::array<char, 64> text;
        out.append(text.data(),
                   static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%s %.9g\n", name.c_str(),
                                                          static_cast<double>(p))));
    };
    EXPECT_EQ(shop.rank(request, items, "click", scratch), Recommender::Ranked::yes);
    for (const std::uint32_t i : scratch.order())
        line(std::to_string(i) + " " + std::string(items[i].id), scratch.scores()[i]);
    EXPECT_EQ(shop.score(request, items[1], scratch), Recommender::Ranked::yes);
    for (std::size_t t = 0; t < shop.targets().size(); ++t)
        line(shop.targets()[t], scratch.all_scores()[t]);
    return out;
}

TEST(CInterface, AProgramInCSaysWhatTheRecommenderSays) {
    const std::string expected = told_by_recommender();
    EXPECT_EQ(std::count(expected.begin(), expected.end(), '\n'), 6);  // one target
    EXPECT_EQ(output_of(std::string(FUNNEL_CAPI_PROGRAM) + " '" + kModel + "'"), expected + "exit 0");
}

class CShop : public testing::Test {
 protected:
    CShop() { EXPECT_EQ(funnel_load(kModel.c_str(), nullptr, &shop_), FUNNEL_OK) << funnel_last_error(); }
    ~CShop() override {
        funnel_scratch_free(scratch_);
        funnel_free(shop_);
    }

    funnel_shop* shop_ = nullptr;
    funnel_scratch* scratch_ = funnel_scratch_new();
    support::TemporaryFolder folder_;
};

TEST_F(CShop, NullIsRefusedEverywhere) {
    funnel_request request = {};
    funnel_item item = {};
    funnel_shop* other = shop_;
    std::uint32_t order = 7;
    float p = 0;
    EXPECT_EQ(funnel_load(nullptr, nullptr, &other), FUNNEL_INVALID);
    EXPECT_EQ(other, nullptr);
    EXPECT_EQ(funnel_load("x", nullptr, nullptr), FUNNEL_INVALID);
    const funnel_input input{"stock", nullptr, 1.0};
    for (const std::size_t n : {std::size_t{2}, std::size_t{1} << 62, ~std::size_t{0}}) {
        funnel_request asked = request;
        asked.inputs = n == 2 ? nullptr : &input;
        asked.n_inputs = n;
        EXPECT_EQ(funnel_rank(shop_, &asked, &item, 1, "click", 1, scratch_, &order, nullptr),
                  FUNNEL_INVALID);
        funnel_item with = item;
        with.inputs = asked.inputs;
        with.n_inputs = n;
        EXPECT_EQ(funnel_rank(shop_, &request, &with, 1, "click", 1, scratch_, &order, nullptr),
                  FUNNEL_INVALID);
    }
    EXPECT_EQ(funnel_load_bytes(nullptr, 3, nullptr, &other), FUNNEL_INVALID);
    EXPECT_EQ(funnel_observe(nullptr, nullptr, 0, 0, nullptr), 0u);
    EXPECT_EQ(funnel_observe(shop_, nullptr, 2, 0, nullptr), 0u);
    EXPECT_EQ(funnel_rank(nullptr, &request, &item, 1, "click", 1, scratch_, &order, nullptr),
              FUNNEL_INVALID);
    EXPECT_EQ(funnel_rank(shop_, nullptr, &item, 1, "click", 1, scratch_, &order, nullptr), FUNNEL_INVALID);
    EXPECT_EQ(funnel_rank(shop_, &request, nullptr, 1, "click", 1, scratch_, &order, nullptr),
              FUNNEL_INVALID);
    EXPECT_EQ(funnel_rank(shop_, &request, &item, 1, "click", 1, nullptr, &order, nullptr), FUNNEL_INVALID);
    EXPECT_EQ(funnel_rank(shop_, &request, &item, 1, "click", 1, scratch_, nullptr, nullptr), FUNNEL_INVALID);
    EXPECT_EQ(funnel_score(shop_, &request, nullptr, scratch_, &p, 1), FUNNEL_INVALID);
    EXPECT_EQ(funnel_flush(nullptr, 0), FUNNEL_INVALID);
    EXPECT_EQ(funnel_swap(shop_, nullptr, nullptr), FUNNEL_INVALID);
    EXPECT_EQ(funnel_save_state(shop_, nullptr), FUNNEL_INVALID);
    EXPECT_EQ(funnel_statistics_of(shop_, nullptr), FUNNEL_INVALID);
    EXPECT_NE(std::string(funnel_last_error()).find("NULL"), std::string::npos);
    EXPECT_EQ(funnel_targets(nullptr), 0u);
    EXPECT_EQ(order, 7u);
    funnel_free(nullptr);
    funnel_scratch_free(nullptr);
}

TEST_F(CShop, MoreEventsThanMemoryHoldsChangeNothing) {
    const funnel_event event = {};
    EXPECT_EQ(funnel_observe(shop_, &event, SIZE_MAX / 2, kNow, nullptr), 0u);
    EXPECT_STREQ(funnel_last_error(), "memory was refused");
    funnel_statistics statistics = {};
    ASSERT_EQ(funnel_statistics_of(shop_, &statistics), FUNNEL_OK);
    EXPECT_EQ(statistics.failed, 0);
}

TEST_F(CShop, WhatIsWrongHasAStatusAndAReason) {
    funnel_shop* other = nullptr;
    const std::string damaged = folder_.write("damaged", "FUNNELM and no more");
    EXPECT_EQ(funnel_load(damaged.c_str(), nullptr, &other), FUNNEL_FORMAT);
    EXPECT_NE(std::string(funnel_last_error()).find(damaged), std::string::npos) << funnel_last_error();
    const funnel_options kernel = {.kernel = "abacus"};
    EXPECT_EQ(funnel_load(kModel.c_str(), &kernel, &other), FUNNEL_INVALID);
    EXPECT_EQ(funnel_save_state(shop_, folder_.path("none/state").c_str()), FUNNEL_IO);
    EXPECT_EQ(other, nullptr);
    const funnel_input input = {.name = "no such input", .text = "x", .number = 0};
    const funnel_request request = {.now = kNow, .user = "u8", .inputs = &input, .n_inputs = 1};
    const funnel_item item = {.id = "p1009"};
    float p[4];
    EXPECT_EQ(funnel_score(shop_, &request, &item, scratch_, p, 4), FUNNEL_UNKNOWN_INPUT);
    const funnel_request plain = {.now = kNow, .user = "u8"};
    EXPECT_EQ(funnel_score(shop_, &plain, &item, scratch_, p, 0), FUNNEL_INVALID);  // no room
    EXPECT_EQ(funnel_score(shop_, &plain, &item, scratch_, p, 4), FUNNEL_OK);
}

TEST_F(CShop, TheBestKOfMoreItemsThanABlockAndNoneOfNone) {
    std::vector<std::string> ids(200);
    std::vector<funnel_item> items(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        ids[i] = "p" + std::to_string(1000 + i);
        items[i].id = ids[i].c_str();
    }
    const funnel_request request = {.now = kNow, .user = "u8"};
    std::vector<std::uint32_t> order(300, 999), best(5, 999);
    std::vector<float> scores(ids.size());
    ASSERT_EQ(funnel_rank(shop_, &request, items.data(), items.size(), "click", 300, scratch_, order.data(),
                          scores.data()),
              FUNNEL_OK);
    ASSERT_EQ(
        funnel_rank(shop_, &request, items.data(), items.size(), "click", 5, scratch_, best.data(), nullptr),
        FUNNEL_OK);
    for (std::size_t i = 0; i < 5; ++i)
        EXPECT_EQ(best[i], order[i]);
    for (std::size_t i = 1; i < ids.size(); ++i)
        EXPECT_GE(scores[order[i - 1]], scores[order[i]]);
    EXPECT_EQ(order[200], 999u);  // what is not asked for is not touched
    EXPECT_EQ(funnel_rank(shop_, &request, nullptr, 0, "click", 5, scratch_, nullptr, nullptr), FUNNEL_OK);
}

TEST_F(CShop, ManyEventsAreTakenAndTheStateGoesOn) {
    std::vector<std::string> users(300);
    std::vector<funnel_event> events(users.size());
    for (std::size_t i = 0; i < users.size(); ++i) {
        users[i] = "new user " + std::to_string(i);
        events[i] = {.time = kNow, .kind = "click", .user = users[i].c_str(), .item = "p1009"};
    }
    std::vector<std::uint8_t> answers(events.size(), 77);
    EXPECT_EQ(funnel_observe(shop_, events.data(), events.size(), kNow, answers.data()), events.size());
    EXPECT_EQ(std::count(answers.begin(), answers.end(), FUNNEL_TAKEN), 300);
    EXPECT_EQ(funnel_flush(shop_, kNow + 2'000'000), FUNNEL_OK);
    funnel_statistics before = {}, after = {};
    ASSERT_EQ(funnel_statistics_of(shop_, &before), FUNNEL_OK);
    EXPECT_EQ(before.in_use, 300u);
    const std::string state = folder_.path("state");
    ASSERT_EQ(funnel_save_state(shop_, state.c_str()), FUNNEL_OK) << funnel_last_error();
    const funnel_options options = {.state = state.c_str()};
    funnel_shop* other = nullptr;
    ASSERT_EQ(funnel_load(kModel.c_str(), &options, &other), FUNNEL_OK) << funnel_last_error();
    ASSERT_EQ(funnel_statistics_of(other, &after), FUNNEL_OK);
    EXPECT_EQ(after.users, before.users);
    EXPECT_EQ(after.watermark, before.watermark);
    std::int32_t kept = 7;
    EXPECT_EQ(funnel_swap(other, kModel.c_str(), &kept), FUNNEL_OK);
    EXPECT_EQ(kept, 1);
    funnel_free(other);
}

TEST_F(CShop, EventsOfACallArePutInOrderHoweverManyTheyAre) {
    const funnel_options at_once = {.no_reorder = 1};
    funnel_shop* other = nullptr;
    ASSERT_EQ(funnel_load(kModel.c_str(), &at_once, &other), FUNNEL_OK) << funnel_last_error();
    std::vector<funnel_event> events(200);
    for (std::size_t i = 0; i < events.size(); ++i)  // the latest first
        events[i] = {
            .time = kNow - static_cast<std::int64_t>(i), .kind = "click", .user = "u8", .item = "p1009"};
    std::vector<std::uint8_t> answers(events.size(), 77);
    EXPECT_EQ(funnel_observe(other, events.data(), events.size(), kNow, answers.data()), events.size());
    EXPECT_EQ(std::count(answers.begin(), answers.end(), FUNNEL_TAKEN), 200);
    funnel_free(other);
}

TEST_F(CShop, NamesOfTargetsAreCutToTheRoom) {
    std::array<char, 16> name{};
    EXPECT_EQ(funnel_targets(shop_), 1u);
    EXPECT_EQ(funnel_target_name(shop_, 0, name.data(), name.size()), 5u);
    EXPECT_STREQ(name.data(), "click");
    EXPECT_EQ(funnel_target_name(shop_, 0, name.data(), 3), 5u);
    EXPECT_STREQ(name.data(), "cl");
    EXPECT_EQ(funnel_target_name(shop_, 9, name.data(), name.size()), 0u);
    EXPECT_STREQ(name.data(), "");
}

}  // namespace
}  // namespace funnel
