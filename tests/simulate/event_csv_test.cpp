// SPDX-License-Identifier: MIT
#include "funnel/simulate/event_csv.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace funnel::simulate {
namespace {

using events::Event;

std::string row(const Event& event) {
    std::string text;
    append_csv_row(text, event);
    return text;
}

TEST(EventCsv, WritesEveryColumn) {
    const Event event{.time = 1'704'067'200'123'456,  // 2024-01-01 00:00:00.123456
                      .kind = events::EventKind::purchase,
                      .user = "u7",
                      .item = "p1",
                      .session = "s3",
                      .order = "o9",
                      .category = "Coffee & Tea",
                      .brand = "Fjord",
                      .list = "Home",
                      .position = 3,
                      .price = 12.5,
                      .quantity = 2,
                      .revenue = 25};
    EXPECT_EQ(row(event),
              "2024-01-01T00:00:00.123Z,purchase,u7,s3,p1,Coffee & Tea,Fjord,12.5,2,Home,3,o9,25\n");
    EXPECT_EQ(std::ranges::count(row(event), ','), std::ranges::count(kCsvHeader, ','));
}

TEST(EventCsv, LeavesOutWhatIsMissingAndQuotesWhatMustBe) {
    EXPECT_EQ(row({.time = -1, .kind = events::EventKind::view, .user = "a,b", .item = "say \"hi\""}),
              "1969-12-31T23:59:59.999Z,view,\"a,b\",,\"say \"\"hi\"\"\",,,,,,,,\n");
}

TEST(EventCsv, TimesAreThoseOfFormatTime) {
    for (std::int64_t day = -700'000; day < 2'900'000; day += 997) {
        const std::int64_t time = day * base::kDay + 3'723'004'000;
        EXPECT_EQ(row({.time = time, .user = "u"}).substr(0, 24), base::format_time(time).substr(0, 24));
    }
}

}  // namespace
}  // namespace funnel::simulate
