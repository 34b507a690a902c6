// SPDX-License-Identifier: MIT
// "cart", as a stage of cart_add is printed, in a funnel that a person writes.
#include <gtest/gtest.h>

#include "funnel/events/funnel_stages.hpp"

namespace funnel::events {
namespace {

constexpr KindSet bit(std::size_t kind) {
    return KindSet{1} << kind;
}
const KindSet kViews = kind_bit(EventKind::view), kCarts = kind_bit(EventKind::cart_add);
constexpr auto kOwn = static_cast<std::size_t>(EventKind::custom_first);

TEST(PrintedNames, CartIsCartAddWhereTheLogHasNoSuchEvent) {
    const Funnel given = Funnel::parse("view,cart,trial,purchase");
    EXPECT_EQ(given.custom_types, (std::vector<std::string>{"trial", "cart"}));
    const Funnel meant = given.with_printed_names(kViews | kCarts | bit(kOwn));
    EXPECT_EQ(meant.stages[1].name, "cart");
    EXPECT_EQ(meant.stages[1].kinds, kCarts);
    EXPECT_EQ(meant.stages[2].kinds, given.stages[2].kinds);  // the log's rows keep their kinds
    EXPECT_EQ(meant.text(), "view,cart_add,trial,purchase");
}

TEST(PrintedNames, AnEventOfTheLogsOwnOfThatNameCountsAsWritten) {
    const Funnel given = Funnel::parse("view,cart,trial");
    const Funnel meant = given.with_printed_names(kViews | kCarts | bit(kOwn + 1));
    EXPECT_EQ(meant.stages[1].kinds, bit(kOwn + 1));
    EXPECT_EQ(meant.text(), given.text());
}

TEST(PrintedNames, NothingIsChangedBesideAStageOfCartAdd) {
    EXPECT_EQ(Funnel::parse("cart_add,cart").with_printed_names(kCarts).text(), "cart_add,cart");
    EXPECT_EQ(Funnel::parse("view,cart+click").with_printed_names(kCarts).text(), "view,cart_add+click");
    EXPECT_EQ(Funnel::parse("view,purchase").with_printed_names(kCarts).text(), "view,purchase");
}

}  // namespace
}  // namespace funnel::events
