// SPDX-License-Identifier: MIT
// One list of what the program says when something is wrong, in tests/golden/messages.txt, to be read as
// prose: where, what was expected, what was there, what to do.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/small_shop.hpp"
#include "support/compress.hpp"

namespace funnel::cli_test {
namespace {

class Messages {
 public:
    /// Notes the exit code and the last line of standard error; DIR stands for the folder.
    void run(const Words& args) {
        const ToolResult result = run_tool(args);
        std::string call, said = result.last_error_line();
        for (const std::string& word : args)
            call += (call.empty() ? "" : " ") + (word.empty() ? "\"\"" : word);
        text_ += "$ " + call + "\n" + std::to_string(result.code) + " " + said + "\n";
    }
    void log(const std::string& bytes, const Words& options = {}) {
        Words args = {"metrics", file("log.csv", bytes)};
        args.insert(args.end(), options.begin(), options.end());
        run(args);
    }
    void row(const std::string& row, const Words& options = {}) { log(small_shop() + row + "\n", options); }
    std::string file(const std::string& name, const std::string& bytes) { return folder_.write(name, bytes); }
    [[nodiscard]] std::string path(const std::string& name) const { return folder_.path(name); }

    /// Everything so far, without what differs between machines and with control characters visible.
    [[nodiscard]] std::string text() const {
        std::string all;
        for (std::size_t at = 0; at < text_.size();) {
            if (text_.compare(at, folder_.path().size(), folder_.path()) == 0) {
                all += "DIR";
                at += folder_.path().size();
            } else {
                const char c = text_[at++];
                all += c >= 0 && c < ' ' && c != '\n' ? '?' : c;
            }
        }
        return all;
    }

 private:
    support::TemporaryFolder folder_;
    std::string text_;
};

void about_files(Messages& m) {
    const std::string shop = small_shop(), packed = support::gzip(shop);
    m.run({"metrics", m.path("none.csv")});
    m.run({"metrics", m.path("")});
    m.run({"metrics", ""});
    m.log("");
    m.log(packed.substr(0, packed.size() / 2));
    m.log(packed.substr(0, packed.size() - 8) + "12345678");
    m.log(packed + "rest");
    m.log("PK\x03\x04rest");
    m.log("PAR1rest");
    m.log("<html>not found</html>");
    m.log("{\"event\": 1}\n");
    m.log(std::string("e\0v\0e\0n\0t\0s\0", 12));
    m.log("event_time,event_type,user_id\r1,view,a\r");
    m.log("event_time,event_type,user_id,user_id\n");
    m.log("event_time,event_type,User_ID\n");
    m.log("when,who\n1,a\n");
    m.log(std::string("event_time,event_\xFFtype,user_id\n"));
    m.run({"metrics", m.file("a.csv", shop), m.file("b.csv", "when,who\n")});
}

void about_rows(Messages& m) {
    m.row("2024-03-01T10:02:00Z,view,a");
    m.row("2024-03-01T10:02:00Z,view,a,i\"1,s1,,10,1");
    m.row("2024-03-01T10:02:00Z,view,a,\"i1,s1,,10,1");
    m.row("2024-03-01T10:02:00Z,view,a,i\xFF,s1,,10,1");
    m.row("2024-02-30,view,a,i1,s1,,10,1");
    m.row("1709287320,view,a,i1,s1,,10,1");
    m.row("2024-03-01,view,,i1,s1,,10,1");
    m.row("2024-03-01,,a,i1,s1,,10,1");
    m.row("2024-03-01,purchase,a,i1,s1,o,ten,1");
    m.row("2024-03-01,view,a,i1,s1,,10,1" + std::string(200, 'x'), {"--max-line", "100"});
    m.row("soon,view,a,i1,s1,,10,1", {"--bad-rows", "skip"});
    m.row("soon,view,a,i1,s1,,10,1", {"--bad-rows", "skip", "--max-bad", "0"});
    m.log(std::string(kHeader) + "soon,view,a,i1,s1,,10,1\n", {"--bad-rows", "skip", "--max-bad", "100%"});
    m.row("2024-03-01,view,a,i1,s1,,10,1", {"--rejects", m.path("rejects.csv")});
}

void about_json_lines(Messages& m) {
    const std::string good = R"({"event_time":"2024-03-01","event_type":"view","user_id":"a"})"
                             "\n";
    for (const char* line :
         {R"({"event_time":"2024-03-01","event_type":"view","user_id":"b)", R"({"user_id":"a",})",
          R"({"user_id":"a","user_id":"b"})", R"([1,2])",
          R"({"event_time":"2024-03-01","event_type":"view","user_id":["b"]})",
          R"({"event_time":"2024-03-01","event_type":"view","user_id":null})",
          R"({"event_time":"2024-03-01","event_type":"view","user_id":"a","price":"ten"})"})
        m.log(good + line);
    m.log("[{\"event\": 1}]\n");
    m.log("{\n  \"event\": 1\n}\n");
    m.log(good, {"--schema",
                 m.file("s.json", R"({"columns":{"time":"event_time","event":"event_type","user":"uid"}})")});
    m.log(good, {"--schema",
                 m.file("s.json", R"({"columns":{"time":"event_time","event":"event_type","user":"a["}})")});
    m.log(good, {"--schema", "taobao"});
    m.run({"schema", m.file("t.csv", "x,y\n1,1\n")});
}

void about_options(Messages& m) {
    const std::string log = m.file("log.csv", small_shop());
    m.run({"count", log});
    m.run({"metrics"});
    m.run({"metrics", log, "--windows", "7d"});
    m.run({"metrics", log, "--window", "7"});
    m.run({"metrics", log, "--tz", "Mars/Olympus"});
    m.run({"metrics", log, "--tz", ""});
    m.run({"metrics", log, "--touch", "first"});
    m.run({"metrics", log, "--as-of", "1999-01-01", "--gate", "orders>1"});
    m.run({"products", log, "--by", "day"});
    m.run({"products", log, "--top", "0"});
    m.run({"products", log, "--by", "Colour", "--items", m.file("i.csv", "item_id,colour\ni1,red\n")});
    m.run({"products", log, "--by", "colour", "--items", m.file("i.csv", "item_id,colour\n")});
    m.run(
        {"products", log, "--by", "colour", "--items", m.file("i.csv", "item_id,colour\ni1,red\ni1,blue\n")});
    m.run({"products", log, "--by", "colour", "--items", m.file("i.csv", "item,colour\ni1,red\n")});
    m.run({"metrics", log, "--from", "yesterday"});
    m.run({"metrics", log, "--funnel", ""});
    m.run({"metrics", log, "--funnel", "view,,click"});
    m.run({"metrics", log, "--funnel", "view+click,view"});
    m.run({"metrics", log, "--funnel", "vew,click"});
    m.run({"metrics", log, "--by", "colour"});
    m.run({"metrics", log, "--by", "item,"});
    m.run({"metrics", log, "--where", "price>cheap"});
    m.run({"metrics", log, "--where", "item=New shoes"});
    m.run({"metrics", log, "--touch", "next"});
    m.run({"metrics", log, "--gate", "orders"});
    m.run({"metrics", log, "--gate", "orders<3"});
    m.run({"metrics", log, "--gate", "ctr -5% vs previous"});
    m.run({"metrics", log, "--why"});
    m.run({"metrics", log, "--compare", "previous", "--why", "--csv"});
    m.run({"metrics", log, "--compare", "previous", "--why", "--per", "session"});
    m.run({"metrics", log, "--compare", "previous", "--why", "--use", "colour"});
    m.run({"metrics", log, "--use", "brand"});
    m.run({"report", log, "-o", m.path("r.html"), "--target", "2%"});
    m.run({"metrics", log, "--max-bad", "few"});
    m.run({"metrics", log, "--schema", "shopify"});
    m.run({"metrics", log, "--schema", m.file("s.json", "{\"colums\":{}}")});
    m.run({"metrics", log, "--json", "--csv"});
    m.run({"metrics", log, "--memory", "much"});
    m.run({"metrics", log, "--kernel", "fast"});
    m.run({"train", log, "-o", m.path("m"), "--hidden", "0"});
    m.run({"train", log, "-o", m.path("m"), "--seed", "-1"});
    m.run({"train", log, "-o", m.path("m"), "--valid", "100%"});
    m.run({"train", log, "-o", m.path("m"), "--learning-rate", "nan"});
    m.run({"train", log, "-o", m.path("m"), "--targets", "sale"});
    m.run({"train", log, "-o", m.path("m"), "--horizon", "sale=1d"});
    m.run({"train", log, "-o", m.path("m")});
    m.run({"train",
           m.file("once.csv", std::string(kHeader) + "2024-03-01T10:00:00Z,view,a,i1,s1,,10,\n" +
                                  "2024-03-01T10:00:00Z,click,a,i1,s1,,10,\n"),
           "-o", m.path("m"), "--funnel", "view,click"});
    m.run({"evaluate", log});
    m.run({"evaluate", "--scores", m.file("p.csv", "score,label\n0.5,1\n0.4,0\n"), "--min-auc", "scor=1"});
    m.log("event_time,event_type,user_id\n-9223372036854775808,view,a\n", {"--time-unit", "us"});
}

void about_outputs_and_models(Messages& m) {
    const std::string log = m.file("log.csv", small_shop()), table = m.file("t.csv", "x,y\n1,1\n2,0\n");
    m.run({"train", log, "-o", log});
    m.run({"train", log, "-o", m.path("none/m")});
    m.run({"train", log, "-o", m.path("")});
    m.run({"train", log, "-o", "/dev/null"});
    m.run({"train", log, "-o", m.path("m"), "--bad-rows", "skip", "--rejects", m.path("m")});
    m.run({"train", table, "-o", m.path("m"), "--label", "z"});
    m.run({"train", m.file("l.csv", "x,y\n1,1\n2,maybe\n"), "-o", m.path("m"), "--label", "y"});
    m.run({"train", m.file("l.csv", "x,y\n1,1\n2,1\n"), "-o", m.path("m"), "--label", "y"});
    m.run({"train", m.file("l.csv", "y\n1\n0\n0\n1\n1\n0\n"), "-o", m.path("m"), "--label", "y"});
    m.run({"train", m.file("l.csv", "x,y\n\"1,050\",1\n\"2,300\",0\n"), "-o", m.path("m"), "--label", "y",
           "--numeric", "x"});
    m.run({"completion", "bash", "--json"});
    m.run({"score", "-m", m.path("none"), log});
    m.run({"score", "-m", m.file("m", "no model"), log});
    m.run({"score", "-m", m.file("m", std::string("FUNNELM\0\x09\0\0\0", 12) + std::string(40, '\0')), log});
    m.run({"score", "-m", m.file("m", std::string("FUNNELM\0\x01\0\0\0", 12) + std::string(40, '\0')), log});
    m.run({"recommend", "-m", m.path("m"), log, "--exclude", "sold"});
    m.run({"recommend", "-m", m.path("m"), log, "--from-sources", "popular:many"});
    m.run({"recommend", "-m", m.path("m"), log, "--from", "2024-03-01"});
    m.run({"metrics", log, "--lock", m.path("none/lock")});
    m.run({"evaluate", "--scores", m.file("p.csv", "score,label\n0.5,1\nhigh,0\n")});
    m.run({"evaluate", "--scores", m.file("p.csv", "score,label\n0.9,0\n0.1,1\n"), "--min-auc", "0.6"});
}

void about_serving(Messages& m) {
    m.run({"serve"});
    m.run({"serve", "-m", m.path("none")});
    m.run({"serve", "-m", m.file("m", "no model")});
    m.run({"serve", "-m", m.path("m"), "--token-file", m.path("none")});
    m.run({"serve", "-m", m.path("m"), "--token-file", m.file("tokens", "")});
    m.run({"serve", "-m", m.path("m"), "--token-file", m.file("tokens", "secret\n")});
    m.run({"serve", "-m", m.path("m"), "--max-journal", "much"});
    m.run({"serve", "-m", m.path("m"), "--data", m.path("none/data")});
}

TEST(CliMessages, AreThoseOfTheGoldenList) {
    Messages m;
    about_files(m);
    about_rows(m);
    about_json_lines(m);
    about_options(m);
    about_outputs_and_models(m);
    about_serving(m);
    const std::string golden = FUNNEL_TEST_DIR "/golden/messages.txt", text = m.text();
    if (std::getenv("FUNNEL_WRITE_GOLDEN") != nullptr) std::ofstream(golden) << text;
    ASSERT_TRUE(std::filesystem::exists(golden)) << "write it with FUNNEL_WRITE_GOLDEN=1, then read it";
    EXPECT_EQ(support::read_file(golden), text);
}

TEST(CliMessages, HoldNoControlCharacterWhateverTheArguments) {
    const support::TemporaryFolder folder;
    const std::string odd = "\x1b[31m\a\n\xff";
    for (const Words& args :
         {Words{odd}, Words{"metrics", folder.path(odd)}, Words{"metrics", "--" + odd},
          Words{"metrics", "x", "--tz", odd}, Words{"metrics", "x", "--where", odd},
          Words{"metrics", "x", "--gate", odd}, Words{"metrics", "x", "--touch", odd},
          Words{"metrics", "x", "--window", odd}, Words{"score", "-m", folder.path(odd), "x"},
          Words{"inspect", folder.path(odd)}, Words{"train", "x", "-o", folder.path(odd + "/m")},
          Words{"metrics", "x", "--schema", odd}}) {
        const ToolResult result = run_tool(args);
        EXPECT_NE(result.code, 0);
        EXPECT_TRUE(result.one_error_line()) << result.err;
        for (const char c : result.err.substr(0, result.err.size() - 1))
            EXPECT_TRUE(static_cast<unsigned char>(c) >= ' ' && static_cast<unsigned char>(c) < 0x7F)
                << result.err;
    }
}

}  // namespace
}  // namespace funnel::cli_test
