// SPDX-License-Identifier: MIT
#include "funnel/report/products_report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "funnel/base/csv.hpp"
#include "funnel/base/error.hpp"
#include "funnel/report/result_json.hpp"
#include "funnel/report/text_table.hpp"
#include "period_json.hpp"

namespace funnel::report {
namespace {

using metrics::Product;
using Value = std::optional<double>;

struct ProductColumn {
    const char* name;
    Value (*value)(const Product&);
};

Value product_count(std::int64_t n) {
    return static_cast<double>(n);
}

constexpr std::array kProductColumns = {
    ProductColumn{"impressions", [](const Product& p) { return product_count(p.counts.impressions); }},
    ProductColumn{"clicked", [](const Product& p) { return product_count(p.counts.clicked); }},
    ProductColumn{"ctr", [](const Product& p) { return p.ctr; }},
    ProductColumn{"ctr_low",
                  [](const Product& p) { return p.ctr_interval ? Value(p.ctr_interval->low) : Value(); }},
    ProductColumn{"ctr_high",
                  [](const Product& p) { return p.ctr_interval ? Value(p.ctr_interval->high) : Value(); }},
    ProductColumn{"observed_over_expected", [](const Product& p) { return p.observed_over_expected; }},
    ProductColumn{"views", [](const Product& p) { return product_count(p.counts.views); }},
    ProductColumn{"carts", [](const Product& p) { return product_count(p.counts.carts); }},
    ProductColumn{"ripe_carts", [](const Product& p) { return product_count(p.counts.ripe_carts); }},
    ProductColumn{"abandoned", [](const Product& p) { return product_count(p.counts.abandoned); }},
    ProductColumn{"cart_abandonment", [](const Product& p) { return p.cart_abandonment; }},
    ProductColumn{"cart_abandonment_low",
                  [](const Product& p) {
                      return p.abandonment_interval ? Value(p.abandonment_interval->low) : Value();
                  }},
    ProductColumn{"cart_abandonment_high",
                  [](const Product& p) {
                      return p.abandonment_interval ? Value(p.abandonment_interval->high) : Value();
                  }},
    ProductColumn{"orders", [](const Product& p) { return product_count(p.counts.orders); }},
    ProductColumn{"buyers", [](const Product& p) { return product_count(p.counts.buyers); }},
    ProductColumn{"revenue", [](const Product& p) { return Value(p.counts.revenue.value()); }},
};

/// Checked by sort_products.
const ProductColumn& product_column_named(std::string_view name) {
    return *std::ranges::find_if(kProductColumns,
                                 [&](const ProductColumn& column) { return name == column.name; });
}

bool knows_revenue(const metrics::Products& products) {
    return products.has_amounts && !products.order_totals;
}

/// Of a row in a table that may know no revenue, or not that of its orders.
Value product_value(const ProductColumn& column, const Product& product, const metrics::Products& products) {
    const bool priced = product.counts.orders == 0 || product.counts.priced_orders > 0;
    if (std::string_view(column.name) == "revenue" && !(priced && knows_revenue(products)))
        return std::nullopt;
    return column.value(product);
}

std::string default_sort(const metrics::Products& products) {
    const auto any = [&](auto what) { return std::ranges::any_of(products.rows, what); };
    if (knows_revenue(products) && any([](const Product& p) { return p.counts.orders > 0; }))
        return "revenue";
    if (any([](const Product& p) { return p.counts.orders > 0; })) return "orders";
    return any([](const Product& p) { return p.counts.clicked > 0; }) ? "clicked" : "views";
}

std::span<const Product> shown_products(const ProductsView& view) {
    const std::span<const Product> all = view.products.rows;
    return view.top == 0 ? all : all.first(std::min(view.top, all.size()));
}

std::string name_of_product(const ProductsView& view, const Product& product) {
    if (!product.key) return "(missing)";
    const auto name = view.names.find(*product.key);
    return name == view.names.end() ? *product.key : name->second;
}

const Product* product_before(const ProductsView& view, const Product& product) {
    if (!view.before) return nullptr;
    // They stand by key, the missing one last.
    const auto& rows = view.before->rows;
    const auto comes_before = [](const std::optional<std::string>& a, const std::optional<std::string>& b) {
        return a && b ? *a < *b : a.has_value() && !b.has_value();
    };
    const auto found = std::ranges::lower_bound(rows, product.key, comes_before, &Product::key);
    return found != rows.end() && found->key == product.key ? &*found : nullptr;
}

std::string product_share(const Value& value) {
    if (!value) return "";
    return format_number(*value * 100, *value < 0.1 ? 2 : 1) + " %";
}

std::string count_or_blank(std::int64_t n) {
    return n == 0 ? "" : format_count(n);
}

/// What the column that the table is sorted by was in the period before.
std::string before_cell(const ProductsView& view, const Product& product) {
    const Product* before = product_before(view, product);
    const Value value =
        before ? product_value(product_column_named(view.sort), *before, *view.before) : Value();
    const bool is_share = view.sort.starts_with("ctr") || view.sort.starts_with("cart_abandonment");
    if (!value) return "";
    const bool is_count = view.sort != "revenue" && view.sort != "observed_over_expected";
    return is_share ? product_share(value) : format_number(value, is_count ? 0 : 2);
}

}  // namespace

const std::vector<std::string>& product_columns() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const ProductColumn& column : kProductColumns)
            all.emplace_back(column.name);
        return all;
    }();
    return names;
}

void add_keys_of_before(ProductsView& view) {
    if (!view.before) return;
    const auto by_key = [](const Product& a, const Product& b) {
        return a.key && b.key ? *a.key < *b.key : a.key.has_value() && !b.key.has_value();
    };
    std::vector<Product> gone;
    std::ranges::set_difference(view.before->rows, view.products.rows, std::back_inserter(gone), by_key);
    for (Product& product : gone) {
        Product none;
        none.key = std::move(product.key);
        view.products.rows.push_back(std::move(none));
    }
    std::ranges::sort(view.products.rows, by_key);
}

void sort_products(ProductsView& view) {
    if (view.sort.empty()) view.sort = default_sort(view.products);
    if (std::ranges::find(product_columns(), view.sort) == product_columns().end()) {
        std::string known;
        for (const std::string& name : product_columns())
            known += (known.empty() ? "" : " ") + name;
        throw Error(ErrorCode::invalid_argument,
                    "--sort: expected one of " + known + ", got \"" + view.sort + "\"");
    }
    const ProductColumn& column = product_column_named(view.sort);
    std::ranges::stable_sort(view.products.rows, [&](const Product& a, const Product& b) {
        const Value x = product_value(column, a, view.products), y = product_value(column, b, view.products);
        return x && y ? *x > *y : x.has_value() && !y.has_value();
    });
}

namespace {

bool any_product(const ProductsView& view, std::int64_t metrics::ProductCounts::*what) {
    return std::ranges::any_of(view.products.rows, [&](const Product& p) { return p.counts.*what > 0; });
}

/// What stands in a line of the text, and under which title; only what the log has.
TextTable product_table(const ProductsView& view) {
    const bool shown = any_product(view, &metrics::ProductCounts::impressions);
    const bool placed = view.products.place_reason.empty();
    std::vector<TableColumn> columns = {{view.products.by, Align::left}};
    if (shown) columns.insert(columns.end(), {{"shown"}, {"ctr"}});
    if (shown && placed) columns.push_back({"place"});
    if (!shown) columns.push_back({"views"});
    columns.insert(columns.end(), {{"carts"}, {"lost"}, {"orders"}});
    if (knows_revenue(view.products)) columns.push_back({"revenue"});
    if (view.before) columns.push_back({"before"});
    TextTable table(columns);
    for (const Product& product : shown_products(view)) {
        const metrics::ProductCounts& counts = product.counts;
        std::vector<std::string> cells = {printable(name_of_product(view, product), view.before ? 11 : 17)};
        if (shown)
            cells.insert(cells.end(), {count_or_blank(counts.impressions), product_share(product.ctr)});
        if (shown && placed)
            cells.push_back(product.observed_over_expected ? format_number(*product.observed_over_expected, 2)
                                                           : "");
        if (!shown) cells.push_back(count_or_blank(counts.views));
        cells.insert(cells.end(), {count_or_blank(counts.carts), product_share(product.cart_abandonment),
                                   count_or_blank(counts.orders)});
        if (knows_revenue(view.products))
            cells.push_back(
                format_number(product_value(product_column_named("revenue"), product, view.products), 2));
        if (view.before) cells.push_back(before_cell(view, product));
        table.add_row(std::move(cells));
    }
    return table;
}

}  // namespace

std::string to_text(const ProductsView& view) {
    std::string out = to_text(view.asked);
    if (!out.empty()) out += "\n\n";
    out += product_table(view).text();
    const std::size_t all = view.products.rows.size(), here = shown_products(view).size();
    out += "\n" + format_count(static_cast<std::int64_t>(all)) + " in all, by " + view.sort;
    if (here < all) out += "; the first " + std::to_string(here) + " are shown (--top N, --csv)";
    out += ".\n";
    if (view.before) out += "before: " + view.sort + " in the period before.\n";
    if (view.products.ctr_reason == "no_spread")
        out += "ctr: the rates do not differ by more than chance; all have the rate of all.\n";
    else if (view.products.ctr)
        out += "ctr: drawn towards " + product_share(view.products.ctr) +
               ", that of all, as far as chance explains.\n";
    if (view.products.ctr && view.products.place_reason.empty())
        out += "place: clicks over those that an average one would have had at the same places.\n";
    if (view.products.place_reason == "place_confounded")
        out += "place: unknown, since fewer than 20 of them were shown at several places.\n";
    return out;
}

std::string to_csv(const ProductsView& view) {
    std::string out = view.products.by;
    if (!view.names.empty()) out += ",name";
    for (const ProductColumn& column : kProductColumns)
        out += std::string(",") + column.name;
    if (view.before) out += "," + view.sort + "_before";
    out += '\n';
    for (const Product& product : shown_products(view)) {
        base::append_csv_field(out, product.key.value_or(""));
        if (!view.names.empty()) {
            out += ',';
            const auto name = view.names.find(product.key.value_or(""));
            if (name != view.names.end()) base::append_csv_field(out, name->second);
        }
        for (const ProductColumn& column : kProductColumns) {
            out += ',';
            if (const Value value = product_value(column, product, view.products))
                base::append_csv_number(out, *value);
        }
        if (view.before) {
            const Product* before = product_before(view, product);
            const Value value = before != nullptr
                                    ? product_value(product_column_named(view.sort), *before, *view.before)
                                    : Value();
            out += ',';
            if (value) base::append_csv_number(out, *value);
        }
        out += '\n';
    }
    return out;
}

namespace {

using Json = nlohmann::ordered_json;

Json product_number(const Value& value) {
    if (!value) return nullptr;
    if (*value == std::trunc(*value) && std::abs(*value) < 0x1p53) return static_cast<std::int64_t>(*value);
    return *value;
}

Json row_json(const Product& product, const metrics::Products& products) {
    Json row;
    for (const ProductColumn& column : kProductColumns)
        row[column.name] = product_number(product_value(column, product, products));
    return row;
}

}  // namespace

std::string to_json(const ProductsView& view) {
    Json json = {{"schema_version", kSchemaVersion},
                 {"period", period_json(view.asked.period)},
                 {"by", view.products.by},
                 {"sort", view.sort}};
    json["keys"] = view.products.rows.size();
    json["ctr"] = product_number(view.products.ctr);
    const auto reason = [](std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); };
    json["ctr_reason"] = reason(view.products.ctr_reason);
    json["place_reason"] = reason(view.products.place_reason);
    json["revenue_reason"] = reason(view.products.order_totals  ? "order_total_only"
                                    : view.products.has_amounts ? ""
                                                                : "no_amounts");
    json["products"] = Json::array();
    for (const Product& product : shown_products(view)) {
        Json row = {{"key", product.key ? Json(*product.key) : Json(nullptr)}};
        if (!view.names.empty())
            row["name"] = product.key ? Json(name_of_product(view, product)) : Json(nullptr);
        row.update(row_json(product, view.products));
        if (view.before) {
            const Product* before = product_before(view, product);
            row["before"] = before != nullptr ? row_json(*before, *view.before) : Json(nullptr);
        }
        json["products"].push_back(std::move(row));
    }
    json["warnings"] = warnings_json<Json>(view.warnings);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace funnel::report
