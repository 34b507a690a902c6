// SPDX-License-Identifier: MIT
#include "glossary.hpp"

#include <algorithm>
#include <array>

#include "words.hpp"

namespace funnel::report::html {
namespace {

struct Entry {
    std::string_view name, title, meaning;
};

constexpr auto kEntries = std::to_array<Entry>({
    {"pv", "Product views", "Events of type view: a product page was opened."},
    {"uv", "Users", "Distinct users with an event of any type; days do not add up to the period."},
    {"pv_per_uv", "Product views per user", "Product views divided by users."},
    {"pv_per_viewer", "Product views per viewer", "Product views divided by users with at least one."},
    {"page_views", "Page views", "Views of any page, never mixed with product views."},
    {"visits", "Visits", "Stays of a user: by visit id, else cut where the user was silent for 30 minutes."},
    {"ctr", "Click-through rate",
     "Share of impressions that get the credit of a click on the same item within 30 minutes."},
    {"ctr_raw", "Clicks per impression",
     "All clicks divided by all impressions, as ad dashboards print it; may exceed 1."},
    {"ctr_followed", "Impressions followed by a click",
     "Share of impressions after which the user clicked the item within 30 minutes."},
    {"ctr_exposure", "Exposures with a click",
     "Share of first meetings of a user and an item in a visit that a click follows in time."},
    {"clicks_unattributed", "Clicks without an impression",
     "Clicks with no impression of the same user and item in the 30 minutes before."},
    {"click_user_rate", "Users who click", "Share of users with at least one click."},
    {"cart_to_view_rate", "Viewers who use the cart",
     "Share of users with a product view who put a product they viewed into the cart."},
    {"cart_to_view_pairs", "Viewed items put into the cart",
     "Share of pairs of user and viewed item that went into the cart."},
    {"cart_to_view_events", "Carts per product view",
     "Additions to the cart divided by product views; may exceed 1."},
    {"purchase_to_view_rate", "Viewers who buy",
     "Share of users with a product view who bought a product they viewed."},
    {"purchase_to_view_pairs", "Viewed items bought",
     "Share of pairs of user and viewed item that were bought."},
    {"conversion_user", "Conversion per user", "Share of users with at least one purchase."},
    {"conversion_session", "Conversion per visit", "Share of visits with at least one purchase."},
    {"orders_per_session", "Orders per visit", "Orders divided by visits; may exceed 1."},
    {"cvr_post_click", "Purchase after a click",
     "Share of clicks that get the credit of a purchase of the item within the window, of those whose window "
     "is over."},
    {"cart_abandon_session", "Abandoned in the visit",
     "Share of visits with a cart and no purchase after the first item went into it."},
    {"cart_abandon_cart", "Abandoned carts",
     "Share of closed carts that ended without a purchase, after 24 hours without activity."},
    {"carts_emptied", "Carts emptied",
     "Carts from which everything was removed; they are not abandoned ones."},
    {"carts_open", "Carts still open", "Carts still in use when the log ends; not judged yet."},
    {"cart_abandon_user_item", "Items not bought within the window",
     "Share of items that a user put into the cart and did not buy within the window, of those whose window "
     "is over."},
    {"cart_abandon_user_item_naive", "Items not bought so far",
     "Share of items put into a cart and not bought by the end of the log; the last days always look "
     "abandoned."},
    {"purchases_without_cart", "Bought without a cart",
     "Pairs of user and item bought without having been put into a cart before."},
    {"repeat_purchase_period", "Customers with a second order",
     "Share of customers with two orders or more in this period."},
    {"returning_customer_rate", "Returning customers",
     "Share of customers who had ordered at any time before the order of this period."},
    {"repeat_purchase_within_", "Second order within",
     "Share of customers who ordered again in this time after their first order, of those who had the time."},
    {"retention_unbounded_", "Back on that day or later",
     "Share of users active that many days after their first event or later."},
    {"retention_", "Back on that day",
     "Share of users active exactly that many days after their first event."},
    {"repeat_item_rate", "Same item bought again",
     "Share of pairs of customer and item with two orders or more."},
    {"repeat_category_rate", "Same category bought again",
     "Share of pairs of customer and category with two orders or more."},
    {"orders", "Orders", "Distinct orders of a user, by order id or else by visit."},
    {"net_orders", "Net orders", "Orders that were not refunded in full."},
    {"late_order_rows", "Late order rows",
     "Purchase rows later than the first row of their order: perhaps written twice."},
    {"revenue", "Revenue",
     "Sum of the amounts of all purchase rows, in the currency of the log, before refunds."},
    {"net_revenue", "Net revenue", "Revenue less refunds."},
    {"net_average_order_value", "Net average order value",
     "The same after refunds, over orders that were not refunded in full."},
    {"net_conversion_user", "Net conversion per user",
     "Share of users with an order that was not refunded in full."},
    {"refund_rows", "Refund rows", "Events of type refund."},
    {"refund_rows_unmatched", "Refunds without an order", "Refund rows for which the log has no order."},
    {"purchase_rows_without_value", "Purchase rows without an amount",
     "Purchase rows that add nothing to revenue because their amount is missing."},
    {"revenue_per_user", "Revenue per user", "Revenue divided by all users, also those who bought nothing."},
    {"revenue_per_visit", "Revenue per visit", "Revenue divided by all visits, also those without an order."},
    {"average_order_value", "Average order value", "Revenue of orders divided by orders with an amount."},
    {"dwell_median_s", "Time on a product page, median",
     "From a product view to the next event of the visit, where there is a later one."},
    {"dwell_mean_s", "Time on a product page, mean", "The same as a mean, which few long stays pull up."},
    {"dwell_censored", "Views of unknown length", "Product views after which the visit shows no later time."},
});

/// By the whole name, or by the beginning of one that goes on with a length of time
/// ("repeat_purchase_within_30d").
const Entry* find_entry(std::string_view name) noexcept {
    const auto at = std::ranges::find_if(kEntries, [&](const Entry& entry) {
        return entry.name.ends_with('_') ? name.starts_with(entry.name) : name == entry.name;
    });
    return at == kEntries.end() ? nullptr : &*at;
}

}  // namespace

Term term_of(std::string_view name) {
    if (const Entry* entry = find_entry(name)) {
        std::string title(entry->title);
        if (entry->name.ends_with('_')) title += " " + duration_in_words(name.substr(entry->name.size()));
        return {std::move(title), std::string(entry->meaning)};
    }
    std::string title = spaced(name);
    if (!title.empty() && title[0] >= 'a' && title[0] <= 'z')
        title[0] = static_cast<char>(title[0] - 'a' + 'A');
    return {std::move(title), "Defined in docs/metrics.md under its name, " + std::string(name) + "."};
}

bool is_explained(std::string_view name) noexcept {
    return find_entry(name) != nullptr;
}

}  // namespace funnel::report::html
