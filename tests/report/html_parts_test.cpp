// SPDX-License-Identifier: MIT
// The pieces that pages are made of: texts, numbers, scales, marks.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "funnel/base/time.hpp"
#include "report/html/glossary.hpp"
#include "report/html/markup.hpp"
#include "report/html/model_charts.hpp"
#include "report/html/plot.hpp"
#include "report/html/rows.hpp"
#include "report/html/scale.hpp"
#include "report/html/svg_figure.hpp"
#include "report/html/words.hpp"

namespace funnel::report::html {
namespace {

std::vector<double> ticks(const Scale& scale) {
    return {scale.ticks().begin(), scale.ticks().end()};
}

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
        ++n;
    return n;
}

TEST(Markup, EscapesWhatEndsATextOrAnAttribute) {
    EXPECT_EQ(escape("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
    EXPECT_EQ(datum("<script>"), "<bdi>&lt;script&gt;</bdi>");
    EXPECT_EQ(plain("a\x1b\xFF&"), "a\\x1B\\xFF&amp;");
    EXPECT_EQ(plain("&&&&", 2), "&amp;&amp;...");  // cut before escaping: never half an entity
    EXPECT_EQ(element("p", "x"), "<p>x</p>");
    EXPECT_EQ(element("p", "id=\"a\"", "x"), "<p id=\"a\">x</p>");
}

TEST(Scale, IsWidenedToRoundNumbers) {
    const Scale scale = Scale::linear(0, 87, 4);  // a quarter of 87 is 21.75: steps of 50
    EXPECT_EQ(ticks(scale), (std::vector<double>{0, 50, 100}));
    EXPECT_EQ(scale.at(0), 0);
    EXPECT_EQ(scale.at(25), 0.25);
    EXPECT_EQ(scale.at(-5), 0);
    EXPECT_EQ(scale.at(500), 1);
    EXPECT_EQ(ticks(Scale::linear(0, 0.3, 3)), (std::vector<double>{0, 0.1, 0.2, 0.3}));
    EXPECT_EQ(ticks(Scale::linear(0.071, 0.078, 4)),
              (std::vector<double>{0.070, 0.072, 0.074, 0.076, 0.078}));
    EXPECT_EQ(ticks(Scale::linear(-3, 4, 2)), (std::vector<double>{-5, 0, 5}));
    EXPECT_EQ(ticks(Scale::linear(0, 0, 2)), (std::vector<double>{0, 0.5, 1}));  // nothing to show
}

TEST(Scale, ExactKeepsItsEnds) {
    const Scale scale = Scale::exact(0.5, 10.5, 5);
    EXPECT_EQ(ticks(scale), (std::vector<double>{2, 4, 6, 8, 10}));
    EXPECT_EQ(scale.at(5.5), 0.5);
}

TEST(Scale, LogarithmicGivesEqualFactorsEqualRoom) {
    const Scale scale = Scale::logarithmic(0.013, 0.9);
    EXPECT_EQ(ticks(scale), (std::vector<double>{0.01, 0.1, 1}));
    EXPECT_NEAR(scale.at(0.1), 0.5, 1e-12);
    EXPECT_NEAR(scale.at(0.02), 0.150514997831991, 1e-9);  // log10(2) / 2
    EXPECT_EQ(ticks(Scale::logarithmic(0.5, 2)), (std::vector<double>{0.5, 1, 2}));
    EXPECT_EQ(ticks(Scale::logarithmic(3, 3)), (std::vector<double>{2, 5}));
}

#define NBSP "\xC2\xA0"  // keeps a number and its unit on one line

TEST(Words, RoundAsPeopleRead) {
    EXPECT_EQ(percent(0.18734), "18.7" NBSP "%");
    EXPECT_EQ(percent(0.0652), "6.52" NBSP "%");
    EXPECT_EQ(percent(0.00778), "0.778" NBSP "%");
    EXPECT_EQ(decimal(0.01942), "0.0194");
    EXPECT_EQ(decimal(0.8244), "0.824");
    EXPECT_EQ(decimal(12.64), "12.6");
    EXPECT_EQ(decimal(0), "0");
    EXPECT_EQ(duration_in_words(7 * base::kDay), "7" NBSP "days");
    EXPECT_EQ(duration_in_words(base::kHour), "1" NBSP "hour");
    EXPECT_EQ(duration_in_words(90 * base::kSecond), "90" NBSP "seconds");
    EXPECT_EQ(duration_in_words("0"), "0");
    EXPECT_EQ(duration_in_words("soon"), "soon");
    EXPECT_EQ(percent(0.9997), "99.97" NBSP "%");  // not 100.0
    EXPECT_EQ(percent(1.0), "100" NBSP "%");
    EXPECT_EQ(percent(0.0), "0" NBSP "%");
    EXPECT_EQ(percent(std::nullopt), "n/a");
    EXPECT_EQ(amount(99.5), "99.50");
    EXPECT_EQ(amount(1234567.8), "1,234,568");
    EXPECT_EQ(span_of_time(8.25), "8.2" NBSP "s");
    EXPECT_EQ(span_of_time(59.97), "1" NBSP "min");
    EXPECT_EQ(span_of_time(83.0), "1" NBSP "min 23" NBSP "s");
    EXPECT_EQ(span_of_time(7500.0), "2" NBSP "h 5" NBSP "min");
    EXPECT_EQ(span_of_time(273600.0), "3" NBSP "d 4" NBSP "h");
    EXPECT_EQ(short_number(1500), "1.5k");
    EXPECT_EQ(short_number(20e6), "20M");
    EXPECT_EQ(short_number(0.25), "0.25");
    EXPECT_EQ(short_number(0.1495), "0.1495");  // neighbours on an axis differ
    EXPECT_EQ(short_percent(0.07), "7" NBSP "%");
    EXPECT_EQ(long_date("2016-08-01"), "1 August 2016");
    EXPECT_EQ(short_date("2016-12-31"), "31 Dec");
    EXPECT_EQ(long_date("2016-W39"), "2016-W39");
}

TEST(Glossary, KnowsTheHeadlinesAndHelpsWithTheRest) {
    for (const char* name : {"uv", "orders", "revenue", "conversion_user", "cart_abandon_session",
                             "cart_abandon_cart", "cart_abandon_user_item", "repeat_purchase_period"}) {
        EXPECT_TRUE(is_explained(name)) << name;
    }
    EXPECT_EQ(term_of("repeat_purchase_within_30d").title, "Second order within 30" NBSP "days");
    EXPECT_EQ(term_of("some_new_rate").title, "Some new rate");
    EXPECT_NE(term_of("some_new_rate").meaning.find("docs/metrics.md"), std::string::npos);
}

Plot square() {
    const auto label = [](double value) { return short_number(value); };
    return {Axis::of(Scale::exact(0, 10, 2), label), Axis::of(Scale::linear(0, 4, 2), label), 100};
}

TEST(Plot, PlacesALineWithAGap) {
    Plot plot = square();
    plot.line(std::vector<PlotPoint>{{0, 0.0}, {5, 4.0}, {6, {}}, {10, 1.0}});
    const std::string svg = plot.svg("a \"label\"");
    // x in thousandths of the width; y in pixels from above: 4 of 4 is 0, 1 of 4 is 75.
    EXPECT_NE(svg.find("d=\"M0 100L500 0M1000 75h0\""), std::string::npos) << svg;
    EXPECT_NE(svg.find("aria-label=\"a &quot;label&quot;\""), std::string::npos);
    EXPECT_EQ(count(svg, "class=\"mark"), 1u);
    EXPECT_EQ(count(svg, "class=\"grid\""), 3u);  // 0, 2, 4
}

TEST(Plot, BandsNeedBothEnds) {
    Plot plot = square();
    plot.band(std::vector<PlotPoint>{{0, 1.0, 0.0, 2.0}, {5, 1.0, 1.0, 3.0}, {10, 1.0}});
    EXPECT_NE(plot.svg("").find("d=\"M0 50L500 25L500 75L0 100Z\""), std::string::npos) << plot.svg("");
}

TEST(Plot, ColumnsBeginAtTheBottom) {
    Plot plot = square();
    plot.columns(std::vector<PlotPoint>{{5, 1.0, {}, {}, "five"}}, 1);
    EXPECT_NE(plot.svg("").find("x=\"45%\" width=\"10%\" y=\"75\" height=\"25\"><title>five</title>"),
              std::string::npos)
        << plot.svg("");
}

TEST(Rows, ABarIsAsLongAsItsValueAndShowsTheLoss) {
    BarRow row;
    row.label = "a<b";
    row.bar.value = 0.25;
    row.bar.low = 0.2;
    row.bar.high = 0.3;
    row.before = 0.75;
    row.note = "note";
    const std::vector<BarRow> rows(1, row);
    const std::string svg = bar_rows("label", rows, Scale::exact(0, 1));
    EXPECT_NE(svg.find("class=\"mark\" x=\"0%\" width=\"25%\""), std::string::npos) << svg;
    EXPECT_NE(svg.find("class=\"loss\" x=\"25%\" width=\"50%\""), std::string::npos) << svg;
    EXPECT_NE(svg.find("class=\"whisker\" x1=\"20%\""), std::string::npos) << svg;
    EXPECT_NE(svg.find("a&lt;b"), std::string::npos);
}

TEST(Rows, RatiosLieAroundOne) {
    BarRow row;
    row.bar.value = 1.0;
    const std::vector<BarRow> rows(1, row);
    const std::string svg =
        dot_rows("label", rows, ratio_axis(rows), 1.0);  // from 0.5 to 2: 1 is in the middle
    EXPECT_NE(svg.find("cx=\"50%\""), std::string::npos) << svg;
}

TEST(HtmlTable, CutsLongListsAndSaysSo) {
    HtmlTable table("Caption", {{"Name", true}, {"N"}}, 2);
    for (const char* name : {"a", "b", "c", "d", "e"})
        table.add_row({name, "1"});
    const std::string markup = table.markup();
    EXPECT_EQ(count(markup, "<th scope=\"row\""), 2u);
    EXPECT_NE(markup.find("Not shown here: 3 more rows."), std::string::npos) << markup;
}

TEST(Tenths, HighestFirstWithLift) {
    const std::vector<eval::CalibrationBin> bins{{100, 0.01, 0.02}, {100, 0.1, 0.08}};
    const std::vector<Tenth> tenths = tenths_of(bins, 0.05);
    ASSERT_EQ(tenths.size(), 2u);
    EXPECT_EQ(tenths[0].name, "1 (highest)");
    EXPECT_DOUBLE_EQ(*tenths[0].lift, 1.6);
    EXPECT_DOUBLE_EQ(*tenths[1].lift, 0.4);
    EXPECT_LT(tenths[0].interval->low, 0.08);
    EXPECT_GT(tenths[0].interval->high, 0.08);
    EXPECT_FALSE(tenths_of(bins, 0.0)[0].lift);
}

}  // namespace
}  // namespace funnel::report::html
