// SPDX-License-Identifier: MIT
// Models that are replaced while the service runs, and its end.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <set>

#include "serve/served_shop.hpp"

namespace funnel::serve_test {
namespace {

const std::string kAsked = R"({"user_id":"u","event_time":1700000000,"items":["a"]})";

/// A file in the place of another, as funnel-train writes it.
void replace(const support::TemporaryFolder& folder, const std::string& bytes) {
    folder.write("new", bytes);
    std::filesystem::rename(folder.path("new"), folder.path("m.funnel"));
}

std::string model_of(const Served& served) {
    return served.post("/v1/rank", kAsked).as_json().at("model");
}

TEST(ServeModels, AreReplacedAtASignalWhileRequestsRun) {
    const support::TemporaryFolder folder;
    const std::string one = support::read_file(shop().model), two = support::read_file(shop().other);
    replace(folder, one);
    Served served({"-m", folder.path("m.funnel"), "--threads", "2"});
    const std::string first = model_of(served);
    const json scores_of_first = served.post("/v1/rank", kAsked).as_json().at("items");
    std::atomic<bool> end{false};
    std::atomic<int> asked{0}, wrong{0};
    std::set<std::pair<std::string, std::string>> seen;  // of model and scores
    std::thread client([&] {
        Socket socket(served.port());
        while (!end) {
            socket.send(request("POST", "/v1/rank", kAsked));
            const Answer answer = socket.receive();
            ++asked;
            if (answer.status != 200) {
                ++wrong;
            } else {
                seen.emplace(answer.as_json().at("model"), answer.as_json().at("items").dump());
            }
        }
    });
    for (int i = 0; i < 10; ++i) {
        replace(folder, i % 2 == 0 ? two : one);
        const double before = served.figure("funnel_model_swaps_total");
        served.kill(SIGHUP);
        for (int k = 0; k < 500 && served.figure("funnel_model_swaps_total") == before; ++k)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        EXPECT_EQ(served.figure("funnel_model_swaps_total"), i + 1);
        EXPECT_EQ(model_of(served) == first, i % 2 == 1) << i;
    }
    end = true;
    client.join();
    EXPECT_GT(asked, 10);
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(seen.size(), 2u) << "every answer is of the model that it names";
    EXPECT_EQ(served.post("/v1/rank", kAsked).as_json().at("items"), scores_of_first);
    served.kill(SIGHUP);  // the same file again is no new model
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_EQ(served.figure("funnel_model_swaps_total"), 10);
    EXPECT_EQ(served.end().code, 0);
}

TEST(ServeModels, ThatAreDamagedLeaveTheOldOneAndTheLogSaysSo) {
    const support::TemporaryFolder folder;
    const std::string one = support::read_file(shop().model), two = support::read_file(shop().other);
    replace(folder, one);
    Served served({"-m", folder.path("m.funnel"), "--watch"});
    const std::string first = model_of(served);
    int said = 0;
    const auto complaints = [&] {
        const std::string log = served.log();
        int count = 0;
        for (std::size_t at = log.find("the old model stays in use"); at != std::string::npos;
             at = log.find("the old model stays in use", at + 1))
            ++count;
        return count;
    };
    std::string flipped = two;
    flipped[two.size() / 2] = static_cast<char>(flipped[two.size() / 2] ^ 1);
    for (const std::string& bad :
         {two.substr(0, two.size() / 2), std::string(), std::string("no model"), flipped}) {
        replace(folder, bad);
        ++said;
        for (int k = 0; k < 500 && complaints() < said; ++k)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        EXPECT_EQ(complaints(), said) << served.log();
        EXPECT_EQ(model_of(served), first);
        EXPECT_EQ(served.get("/readyz").status, 200);
    }
    std::filesystem::remove(folder.path("m.funnel"));
    for (int k = 0; k < 500 && complaints() == said; ++k)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(complaints(), said + 1);
    EXPECT_EQ(model_of(served), first);
    replace(folder, two);
    served.wait_for("is in use");
    EXPECT_NE(model_of(served), first);
    EXPECT_EQ(served.end().code, 0);
}

TEST(ServeModels, ThatCountOtherwiseBringTheirOwnHistory) {
    const support::TemporaryFolder folder;
    const std::string data = folder.path("data");
    replace(folder, support::read_file(shop().model));
    {
        Served served({"-m", folder.path("m.funnel"), "--data", data});
        ASSERT_EQ(served.post("/v1/events", happened(now_micros(), "click", "u", "i", "e1").dump()).status,
                  200);
        replace(folder, support::read_file(shop().stranger));
        served.kill(SIGHUP);
        served.wait_for("goes on from the history inside it");
        EXPECT_EQ(served.post("/v1/events", happened(now_micros(), "click", "u", "i", "e2").dump()).status,
                  200);
        EXPECT_EQ(served.end().code, 0);
    }
    replace(folder, support::read_file(shop().model));
    Served served({"-m", folder.path("m.funnel"), "--data", data});
    EXPECT_NE(served.log().find("goes on from the history inside the model"), std::string::npos)
        << served.log();
    EXPECT_EQ(served.end().code, 0);
}

TEST(ServeModels, ThatCannotBeUsedAtTheStartEndIt) {
    const support::TemporaryFolder folder;
    const auto start = [&](const std::string& model) {
        return support::run_process({FUNNEL_TRAIN, "serve", "-m", model, "--listen", "127.0.0.1:0"});
    };
    EXPECT_EQ(start(folder.path("none")).code, 5);
    EXPECT_EQ(start(folder.write("text", "no model")).code, 6);
    EXPECT_EQ(start(folder.path()).code, 5);
    EXPECT_EQ(support::run_process({FUNNEL_TRAIN, "serve"}).code, 2);
}

TEST(ServeEnd, AnswersWhatHasBegunAndKeepsIt) {
    const support::TemporaryFolder folder;
    const std::string data = folder.path("data");
    for (const int signal : {SIGTERM, SIGINT}) {
        Served served({"-m", shop().model, "--data", data});
        const std::string id = "e" + std::to_string(signal),
                          body = happened(now_micros(), "click", "u", "i", id).dump();
        const std::string all = request("POST", "/v1/events", body);
        Socket begun(served.port()), idle(served.port());
        begun.send(all.substr(0, all.size() - 10));
        ASSERT_EQ(served.get("/healthz").status, 200);
        served.kill(signal);
        served.wait_for("ending");
        EXPECT_TRUE(idle.ends());
        begun.send(all.substr(all.size() - 10));
        const Answer answer = begun.receive();
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.as_json().at("accepted"), 1);
        EXPECT_TRUE(answer.has("Connection: close")) << answer.head;
        const support::ProcessResult result = served.end(0);
        EXPECT_EQ(result.code, 0) << result.err;
        Served again({"-m", shop().model, "--data", data});
        EXPECT_EQ(again.post("/v1/events", body).as_json().at("duplicates"), 1);
        EXPECT_EQ(again.end(SIGTERM).code, 0);
    }
}

}  // namespace
}  // namespace funnel::serve_test
