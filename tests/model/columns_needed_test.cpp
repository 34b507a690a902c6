// SPDX-License-Identifier: MIT
#include "funnel/model/columns_needed.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace funnel::model {
namespace {

using Names = std::vector<std::string>;

/// A model with the features of these columns; brand and price were missing in every row of its training.
Bundle model_of_columns() {
    const float none = std::numeric_limits<float>::quiet_NaN();
    Bundle bundle;
    bundle.log.emplace();
    bundle.encoder = encoding::Encoder::of_parts({.numeric = {{"position"}, {"item_log_price"}},
                                                  .categorical = {"category", "brand", "list"},
                                                  .targets = {},
                                                  .normalizer = {},
                                                  .categories = {}});
    bundle.reference.categorical = {{.name = "category", .texts = {"a"}, .counts = {5, 0, 1}},
                                    {.name = "brand", .texts = {}, .counts = {0, 9}},
                                    {.name = "list", .texts = {"l"}, .counts = {3, 0, 0}}};
    bundle.reference.numeric = {reference_of("position", std::vector<float>{1, 2, 3}),
                                reference_of("item_log_price", std::vector<float>{none, none})};
    return bundle;
}

TEST(ColumnsNeeded, AreThoseThatHadValuesInTraining) {
    Bundle bundle = model_of_columns();
    EXPECT_EQ(columns_needed(bundle).text, (Names{"category", "list"}));
    EXPECT_EQ(columns_needed(bundle).numbers, Names{"position"});
    bundle.log->side_inputs = {{.key = events::SideKey::item, .column = "category", .is_number = false}};
    EXPECT_EQ(columns_needed(bundle).text, Names{"list"}) << "a table of items tells the category";
    bundle.log->text_inputs = {"device"};
    EXPECT_EQ(columns_needed(bundle).text, (Names{"device", "list"}));
    bundle.reference = {};
    EXPECT_EQ(columns_needed(bundle).text, Names{"device"});
    EXPECT_EQ(columns_needed(bundle).numbers, Names{});
    EXPECT_EQ(columns_needed(Bundle()).text, Names{});
}

TEST(ColumnsNeeded, AreMissingWhereTheLogHasNoSuchColumn) {
    const events::NeededColumns needed = columns_needed(model_of_columns());
    EventLog log;
    EXPECT_EQ(events::missing_columns(log, needed).text, (Names{"category", "list"}));
    EXPECT_EQ(events::missing_columns(log, needed).numbers, Names{"position"});
    EXPECT_THROW(events::require_columns(log, needed), Error);
    log.add_number_column("position");
    log.add_text_column("list");
    EXPECT_EQ(events::missing_columns(log, needed).text, Names{"category"});
    EXPECT_THROW(events::require_columns(log, needed), Error);
    log.add_text_column("category");
    EXPECT_NO_THROW(events::require_columns(log, needed)) << "a column of missing values is no lack";
}

}  // namespace
}  // namespace funnel::model
