// SPDX-License-Identifier: MIT
// What was answered with 2xx is there after whatever happens to the service.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>

#include "funnel/base/random.hpp"
#include "serve/served_shop.hpp"
#include "support/effort.hpp"

namespace funnel::serve_test {
namespace {

/// How many of these event ids a service takes: none that it knows.
std::size_t taken_of(const Served& served, const std::vector<std::string>& ids) {
    json events = json::array();
    for (const std::string& id : ids)
        events.push_back(happened(now_micros(), "click", "probe", "i", id));
    return served.post("/v1/events", events.dump()).as_json().at("accepted").get<std::size_t>();
}

std::string posted(const std::vector<std::string>& ids, const std::string& user) {
    std::string body;
    for (const std::string& id : ids)
        body += happened(now_micros(), "click", user, "i", id).dump() + "\n";
    return body;
}

std::uintmax_t bytes_in(const std::string& folder) {
    std::uintmax_t sum = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        sum += entry.is_regular_file() ? entry.file_size() : 0;
    return sum;
}

TEST(ServeKept, NoAnsweredEventIsLostHoweverOftenTheServiceIsKilled) {
    const support::TemporaryFolder folder;
    const std::string data = folder.path("data");
    Rng random(5);
    std::set<std::string> answered, sent;
    int number = 0;
    const int kills = support::effort(20, 200);
    for (int k = 0; k < kills; ++k) {
        // A small journal: many of the kills come while a snapshot is made.
        Served served({"-m", shop().model, "--data", data, "--max-journal", "8KiB", "--threads", "2"});
        std::atomic<bool> end{false};
        std::vector<std::vector<std::string>> done(3), tried(3);
        std::vector<std::thread> posters;
        for (std::size_t p = 0; p < done.size(); ++p) {
            posters.emplace_back([&, p, first = number + static_cast<int>(p) * 1'000'000] {
                for (int i = first; !end; i += 5) {
                    std::vector<std::string> ids;
                    for (int j = 0; j < 5; ++j)
                        ids.push_back("e" + std::to_string(k) + "-" + std::to_string(i + j));
                    tried[p].insert(tried[p].end(), ids.begin(), ids.end());
                    try {
                        const Answer answer = served.post("/v1/events", posted(ids, "u" + std::to_string(p)));
                        if (answer.status == 200 && answer.as_json().at("accepted") == 5)
                            done[p].insert(done[p].end(), ids.begin(), ids.end());
                    } catch (const std::exception&) {
                        return;  // it is gone
                    }
                }
            });
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20 + random.below(150)));
        served.kill(SIGKILL);
        end = true;
        for (std::thread& poster : posters)
            poster.join();
        for (const auto& ids : done)
            answered.insert(ids.begin(), ids.end());
        for (const auto& ids : tried)
            sent.insert(ids.begin(), ids.end());
        (void)served.end(SIGKILL);
    }
    ASSERT_GT(answered.size(), static_cast<std::size_t>(kills));
    Served served({"-m", shop().model, "--data", data});
    EXPECT_EQ(served.log().find("were not taken again"), std::string::npos) << served.log();
    // Every answered one is known, none of them is taken twice; of those without an answer some may be.
    EXPECT_EQ(taken_of(served, {answered.begin(), answered.end()}), 0u) << "of " << answered.size();
    EXPECT_EQ(taken_of(served, {"new"}), 1u);
    EXPECT_EQ(served.end().code, 0);
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(data))
        files += entry.is_regular_file();
    EXPECT_EQ(files, 3u) << "lock, snapshot and journal: nothing piles up";
}

TEST(ServeKept, EventsComeIntoUseOnceAfterARestart) {
    const support::TemporaryFolder folder;
    const std::string data = folder.path("data");
    const std::int64_t time = now_micros();
    const json rank{{"user_id", "u"}, {"event_time", time + 1'000}, {"items", shop().items}};
    json before;
    // Every request brings some of the events into use that are a second old.
    const auto settled = [&](const Served& served) {
        for (int i = 0; i < 1000 && served.figure("funnel_events_waiting") > 0; ++i) {
            (void)served.post("/v1/rank", R"({"items":["a"]})");
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        EXPECT_EQ(served.figure("funnel_events_waiting"), 0);
        return served.post("/v1/rank", rank.dump()).as_json().at("items");
    };
    {
        Served served({"-m", shop().model, "--data", data});
        // Without ids, so that nothing but the journal keeps them apart.
        std::string body;
        for (int i = 0; i < 300; ++i)
            body += happened(time + i, "click", "u", shop().items[static_cast<std::size_t>(i % 20)]).dump() +
                    "\n";
        ASSERT_EQ(served.post("/v1/events", body).as_json().at("accepted"), 300);
        EXPECT_GT(served.figure("funnel_events_waiting"), 0);
        before = settled(served);
        (void)served.end(SIGKILL);
    }
    {
        Served served({"-m", shop().model, "--data", data});
        EXPECT_NE(served.log().find("300 events read from the journal"), std::string::npos) << served.log();
        EXPECT_EQ(settled(served), before) << "journal";
        EXPECT_EQ(served.end().code, 0);  // a snapshot
    }
    Served served({"-m", shop().model, "--data", data});
    EXPECT_EQ(served.log().find("from the journal"), std::string::npos) << served.log();
    EXPECT_EQ(settled(served), before) << "snapshot";
    EXPECT_EQ(served.end().code, 0);
}

TEST(ServeKept, SnapshotsBoundTheDisk) {
    const support::TemporaryFolder folder;
    const std::string data = folder.path("data");
    Served served({"-m", shop().model, "--data", data, "--max-journal", "64KiB"});
    Socket socket(served.port());
    std::uintmax_t most = 0;
    for (int i = 0; i < 300; ++i) {
        std::string body;
        for (int k = 0; k < 50; ++k)
            body += happened(now_micros(), "click", "u" + std::to_string(k), "i" + std::to_string(k)).dump() +
                    "\n";
        ASSERT_TRUE(socket.send(request("POST", "/v1/events", body)));
        ASSERT_EQ(socket.receive().status, 200);
        if (i % 20 == 0) most = std::max(most, bytes_in(data));
    }
    EXPECT_GT(served.figure("funnel_snapshots_total"), 2);
    EXPECT_EQ(served.figure("funnel_failed_snapshots_total"), 0);
    EXPECT_EQ(served.end().code, 0);
    EXPECT_LT(most, 4u << 20) << "15,000 events of some 70 bytes, and two snapshots";
    int journals = 0, snapshots = 0, others = 0;
    for (const auto& entry : std::filesystem::directory_iterator(data)) {
        const std::string name = entry.path().filename();
        (name.starts_with("journal-") ? journals : name.starts_with("snapshot-") ? snapshots : others) += 1;
    }
    EXPECT_EQ(snapshots, 1);
    EXPECT_EQ(journals, 1) << "an empty one, behind the last snapshot";
    EXPECT_EQ(others, 1) << "the lock";
}

TEST(ServeKept, ATornEndIsCutWithAWarning) {
    const support::TemporaryFolder folder;
    const std::string data = folder.path("data");
    {
        Served served({"-m", shop().model, "--data", data});
        for (int i = 0; i < 10; ++i)
            ASSERT_EQ(served.post("/v1/events", posted({"e" + std::to_string(i)}, "u")).status, 200);
        (void)served.end(SIGKILL);
    }
    const std::string journal = data + "/journal-0000000001.log", whole = support::read_file(journal);
    ASSERT_GT(whole.size(), 400u);
    const std::size_t record = (whole.size() - 8) / 10;
    std::size_t cuts = 0;
    for (const std::size_t size : {whole.size() - 1, whole.size() - record + 1, std::size_t{8} + record / 2,
                                   std::size_t{8}, std::size_t{5}, std::size_t{0}}) {
        std::filesystem::remove_all(data);
        std::filesystem::create_directory(data);
        std::ofstream(journal, std::ios::binary) << whole.substr(0, size);
        Served served({"-m", shop().model, "--data", data});
        const std::size_t left = size < 8 ? 0 : (size - 8) / record;
        const bool torn = size > 8 && (size - 8) % record != 0;
        EXPECT_EQ(served.log().find("no whole record") != std::string::npos, torn) << size << served.log();
        std::vector<std::string> ids;
        for (int i = 0; i < 10; ++i)
            ids.push_back("e" + std::to_string(i));
        EXPECT_EQ(taken_of(served, ids), 10 - left) << size;
        (void)served.end(SIGKILL);
        Served again({"-m", shop().model, "--data", data});  // what came after the torn end is there as well
        EXPECT_EQ(taken_of(again, ids), 0u) << size;
        EXPECT_EQ(again.end().code, 0);
        ++cuts;
    }
    EXPECT_EQ(cuts, 6u);
    for (std::size_t at = 8; at < whole.size(); at += 37) {  // a flipped bit never becomes another event
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 4);
        std::filesystem::remove_all(data);
        std::filesystem::create_directory(data);
        std::ofstream(journal, std::ios::binary) << damaged;
        Served served({"-m", shop().model, "--data", data});
        EXPECT_NE(served.log().find("no whole record"), std::string::npos) << at;
        (void)served.end(SIGKILL);
    }
    std::filesystem::remove_all(data);
    std::filesystem::create_directory(data);
    std::ofstream(journal, std::ios::binary) << "something else altogether";
    const support::ProcessResult result = support::run_process(
        {FUNNEL_TRAIN, "serve", "-m", shop().model, "--data", data, "--listen", "127.0.0.1:0"});
    EXPECT_EQ(result.code, 6) << result.err;
    EXPECT_NE(result.err.find("journal-0000000001.log"), std::string::npos) << result.err;
}

TEST(ServeKept, AFullDiskIsA503AndScoringGoesOn) {
    const support::TemporaryFolder folder;
    const std::string data = folder.path("data");
    // A limit on the size of files acts as a full disk does, and can be lifted from outside.
    Served served({"-m", shop().model, "--data", data}, {.before_exec = [] {
                      rlimit limit{};
                      getrlimit(RLIMIT_FSIZE, &limit);
                      limit.rlim_cur = 24u << 10;
                      setrlimit(RLIMIT_FSIZE, &limit);
                  }});
    std::set<std::string> answered, unanswered;
    int number = 0;
    const auto post = [&] {
        std::vector<std::string> ids;
        for (int k = 0; k < 20; ++k)
            ids.push_back("e" + std::to_string(number++));
        const Answer answer = served.post("/v1/events", posted(ids, "u"));
        (answer.status == 200 ? answered : unanswered).insert(ids.begin(), ids.end());
        return answer;
    };
    Answer answer;
    for (int i = 0; i < 100 && (answer = post()).status == 200; ++i) {
    }
    ASSERT_EQ(answer.status, 503);
    EXPECT_GT(answered.size(), 100u);
    EXPECT_TRUE(answer.has("Retry-After: ")) << answer.head;
    EXPECT_TRUE(answer.has("application/problem+json")) << answer.head;
    EXPECT_NE(answer.as_json().at("detail").get<std::string>().find("make room"), std::string::npos);
    EXPECT_EQ(post().status, 503);
    EXPECT_EQ(served.post("/v1/rank", R"({"user_id":"u","items":["a"]})").status, 200);
    EXPECT_EQ(served.get("/readyz").status, 200);
    EXPECT_GT(served.figure("funnel_journal_failed_commits_total"), 0);
    EXPECT_NE(served.log().find("journal-0000000001.log: cannot be written"), std::string::npos)
        << served.log();
    // There is room again.
    rlimit limit{};
    ASSERT_EQ(prlimit(served.pid(), RLIMIT_FSIZE, nullptr, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ASSERT_EQ(prlimit(served.pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
    for (int i = 0; i < 500 && (answer = post()).status != 200; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(taken_of(served, {answered.begin(), answered.end()}), 0u);
    (void)taken_of(served, {unanswered.begin(), unanswered.end()});  // the client tries again
    (void)served.end(SIGKILL);
    Served again({"-m", shop().model, "--data", data});
    EXPECT_EQ(again.log().find("no whole record"), std::string::npos)
        << "what a full disk cut was written over";
    EXPECT_EQ(taken_of(again, {answered.begin(), answered.end()}), 0u);
    EXPECT_EQ(taken_of(again, {unanswered.begin(), unanswered.end()}), 0u);
    EXPECT_EQ(again.end().code, 0);
}

TEST(ServeKept, OneServiceAtATimeHasTheFolder) {
    const support::TemporaryFolder folder;
    const std::string data = folder.path("data");
    Served served({"-m", shop().model, "--data", data});
    const support::ProcessResult second = support::run_process(
        {FUNNEL_TRAIN, "serve", "-m", shop().model, "--data", data, "--listen", "127.0.0.1:0"});
    EXPECT_EQ(second.code, 5) << second.err;
    EXPECT_NE(second.err.find("lock"), std::string::npos) << second.err;
    EXPECT_EQ(served.end().code, 0);
    EXPECT_EQ(support::run_process({FUNNEL_TRAIN, "serve", "-m", shop().model, "--data",
                                    folder.path("no/folder"), "--listen", "127.0.0.1:0"})
                  .code,
              5);
}

}  // namespace
}  // namespace funnel::serve_test
