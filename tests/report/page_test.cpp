// SPDX-License-Identifier: MIT
// The first pages: the answers in words, their widths, and what is left out.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "funnel/metrics/measure.hpp"
#include "funnel/report/evaluation_report.hpp"
#include "funnel/report/metrics_text.hpp"
#include "funnel/report/text_table.hpp"
#include "report/plain_words.hpp"

namespace funnel::report {
namespace {

using enum EventKind;

constexpr std::int64_t kWholeDay = 86'400'000'000;

// Ten visitors see an item, four put it into the cart, one buys it for 20; the last event is 30 days later.
EventLog ten_visitors() {
    EventLog log;
    std::vector<std::string> names;
    for (int i = 0; i < 10; ++i)
        names.push_back("u" + std::to_string(i));
    for (const auto& user : names)
        log.add({.time = 0, .kind = view, .user = user, .item = "i1", .category = "Shoes"});
    for (int i = 0; i < 4; ++i)
        log.add({.time = 1, .kind = cart_add, .user = names[static_cast<std::size_t>(i)], .item = "i1"});
    log.add({.time = 2, .kind = purchase, .user = "u0", .item = "i1", .order = "o1", .price = 20});
    log.add({.time = 30 * kWholeDay, .kind = view, .user = "u9", .item = "i1"});
    return log;
}

std::string page_of(const EventLog& log, std::vector<std::string> by = {}) {
    metrics::MetricsOptions options{.funnel = Funnel::parse("view,cart_add,purchase")};
    options.by = std::move(by);
    const auto result = metrics::measure(log, options);
    return to_page(result, summarize(log, result));
}

void expect_narrow(const std::string& text) {
    std::size_t lines = 0;
    for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
        ++lines;
        EXPECT_LE(display_width(text.substr(begin, end - begin)), kPageWidth);
    }
    EXPECT_GT(lines, 5u);
}

TEST(MetricsPage, AnswersInWordsWithTheCounts) {
    const std::string page = page_of(ten_visitors());
    EXPECT_TRUE(
        page.starts_with("Log   1 Jan to 31 Jan 1970, 31 days, UTC\n10 visitors, 11 visits, 16 rows "
                         "read, none rejected\n"))
        << page;
    EXPECT_NE(page.find("Visitors who bought"), std::string::npos);
    EXPECT_NE(page.find("10.0 %"), std::string::npos);
    EXPECT_NE(page.find("1 of 10\n"), std::string::npos);
    EXPECT_NE(page.find("Carts abandoned"), std::string::npos);
    EXPECT_NE(page.find("75.0 %"), std::string::npos);
    EXPECT_NE(page.find("3 of 4\n"), std::string::npos);
    EXPECT_NE(page.find("\nRevenue"), std::string::npos);
    expect_narrow(page);
}

TEST(MetricsPage, LeavesOutWhatIsUndefined) {
    const std::string page = page_of(ten_visitors());
    EXPECT_EQ(page.find("Impressions clicked"), std::string::npos) << page;
    EXPECT_EQ(page.find("n/a"), std::string::npos) << page;
    EXPECT_EQ(page.find("refunds"), std::string::npos) << page;
}

TEST(MetricsPage, DrawsTheFunnelAndPointsAtWhatLosesMost) {
    const std::string page = page_of(ten_visitors());
    EXPECT_NE(page.find("Funnel: visitors, within 7 days"), std::string::npos) << page;
    EXPECT_NE(page.find("view      10  ██████████████████\n"), std::string::npos) << page;
    EXPECT_NE(page.find("cart       4  ███████▏            40 %     6  <- most lost\n"), std::string::npos)
        << page;
    EXPECT_NE(page.find("purchase   1  █▊                  25 %     3  <- largest share\n"),
              std::string::npos)
        << page;
}

TEST(MetricsPage, BreaksDownInTheSameWords) {
    const std::string page = page_of(ten_visitors(), {"category"});
    EXPECT_NE(page.find("By category  visitors  clicked  bought  carts lost  orders  revenue\n"),
              std::string::npos)
        << page;
    EXPECT_NE(page.find("Shoes              10"), std::string::npos) << page;
    EXPECT_NE(page.find("(missing)"), std::string::npos) << page;
    expect_narrow(page);
}

TEST(MetricsPage, OfOrdersAloneSpeaksOfCustomers) {
    EventLog log;
    for (const char* user : {"a", "b"})
        log.add({.time = 0, .kind = purchase, .user = user, .order = user, .price = 5});
    log.add({.time = kWholeDay, .kind = refund, .user = "a", .order = "a", .price = 5});
    const std::string page = page_of(log);
    EXPECT_NE(page.find("2 customers, 3 rows read"), std::string::npos) << page;
    EXPECT_EQ(page.find("Visitors who bought"), std::string::npos) << page;
    EXPECT_LT(page.find("Revenue after refunds"), page.find("Revenue before refunds")) << page;
}

TEST(MetricsPage, OfAnEmptyLogHasNoFigures) {
    const std::string page = page_of(EventLog{});
    EXPECT_TRUE(page.starts_with("Log\n0 visitors, 0 visits, 0 rows read, none rejected\n")) << page;
    EXPECT_EQ(page.find("n/a"), std::string::npos);
}

// 200 users, one row each; the first 100 happened, with `high`, the others with `low`.
score::Evaluation judged(float high, float low) {
    score::ScoredExamples examples{.targets = {"purchase"}};
    examples.scores.resize(1);
    examples.labels.resize(1);
    for (std::uint64_t i = 0; i < 200; ++i) {
        examples.scores[0].push_back(i < 100 ? high : low);
        examples.labels[0].push_back(i < 100 ? 1 : 0);
        examples.clusters.push_back(i);
        examples.keys.push_back({});
    }
    return score::evaluate(examples, false);
}

TEST(EvaluationPage, SaysWhetherTheModelBeatsTheAverage) {
    const std::string good = to_page(judged(0.75f, 0.25f), "m.funnel");
    EXPECT_TRUE(good.starts_with("m.funnel on 200 unseen examples\n")) << good;
    // Log loss ln(4/3) against ln 2: 1 - 0.28768 / 0.69315 = 58.5 %.
    EXPECT_NE(good.find("purchase  yes          58.5 %  58.4 to 58.6\n"), std::string::npos) << good;
    EXPECT_NE(good.find("happened           100 of 200\n"), std::string::npos) << good;
    EXPECT_NE(good.find("best tenth holds         20 %\n"), std::string::npos) << good;
    const std::string bad = to_page(judged(0.25f, 0.75f));
    EXPECT_NE(bad.find("no, worse"), std::string::npos) << bad;
    expect_narrow(good);
}

TEST(EvaluationPage, SaysWhenPredictionsAreOff) {
    const std::string page = to_page(judged(0.3f, 0.3f));
    EXPECT_NE(page.find("! purchase came 67 % above the prediction.\n"), std::string::npos) << page;
}

TEST(PlainWords, ShareIntervalDurationDays) {
    EXPECT_EQ(short_share(0.187), "18.7 %");
    EXPECT_EQ(short_share(1), "100 %");
    EXPECT_EQ(short_share(0), "0.0 %");
    EXPECT_EQ(short_share(0.00778), "0.78 %");
    EXPECT_EQ(short_share(std::nullopt), "n/a");
    EXPECT_EQ(short_interval(eval::Interval{0.037, 0.142}, 1, 4), " 3.7 to 14.2");
    EXPECT_EQ(duration_words(7 * kWholeDay), "7 days");
    EXPECT_EQ(duration_words(kWholeDay / 24), "1 hour");
    EXPECT_EQ(duration_words(90LL * 60 * 1'000'000), "90 minutes");
    EXPECT_EQ(days_words(0, 34), "1 Jan to 4 Feb 1970");
    EXPECT_EQ(days_words(-1, 0), "31 Dec 1969 to 1 Jan 1970");
    EXPECT_EQ(days_words(19723, 19723), "1 Jan 2024");
    EXPECT_EQ(bar(0, 18), "");
    EXPECT_EQ(bar(1e-9, 18), "▏");
    EXPECT_EQ(bar(1, 3), "███");
}

TEST(PlainWords, WarningsWrapAtBlanks) {
    const std::string text(60, 'x');
    EXPECT_EQ(warning_lines(text + " " + text), "! " + text + "\n  " + text + "\n");
    EXPECT_EQ(warning_lines("short"), "! short\n");
}

}  // namespace
}  // namespace funnel::report
