// SPDX-License-Identifier: MIT
// Events that are posted, and rankings that follow from them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <span>
#include <thread>

#include "funnel/recommender.hpp"
#include "serve/served_shop.hpp"

namespace funnel::serve_test {
namespace {

TEST(ServeEvents, ComeAsObjectArrayOrLines) {
    Served served({"-m", shop().model});
    const std::int64_t now = now_micros();
    const json one = happened(now, "click", "u1", "i1");
    const auto accepted = [&](const std::string& body) {
        const Answer answer = served.post("/v1/events", body);
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.as_json().at("accepted").get<int>();
    };
    EXPECT_EQ(accepted(one.dump()), 1);
    EXPECT_EQ(accepted(one.dump(2)), 1);
    EXPECT_EQ(accepted(json::array({one, one, one}).dump(1)), 3);
    EXPECT_EQ(accepted(one.dump() + "\n" + one.dump() + "\r\n\n" + one.dump(4) + "\n"), 3);
    EXPECT_EQ(accepted("[]"), 0);
    EXPECT_EQ(
        accepted(
            R"({"event_type":"click","user_id":17,"item_id":"i\u0031","event_time":null,"other":{"a":[1]}})"),
        1);
    EXPECT_EQ(served.figure("funnel_events_accepted_total"), 9);
    EXPECT_EQ(served.end().code, 0);
}

TEST(ServeEvents, TimesAreTakenInEveryUnitAndWithoutOneItIsNow) {
    Served served({"-m", shop().model});
    const std::int64_t now = now_micros();
    for (const json& time :
         std::vector<json>{now, now / 1000, now / 1'000'000, std::to_string(now), "2024-01-01", nullptr}) {
        json event = happened(now, "click", "u1", "i1");
        event["event_time"] = time;
        const json answer = served.post("/v1/events", event.dump()).as_json();
        EXPECT_EQ(answer.at("accepted").get<int>() + answer.at("late").get<int>(), 1) << time << answer;
        EXPECT_EQ(answer.at("late"), time == "2024-01-01" ? 1 : 0) << "the model's history is of later days";
    }
    EXPECT_EQ(served.end().code, 0);
}

TEST(ServeEvents, ThatCannotBeTakenAreRefusedByNumberAndTheOthersAccepted) {
    Served served({"-m", shop().model});
    const std::int64_t now = now_micros();
    json events = json::array();
    for (int i = 0; i < 14; ++i)
        events.push_back(happened(now, "click", "u1", "i" + std::to_string(i)));
    events[1].erase("user_id");
    events[2]["event_type"] = "no such thing";
    events[3]["event_time"] = now + 3'600'000'000;
    events[4]["event_time"] = "yesterday";
    events[5]["user_id"] = std::string(257, 'u');
    events[6]["price"] = "cheap";
    events[7]["user_id"] = {"u1"};
    events[8]["event_time"] = 1.5;
    events[9].erase("event_type");
    events[10]["event_id"] = std::string(300, 'e');
    const json answer = served.post("/v1/events", events.dump()).as_json();
    EXPECT_EQ(answer.at("accepted"), 4) << answer;
    const std::vector<std::pair<int, std::string>> expected = {
        {1, "user_id"}, {2, "event_type"}, {3, "event_time"}, {4, "event_time"}, {5, "user_id"},
        {6, "price"},   {7, "user_id"},    {8, "event_time"}, {9, "event_type"}, {10, "event_id"}};
    ASSERT_EQ(answer.at("refused").size(), expected.size()) << answer;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(answer["refused"][i].at("index"), expected[i].first);
        EXPECT_TRUE(answer["refused"][i].at("reason").get<std::string>().starts_with(expected[i].second +
                                                                                     ": expected"))
            << answer["refused"][i];
    }
    EXPECT_EQ(served.post("/v1/events", "[1]").status, 400);
    EXPECT_EQ(served.end().code, 0);
}

TEST(ServeEvents, WithTheSameIdCountOnce) {
    Served served({"-m", shop().model});
    const json event = happened(now_micros(), "click", "u1", "i1", "once");
    std::vector<int> accepted(8), duplicates(8);
    {
        std::vector<std::thread> posters;
        for (std::size_t k = 0; k < accepted.size(); ++k) {
            posters.emplace_back([&, k] {
                const json answer = served.post("/v1/events", json::array({event, event}).dump()).as_json();
                accepted[k] = answer.at("accepted").get<int>();
                duplicates[k] = answer.at("duplicates").get<int>();
            });
        }
        for (std::thread& poster : posters)
            poster.join();
    }
    EXPECT_EQ(std::accumulate(accepted.begin(), accepted.end(), 0), 1);
    EXPECT_EQ(std::accumulate(duplicates.begin(), duplicates.end(), 0), 15);
    {  // a client that did not wait for its answer, and posts again
        Socket impatient(served.port());
        const json other = happened(now_micros(), "click", "u1", "i1", "twice");
        impatient.send(request("POST", "/v1/events", other.dump()));
        const json again = served.post("/v1/events", other.dump()).as_json();
        EXPECT_EQ(impatient.receive().as_json().at("accepted").get<int>() + again.at("accepted").get<int>(),
                  1);
    }
    EXPECT_EQ(served.figure("funnel_events_accepted_total"), 2);
    EXPECT_EQ(served.end().code, 0);
}

TEST(ServeRank, AnswersAreThoseOfTheRecommenderDigitForDigit) {
    Served served({"-m", shop().model, "--threads", "2"});
    Recommender direct = Recommender::load(shop().model);
    const std::int64_t start = now_micros() - 20'000'000;
    const std::vector<std::string> kinds = {"impression", "click", "cart_add", "purchase", "view"};
    json events = json::array();
    for (int i = 0; i < 600; ++i) {
        json event = happened(start + i * 10'000, kinds[static_cast<std::size_t>(i * i % 5)],
                              shop().users[static_cast<std::size_t>(i * 7 % 40)],
                              shop().items[static_cast<std::size_t>(i * 11) % shop().items.size()]);
        if (i % 3 == 0) event["session_id"] = "visit " + std::to_string(i / 50);
        if (i % 4 == 0) event["price"] = 1.5 + i;
        if (i % 5 == 0) event["category"] = "category " + std::to_string(i % 7);
        if (i % 6 == 0) event["position"] = i % 9 + 1;
        events.push_back(event);
        const auto text = [&](const char* name) -> std::string_view {
            return event.contains(name) ? event[name].get_ref<const std::string&>() : std::string_view();
        };
        ASSERT_EQ(direct.observe({.time = event["event_time"].get<std::int64_t>(),
                                  .kind = text("event_type"),
                                  .user = text("user_id"),
                                  .item = text("item_id"),
                                  .session = text("session_id"),
                                  .category = text("category"),
                                  .position = event.value("position", Recommender::kMissing),
                                  .price = event.value("price", Recommender::kMissing)},
                                 start),
                  Recommender::Taken::yes);
    }
    ASSERT_EQ(served.post("/v1/events", events.dump()).as_json().at("accepted"), 600);
    const std::int64_t now = start + 19'000'000;
    direct.flush(now);
    (void)served.post("/v1/rank", R"({"items":["a"]})");  // time goes on with every request
    for (int i = 0; i < 500 && served.figure("funnel_events_in_use_total") < 600; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_EQ(served.figure("funnel_events_in_use_total"), 600);
    std::vector<Recommender::Item> items;
    json asked = json::array();
    for (std::size_t i = 0; i < 100; ++i) {
        items.push_back({.id = shop().items[i % shop().items.size()]});
        json item = items.back().id;
        if (i % 3 == 1) {
            items.back().price = 0.1 * static_cast<double>(i);
            items.back().category = "category 3";
            item = {{"item_id", items.back().id}, {"price", items.back().price}, {"category", "category 3"}};
        }
        asked.push_back(item);
    }
    Recommender::Scratch scratch;
    std::size_t compared = 0;
    std::set<std::string> known, unknown;
    for (const std::string& user :
         {shop().users[0], shop().users[7], shop().users[90], std::string("nobody"), std::string()}) {
        for (const std::string& target : direct.targets()) {
            const json body{{"user_id", user},  {"event_time", now}, {"list", "search"},
                            {"target", target}, {"top", 60},         {"items", asked}};
            const Answer answer = served.post("/v1/rank", body.dump());
            ASSERT_EQ(answer.status, 200) << answer.body;
            const json told = answer.as_json();
            ASSERT_EQ(direct.top({.now = now, .user = user, .list = "search"}, items, target, 60, scratch),
                      Recommender::Ranked::yes);
            EXPECT_EQ(told.at("known_user"), scratch.known_user());
            (told["known_user"] ? known : unknown).insert(user);
            EXPECT_EQ(told.at("model").get<std::string>().size(), 32u);
            ASSERT_EQ(told.at("items").size(), 60u);
            json scored_body = body;
            scored_body.erase("target");
            scored_body.erase("top");
            const json scored = served.post("/v1/score", scored_body.dump()).as_json();
            ASSERT_EQ(scored.at("items").size(), 100u);
            for (std::size_t place = 0; place < 60; ++place) {
                const std::size_t i = scratch.order()[place];
                EXPECT_EQ(told["items"][place].at("item_id"), items[i].id);
                EXPECT_EQ(scored["items"][i].at("item_id"), items[i].id);
                EXPECT_EQ(scored["items"][i].at("p"), told["items"][place].at("p"));
                for (std::size_t k = 0; k < scratch.target_names().size(); ++k) {
                    const float p = told["items"][place]["p"].at(scratch.target_names()[k]).get<float>();
                    EXPECT_EQ(p, scratch.all_scores()[i * scratch.target_names().size() + k])
                        << user << place;
                    ++compared;
                }
            }
        }
    }
    EXPECT_TRUE(known.contains(shop().users[0])) << "who came in several visits";
    EXPECT_TRUE(unknown.contains("nobody") && unknown.contains(""));
    EXPECT_EQ(compared, 5u * 2 * 60 * 2);
    EXPECT_EQ(served.end().code, 0);
}

TEST(ServeRank, SaysWhyIfAsked) {
    Served served({"-m", shop().model});
    const json body = {{"user_id", shop().users[0]},
                       {"items", {shop().items[0], shop().items[1], shop().items[2]}}};
    // All reasons add up to the logit less that of the mean row, which is the same for all items.
    const json all = served.post("/v1/score?reasons=100", body.dump()).as_json().at("items");
    ASSERT_EQ(all.size(), 3u);
    std::vector<double> left_over;
    for (const json& item : all) {
        const double p = item.at("p").at("purchase").get<double>();
        double rest = std::log(p / (1 - p));
        for (const json& reason : item.at("reasons"))
            rest -= reason.at("contribution").get<double>();
        left_over.push_back(rest);
        ASSERT_GT(item.at("reasons").size(), 3u);
        EXPECT_TRUE(item["reasons"][0].at("input").is_string());
        EXPECT_TRUE(item["reasons"][0].contains("value"));
    }
    EXPECT_NEAR(left_over[0], left_over[1], 1e-3);
    EXPECT_NEAR(left_over[0], left_over[2], 1e-3);
    const json ranked = served.post("/v1/rank?reasons=2", body.dump()).as_json().at("items");
    for (const json& item : ranked) {
        EXPECT_EQ(item.at("reasons").size(), 2u);
        const auto same =
            std::ranges::find(all, item.at("item_id"), [](const json& i) { return i.at("item_id"); });
        ASSERT_NE(same, all.end());
        // A moment later: the contributions may differ in their last digits.
        EXPECT_EQ(item["reasons"][0].at("input"), same->at("reasons").at(0).at("input"));
    }
    EXPECT_FALSE(served.post("/v1/rank", body.dump()).as_json().at("items").at(0).contains("reasons"));
    for (const std::string query :
         {"?reasons=0", "?reasons=101", "?reasons=x", "?reasons=", "?why=1", "?reasons=1&x=2", "?"})
        EXPECT_EQ(served.post("/v1/rank" + query, body.dump()).status, 400) << query;
    EXPECT_EQ(served.post("/v1/events?reasons=1", "{}").status, 400);
    const json many = {{"items", std::vector<int>(101, 1)}};
    EXPECT_NE(served.post("/v1/rank?reasons=1", many.dump()).body.find("at most 100 items with reasons"),
              std::string::npos);
    const json some = {{"items", std::vector<int>(101, 1)}, {"top", 100}};
    EXPECT_EQ(served.post("/v1/rank?reasons=1", some.dump()).status, 200);
    EXPECT_EQ(served.end().code, 0);
}

TEST(ServeRank, SaysWhatIsWrongWithARequest) {
    Served served({"-m", shop().model});
    const auto detail = [&](const std::string& path, const json& body) {
        const Answer answer = served.post(path, body.dump());
        EXPECT_EQ(answer.status, 400) << body;
        return answer.as_json().at("detail").get<std::string>();
    };
    EXPECT_NE(detail("/v1/rank", {{"user_id", "u"}}).find("items: expected an array"), std::string::npos);
    EXPECT_NE(detail("/v1/rank", {{"items", json::array()}}).find("items: expected 1 to 10000"),
              std::string::npos);
    EXPECT_NE(detail("/v1/rank", {{"items", std::vector<int>(10'001, 1)}}).find("got 10001"),
              std::string::npos);
    EXPECT_NE(detail("/v1/rank", {{"items", {"a", json::object()}}}).find("as number 1"), std::string::npos);
    EXPECT_NE(detail("/v1/rank", {{"items", {"a"}}, {"target", "sale"}})
                  .find("target: expected one of click, purchase"),
              std::string::npos);
    EXPECT_NE(detail("/v1/rank", {{"items", {"a"}}, {"top", 0}}).find("top: expected"), std::string::npos);
    EXPECT_NE(detail("/v1/rank", {{"items", {"a"}}, {"weather", "fair"}}).find("weather"), std::string::npos);
    EXPECT_NE(
        detail("/v1/rank", {{"items", {"a"}}, {"event_time", now_micros() + 3'600'000'000}}).find("60 s"),
        std::string::npos);
    EXPECT_NE(detail("/v1/rank", json::array({1})).find("one JSON object"), std::string::npos);
    EXPECT_EQ(served.post("/v1/rank", R"({"items":["a","b"],"top":1})").as_json().at("items").size(), 1u);
    // Ids come back as they were, whatever is in them.
    const json odd = {
        "7", "007", "a\"b\\c", "tab\tnew\nline", "\x01", "ü", "\u2028", std::string(1000, 'x'), "=1+1"};
    const json scored = served.post("/v1/score", json{{"items", odd}}.dump()).as_json();
    ASSERT_EQ(scored.at("items").size(), odd.size());
    for (std::size_t i = 0; i < odd.size(); ++i)
        EXPECT_EQ(scored["items"][i].at("item_id"), odd[i]);
    EXPECT_EQ(served.end().code, 0);
}

}  // namespace
}  // namespace funnel::serve_test
