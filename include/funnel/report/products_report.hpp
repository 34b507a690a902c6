// SPDX-License-Identifier: MIT
// The table of products as text, CSV and JSON (docs/metrics.md, "Products").
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/warning.hpp"
#include "funnel/metrics/products.hpp"
#include "funnel/report/asked_period.hpp"

namespace funnel::report {

struct ProductsView {
    metrics::Products products;
    std::optional<metrics::Products> before = {};   ///< the same keys in the period before
    std::map<std::string, std::string> names = {};  ///< of keys, for people
    std::string sort = {};   ///< a column of product_columns(); empty: see sort_products
    std::size_t top = 0;     ///< rows shown; 0: all
    AskedPeriod asked = {};  ///< said above the table
    base::Warnings warnings = {};
};

/// Names to sort by, which are columns of the CSV too.
[[nodiscard]] const std::vector<std::string>& product_columns();

/// Adds what was there before and is there no longer, with counts of 0. Before sort_products.
void add_keys_of_before(ProductsView& view);

/// Largest first, undefined values last, equal ones by key. An empty name becomes revenue, else orders,
/// clicked or views, the first of which there are any. Throws Error(invalid_argument) for another name.
void sort_products(ProductsView& view);

/// All take what sort_products has sorted.
[[nodiscard]] std::string to_text(const ProductsView& view);
[[nodiscard]] std::string to_csv(const ProductsView& view);
[[nodiscard]] std::string to_json(const ProductsView& view);

}  // namespace funnel::report
