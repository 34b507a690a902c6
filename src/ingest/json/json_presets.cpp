// SPDX-License-Identifier: MIT
#include "ingest/json/json_presets.hpp"

#include <string>

namespace funnel::ingest::detail {
namespace {

/// BigQuery's export of Google Analytics 4 as it is, one JSON object per event.
Schema ga4_json(Schema schema) {
    schema.name = "ga4-json";
    schema.columns = {{"time", "event_timestamp"},
                      {"event", "event_name"},
                      {"user", "user_pseudo_id"},
                      {"session", "event_params[key=ga_session_id].value.int_value"},
                      {"order", "ecommerce.transaction_id"},
                      {"item", "items.item_id"},
                      {"price", "items.price"},
                      {"quantity", "items.quantity"},
                      {"revenue", "items.item_revenue"},
                      {"list", "items.item_list_name"},
                      {"category", "items.item_category"},
                      {"brand", "items.item_brand"},
                      {"position", "items.item_list_index"}};
    schema.more_columns = {{"revenue", {"items.item_refund"}}};
    schema.explode = "items";
    schema.missing = {"(not set)"};
    schema.ignore_rows = {{"user_pseudo_id", ""}};  // visitors who declined to be known
    schema.required = {"event_timestamp", "event_name", "user_pseudo_id", "event_params"};
    return schema;
}

/// Calls of Segment and RudderStack with the events of Segment's e-commerce specification, version 2. What
/// concerns a single product stands among the properties, what concerns several in a list there.
Schema segment() {
    Schema schema;
    schema.name = "segment";
    schema.columns = {{"time", "timestamp"},
                      {"event", "event"},
                      {"user", "anonymousId"},  // the browser, known before and after a login
                      {"session", "context.sessionId"},
                      {"order", "properties.order_id"},
                      {"list", "properties.list_id"},
                      {"event_id", "messageId"}};
    schema.more_columns = {{"user", {"userId"}}, {"event", {"type"}}};
    const auto of_product = [&](const std::string& role, const std::string& key) {
        schema.columns[role] = "properties.products." + key;
        schema.more_columns[role].push_back("properties." + key);
    };
    of_product("item", "product_id");
    for (const char* same : {"price", "quantity", "category", "brand", "position"})
        of_product(same, same);
    schema.explode = "properties.products";
    schema.events = {{"page", "page_view"},
                     {"screen", "page_view"},
                     {"Product List Viewed", "impression"},
                     {"Product Clicked", "click"},
                     {"Product Viewed", "view"},
                     {"Product Added to Wishlist", "favorite"},
                     {"Product Added", "cart_add"},
                     {"Product Removed", "cart_remove"},
                     {"Checkout Started", "checkout"},
                     {"Payment Info Entered", "payment"},
                     {"Order Completed", "purchase"},
                     {"Order Refunded", "refund"},
                     {"Order Cancelled", "refund"}};
    schema.required = {"messageId", "timestamp", "type", "anonymousId"};
    return schema;
}

/// Enriched events of Snowplow as its analytics SDKs write them, with the e-commerce plugin of its trackers.
Schema snowplow() {
    Schema schema;
    schema.name = "snowplow";
    const std::string context = "contexts_com_snowplowanalytics_snowplow_ecommerce_";
    const std::string action =
        "unstruct_event_com_snowplowanalytics_snowplow_ecommerce_snowplow_ecommerce_action_1";
    schema.explode = context + "product_1";
    schema.columns = {{"time", "derived_tstamp"}, {"event", action + ".type"},
                      {"user", "domain_userid"},  {"session", "domain_sessionid"},
                      {"event_id", "event_id"},   {"order", context + "transaction_1[0].transaction_id"},
                      {"list", action + ".name"}, {"item", schema.explode + ".id"}};
    for (const char* same : {"price", "quantity", "category", "brand", "position"})
        schema.columns[same] = schema.explode + '.' + same;
    schema.more_columns = {{"event", {"event_name"}}, {"order", {context + "refund_1[0].transaction_id"}}};
    schema.ignore_rows = {{"domain_userid", ""}};  // events of servers, and of visitors without cookies
    schema.events = {{"list_view", "impression"},
                     {"list_click", "click"},
                     {"product_view", "view"},
                     {"add_to_cart", "cart_add"},
                     {"remove_from_cart", "cart_remove"},
                     {"checkout_step", "checkout"},
                     {"transaction", "purchase"}};
    schema.required = {"derived_tstamp", "event_name", "domain_userid", "domain_sessionid"};
    return schema;
}

/// Orders of WooCommerce's REST interface, one JSON object per order.
Schema woocommerce_orders() {
    Schema schema;
    schema.name = "woocommerce-orders";
    schema.columns = {
        {"time", "date_created_gmt"},      {"user", "billing.email"},           {"order", "id"},
        {"item", "line_items.product_id"}, {"quantity", "line_items.quantity"}, {"price", "line_items.price"},
        {"revenue", "line_items.total"}};
    schema.more_columns = {{"user", {"id"}}};  // an order without an address is nobody else's
    schema.explode = "line_items";
    for (const char* status : {"failed", "pending", "cancelled", "trash", "checkout-draft"})
        schema.ignore_rows.push_back({"status", status});
    schema.rows.resize(1);
    schema.rows[0].event = "purchase";
    RowEvent refund;
    refund.event = "refund";
    refund.once = true;
    Condition refunded;
    refunded.column = "refunds[+].total";
    refund.when = {refunded};
    refund.columns = {{"revenue", {refunded.column}}};
    schema.rows.push_back(refund);
    schema.funnel = {{"purchase"}};
    schema.required = {"id", "status", "date_created_gmt", "line_items"};
    return schema;
}

}  // namespace

std::vector<Schema> json_presets(const Schema& ga4) {
    std::vector<Schema> all = {ga4_json(ga4), segment(), snowplow(), woocommerce_orders()};
    for (Schema& schema : all) {
        if (schema.funnel.empty()) schema.funnel = events::parse_stages(events::kDefaultFunnel);
    }
    return all;
}

}  // namespace funnel::ingest::detail
