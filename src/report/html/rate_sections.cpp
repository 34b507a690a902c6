// SPDX-License-Identifier: MIT
// Abandoned carts and repeat purchases: rates that go by one word in other tools, each under its own name
// here.
#include <algorithm>

#include "funnel/report/text_table.hpp"
#include "glossary.hpp"
#include "markup.hpp"
#include "rows.hpp"
#include "sections.hpp"
#include "svg_figure.hpp"
#include "words.hpp"

namespace funnel::report::html {
namespace {

using Rates = std::vector<const metrics::Metric*>;

/// Shares whose names begin with one of the words, the headline first.
Rates rates_named(const Page& page, std::initializer_list<std::string_view> beginnings) {
    Rates rates;
    for (const metrics::Metric& metric : page.numbers.whole.metrics) {
        const bool wanted = std::ranges::any_of(
            beginnings, [&](std::string_view beginning) { return metric.name.starts_with(beginning); });
        if (wanted && metric.unit == metrics::Unit::share) rates.push_back(&metric);
    }
    return rates;
}

std::string rate_figure(std::string_view id, std::string_view title, std::string_view note,
                        const Rates& rates) {
    std::vector<BarRow> rows;
    std::string label(title);
    HtmlTable table(title, {{"Rate", true}, {"Value"}, {"95 % interval"}, {"Rests on"}, {"Meaning", true}});
    double most = 0;
    for (const metrics::Metric* rate : rates) {
        const Term term = term_of(rate->name);
        const std::string interval = interval_of(*rate), remark = remark_on(*rate);
        BarRow row{
            .label = term.title,
            .bar = {.value = rate->value, .low = rate->low, .high = rate->high, .text = value_of(*rate)}};
        row.note = counts_of(*rate) + (interval.empty() ? "" : "; 95\xC2\xA0%: " + interval);
        label += ", " + term.title + " " + row.bar.text;
        table.add_row({escape(term.title), value_of(*rate), interval, counts_of(*rate),
                       escape(term.meaning + (remark.empty() ? "" : " Here: " + remark + "."))});
        if (!rate->value) continue;
        most = std::max({most, rate->value.value_or(0), rate->high.value_or(0)});
        rows.push_back(std::move(row));
    }
    std::string meanings;
    for (const metrics::Metric* rate : rates) {
        const Term term = term_of(rate->name);
        meanings += element("dt", escape(term.title)) + element("dd", escape(term.meaning));
    }
    const Scale scale = most > 0.3 ? Scale::exact(0, 1) : Scale::linear(0, most, 2);
    const std::string range = "Bars run from 0 to " + short_percent(scale.high()) + ".";
    return figure(id, title, std::string(note) + " " + range,
                  element("div", "class=\"aside\"",
                          element("div", bar_rows(label, rows, scale)) + element("dl", meanings)),
                  table);
}

bool any_defined(const Rates& rates) {
    return std::ranges::any_of(rates, [](const metrics::Metric* rate) { return rate->value.has_value(); });
}

}  // namespace

std::string cart_section(const Page& page) {
    const Rates rates = rates_named(page, {"cart_abandon"});
    if (!any_defined(rates)) return {};
    return section(
        "carts", "Abandoned carts",
        rate_figure("cart-abandonment", "How many carts are left behind",
                    "There are several honest answers, and tools rarely say which one they print.", rates));
}

std::string repeat_section(const Page& page) {
    const Rates rates = rates_named(page, {"repeat_", "returning_"});
    if (!any_defined(rates)) return {};
    return section(
        "repeat", "Repeat purchases",
        rate_figure("repeat-purchases", "How many customers come back",
                    "A longer period shows more of them, so compare only periods of one length.", rates));
}

}  // namespace funnel::report::html
