// SPDX-License-Identifier: MIT
// What clients do that are slow, wrong or hostile.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>

#include "serve/served_shop.hpp"
#include "support/effort.hpp"

namespace funnel::serve_test {
namespace {

constexpr std::string_view kRank = R"({"user_id":"u1","items":["a"]})";

class ServeHttp : public testing::Test {
 protected:
    void SetUp() override {
        served_ = std::make_unique<Served>(std::vector<std::string>{"-m", shop().model, "--threads", "2"});
    }
    void TearDown() override {
        EXPECT_EQ(served_->get("/healthz").status, 200) << "the service lives";
        EXPECT_EQ(served_->post("/v1/rank", kRank).status, 200);
        EXPECT_EQ(served_->end().code, 0);
    }
    /// The status of the answer to bytes that are sent as they are; 0 if the connection ends without one.
    [[nodiscard]] int status_of(std::string_view bytes) const {
        Socket socket(served_->port());
        socket.send(bytes);
        return socket.receive().status;
    }
    /// Bytes that the server holds; 0 with a sanitizer, which keeps what was freed.
    [[nodiscard]] std::size_t memory() const {
#ifdef FUNNEL_SANITIZED
        return 0;
#endif
        std::ifstream status("/proc/" + std::to_string(served_->pid()) + "/status");
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6)) * 1024;
        }
        return 0;
    }

    std::unique_ptr<Served> served_;
};

TEST_F(ServeHttp, AHeaderWithoutEndIsRefusedAndCostsNothing) {
    const std::size_t before = memory();
    Socket socket(served_->port());
    socket.send("GET /healthz HTTP/1.1\r\nX: ");
    const std::string block(1 << 16, 'x');
    std::size_t sent = 0;
    for (int i = 0; i < 200 && socket.send(block); ++i)
        sent += block.size();
    EXPECT_GT(sent, 0u);
    const int status = socket.receive().status;
    EXPECT_TRUE(status == 431 || status == 0) << status;
    EXPECT_LT(memory(), before + (8u << 20));
}

TEST_F(ServeHttp, TenThousandHeadersAreRefused) {
    std::string head = "GET /healthz HTTP/1.1\r\n";
    for (int i = 0; i < 10'000; ++i)
        head += "X-" + std::to_string(i) + ": 1\r\n";
    EXPECT_EQ(status_of(head + "\r\n"), 431);
}

TEST_F(ServeHttp, ABodyOverTheLimitIsRefusedByItsLengthAndInChunks) {
    const std::size_t before = memory();
    EXPECT_EQ(status_of("POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n[["), 413);
    EXPECT_EQ(
        status_of("POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n[["),
        400);
    Socket socket(served_->port());
    socket.send("POST /v1/events HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "100000\r\n" + std::string(1 << 20, ' ') + "\r\n";
    for (int i = 0; i < 40 && socket.send(chunk); ++i) {
    }
    EXPECT_EQ(socket.receive().status, 413);
    EXPECT_LT(memory(), before + (96u << 20));
    const Answer packed = served_->ask("POST", "/v1/events", "xx", "Content-Encoding: gzip\r\n");
    EXPECT_EQ(packed.status, 415);
    EXPECT_TRUE(packed.has("Content-Type: application/problem+json")) << packed.head;
    EXPECT_EQ(packed.as_json().at("status"), 415);
}

TEST_F(ServeHttp, ChunksAreReadAndWrongOnesRefused) {
    const std::string head = "POST /v1/rank HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_EQ(status_of(head + "9\r\n" + std::string(kRank.substr(0, 9)) + "\r\n15\r\n" +
                        std::string(kRank.substr(9)) + "\r\n0\r\n\r\n"),
              200);
    ASSERT_EQ(kRank.size(), 9u + 0x15u);
    for (const char* size :
         {"-2", "+5", "10000000000000000", "FFFFFFFFFFFFFFFF1", "0x5", "", " 5", "5 5", "g"})
        EXPECT_EQ(status_of(head + size + "\r\n{\"a\":1}\r\n0\r\n\r\n"), 400) << size;
    EXPECT_EQ(status_of(head + "5\n{\"a\":\n0\n\r\n"), 400) << "bare LF";
    EXPECT_EQ(status_of("GET /healthz HTTP/1.1\nHost: h\n\n"), 400) << "bare LF";
    EXPECT_EQ(status_of("POST /v1/rank HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: "
                        "chunked\r\n\r\n0\r\n\r\n"),
              400)
        << "two lengths";
    EXPECT_EQ(status_of("POST /v1/rank HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n"), 400);
    EXPECT_EQ(
        status_of("POST /v1/rank HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345"),
        400);
    EXPECT_EQ(status_of("no request at all\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET /healthz HTTP/9.9\r\n\r\n"), 400);
}

TEST_F(ServeHttp, OnlyKnownPathsAndMethodsAreAnswered) {
    for (const char* path :
         {"/", "/etc/passwd", "/../../etc/passwd", "/v1/rank/../../etc/passwd", "/%2e%2e/etc/passwd",
          "/v1/rank%00", "/healthz%00.html", "//healthz", "*", "/v1/users/u1"})
        EXPECT_EQ(served_->get(path).status, 404) << path;
    const Answer get = served_->get("/v1/rank");
    EXPECT_EQ(get.status, 405);
    EXPECT_TRUE(get.has("Allow: POST")) << get.head;
    EXPECT_EQ(served_->post("/healthz", "").status, 405);
    EXPECT_EQ(served_->post("/v1/rank?x=1", kRank).status, 400);
}

TEST_F(ServeHttp, AnswersOneConnectionAgainAndAgainAlsoWhenAskedAhead) {
    Socket socket(served_->port());
    std::string all;
    for (int i = 0; i < 50; ++i)
        all += request("POST", "/v1/rank", kRank) + request("GET", "/healthz", "");
    ASSERT_TRUE(socket.send(all));
    for (int i = 0; i < 50; ++i) {
        ASSERT_EQ(socket.receive().status, 200) << i;
        ASSERT_EQ(socket.receive().body, "{\"status\":\"ok\"}\n") << i;
    }
    // What follows a refusal of a body that was not read would be read as a request.
    ASSERT_TRUE(socket.send(request("POST", "/nowhere", "GET /healthz HTTP/1.1\r\n\r\n")));
    EXPECT_EQ(socket.receive().status, 404);
    EXPECT_EQ(socket.receive().status, 0);
}

TEST_F(ServeHttp, AsksForALargeBodyOnlyIfItIsTaken) {
    Socket socket(served_->port());
    socket.send("POST /v1/rank HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: " +
                std::to_string(kRank.size()) + "\r\n\r\n");
    EXPECT_EQ(socket.receive().status, 100);
    socket.send(kRank);
    EXPECT_EQ(socket.receive().status, 200);
    Socket refused(served_->port());
    refused.send(
        "POST /v1/rank HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 999999999\r\n\r\n");
    EXPECT_EQ(refused.receive().status, 413);
}

TEST_F(ServeHttp, SlowClientsEndAndNobodyWaitsForThem) {
    Socket slow(served_->port(), 30);
    slow.send("POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
    const auto began = std::chrono::steady_clock::now();
    bool ended = false;
    for (int i = 0; i < 60 && !ended; ++i) {  // a byte now and then does not count as progress
        std::this_thread::sleep_for(std::chrono::milliseconds(250));
        ended = !slow.send(" ");
        if (i % 8 == 0) {
            const auto asked = std::chrono::steady_clock::now();
            EXPECT_EQ(served_->post("/v1/rank", kRank).status, 200);
            EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(2));
        }
    }
    EXPECT_TRUE(ended || slow.ends());
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(16));
}

TEST_F(ServeHttp, TenThousandIdleConnectionsAreNoBurden) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit old = limit;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    const std::size_t most = std::min<std::size_t>(10'000, limit.rlim_cur - 200);
    const std::size_t before = memory();
    std::vector<std::unique_ptr<Socket>> idle;
    for (std::size_t i = 0; i < most; ++i) {
        idle.push_back(std::make_unique<Socket>(served_->port()));
        if (i % 3 == 0) idle.back()->send("GET /hea");  // begun, and no more of it
    }
    EXPECT_GT(idle.size(), 500u);
    for (int i = 0; i < 20; ++i) {
        const auto asked = std::chrono::steady_clock::now();
        EXPECT_EQ(served_->post("/v1/rank", kRank).status, 200);
        EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(2));
    }
    EXPECT_GE(served_->figure("funnel_connections"), 0.6 * static_cast<double>(most));
    EXPECT_LT(memory(), before + most * 16'384);
    idle.clear();
    setrlimit(RLIMIT_NOFILE, &old);
}

TEST_F(ServeHttp, WrongJsonIsRefusedWithItsPlace) {
    const auto detail = [&](const std::string& path, std::string_view body) {
        const Answer answer = served_->post(path, body);
        EXPECT_EQ(answer.status, 400) << body.substr(0, 60);
        EXPECT_TRUE(answer.has("application/problem+json")) << answer.head;
        return answer.as_json().at("detail").get<std::string>();
    };
    for (const std::string path : {"/v1/events", "/v1/rank", "/v1/score"}) {
        EXPECT_NE(detail(path, "{\n \"user_id\": nan}").find("line 2, column 14"), std::string::npos)
            << detail(path, "{\n \"user_id\": nan}");
        EXPECT_NE(detail(path, "{\"price\": 1e400}").find("line 1, column 1"), std::string::npos);
        EXPECT_NE(detail(path, R"({"user_id":"a","user_id":"b"})").find("\"user_id\" twice"),
                  std::string::npos);
        EXPECT_NE(detail(path, std::string(100'000, '[')).find("levels"), std::string::npos);
        EXPECT_NE(detail(path, R"({"items":[{},{"x":{"y":1,"y":2}}]})").find("/items/1/x"),
                  std::string::npos);
        for (const char* body : {"",
                                 "{",
                                 "[",
                                 "\"",
                                 "{]",
                                 "[}",
                                 "nul",
                                 "NaN",
                                 "Infinity",
                                 "-",
                                 "01",
                                 "1e",
                                 "{\"a\"}",
                                 "{\"a\":}",
                                 "{,}",
                                 "[1,]",
                                 "{} x",
                                 "\xff",
                                 "{\"a\":\"\xff\"}",
                                 "{\"a\":\"\xed\xa0\x80\"}",
                                 "{\"a\":\"\\ud800\"}",
                                 "{\"a\":\"\x01\"}",
                                 "// x\n{}",
                                 "5",
                                 "\"x\"",
                                 "null"})
            (void)detail(path, body);
        std::string many = "{";
        for (int i = 0; i < 1000; ++i)
            many += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":1";
        EXPECT_NE(detail(path, many + "}").find("keys"), std::string::npos);
        std::string long_array = "[0";
        for (int i = 0; i < 3'000'000; ++i)
            long_array += ",0";
        (void)detail(path, long_array + "]");
    }
}

TEST(Serve, CurlIsAnswered) {
    if (std::system("command -v curl >/dev/null 2>&1") != 0) GTEST_SKIP() << "no curl here";
    Served served({"-m", shop().model});
    const support::TemporaryFolder folder;
    const std::string out = folder.path("out"), url = "http://127.0.0.1:" + std::to_string(served.port());
    std::string lines;
    for (int i = 0; i < 20'000; ++i)  // more than a megabyte: curl waits for 100 Continue
        lines += happened(now_micros() - 1'000'000, "click", shop().users[0], shop().items[0]).dump() + "\n";
    const std::string file = folder.write("events.jsonl", lines);
    ASSERT_EQ(
        std::system(("curl -sS -o " + out + " --data-binary @" + file + " " + url + "/v1/events").c_str()),
        0);
    EXPECT_EQ(json::parse(folder.read("out")).at("accepted"), 20'000);
    ASSERT_EQ(std::system(("curl -sS -o " + out + " -H 'Transfer-Encoding: chunked' -d '" +
                           std::string(kRank) + "' " + url + "/v1/rank")
                              .c_str()),
              0);
    EXPECT_EQ(json::parse(folder.read("out")).at("items").size(), 1u);
    EXPECT_EQ(served.end().code, 0);
}

TEST(Serve, ListensHereUnlessToldOtherwise) {
    Served served({"-m", shop().model});
    EXPECT_NE(served.log().find("listening on 127.0.0.1:"), std::string::npos);
    // The same port of every other address of this machine is closed.
    std::ifstream table("/proc/net/tcp");
    int listening = 0;
    char port[8];
    std::snprintf(port, sizeof port, "%04X", static_cast<unsigned>(served.port()));
    for (std::string line; std::getline(table, line);) {
        if (line.find(":" + std::string(port) + " 00000000:0000 0A") == std::string::npos) continue;
        ++listening;
        EXPECT_NE(line.find("0100007F:" + std::string(port)), std::string::npos) << line;
    }
    EXPECT_EQ(listening, 1);
    EXPECT_EQ(served.end().code, 0);
    const support::ProcessResult taken =
        support::run_process({FUNNEL_TRAIN, "serve", "-m", shop().model, "--listen", "127.0.0.1:http"});
    EXPECT_EQ(taken.code, 2) << taken.err;
    EXPECT_EQ(
        support::run_process({FUNNEL_TRAIN, "serve", "-m", shop().model, "--listen", "192.0.2.1:80"}).code,
        5);
}

TEST(Serve, WantsATokenIfThereIsOne) {
    const support::TemporaryFolder folder;
    const std::string first = "0123456789abcdef0123456789abcdef", second = "another-token-of-the-service";
    Served served(
        {"-m", shop().model, "--token-file", folder.write("tokens", first + "\n\n" + second + "\r\n"), "-v"});
    const auto status = [&](const std::string& header) {
        return served.ask("POST", "/v1/rank", kRank, header).status;
    };
    EXPECT_EQ(status("Authorization: Bearer " + first + "\r\n"), 200);
    EXPECT_EQ(status("Authorization: Bearer " + second + "\r\n"), 200);
    for (const std::string& wrong : std::vector<std::string>{
             "", "Authorization: Bearer\r\n", "Authorization: Bearer \r\n",
             "Authorization: Basic " + first + "\r\n", "Authorization: " + first + "\r\n",
             "Authorization: Bearer " + first + "0\r\n", "Authorization: Bearer " + first.substr(1) + "\r\n",
             "Authorization: Bearer " + first + first + "\r\n"})
        EXPECT_EQ(status(wrong), 401) << wrong;
    EXPECT_TRUE(served.ask("POST", "/v1/rank", kRank).has("WWW-Authenticate: Bearer"));
    EXPECT_EQ(served.get("/nowhere").status, 401) << "without a token nobody learns what there is";
    EXPECT_EQ(served.get("/metrics").status, 401);
    EXPECT_EQ(served.get("/healthz").status, 200);
    EXPECT_EQ(served.get("/readyz").status, 200);
    Socket many(served.port());
    const int tries = support::effort(2'000, 1'000'000);
    int refused = 0;
    for (int i = 0; i < tries; i += 100) {
        std::string batch;
        for (int k = 0; k < 100; ++k)
            batch += request("GET", "/metrics", "",
                             "Authorization: Bearer guess-" + std::to_string(i + k) + "\r\n");
        ASSERT_TRUE(many.send(batch));
        for (int k = 0; k < 100; ++k)
            refused += many.receive().status == 401;
    }
    EXPECT_EQ(refused, tries);
    EXPECT_EQ(status("Authorization: Bearer " + first + "\r\n"), 200);
    const support::ProcessResult result = served.end();
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.err.find(first), std::string::npos) << "no token in a log";
    EXPECT_EQ(result.err.find("guess-"), std::string::npos);
    for (const char* tokens : {"", "\n\n", "short\n"}) {
        EXPECT_EQ(support::run_process({FUNNEL_TRAIN, "serve", "-m", shop().model, "--token-file",
                                        folder.write("bad", tokens)})
                      .code,
                  3);
    }
}

TEST(Serve, DescribesItself) {
    Served served({"-m", shop().model});
    const Answer answer = served.get("/openapi.json");
    ASSERT_EQ(answer.status, 200);
    const json document = answer.as_json();
    EXPECT_TRUE(document.at("openapi").get<std::string>().starts_with("3.1."));
    std::size_t paths = 0;
    for (const auto& [path, methods] : document.at("paths").items()) {
        ASSERT_EQ(methods.size(), 1u) << path;
        const bool posts = methods.contains("post");
        EXPECT_EQ(served.ask(posts ? "POST" : "GET", path, posts ? std::string(kRank) : std::string()).status,
                  200)
            << path;
        EXPECT_EQ(served.ask(posts ? "GET" : "POST", path).status, 405) << path;
        ++paths;
    }
    EXPECT_EQ(paths, 7u);
    // Every reference leads somewhere.
    std::size_t references = 0;
    const std::function<void(const json&)> follow = [&](const json& part) {
        if (part.is_object() && part.contains("$ref")) {
            const std::string to = part["$ref"];
            ASSERT_TRUE(to.starts_with("#"));
            EXPECT_TRUE(document.contains(json::json_pointer(to.substr(1)))) << to;
            ++references;
        } else if (part.is_structured()) {
            for (const json& inner : part)
                follow(inner);
        }
    };
    follow(document);
    EXPECT_GT(references, 20u);
    EXPECT_EQ(served.end().code, 0);
}

}  // namespace
}  // namespace funnel::serve_test
