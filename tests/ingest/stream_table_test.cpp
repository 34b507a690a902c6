// SPDX-License-Identifier: MIT
// Tables that are read block by block: the same cells as read_table keeps, in the same order.
#include "funnel/ingest/stream_table.hpp"

#include <bit>
#include <cmath>
#include <optional>
#include <sstream>

#include "funnel/base/hash.hpp"
#include "ingest/log_file.hpp"

namespace funnel::ingest {
namespace {

class StreamedTable : public LogFile {
 protected:
    /// Columns by their names: n... numbers, c... categories, y the label, others ignored.
    static CellKinds by_name(const Table& sample) {
        CellKinds cells;
        for (const TableTextColumn& column : sample.columns) {
            const char first = column.name.empty() ? ' ' : column.name.front();
            cells.kinds.push_back(first == 'n'   ? CellKind::number
                                  : first == 'c' ? CellKind::category
                                  : first == 'y' ? CellKind::label
                                                 : CellKind::ignored);
        }
        cells.parse_label = [](std::string_view text) {
            return text == "0" || text == "1" ? std::optional<std::uint8_t>(text == "1") : std::nullopt;
        };
        cells.expected_label = "0 or 1";
        return cells;
    }

    /// One line per row: label, numbers, hashes.
    [[nodiscard]] std::string streamed(const std::string& path, const TableOptions& options,
                                       const detail::Tuning& tuning = {}) {
        std::ostringstream out;
        report_ = detail::stream_table(
            std::vector{path}, options,
            [&](const Table& sample) {
                ++choices_;
                CellKinds cells = by_name(sample);
                cells.numbers = numbers_;
                return cells;
            },
            [&](const TableRows& rows) {
                const std::size_t d = rows.numbers.size() / rows.size(),
                                  c = rows.categories.size() / rows.size();
                for (std::size_t i = 0; i < rows.size(); ++i) {
                    out << int{rows.labels[i]};
                    for (std::size_t j = 0; j < d; ++j)
                        out << ' ' << rows.numbers[i * d + j];
                    for (std::size_t j = 0; j < c; ++j)
                        out << ' ' << rows.categories[i * c + j];
                    out << '\n';
                }
            },
            tuning);
        return out.str();
    }

    ReadReport report_;
    int choices_ = 0;
    base::NumberFormat numbers_;
};

std::string hash(std::string_view text) {
    return std::to_string(base::hash_bytes(text));
}

TEST_F(StreamedTable, GivesNumbersHashesAndLabelsInFileOrder) {
    const std::string path = write(
        "n1,skip,c1,y,n2\n"
        "1.5,x,red,1,-2\n"
        ",,\"a,b\",0,1e3\n"
        "NA,z,,0,null\n"
        "7,,NA,1,0.25\n",
        "t.csv");
    const std::string expected = "1 1.5 -2 " + hash("red") + "\n0 nan 1000 " + hash("a,b") + "\n0 nan nan " +
                                 hash("") + "\n1 7 0.25 " + hash("") + "\n";
    for (const unsigned threads : {1u, 2u, 8u}) {
        for (const std::size_t bytes : {10u, 40u, 10000u}) {
            choices_ = 0;
            TableOptions options;
            options.threads = threads;
            EXPECT_EQ(streamed(path, options, {.block_bytes = bytes, .window_bytes = 8}), expected);
            EXPECT_EQ(choices_, 1);
            EXPECT_EQ(report_.rows, 4u);
            EXPECT_EQ(report_.accepted, 4u);
        }
    }
    TableOptions options;
    options.verbatim = {"c1"};
    EXPECT_NE(streamed(path, options).find(hash("NA")), std::string::npos);
}

TEST_F(StreamedTable, ReadsCellsAsTheyAreWritten) {
    const std::string path = write("n,c,y\n\"$1,234.50\",None,1\nN/A,a,0\n-,-,1\n-5,\\N,0\n", "t.csv");
    numbers_ = {.decimal = ".", .thousands = ","};
    TableOptions options;
    options.missing = base::MissingWords({"-"});
    for (const unsigned threads : {1u, 2u}) {
        options.threads = threads;
        EXPECT_EQ(streamed(path, options, {.block_bytes = 10, .window_bytes = 8}),
                  "1 1234.5 " + hash("") + "\n0 nan " + hash("a") + "\n1 nan " + hash("") + "\n0 -5 " +
                      hash("") + "\n");
    }
    numbers_ = {};
    EXPECT_THROW((void)streamed(path, options), Error);
    options.missing = base::MissingWords({"-", "-5", "$1,234.50"});  // a number may mean that there is none
    EXPECT_EQ(streamed(path, options), "1 nan " + hash("") + "\n0 nan " + hash("a") + "\n1 nan " + hash("") +
                                           "\n0 nan " + hash("") + "\n");
}

TEST_F(StreamedTable, NamesTheFirstBadValue) {
    const std::string path = write("n,y\n1,0\n2,1\n3,yes\nx,1\n", "t.csv");
    for (const unsigned threads : {1u, 4u}) {
        TableOptions options;
        options.threads = threads;
        try {
            (void)streamed(path, options, {.block_bytes = 8, .window_bytes = 8});
            FAIL();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::parse);
            const std::string what = error.what();
            EXPECT_NE(what.find("t.csv:4: column y: expected 0 or 1, got \"yes\""), std::string::npos)
                << what;
        }
    }
}

TEST_F(StreamedTable, LeavesOutBadRowsWhenTold) {
    const std::string path = write("n,y\n1,0\nx,maybe\n3,1\n4\n5,1\n6,2\n", "t.csv");
    TableOptions options;
    options.rows.bad_rows = BadRows::skip;
    options.rows.max_bad = {.count = 10};
    for (const std::size_t bytes : {4u, 1000u}) {
        EXPECT_EQ(streamed(path, options, {.block_bytes = bytes, .window_bytes = 4}), "0 1\n1 3\n1 5\n");
        EXPECT_EQ(report_.accepted, 3u);
        EXPECT_EQ(report_.rows, 6u);
    }
}

}  // namespace
}  // namespace funnel::ingest
