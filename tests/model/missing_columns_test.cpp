// SPDX-License-Identifier: MIT
#include "funnel/model/missing_columns.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace funnel::model {
namespace {

using Names = std::vector<std::string>;

TEST(MissingColumns, AreThoseThatHadValuesInTraining) {
    const float none = std::numeric_limits<float>::quiet_NaN();
    Reference reference;
    reference.categorical = {{.name = "category", .texts = {"a"}, .counts = {5, 0, 1}},
                             {.name = "brand", .texts = {}, .counts = {0, 9}}};  // missing in every row
    reference.numeric = {reference_of("position", std::vector<float>{1, 2, 3}),
                         reference_of("item_log_price", std::vector<float>{none, none})};
    EXPECT_EQ(missing_columns(reference, EventLog()), (Names{"category", "position"}));
    EventLog log;
    log.add_number_column("position");
    EXPECT_EQ(missing_columns(reference, log), Names{"category"});
    EXPECT_EQ(missing_columns({}, log), Names{});
}

}  // namespace
}  // namespace funnel::model
