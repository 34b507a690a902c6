// SPDX-License-Identifier: MIT
// Whole pages: what they are made of, what they never hold, how large they get.
#include "funnel/report/html_report.hpp"

#include <gtest/gtest.h>

#include <string>

#include "report/html_check.hpp"

namespace funnel::report {
namespace {

using enum EventKind;
constexpr std::int64_t kDay = base::kDay;

ReportNumbers numbers_of(const EventLog& log, metrics::MetricsOptions options) {
    return measure_report(log, options, metrics::facts_of(log));
}

std::string page_of(const EventLog& log, const metrics::MetricsOptions& options) {
    const ReportNumbers numbers = numbers_of(log, options);
    return to_html(numbers, summarize(log, numbers.whole));
}

/// 28 days; user "a" buys for 10 on day 3, "b" for 20 on day 20 and for 30 on day 27.
EventLog four_weeks() {
    EventLog log;
    for (std::int64_t day = 0; day < 28; ++day) {
        for (const char* user : {"a", "b", "c"})
            log.add({.time = day * kDay, .kind = view, .user = user, .item = "i"});
    }
    log.add({.time = 3 * kDay + 5, .kind = purchase, .user = "a", .item = "i", .order = "1", .revenue = 10});
    log.add({.time = 20 * kDay + 5, .kind = purchase, .user = "b", .item = "i", .order = "2", .revenue = 20});
    log.add({.time = 28 * kDay - 1, .kind = purchase, .user = "b", .item = "i", .order = "3", .revenue = 30});
    return log;
}

TEST(MeasureReport, ComparesWholeWeeks) {
    const ReportNumbers numbers = numbers_of(four_weeks(), {.funnel = Funnel::parse("view,purchase")});
    ASSERT_TRUE(numbers.change);
    EXPECT_EQ(numbers.change->days, 14);
    EXPECT_EQ(numbers.change->before.metric("orders").value, 1);
    EXPECT_EQ(numbers.change->after.metric("orders").value, 2);
    EXPECT_EQ(numbers.change->before.metric("revenue").value, 10);
    EXPECT_EQ(numbers.change->after.metric("revenue").value, 50);
    EXPECT_EQ(numbers.change->before.metric("pv").value, 42);  // 14 days of three views
    EXPECT_EQ(numbers.trend, "day");
    EXPECT_EQ(numbers.whole.breakdown.size(), 28u);
}

TEST(HtmlReport, SaysWhyConversionMoved) {
    EventLog log;
    for (int u = 0; u < 2000; ++u) {
        const bool late = u % 2 == 1, mobile = u % 4 < 2;
        const std::string user = "u" + std::to_string(u);
        const std::int64_t time = (late ? 14 * kDay : 0) + u % 14 * kDay;
        const char* const category = mobile ? "<b>phone</b>" : "lamp";
        log.add({.time = time, .kind = view, .user = user, .item = "i", .category = category});
        // A fifth of them buys, of those of the first category a tenth later on.
        if (u / 4 % (mobile && late ? 10 : 5) == 0)
            log.add({.time = time + 1, .kind = purchase, .user = user, .item = "i", .category = category});
    }
    metrics::MetricsOptions options{.funnel = Funnel::parse("view,purchase")};
    options.from = 14 * kDay;
    options.to = 28 * kDay;
    const ReportNumbers numbers = numbers_of(log, options);
    ASSERT_TRUE(numbers.change && numbers.change->why);
    EXPECT_EQ(numbers.change->why->rates.at(0).before.units, 1000);
    const std::string page = page_of(log, options);
    EXPECT_NE(page.find("<li>Conversion fell from 20.00 % to 15.00 % (-5.00 points, "), std::string::npos);
    EXPECT_NE(page.find("By category: -5.00 &lt;b&gt;phone&lt;/b&gt; converts worse (20.00 % -&gt; 10.00 %)"),
              std::string::npos);
    // Nothing to search, nothing said.
    EXPECT_EQ(page_of(four_weeks(), options).find("Why:"), std::string::npos);
}

TEST(MeasureReport, ComparesNothingInAWeek) {
    metrics::MetricsOptions options{.funnel = Funnel::parse("view,purchase")};
    options.to = 7 * kDay;
    EXPECT_FALSE(numbers_of(four_weeks(), options).change);
}

TEST(MeasureReport, APeriodStandsBesideTheOneBefore) {
    metrics::MetricsOptions options{.funnel = Funnel::parse("view,purchase")};
    options.from = 20 * kDay;
    options.to = 27 * kDay;
    const ReportNumbers numbers = numbers_of(four_weeks(), options);
    ASSERT_TRUE(numbers.change);
    EXPECT_TRUE(numbers.change->asked);
    EXPECT_EQ(numbers.change->days, 7);
    EXPECT_EQ(numbers.change->before.metric("revenue").value, 0);
    EXPECT_EQ(numbers.change->after.metric("revenue").value, 20);
    EXPECT_EQ(numbers.change->after.metric("pv").value, 21);
    options.to.reset();  // to the end: eight days
    EXPECT_EQ(numbers_of(four_weeks(), options).change->days, 8);
    // An hour less of summer time: the week before begins at the same local time.
    options.to = 27 * kDay;
    options.zone = {{0, 0}, {16 * kDay, base::kHour}};
    const ReportNumbers shifted = numbers_of(four_weeks(), options);
    EXPECT_EQ(shifted.change->before.metric("pv").value, 18);  // 13 d 1 h on: six midnights
    options.zone.clear();
    options.from = 6 * kDay;  // nothing so long before it
    options.to = 13 * kDay;
    EXPECT_FALSE(numbers_of(four_weeks(), options).change);
}

TEST(HtmlReport, SaysWhetherTargetsAreReached) {
    EventLog log;
    for (int u = 0; u < 400; ++u) {
        const std::string user = "u" + std::to_string(u);
        log.add({.time = u, .kind = view, .user = user, .item = "i"});
        if (u % 4 == 0)
            log.add({.time = kDay + u, .kind = purchase, .user = user, .item = "i", .revenue = 1});
    }
    const ReportNumbers numbers = numbers_of(log, {.funnel = Funnel::parse("view,purchase")});
    // 100 of 400 bought: Wilson 21.0 to 29.5 %. No visit had a cart.
    PageOptions options;
    for (const char* target :
         {"conversion_user=20%", "conversion_user=25%", "conversion_user=30%", "orders=100", "ctr=1%"})
        options.targets.push_back(metrics::parse_target(target));
    const std::string page = to_html(numbers, summarize(log, numbers.whole), nullptr, "UTC", options);
    html_test::expect_sound(page);
    for (const char* text :
         {"Target 20.0\xC2\xA0%: reached", "Target 25.0\xC2\xA0%: too few users to tell",
          "Target 30.0\xC2\xA0%: missed", "Target 100: reached", "Target 1.00\xC2\xA0%: no value"})
        EXPECT_NE(page.find(text), std::string::npos) << text;
    EXPECT_TRUE(metrics::parse_target("cart_abandon_session=60%").above);
    for (const char* wrong : {"", "ctr", "=2%", "ctr=much", "ctr<2%"})
        EXPECT_THROW((void)metrics::parse_target(wrong), Error) << wrong;
}

TEST(HtmlReport, SaysWhatIsLostByHeadsAndByShare) {
    EventLog log;
    for (int u = 0; u < 100; ++u) {
        const std::string user = "u" + std::to_string(u);
        log.add({.time = 0, .kind = view, .user = user, .item = "i"});
        if (u < 40) log.add({.time = 1, .kind = cart_add, .user = user, .item = "i"});
        if (u < 4) log.add({.time = 2, .kind = purchase, .user = user, .item = "i"});
    }
    const std::string page = page_of(log, {.funnel = Funnel::parse("view,cart_add,purchase")});
    for (const char* text :
         {"loses most users between", ": <strong>60</strong>, <strong>60.0\xC2\xA0%</strong>",
          "the largest share between", ": <strong>90.0\xC2\xA0%</strong>, 36. "})
        EXPECT_NE(page.find(text), std::string::npos) << text;
}

TEST(HtmlReport, ABriefPageHasTheFiguresAndNothingElse) {
    const EventLog log = four_weeks();
    const ReportNumbers numbers = numbers_of(log, {.funnel = Funnel::parse("view,purchase"), .by = {"hour"}});
    PageOptions options{.targets = {metrics::parse_target("conversion_user=2%")}, .brief = true};
    const std::string page = to_html(numbers, summarize(log, numbers.whole), nullptr, "UTC", options);
    html_test::expect_sound(page);
    for (const char* text :
         {"3 users", "3 orders", "60.00", "up 100.0\xC2\xA0%", "Target 2.00\xC2\xA0%", "Of the step before"})
        EXPECT_NE(page.find(text), std::string::npos) << text;
    for (const char* text : {"<svg", "href=", "<nav"})
        EXPECT_EQ(page.find(text), std::string::npos) << text;
    EXPECT_LT(page.size(), 30'000u);
}

TEST(HtmlReport, WithRefundsNetRevenueComesFirst) {
    EventLog log = four_weeks();
    log.add({.time = 28 * kDay - 1, .kind = refund, .user = "b", .item = "i", .order = "3", .revenue = 30});
    const std::string page = page_of(log, {.funnel = Funnel::parse("view,purchase")});
    EXPECT_NE(page.find("<strong>30.00 after refunds</strong>, 60.00 before"), std::string::npos);
    EXPECT_NE(page.find("Net revenue"), std::string::npos);
}

TEST(HtmlReport, SaysTheKeyFiguresInWords) {
    const EventLog log = four_weeks();
    const std::string page = page_of(log, {.funnel = Funnel::parse("view,purchase")});
    for (const char* text :
         {"1 January 1970 to 28 January 1970", "3 users", "3 orders", "60.00", "20.00 on average",
          "66.7\xC2\xA0%", "up 100.0\xC2\xA0%", "10.00 \xE2\x86\x92 50.00", "2 of 3"}) {
        EXPECT_NE(page.find(text), std::string::npos) << text;
    }
}

TEST(HtmlReport, IsWellFormedWithMarksAndATableInEveryFigure) {
    const EventLog log = four_weeks();
    const std::string page = page_of(log, {.funnel = Funnel::parse("view,purchase"), .by = {"hour"}});
    html_test::expect_sound(page);
    EXPECT_GE(html_test::figures(page), 5u);
    EXPECT_EQ(page, page_of(log, {.funnel = Funnel::parse("view,purchase"), .by = {"hour"}}));
}

TEST(HtmlReport, DrawsPathsAndCohortsWhereThereAreTwo) {
    EventLog log = four_weeks();
    const metrics::MetricsOptions options{.funnel = Funnel::parse("view,purchase")};
    EXPECT_EQ(page_of(log, options).find("id=\"cohort-grid\""), std::string::npos);
    for (const std::int64_t day : {33, 40, 60})
        log.add({.time = day * kDay, .kind = view, .user = "d", .item = "i"});
    log.add({.time = 33 * kDay, .kind = view, .user = "e", .item = "i"});
    const std::string page = page_of(log, options);
    html_test::expect_sound(page);
    for (const char* text : {"id=\"top-paths\"", "view \xE2\x80\xBA purchase", "id=\"cohort-grid\"",
                             ">already there<", ">1970-W06<"})
        EXPECT_NE(page.find(text), std::string::npos) << text;
    // Of the two users of 1970-W06 one comes a week later.
    EXPECT_NE(page.find(">50<"), std::string::npos);
}

TEST(HtmlReport, ShowsWhatComesFromTheDataAsText) {
    const std::string evil = "<script>alert(1)</script>\"'&\x01";
    EventLog log = four_weeks();
    log.add({.time = 0, .kind = view, .user = evil, .item = evil, .category = evil});
    log.add({.time = 0, .kind = view, .user = "a", .item = "i", .category = "c"});
    const ReportNumbers numbers =
        numbers_of(log, {.funnel = Funnel::parse("view,purchase"), .by = {"category"}});
    LogSummary summary = summarize(log, numbers.whole);
    summary.files = {"/tmp/" + evil};
    summary.schema = evil;
    summary.warnings = {{"evil", evil}};
    summary.by_event[evil] = 7;
    summary.rejected_by_reason[evil] = 1;
    const std::string page = to_html(numbers, summary, nullptr, evil);
    html_test::expect_sound(page);
    EXPECT_EQ(page.find("<script"), std::string::npos);
    EXPECT_NE(page.find("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\\x01"), std::string::npos);
}

TEST(HtmlReport, ShowsTheFiguresWithoutBotsBeside) {
    EventLog log = four_weeks();  // a, b and c view once a day; a has an order, b two
    for (std::int64_t i = 0; i < 5; ++i)
        log.add({.time = i, .kind = view, .user = "robot", .item = "i"});
    metrics::MetricsOptions options{.funnel = Funnel::parse("view,purchase")};
    EXPECT_EQ(page_of(log, options).find("Without bots"), std::string::npos);
    options.bot_events_per_minute = 4;
    const std::string page = page_of(log, options);
    html_test::expect_sound(page);
    const std::string number = "</td><td class=\"n\">";
    for (const std::string& text :
         {std::string("<a href=\"#bots\">Without bots</a>"), std::string("The bot rule names 1 of 4 users."),
          "Product views</th><td class=\"n\">89" + number + "84" + number,  // 3 x 28 and 5
          "Users</th><td class=\"n\">4" + number + "3" + number,
          "Conversion per user</th><td class=\"n\">50.0\xC2\xA0%" + number + "66.7\xC2\xA0%" + number,
          "view</bdi></th><td class=\"n\">4" + number + "3" + number + "100\xC2\xA0%" + number}) {
        EXPECT_NE(page.find(text), std::string::npos) << text;
    }
    options.bot_events_per_minute = 5;
    const std::string none = page_of(log, options);
    html_test::expect_sound(none);
    EXPECT_NE(none.find("names none of the 4 users"), std::string::npos);
    EXPECT_EQ(none.find("All metrics without bots"), std::string::npos);
}

TEST(HtmlReport, OfNothingIsAPage) {
    const std::string page = page_of(EventLog{}, {.funnel = Funnel::parse("view,purchase")});
    html_test::expect_sound(page);
    EXPECT_NE(page.find("holds no events"), std::string::npos);
}

TEST(HtmlReport, StaysSmallForTenYearsAndTenThousandCategories) {
    EventLog log;
    for (std::int64_t day = 0; day < 3650; ++day) {
        for (int n = 0; n < 3; ++n) {
            const std::string category =
                "a category with a long name " + std::to_string((day * 3 + n) % 9990);
            log.add({.time = day * kDay + n,
                     .kind = n < 2 ? view : purchase,
                     .user = "u" + std::to_string(day % 97),
                     .item = "i",
                     .order = "o",
                     .category = category,
                     .brand = category,
                     .list = category,
                     .price = 1234.56});
        }
    }
    const ReportNumbers numbers =
        numbers_of(log, {.funnel = Funnel::parse("view,purchase"),
                         .by = {"day", "category", "brand", "list", "hour", "month"}});
    EXPECT_EQ(numbers.trend, "month");  // 3,650 days are more than 399 weeks
    LogSummary summary = summarize(log, numbers.whole);
    for (int i = 0; i < 5000; ++i) {
        summary.files.push_back("a file with a long name " + std::to_string(i));
        summary.warnings.push_back({"long", std::string(500, 'w') + std::to_string(i)});
        summary.by_event["event " + std::to_string(i)] = i;
        summary.rejected_by_reason["reason " + std::to_string(i)] = i;
    }
    const std::string page = to_html(numbers, summary);
    html_test::expect_sound(page);
    EXPECT_LT(page.size(), 400'000u);
    EXPECT_NE(page.find("Not shown here: "), std::string::npos);
}

}  // namespace
}  // namespace funnel::report
