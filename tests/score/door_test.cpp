// SPDX-License-Identifier: MIT
// Sizes, histories and workspaces that do not fit are refused at the door of a call: never read past an end,
// never a plausible number.
#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "funnel/ingest/read_log.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/score/score_candidates.hpp"
#include "funnel/score/score_log.hpp"
#include "funnel/simulate/shopper_model.hpp"
#include "funnel/train/recalibrate.hpp"
#include "funnel/train/train_on_log.hpp"
#include "support/temporary_folder.hpp"

namespace funnel::score {
namespace {

const EventLog& shop_log() {
    static const EventLog log = [] {
        EventLog events;
        simulate::ShopperModel({.users = 60, .days = 16}).run([&](const Event& event) { events.add(event); });
        return events;
    }();
    return log;
}

Bundle trained(const char* funnel, std::vector<std::string> targets, std::uint32_t width) {
    train::LogModelOptions options;
    options.task.funnel = Funnel::parse(funnel);
    options.examples.horizons.assign(targets.size(), base::kDay);
    options.examples.targets = std::move(targets);
    options.model.training.hidden = {width};
    options.model.training.epochs = 1;
    return train::train_on_log(shop_log(), options, kernel::best());
}
const Bundle& model() {
    static const Bundle bundle = trained("impression,click,purchase", {"click", "purchase"}, 8);
    return bundle;
}
const Bundle& wider_model() {
    static const Bundle bundle =
        trained("impression,click+view,cart_add,purchase", {"click", "cart", "purchase"}, 40);
    return bundle;
}

std::vector<Event> items_of_the_shop(std::size_t n) {
    std::vector<Event> items;
    for (std::uint32_t i = 0; i < n; ++i)
        items.push_back({.item = shop_log().items.text(i)});
    return items;
}
Event shown() {
    return {.time = model().history->watermark() + 1, .kind = EventKind::impression, .user = "u1"};
}

template <typename Call>
std::optional<ErrorCode> code_of(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.code();
    }
    return std::nullopt;
}

TEST(ScorerDoor, RefusesRoomOfAnotherSize) {
    const Scorer scorer(model(), kernel::best());
    Scorer::Workspace workspace;
    const std::vector<Event> items = items_of_the_shop(6);
    const auto score = [&](std::size_t room) {
        std::vector<float> p(room);
        return code_of([&] { scorer.score(*model().history, shown(), p, workspace); });
    };
    const auto rank = [&](std::size_t room, std::size_t places, std::size_t target) {
        std::vector<float> p(room);
        std::vector<std::uint32_t> order(places);
        return code_of([&] { scorer.rank(*model().history, shown(), items, target, order, p, workspace); });
    };
    EXPECT_EQ(score(2), std::nullopt);
    for (const std::size_t room : {0U, 1U, 3U, 4U})
        EXPECT_EQ(score(room), ErrorCode::shape) << room;
    EXPECT_EQ(rank(12, 6, 1), std::nullopt);
    EXPECT_EQ(rank(12, 0, 1), std::nullopt);
    EXPECT_EQ(rank(11, 6, 1), ErrorCode::shape);
    EXPECT_EQ(rank(6, 6, 1), ErrorCode::shape);
    EXPECT_EQ(rank(12, 7, 1), ErrorCode::shape);
    EXPECT_EQ(rank(12, 6, 2), ErrorCode::invalid_argument);
}

TEST(ScorerDoor, RanksTheBestOfAllWhereFewerPlacesAreGiven) {
    const Scorer scorer(model(), kernel::best());
    Scorer::Workspace workspace;
    const std::vector<Event> items = items_of_the_shop(40);
    std::vector<float> p(items.size() * 2);
    std::vector<std::uint32_t> all(items.size());
    scorer.rank(*model().history, shown(), items, 1, all, p, workspace);
    bool differs = false;
    for (std::size_t k = 0; k <= items.size(); ++k) {
        std::vector<std::uint32_t> best(k);
        scorer.rank(*model().history, shown(), items, 1, best, p, workspace);
        EXPECT_EQ(best, std::vector(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(k)));
        differs |= k == 3 && best != std::vector<std::uint32_t>{0, 1, 2};
    }
    EXPECT_TRUE(differs) << "a log on which the first three are not the best three";
}

TEST(ScorerDoor, RefusesAHistoryOfOtherOptions) {
    const Scorer scorer(model(), kernel::best());
    Scorer::Workspace workspace;
    std::vector<float> p(2);
    const auto score = [&](const history::History& history) {
        return code_of([&] { scorer.score(history, shown(), p, workspace); });
    };
    EXPECT_EQ(score(*model().history), std::nullopt);
    EXPECT_EQ(score(history::History(model().history->options())), std::nullopt);
    EXPECT_EQ(score(*wider_model().history), ErrorCode::schema);
    history::HistoryOptions options = model().history->options();
    options.half_life *= 2;  // as many features, with other values
    const history::History slower(options);
    EXPECT_EQ(score(slower), ErrorCode::schema);
    EXPECT_FALSE(scorer.fits(slower));
    history::History replay(options);
    EXPECT_EQ(code_of([&] { (void)score_candidates(shop_log(), replay, {}, scorer); }), ErrorCode::schema);
    EXPECT_EQ(code_of([&] { (void)score_log(shop_log(), replay, {}, scorer); }), ErrorCode::schema);

    const support::TemporaryFolder folder;
    const std::string state = folder.path("state");
    persist::save_state(state, *model().history);
    EXPECT_EQ(persist::load_matching_state(state, model()).watermark(), model().history->watermark());
    EXPECT_EQ(code_of([&] { (void)persist::load_matching_state(state, wider_model()); }), ErrorCode::schema);
}

TEST(ScorerDoor, TakesTheWorkspaceOfAnotherScorer) {
    const Scorer narrow(model(), kernel::best()), wide(wider_model(), kernel::best());
    const std::vector<Event> items = items_of_the_shop(40);
    const auto rank = [&](const Scorer& scorer, const Bundle& bundle, std::size_t n, Scorer::Workspace& w) {
        std::vector<float> p(n * scorer.targets());
        scorer.score_items(*bundle.history, shown(), std::span(items).first(n), p, w);
        return p;
    };
    Scorer::Workspace shared;
    for (const std::size_t n : {40U, 3U, 1U, 17U, 40U}) {
        Scorer::Workspace own, own_wide;
        EXPECT_EQ(rank(narrow, model(), n, shared), rank(narrow, model(), n, own)) << n;
        EXPECT_EQ(rank(wide, wider_model(), n, shared), rank(wide, wider_model(), n, own_wide)) << n;
    }
}

TEST(PredictorDoor, RefusesRowsThatDoNotFit) {
    const model::Predictor predictor(model(), kernel::best());
    model::Predictor::Workspace workspace;
    const std::size_t d = predictor.encoder().numeric_features().size(),
                      c = predictor.encoder().categorical_features().size(), D = predictor.dense_size(),
                      E = predictor.ids_size();
    const auto predict = [&](std::size_t numbers, std::size_t texts, std::size_t room) {
        const std::vector<float> numeric(numbers);
        const std::vector<std::string_view> categorical(texts);
        std::vector<float> p(room);
        return code_of([&] { predictor.predict(numeric, categorical, p, workspace); });
    };
    EXPECT_EQ(predict(2 * d, 2 * c, 4), std::nullopt);
    EXPECT_EQ(predict(2 * d, 2 * c, 3), ErrorCode::shape);
    EXPECT_EQ(predict(2 * d - 1, 2 * c, 4), ErrorCode::shape);
    EXPECT_EQ(predict(2 * d, 2 * c + 1, 4), ErrorCode::shape);
    EXPECT_EQ(predict(0, 0, 4), ErrorCode::shape);
    const auto encoded = [&](std::size_t numbers, std::size_t ids, std::uint32_t id) {
        const std::vector<float> dense(numbers);
        const std::vector<std::uint32_t> codes(ids, id);
        std::vector<float> p(4);
        return code_of([&] { predictor.predict_encoded(dense, codes, p, workspace); });
    };
    EXPECT_EQ(encoded(2 * D, 2 * E, 0), std::nullopt);
    EXPECT_EQ(encoded(2 * D + 1, 2 * E, 0), ErrorCode::shape);
    EXPECT_EQ(encoded(2 * D, 2 * E + 1, 0), ErrorCode::shape);
    ASSERT_GT(E, 0U);
    EXPECT_EQ(encoded(2 * D, 2 * E, 1'000'000), ErrorCode::shape);
}

TEST(RecalibrateDoor, RefusesColumnsOfDifferentLengths) {
    using Scores = std::vector<std::vector<float>>;
    using Labels = std::vector<std::vector<std::uint8_t>>;
    const auto recalibrate = [&](const Scores& scores, const Labels& labels, std::size_t weights) {
        Bundle bundle = model();
        const std::vector<float> weight(weights, 1.0F);
        return code_of([&] { (void)train::recalibrate(bundle, scores, labels, weight, kernel::best()); });
    };
    const std::vector<float> p(100, 0.1F), shorter(99, 0.1F);
    const std::vector<std::uint8_t> y(100, 1), short_y(99, 1);
    EXPECT_EQ(recalibrate({p, p}, {y, y}, 100), ErrorCode::schema) << "fits, but holds no negatives";
    EXPECT_EQ(recalibrate({p, p}, {y, y}, 0), ErrorCode::schema);
    EXPECT_EQ(recalibrate({}, {}, 0), ErrorCode::shape);
    EXPECT_EQ(recalibrate({p}, {y}, 100), ErrorCode::shape);
    EXPECT_EQ(recalibrate({p, shorter}, {y, y}, 100), ErrorCode::shape);
    EXPECT_EQ(recalibrate({p, p}, {y, short_y}, 100), ErrorCode::shape);
    EXPECT_EQ(recalibrate({p, p}, {y, y}, 99), ErrorCode::shape);
}

TEST(ColumnsNeeded, AreReadOrTheReplayIsRefused) {
    const events::NeededColumns needed = model::columns_needed(model());
    ASSERT_FALSE(needed.text.empty());
    ASSERT_FALSE(needed.numbers.empty());
    const Scorer scorer(model(), kernel::best());
    const auto replay = [&](const EventLog& log) {
        history::History history(model().history->options());
        return code_of([&] { (void)score_candidates(log, history, {}, scorer); });
    };
    EXPECT_EQ(replay(shop_log()), std::nullopt);
    std::size_t refused = 0;
    for (const std::string& name : needed.text) {
        EventLog log = shop_log();
        std::erase_if(log.text_columns, [&](const auto& column) { return column.name == name; });
        EXPECT_EQ(replay(log), ErrorCode::schema) << name;
        log.add_text_column(name);
        EXPECT_EQ(replay(log), std::nullopt) << name << ": known to have no values";
        ++refused;
    }
    for (const std::string& name : needed.numbers) {
        EventLog log = shop_log();
        std::erase_if(log.number_columns, [&](const auto& column) { return column.name == name; });
        EXPECT_EQ(replay(log), ErrorCode::schema) << name;
        ++refused;
    }
    EXPECT_EQ(refused, needed.text.size() + needed.numbers.size());

    const support::TemporaryFolder folder;
    const std::string header = "event_time,user_id,event_type,item_id,category,brand,list,position,price\n",
                      row = "2024-01-01T00:00:00Z,u,impression,i,c,b,l,3,9.5\n";
    const std::vector full{folder.write("full.csv", header + row)},
        lacking{folder.write("lacking.csv",
                             "event_time,user_id,event_type,item_id\n"
                             "2024-01-01T00:00:00Z,u,impression,i\n")};
    const ingest::ReadOptions reading = ingest::reading_for(needed);
    EXPECT_EQ(replay(ingest::read_log(full, reading).log), std::nullopt);
    EXPECT_EQ(code_of([&] { (void)ingest::read_log(lacking, reading); }), ErrorCode::schema);
    EXPECT_EQ(replay(ingest::read_log(full, {}).log), ErrorCode::schema) << "read without them";
}

}  // namespace
}  // namespace funnel::score
