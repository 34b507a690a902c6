// SPDX-License-Identifier: MIT
// Runs that read several files of different kinds: one rejects file, one manifest, and a word about each.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/names.hpp"
#include "cli/small_shop.hpp"
#include "cli/trained_shop.hpp"
#include "funnel/files/digest.hpp"

namespace funnel::cli_test {
namespace {

using Places = std::vector<std::pair<std::string, std::string>>;

/// What a run with --bad-rows skip said about its files.
class SeveralFiles : public testing::Test {
 protected:
    const TemporaryFolder folder_;
    const std::string rejects_ = folder_.path("rejects.csv"), manifest_ = folder_.path("manifest.json");

    ToolResult run(Words args) const {
        for (const std::string& word :
             Words{"--bad-rows", "skip", "--max-bad", "1", "--rejects", rejects_, "--manifest", manifest_})
            args.push_back(word);
        return run_tool(args);
    }
    /// File and line of every rejected row.
    [[nodiscard]] Places rejected() const {
        const support::Csv csv = parse_csv(folder_.read("rejects.csv"));
        Places places;
        for (const auto& row : csv.rows)
            places.emplace_back(row[csv.column("file")], row[csv.column("line")]);
        return places;
    }
    /// The manifest names exactly these files, by their bytes, and its counts add up.
    void expect_inputs(const Words& paths, int rejected) const {
        const nlohmann::json m = nlohmann::json::parse(folder_.read("manifest.json"));
        nlohmann::json inputs = nlohmann::json::array();
        for (const std::string& path : paths) {
            const files::FileDigest digest = files::digest_of_file(path);
            inputs.push_back({{"path", path}, {"bytes", digest.bytes}, {"xxh128", digest.xxh128}});
        }
        EXPECT_EQ(m.at("inputs"), inputs);
        const nlohmann::json& counts = m.at("counts");
        EXPECT_EQ(counts.at("rejected"), rejected);
        EXPECT_EQ(counts.at("rows"), counts.at("accepted").get<int>() + counts.at("ignored").get<int>() +
                                         counts.at("rejected").get<int>());
    }
};

TEST_F(SeveralFiles, ALogSideTablesAndCandidatesShareOneListOfRejects) {
    const std::string users = folder_.write("users.csv", "user_id,age\nu1,20\nu2\nu3,31\n"),
                      log = folder_.write("log.csv", support::read_file(shop().early) + "soon\n"),
                      model = folder_.path("m.funnel");
    const std::string bad_line = std::to_string(shop().early_rows + 2);
    const ToolResult trained = run({"train", log, "-o", model, "--users", users, "--horizon",
                                    "click=30m,cart=1d,purchase=1d", "--hidden", "4", "--epochs", "1"});
    ASSERT_EQ(trained.code, 0) << trained.err;
    EXPECT_EQ(rejected(), (Places{{log, bad_line}, {users, "3"}}));
    EXPECT_NE(trained.err.find("1 of 3 rows rejected"), std::string::npos)
        << "nothing is skipped without a word: " << trained.err;
    expect_inputs({log, users}, 2);

    const std::string late = folder_.write("late.csv", support::read_file(shop().late) + "soon\n"),
                      pairs = folder_.write("pairs.csv", "user_id,item_id,position\nu1,p1,1\nu1,p2,top\n");
    const ToolResult scored = run({"score", "-m", model, late, "--users", users, "--candidates", pairs, "-o",
                                   folder_.path("scores.csv")});
    ASSERT_EQ(scored.code, 0) << scored.err;
    EXPECT_EQ(rejected(), (Places{{users, "3"}, {late, std::to_string(shop().late_rows + 2)}, {pairs, "3"}}));
    expect_inputs({users, late, pairs}, 3);
    EXPECT_EQ(parse_csv(folder_.read("scores.csv")).rows.size(), 1u);
}

TEST_F(SeveralFiles, TwoLogsThatAreComparedShareOneListOfRejects) {
    const std::string one = folder_.write("one.csv", small_shop() + "soon\n"),
                      two = folder_.write("two.csv", small_shop() + "soon\nlater\n"),
                      aliases = folder_.write("aliases.csv", "alias,user_id\nb,a\n");
    const ToolResult result = run({"metrics", one, "--compare", two, "--max-bad", "2"});
    ASSERT_EQ(result.code, 2) << "given twice";
    const ToolResult compared = run_tool({"metrics", one, "--compare", two, "--bad-rows", "skip", "--max-bad",
                                          "2", "--rejects", rejects_, "--manifest", manifest_});
    ASSERT_EQ(compared.code, 0) << compared.err;
    EXPECT_EQ(rejected(), (Places{{one, "14"}, {two, "14"}, {two, "15"}}));
    expect_inputs({one, two}, 3);
    ASSERT_EQ(run({"metrics", one, "--aliases", aliases}).code, 0);
    EXPECT_EQ(rejected(), (Places{{one, "14"}}));
    expect_inputs({aliases, one}, 1);
    EXPECT_EQ(run_tool({"metrics", one, "--aliases", aliases, "--manifest", aliases}).code, 2);
}

TEST_F(SeveralFiles, VectorsAreToldOfAndInTheManifest) {
    const std::string items = folder_.write("items.csv", "item_id,a\np1,0.5\np2,high\n");
    // One user and two numbers, as numpy 1.24 saves np.float32([[1, 2]]).
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
    header.resize(117, ' ');
    const std::string npy = folder_.write("users.npy", std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header +
                                                           '\n' + std::string("\0\0\x80\x3f\0\0\0\x40", 8)),
                      ids = folder_.write("users.ids", "user_id\nu1\n");
    const ToolResult result =
        run({"train", shop().early, "-o", folder_.path("m.funnel"), "--vectors", items, "--vectors", npy,
             "--horizon", "click=30m,cart=1d,purchase=1d", "--hidden", "4", "--epochs", "1"});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(rejected(), (Places{{items, "3"}}));
    EXPECT_NE(result.err.find("1 of 2 rows rejected"), std::string::npos) << result.err;
    expect_inputs({shop().early, items, ids, npy}, 1);
}

TEST_F(SeveralFiles, NoOutputTakesThePlaceOfATableBesideTheLog) {
    const std::string text = "user_id,age\nu1,20\n", users = folder_.write("users.csv", text);
    for (const Words& args : {Words{"calibrate", "-m", shop().model, shop().late, "-o", users},
                              Words{"evaluate", "-m", shop().model, shop().late, "--save-state", users},
                              Words{"score", "-m", shop().model, shop().late, "-o", users},
                              Words{"train", shop().early, "-o", users}}) {
        Words with_table = args;
        with_table.insert(with_table.end(), {"--users", users});
        EXPECT_EQ(run_tool(with_table).code, 2) << args.front();
        EXPECT_EQ(folder_.read("users.csv"), text) << args.front();
    }
}

TEST_F(SeveralFiles, ATableReadInOnePassIsInTheManifest) {
    std::string text = "x,y\n";
    for (int i = 0; i < 400; ++i)
        text += std::to_string(i % 17) + (i % 3 == 0 ? ",1\n" : ",0\n");
    const std::string table = folder_.write("t.csv", text + "3,maybe\n");
    const ToolResult result =
        run({"train", table, "-o", folder_.path("m.funnel"), "--label", "y", "--one-pass", "--hidden", "4"});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(rejected(), (Places{{table, "402"}}));
    EXPECT_NE(result.err.find("1 of 401 rows rejected"), std::string::npos) << result.err;
    expect_inputs({table}, 1);
}

}  // namespace
}  // namespace funnel::cli_test
