// SPDX-License-Identifier: MIT
// Tables of finished examples.
#include "funnel/ingest/read_table.hpp"

#include "ingest/log_file.hpp"
#include "support/csv.hpp"

namespace funnel::ingest {
namespace {

class TableFile : public LogFile {
 protected:
    [[nodiscard]] Table table(std::string_view text, const TableOptions& options = {}) const {
        return read_table(std::vector{write(text, "t.csv")}, options);
    }
    /// All values of a row, "-" where one is missing.
    [[nodiscard]] static std::string row(const Table& table, std::size_t row) {
        std::string out;
        for (const TableTextColumn& column : table.columns) {
            if (!out.empty()) out += '|';
            out += column.code[row] == base::kNone ? "-" : std::string(column.values.text(column.code[row]));
        }
        return out;
    }
    [[nodiscard]] static std::string what(const std::function<void()>& call) {
        try {
            call();
        } catch (const Error& error) {
            return error.what();
        }
        return "";
    }
};

TEST_F(TableFile, KeepsEveryColumnAsText) {
    TableOptions options;
    options.verbatim = {"id"};
    for (const unsigned threads : {1u, 3u}) {
        options.threads = threads;
        const std::string path =
            write("id,x,\n007,1.50,a\n\n\"N\nA\",NA,\"b,\"\nNA,null,\nnan,NaN,c\n", "t.csv");
        const Table t =
            detail::read_table(std::vector{path}, options, {.block_bytes = 10, .window_bytes = 4});
        ASSERT_EQ(t.rows(), 4u);
        EXPECT_EQ(row(t, 0), "007|1.50|a");
        EXPECT_EQ(row(t, 1), "N\nA|-|b,");
        EXPECT_EQ(row(t, 2), "NA|-|-");
        EXPECT_EQ(row(t, 3), "nan|-|c");
        std::vector<std::uint64_t> lines;
        for (const RowOrigin& origin : t.origin)
            lines.push_back(origin.line);
        EXPECT_EQ(lines, (std::vector<std::uint64_t>{2, 4, 6, 7}));
        EXPECT_NE(t.column(""), nullptr);
        EXPECT_EQ(t.column("y"), nullptr);
    }
}

TEST_F(TableFile, KnowsTheWordsForNoValue) {
    TableOptions options;
    options.verbatim = {"id"};
    const std::string text = "id,x\nNone,N/A\nnull,None\n-,\\N\n?,-\n-,nano\n";
    const Table usual = table(text, options);
    ASSERT_EQ(usual.rows(), 5u);
    for (std::size_t i : {0u, 1u, 2u})
        EXPECT_EQ(usual.columns[1].code[i], base::kNone) << i;
    EXPECT_EQ(row(usual, 0), "None|-");
    EXPECT_EQ(usual.columns[1].values.text(usual.columns[1].code[3]), "-");
    EXPECT_EQ(row(usual, 4), "-|nano");
    options.missing = base::MissingWords({"-"});
    const Table more = table(text, options);
    EXPECT_EQ(more.columns[1].code[3], base::kNone);
    EXPECT_EQ(row(more, 4), "-|nano");
}

TEST_F(TableFile, MayHaveOneColumn) {
    const Table t = table("x\n1\n\n2\r\n\"\"\n");
    ASSERT_EQ(t.rows(), 3u);  // a blank line is none, a quoted nothing is a row
    EXPECT_EQ(row(t, 2), "-");
}

TEST_F(TableFile, JoinsFilesByTheNamesOfTheirColumns) {
    const std::string a = write("x,y\n1,2\n", "a.csv"), b = write("y,x\n4,3\n", "b.csv"),
                      c = write("x,z\n1,2\n", "c.csv");
    const Table t = read_table(std::vector{a, b}, {});
    EXPECT_EQ(row(t, 0), "1|2");
    EXPECT_EQ(row(t, 1), "3|4");
    EXPECT_EQ(t.origin[1].file, 1u);
    EXPECT_NE(what([&] {
                  static_cast<void>(read_table(std::vector{a, c}, {}));
              }).find("c.csv: column y"),
              std::string::npos);
    const std::string d = write("x,y,z\n1,2,3\n", "d.csv");
    EXPECT_NE(what([&] {
                  static_cast<void>(read_table(std::vector{a, d}, {}));
              }).find("column z"),
              std::string::npos);
}

TEST_F(TableFile, RejectsRowsByStructureAndByValue) {
    TableOptions options;
    options.rows.bad_rows = BadRows::skip;
    options.rows.max_bad = {.count = 10};
    options.rows.rejects_path = folder_.path("rejects.csv");
    Table t = table("id,label\na,1\nb\nc,maybe\nd,0\ne,2\n", options);
    EXPECT_EQ(t.rows(), 4u);
    reject_rows(t, {{3, "label", "0 or 1"}, {1, "label", "0 or 1"}, {1, "id", "another id"}}, options.rows);
    ASSERT_EQ(t.rows(), 2u);
    EXPECT_EQ(row(t, 0), "a|1");
    EXPECT_EQ(row(t, 1), "d|0");
    EXPECT_EQ(t.report.rows, 5u);
    EXPECT_EQ(t.report.accepted, 2u);
    EXPECT_EQ(t.report.rejected, 3u);
    EXPECT_EQ(t.report.rejected_by_reason,
              (std::map<std::string, std::uint64_t>{{"field_count", 1}, {"value", 2}}));
    const support::Csv rejects = support::parse_csv(folder_.read("rejects.csv"));
    ASSERT_EQ(rejects.rows.size(), 3u);
    EXPECT_EQ(rejects.rows[1],
              (std::vector<std::string>{folder_.path("t.csv"), "4", "label", "value", "c,maybe"}));
    options.rows.max_bad = {.count = 3};
    EXPECT_NE(what([&] {
                  reject_rows(t, {{0, "label", "0 or 1"}}, options.rows);
              }).find("at most 3 bad rows (--max-bad), got 4"),
              std::string::npos);
}

TEST_F(TableFile, FailsAtTheFirstBadValue) {
    Table t = table("id,label\na,1\nb,\nc,maybe\n");
    EXPECT_EQ(what([&] {
                  reject_rows(t, {{2, "label", "0 or 1"}, {1, "label", "0 or 1"}}, {});
              }),
              folder_.path("t.csv") +
                  ":3: column label: expected 0 or 1, got \"\"; correct the line, or skip such rows "
                  "with --bad-rows skip");
}

TEST_F(TableFile, RefusesImpossibleDelimiters) {
    for (const char c : {'"', '\n', '\r', '\0', '\xE9'}) {
        TableOptions options;
        options.delimiter = c;
        EXPECT_THROW(static_cast<void>(table("x\n1\n", options)), Error);
    }
    TableOptions options;
    options.delimiter = ';';
    EXPECT_EQ(row(table("x;y\n1,5;2\n", options), 0), "1,5|2");
}

}  // namespace
}  // namespace funnel::ingest
