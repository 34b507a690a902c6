// SPDX-License-Identifier: MIT
// A table of finished examples with a model of it, for tests of table mode.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "cli/names.hpp"
#include "funnel/base/random.hpp"

namespace funnel::cli_test {

/// Ids that a spreadsheet would spoil, as they stand in a file.
inline const Words kOddIds = {"007",  "\"a,b\"",  "\"say \"\"hi\"\"\"", "1234567890123456789",
                              "=1+1", " padded ", "\"two\nlines\"",     "NA",
                              "1e5",  "\xC3\xBC"};

/// One row per example: id, day, shop, spend, visits (sometimes missing), colour, bought.
/// bought depends on visits and colour.
inline std::string make_table(std::size_t rows, std::uint64_t seed,
                              const Words& columns = {"id", "day", "shop", "spend", "visits", "colour",
                                                      "bought"}) {
    Rng rng(seed);
    std::string text;
    for (std::size_t k = 0; k < columns.size(); ++k)
        text += (k > 0 ? "," : "") + columns[k];
    text += '\n';
    const Words colours = {"red", "green", "blue"};
    for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t colour = rng.below(3);
        const double visits = rng.normal(), spend = std::exp(rng.normal());
        const double logit = 2.0 * visits + (colour == 0 ? 1.0 : -1.0);
        const bool bought = rng.uniform() < 1 / (1 + std::exp(-logit)), missing = rng.below(20) == 0;
        for (std::size_t k = 0; k < columns.size(); ++k) {
            if (k > 0) text += ',';
            const std::string& name = columns[k];
            if (name == "id") text += i < kOddIds.size() ? kOddIds[i] : "u" + std::to_string(i);
            if (name == "day") text += "2024-01-" + std::to_string(10 + i * 20 / rows);
            if (name == "shop") text += "s" + std::to_string(i % 37);
            if (name == "spend") text += std::to_string(spend);
            if (name == "visits") text += missing ? "" : std::to_string(visits);
            if (name == "colour") text += colours[colour];
            if (name == "bought") text += bought ? "1" : "0";
        }
        text += '\n';
    }
    return text;
}

struct TableFiles {
    TemporaryFolder folder;
    std::string train = folder.write("train.csv", make_table(1500, 1));
    std::string test = folder.write("test.csv", make_table(600, 2));
    std::string model = folder.path("table.funnel");

    ToolResult trained(const Words& more = {}) const {
        Words args = {"train",    train, "-o",       model, "--label", "bought",
                      "--hidden", "8",   "--epochs", "6",   "-q"};
        if (std::ranges::find(more, "--drop") == more.end())
            args.insert(args.end(), {"--drop", "id,day,shop"});
        args.insert(args.end(), more.begin(), more.end());
        return run_tool(args);
    }
};

}  // namespace funnel::cli_test
