// SPDX-License-Identifier: MIT
// What happened: the period, the story in a few sentences, the key figures with their change.
#include <algorithm>
#include <cmath>

#include "funnel/base/time.hpp"
#include "funnel/report/text_table.hpp"
#include "glossary.hpp"
#include "markup.hpp"
#include "sections.hpp"
#include "svg_figure.hpp"
#include "words.hpp"

namespace funnel::report::html {
namespace {

/// A metric in the half before and the half after.
struct Change {
    const metrics::Metric *before = nullptr, *after = nullptr;

    [[nodiscard]] bool is_known() const { return before && after && before->value && after->value; }
    /// What keeps the change from being sure; empty if nothing does, or for a count, which has no interval.
    [[nodiscard]] std::string doubt() const {
        if (before->unit == metrics::Unit::count) return {};
        if (!before->low || !before->high || !after->low || !after->high) return "too few users to tell";
        return *before->low <= *after->high && *after->low <= *before->high ? "may be chance" : "";
    }
};

Change change_of(const Page& page, std::string_view name) {
    if (!page.numbers.change) return {};
    return {metrics::find(page.numbers.change->before.metrics, name),
            metrics::find(page.numbers.change->after.metrics, name)};
}

/// "up 12.3 %", "down 0.12 points" or "unchanged".
std::string change_text(const Change& change) {
    const double before = *change.before->value, after = *change.after->value;
    const bool share = change.before->unit == metrics::Unit::share;
    if (!share && before == 0) return after == 0 ? "unchanged" : "up from 0";
    const double by = share ? (after - before) * 100 : (after / before - 1) * 100;
    const std::string size = format_number(std::abs(by), share && std::abs(by) < 1 ? 2 : 1);
    if (size == "0.0" || size == "0.00") return "unchanged";
    return (by > 0 ? "up " : "down ") + size + (share ? "\xC2\xA0points" : "\xC2\xA0%");
}

std::string change_line(const Page& page, std::string_view name) {
    const Change change = change_of(page, name);
    if (!change.is_known()) return {};
    const std::string text = change_text(change);
    const std::string_view arrow = text.starts_with("up")     ? "\xE2\x96\xB2 "
                                   : text.starts_with("down") ? "\xE2\x96\xBC "
                                                              : "";
    const std::string values = value_of(*change.before) + " \xE2\x86\x92 " + value_of(*change.after);
    const std::string doubt = change.doubt();
    return element("p", "class=\"delta\"",
                   element("span", "aria-hidden=\"true\"", arrow) + escape(text) +
                       (doubt.empty() ? "" : ", " + doubt) +
                       element("span", "class=\"sub\"", " (" + values + ")"));
}

std::string card(const Page& page, std::string_view name) {
    const metrics::Metric* metric = page.metric(name);
    if (metric == nullptr) return {};
    const Term term = term_of(name);
    std::string quality = counts_of(*metric);
    const std::string interval = interval_of(*metric), remark = remark_on(*metric);
    if (!interval.empty()) quality += (quality.empty() ? "95\xC2\xA0%: " : "; 95\xC2\xA0%: ") + interval;
    if (!remark.empty()) quality += (quality.empty() ? "" : "; ") + remark;
    return element("div", "class=\"card\"",
                   element("h3", escape(term.title)) + element("p", "class=\"big\"", value_of(*metric)) +
                       change_line(page, name) + element("p", "class=\"sub\"", escape(quality)) +
                       element("p", "class=\"meaning\"", escape(term.meaning)));
}

std::string strong(std::string_view text) {
    return element("strong", text);
}

std::string traffic_sentence(const Page& page) {
    const metrics::Metric *users = page.metric("uv"), *visits = page.metric("visits");
    std::string out = "From " + page.period() + ", " + strong(value_of(*users) + " users") + " made " +
                      value_of(*visits) + " visits";
    const metrics::Metric *orders = page.metric("orders"), *revenue = page.metric("revenue");
    if (orders->value.value_or(0) == 0) return out + "; the log holds no order. ";
    out += " and placed " + strong(value_of(*orders) + " orders");
    if (revenue->value)
        out += " worth " + strong(value_of(*revenue)) + ", " + value_of(*page.metric("average_order_value")) +
               " on average";
    return out + ". ";
}

std::string conversion_sentence(const Page& page) {
    const metrics::Metric* rate = page.metric("conversion_user");
    if (!rate->value || *rate->value == 0) return {};
    const std::string interval = interval_of(*rate);
    return strong(value_of(*rate)) + " of the users bought" +
           (interval.empty() ? "" : " (95\xC2\xA0% interval " + interval + ")") + ". ";
}

std::string loss_sentence(const Page& page) {
    const auto& steps = page.numbers.whole.steps;
    if (steps.size() < 2 || steps.front().reached == 0) return {};
    const auto worst = std::ranges::max_element(steps, {}, &metrics::FunnelStep::lost);
    if (worst->lost == 0) return {};
    const auto& from = *(worst - 1);
    const double share = static_cast<double>(worst->lost) / static_cast<double>(from.reached);
    return "The funnel loses most between " + datum(from.name, 40) + " and " + datum(worst->name, 40) + ": " +
           strong(percent(share)) + " of those who came so far went no further. ";
}

std::string cart_sentence(const Page& page) {
    const metrics::Metric* rate = page.metric("cart_abandon_session");
    if (!rate->value) return {};
    return strong(value_of(*rate)) + " of the visits with a cart ended without a purchase. ";
}

std::string change_sentence(const Page& page) {
    if (!page.numbers.change) {
        return page.numbers.whole.rows > 0 ? "The log is shorter than two weeks, so nothing is compared. "
                                           : "";
    }
    std::string parts;
    for (const std::string_view name : {"uv", "orders", "revenue", "conversion_user"}) {
        const Change change = change_of(page, name);
        if (!change.is_known()) continue;
        std::string title = term_of(name).title;
        if (!parts.empty()) title[0] = static_cast<char>(title[0] - 'A' + 'a');
        const std::string text = change_text(change);
        parts += (parts.empty() ? "" : ", ") + title + (text == "unchanged" ? " is " : " ") + text +
                 (change.doubt().empty() ? "" : " (" + change.doubt() + ")");
    }
    const std::string days = std::to_string(page.numbers.change->days) + " days";
    return "Last " + days + " against the " + days + " before: " + element("span", parts) + ".";
}

}  // namespace

std::string Page::period() const {
    if (numbers.whole.rows == 0) return {};
    const auto date = [](std::int64_t time) {
        return long_date(base::format_day(base::floor_div(time, base::kDay)));
    };
    return date(numbers.from) + " to " + date(numbers.to);
}

std::string overview_section(const Page& page) {
    if (page.numbers.whole.rows == 0)
        return section("overview", "What happened",
                       element("p", "class=\"lead\"", "The log holds no events."));
    std::string out = element(
        "p", "class=\"lead\"",
        traffic_sentence(page) + conversion_sentence(page) + loss_sentence(page) + cart_sentence(page));
    out += element("p", "class=\"lead\"", change_sentence(page));
    std::string cards;
    for (const std::string_view name :
         {"uv", "orders", "revenue", "conversion_user", "average_order_value", "cart_abandon_session"}) {
        cards += card(page, name);
    }
    out += element("div", "class=\"cards\"", cards);
    return section("overview", "What happened", out);
}

}  // namespace funnel::report::html
