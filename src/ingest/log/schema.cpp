// SPDX-License-Identifier: MIT
#include "funnel/ingest/schema.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "funnel/base/error.hpp"
#include "ingest/csv/names.hpp"
#include "ingest/json/json_presets.hpp"
#include "ingest/source/byte_source.hpp"

namespace funnel::ingest {
namespace {

using Stages = std::vector<std::vector<std::string>>;

const Stages kFromImpression = events::parse_stages(events::kDefaultFunnel);
const Stages kFromView = {{"view"}, {"cart_add"}, {"purchase"}};

Schema ga_flat() {
    Schema schema;
    schema.name = "ga-flat";
    schema.columns = {{"time", "event_time"},      {"event", "event_type"}, {"user", "user_id"},
                      {"session", "session_id"},   {"item", "product_id"},  {"list", "list_name"},
                      {"order", "transaction_id"}, {"price", "price"},      {"quantity", "quantity"},
                      {"position", "position"},    {"revenue", "revenue"}};
    schema.events = {{"pageview", "page_view"}, {"addtocart", "cart_add"}, {"removefromcart", "cart_remove"}};
    schema.funnel = kFromImpression;
    schema.required = {"event_time", "event_type", "user_id",       "session_id",
                       "product_id", "list_name",  "transaction_id"};
    return schema;
}

/// Names of Google Analytics 4's e-commerce events and of its BigQuery export, items unnested.
Schema ga4() {
    Schema schema;
    schema.name = "ga4";
    schema.columns = {
        {"time", "event_timestamp"},     {"event", "event_name"},       {"user", "user_pseudo_id"},
        {"session", "ga_session_id"},    {"item", "item_id"},           {"price", "price"},
        {"quantity", "quantity"},        {"order", "transaction_id"},   {"revenue", "item_revenue"},
        {"list", "item_list_name"},      {"category", "item_category"}, {"brand", "item_brand"},
        {"position", "item_list_index"}, {"event_id", "event_id"}};
    schema.events = {
        {"view_item_list", "impression"}, {"select_item", "click"},       {"view_item", "view"},
        {"add_to_wishlist", "favorite"},  {"add_to_cart", "cart_add"},    {"remove_from_cart", "cart_remove"},
        {"begin_checkout", "checkout"},   {"add_payment_info", "payment"}};
    schema.funnel = kFromImpression;
    schema.required = {"event_timestamp", "event_name", "user_pseudo_id", "ga_session_id", "item_id"};
    return schema;
}

Schema rees46() {
    Schema schema;
    schema.name = "rees46";
    schema.columns = {{"time", "event_time"}, {"event", "event_type"},     {"item", "product_id"},
                      {"user", "user_id"},    {"session", "user_session"}, {"category", "category_code"},
                      {"brand", "brand"},     {"price", "price"}};
    schema.events = {{"cart", "cart_add"}, {"remove_from_cart", "cart_remove"}};
    schema.funnel = {{"impression"}, {"view"}, {"cart_add"}, {"purchase"}};
    schema.required = {"event_time", "event_type", "product_id", "user_id", "user_session"};
    return schema;
}

Schema retailrocket() {
    Schema schema;
    schema.name = "retailrocket";
    schema.columns = {{"time", "timestamp"},
                      {"user", "visitorid"},
                      {"event", "event"},
                      {"item", "itemid"},
                      {"order", "transactionid"}};
    schema.events = {{"addtocart", "cart_add"}, {"transaction", "purchase"}};
    schema.funnel = kFromView;
    schema.required = {"timestamp", "visitorid", "event", "itemid"};
    return schema;
}

Schema taobao() {
    Schema schema;
    schema.name = "taobao";
    schema.columns = {{"user", "1"}, {"item", "2"}, {"category", "3"}, {"event", "4"}, {"time", "5"}};
    schema.header = false;
    schema.events = {{"pv", "view"}, {"fav", "favorite"}, {"cart", "cart_add"}, {"buy", "purchase"}};
    schema.funnel = kFromView;
    schema.required = {"1", "2", "3", "4", "5"};
    return schema;
}

/// Shopify's export of orders: one row per line of an order; what concerns the whole order stands on its
/// first line.
Schema shopify_orders() {
    Schema schema;
    schema.name = "shopify-orders";
    schema.columns = {
        {"time", "Created at"},       {"user", "Email"},           {"order", "Name"},
        {"item", "Lineitem name"},    {"price", "Lineitem price"}, {"quantity", "Lineitem quantity"},
        {"order_revenue", "Subtotal"}};
    schema.more_columns = {{"user", {"Name"}}};  // sold at the till: nobody else's order
    schema.fill = Fill{"Name", {"Email", "Financial Status", "Created at"}};
    schema.ignore_rows = {{"Financial Status", "voided"}};
    Condition refunded;
    refunded.column = "Refunded Amount";
    refunded.test = Condition::Test::above;
    schema.rows.resize(2);
    schema.rows[0].event = "purchase";
    schema.rows[1].event = "refund";
    schema.rows[1].when = {refunded};
    schema.rows[1].columns = {{"revenue", {"Refunded Amount"}}};
    schema.funnel = {{"purchase"}};
    schema.required = {"Name",           "Email",         "Financial Status",  "Created at",
                       "Subtotal",       "Lineitem name", "Lineitem quantity", "Lineitem price",
                       "Refunded Amount"};
    return schema;
}

Schema canonical() {
    Schema schema;
    schema.columns = {{"time", "event_time"}, {"event", "event_type"},   {"user", "user_id"},
                      {"item", "item_id"},    {"session", "session_id"}, {"order", "order_id"}};
    for (const char* same :
         {"event_id", "category", "brand", "price", "quantity", "revenue", "list", "position"})
        schema.columns.emplace(same, same);
    schema.funnel = kFromImpression;
    schema.required = {"event_time", "event_type", "user_id"};
    return schema;
}

/// In the order in which `auto` tries them.
const std::vector<Schema>& presets() {
    static const std::vector<Schema> all = [] {
        std::vector<Schema> made = {ga_flat(), ga4()};
        for (const Schema& schema : detail::json_presets(ga4()))
            made.push_back(schema);
        for (const Schema& schema : {rees46(), retailrocket(), taobao(), shopify_orders(), canonical()})
            made.push_back(schema);
        return made;
    }();
    return all;
}

}  // namespace

std::optional<TimeUnit> parse_time_unit(std::string_view text) noexcept {
    constexpr struct {
        std::string_view name;
        TimeUnit unit;
    } kUnits[] = {{"auto", TimeUnit::automatic},  {"s", TimeUnit::seconds},
                  {"ms", TimeUnit::milliseconds}, {"us", TimeUnit::microseconds},
                  {"ns", TimeUnit::nanoseconds},  {"iso", TimeUnit::iso}};
    for (const auto& unit : kUnits) {
        if (unit.name == text) return unit.unit;
    }
    return std::nullopt;
}

std::optional<Schema> preset(std::string_view name) {
    for (const Schema& schema : presets()) {
        if (schema.name == name) return schema;
    }
    return std::nullopt;
}

std::vector<std::string> preset_names() {
    std::vector<std::string> names;
    for (const Schema& schema : presets())
        names.push_back(schema.name);
    return names;
}

std::optional<Schema> detect_schema(std::span<const std::string> header) {
    for (const Schema& schema : presets()) {
        const auto found = [&](const std::string& column) {
            return std::ranges::find(header, column) != header.end();
        };
        const bool csv = schema.header && schema.explode.empty();
        if (csv && std::ranges::all_of(schema.required, found)) return schema;
    }
    return std::nullopt;
}

Schema load_schema(const std::string& name_or_path) {
    if (auto schema = preset(name_or_path)) return *std::move(schema);
    const std::string shown = detail::escaped(name_or_path);
    const bool is_path = name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".json");
    struct stat info {};
    if (!is_path && ::stat(name_or_path.c_str(), &info) != 0) {
        const auto names = preset_names();
        const std::string near = detail::nearest(name_or_path, names);
        throw Error(ErrorCode::invalid_argument,
                    "schema: expected one of auto," + detail::list(names) +
                        " or the path of a JSON file, got \"" + shown + "\"" +
                        (near.empty() ? "; check the name" : "; did you mean " + near + "?"));
    }
    constexpr std::size_t kMost = 1u << 20;
    detail::ByteSource source(name_or_path);
    std::string json(kMost + 1, '\0');
    json.resize(source.read(json));
    if (json.size() > kMost) {
        throw Error(ErrorCode::schema, shown + ": expected a schema of at most 1 MiB; is it a schema file?");
    }
    return parse_schema(json, name_or_path);
}

}  // namespace funnel::ingest
