// SPDX-License-Identifier: MIT
// --vectors and pretrain: numbers reach the examples of their item or user, from CSV and from .npy alike.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/trained_shop.hpp"

namespace funnel::cli_test {
namespace {

/// Two numbers for every second item of the shop.
struct Vectors {
    std::string csv = "item_id,x,y\n", ids = "item_id\n", numbers;
    std::map<std::string, std::pair<std::string, std::string>> of;

    Vectors() {
        const Csv log = parse_csv(read_file(shop().early));
        std::map<std::string, int> items;
        for (std::size_t i = 0; i < log.rows.size(); ++i) {
            if (!log.at(i, "item_id").empty()) items.emplace(log.at(i, "item_id"), 0);
        }
        int n = 0;
        for (const auto& [item, unused] : items) {
            if (++n % 2 == 0) continue;
            const float x = static_cast<float>(n) / 4, y = 100 - static_cast<float>(n);
            of[item] = {std::to_string(n), item};
            csv += item + "," + json(x).dump() + "," + json(y).dump() + "\n";
            ids += item + "\n";
            for (const float value : {x, y}) {
                char bytes[sizeof value];
                std::memcpy(bytes, &value, sizeof value);
                numbers.append(bytes, sizeof bytes);
            }
        }
    }
    [[nodiscard]] std::string npy() const {
        std::string header =
            "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(of.size()) + ", 2), }";
        header.append(117 - header.size(), ' ');
        return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + "\n" + numbers;
    }
};

TEST(CliVectors, ReachTheExamplesOfTheirItem) {
    const Vectors vectors;
    const std::string path = shop().folder.write("vectors.csv", vectors.csv);
    const Csv rows = parse_csv(output({"features", shop().glimpse, "--vectors", path}));
    std::size_t found = 0, missing = 0;
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
        const auto at = vectors.of.find(rows.at(i, "item_id"));
        const std::string x = rows.at(i, "item_vectors.x");
        if (at == vectors.of.end()) {
            EXPECT_EQ(x, "");
            ++missing;
        } else {
            EXPECT_EQ(std::stof(x) * 4, std::stof(at->second.first));
            EXPECT_EQ(100 - std::stof(rows.at(i, "item_vectors.y")), std::stof(at->second.first));
            ++found;
        }
    }
    EXPECT_GT(found, 10u);
    EXPECT_GT(missing, 10u);
}

TEST(CliVectors, NpyWithIdsIsTheSameAsCsv) {
    const Vectors vectors;
    const std::string csv = shop().folder.write("same.csv", vectors.csv),
                      npy = shop().folder.write("same.npy", vectors.npy());
    (void)shop().folder.write("same.ids", vectors.ids);
    std::string from_csv = output({"features", shop().glimpse, "--vectors", csv});
    std::string from_npy = output({"features", shop().glimpse, "--vectors", npy});
    for (const auto& [named, plain] :
         {std::pair("item_vectors.v0", "item_vectors.x"), std::pair("item_vectors.v1", "item_vectors.y")}) {
        const std::size_t at = from_npy.find(named);
        ASSERT_NE(at, std::string::npos);
        from_npy.replace(at, std::string(named).size(), plain);
    }
    EXPECT_EQ(from_npy, from_csv);
    (void)shop().folder.write("same.ids", "item_id\nonly_one\n");
    EXPECT_EQ(run_tool({"features", shop().glimpse, "--vectors", npy}).code, 3);
}

TEST(CliVectors, AModelNeedsThemAgain) {
    const Vectors vectors;
    const std::string path = shop().folder.write("needed.csv", vectors.csv),
                      model = shop().folder.path("with_vectors.funnel");
    (void)output(shop().train_command(model, {"--vectors", path, "--epochs", "1", "--no-refit"}));
    EXPECT_NE(output({"inspect", model, "--json"}).find("item_vectors.x"), std::string::npos);
    const ToolResult without = run_tool({"score", "-m", model, shop().glimpse});
    EXPECT_EQ(without.code, 2);
    EXPECT_NE(without.err.find("--vectors"), std::string::npos) << without.err;
    (void)output({"evaluate", "-m", model, shop().glimpse, "--vectors", path});
    const std::string scores = output({"score", "-m", model, shop().glimpse, "--vectors", path});
    // Other numbers, other scores: they are inputs.
    const std::string other = shop().folder.write("other.csv", "item_id,x,y\n");
    EXPECT_NE(scores, output({"score", "-m", model, shop().glimpse, "--vectors", other}));
    const std::string wrong = shop().folder.write("wrong.csv", "item_id,x\na,1\n");
    EXPECT_EQ(run_tool({"score", "-m", model, shop().glimpse, "--vectors", wrong}).code, 3);
}

TEST(CliVectors, SayWhatIsWrong) {
    const auto code = [](const std::string& name, const std::string& text) {
        return run_tool({"features", shop().glimpse, "--vectors", shop().folder.write(name, text)}).code;
    };
    EXPECT_EQ(code("a.csv", "item_id,x\np1,1\np1,1\n"), 0) << "the same again";
    EXPECT_EQ(code("b.csv", "item_id,x\np1,1\np1,2\n"), 3);
    EXPECT_EQ(code("c.csv", "item_id,x\np1,one\n"), 3);
    EXPECT_EQ(code("d.csv", "item_id,x\n,1\n"), 3);
    EXPECT_EQ(code("e.csv", "thing,x\np1,1\n"), 3);
    EXPECT_EQ(code("f.csv", "item_id,user_id,x\np1,u1,1\n"), 3);
    EXPECT_EQ(code("g.csv", "user_id,x\nu1,1\n"), 0);
    const std::string path = shop().folder.write("h.csv", "item_id,x\np1,1\n");
    EXPECT_EQ(run_tool({"features", shop().glimpse, "--vectors", path, "--vectors", path}).code, 2);
}

TEST(CliPretrain, VectorsOfVisitsAreInputsOfAModel) {
    const std::string a = shop().folder.path("a_vectors.csv"), b = shop().folder.path("b_vectors.csv");
    const json summary = json::parse(
        output({"pretrain", shop().early, "-o", a, "--dimensions", "4", "--epochs", "2", "--json"}));
    EXPECT_EQ(summary.at("dimensions"), 4);
    const Csv vectors = parse_csv(read_file(a));
    EXPECT_EQ(vectors.header, (Words{"item_id", "v0", "v1", "v2", "v3"}));
    EXPECT_EQ(vectors.rows.size(), summary.at("items").get<std::size_t>());
    (void)output({"pretrain", shop().early, "-o", b, "--dimensions", "4", "--epochs", "2", "--threads", "2"});
    EXPECT_EQ(read_file(a), read_file(b));
    (void)output({"features", shop().glimpse, "--vectors", a});
    const std::string none = shop().folder.path("none.csv");
    EXPECT_EQ(run_tool({"pretrain", shop().early, "-o", none, "--events", "refund"}).code, 3);
    EXPECT_EQ(run_tool({"pretrain", shop().early, "-o", none, "--events", "sold"}).code, 2);
    EXPECT_FALSE(std::filesystem::exists(none));
}

}  // namespace
}  // namespace funnel::cli_test
