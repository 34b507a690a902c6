// SPDX-License-Identifier: MIT
// What happened: the period, the story in a few sentences, the key figures with their change.
#include <algorithm>
#include <cmath>

#include "funnel/base/time.hpp"
#include "funnel/report/text_table.hpp"
#include "glossary.hpp"
#include "markup.hpp"
#include "report/causes_report.hpp"
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

/// "Target 2.0 %: reached", for every target of the figure.
std::string target_lines(const Page& page, std::string_view name) {
    std::string out;
    for (const metrics::MetricGate& target : page.targets) {
        if (target.metric != name) continue;
        const metrics::GateResult result = metrics::judge(target, page.numbers.whole);
        const char* const state = result.state == metrics::GateState::passed    ? "reached"
                                  : result.state == metrics::GateState::beyond  ? "missed"
                                  : result.state == metrics::GateState::too_few ? "too few users to tell"
                                                                                : "no value";
        out += element("p", "class=\"delta\"",
                       "Target " + value_of(result.unit, target.limit) + ": " + escape(state));
    }
    return out;
}

/// Figures of the cards: after refunds where there are any, then those with a target of their own.
std::vector<std::string> card_names(const Page& page) {
    const metrics::Metric* net = page.metric("net_revenue");
    std::vector<std::string> names = {"uv",
                                      "orders",
                                      net != nullptr && net->value ? "net_revenue" : "revenue",
                                      "conversion_user",
                                      "average_order_value",
                                      "cart_abandon_session"};
    for (const metrics::MetricGate& target : page.targets) {
        const bool known = std::ranges::find(names, target.metric) != names.end();
        if (!known && page.metric(target.metric) != nullptr) names.push_back(target.metric);
    }
    return names;
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
                       change_line(page, name) + target_lines(page, name) +
                       element("p", "class=\"sub\"", escape(quality)) +
                       element("p", "class=\"meaning\"", escape(term.meaning)));
}

std::string strong(std::string_view text) {
    return element("strong", text);
}

std::string traffic_sentence(const Page& page) {
    const metrics::Metric *users = page.metric("uv"), *visits = page.metric("visits");
    std::string out = "From " + page.period() + ", " + strong(value_of(*users) + " users") + " made " +
                      value_of(*visits) + " visits";
    const metrics::Metric *orders = page.metric("orders"), *revenue = page.metric("revenue"),
                          *net = page.metric("net_revenue");
    if (orders->value.value_or(0) == 0) return out + "; the log holds no order. ";
    out += " and placed " + strong(value_of(*orders) + " orders");
    if (net != nullptr && net->value) {
        out += " worth " + strong(value_of(*net) + " after refunds") + ", " + value_of(*revenue) + " before";
    } else if (revenue->value) {
        out += " worth " + strong(value_of(*revenue)) + ", " + value_of(*page.metric("average_order_value")) +
               " on average";
    }
    return out + ". ";
}

std::string conversion_sentence(const Page& page) {
    const metrics::Metric* rate = page.metric("conversion_user");
    if (!rate->value || *rate->value == 0) return {};
    const std::string interval = interval_of(*rate);
    return strong(value_of(*rate)) + " of the users bought" +
           (interval.empty() ? "" : " (95\xC2\xA0% interval " + interval + ")") + ". ";
}

/// By heads, and by rate where another step loses a larger share.
std::string loss_sentence(const Page& page) {
    const auto& steps = page.numbers.whole.steps;
    if (steps.size() < 2 || steps.front().reached == 0) return {};
    const auto worst = std::ranges::max_element(steps, {}, &metrics::FunnelStep::lost);
    if (worst->lost <= 0) return {};
    const auto between = [&](const metrics::FunnelStep& to) {
        return "between " + datum((&to - 1)->name, 40) + " and " + datum(to.name, 40);
    };
    const auto share = [](const metrics::FunnelStep& to) {
        return static_cast<double>(to.lost) / static_cast<double>((&to - 1)->reached);
    };
    const metrics::FunnelStep* steepest = &*worst;
    for (std::size_t k = 1; k < steps.size(); ++k) {
        const bool of_some = steps[k - 1].reached > 0 && steps[k].lost > 0;
        if (of_some && share(steps[k]) > share(*steepest)) steepest = &steps[k];
    }
    std::string out = "The funnel loses most " + entities(page.numbers.whole.entity) + " " + between(*worst) +
                      ": " + strong(format_count(worst->lost)) + ", " + strong(percent(share(*worst))) +
                      " of those who came so far";
    if (steepest != &*worst) {
        out += "; the largest share " + between(*steepest) + ": " + strong(percent(share(*steepest))) + ", " +
               format_count(steepest->lost);
    }
    return out + ". ";
}

std::string cart_sentence(const Page& page) {
    const metrics::Metric* rate = page.metric("cart_abandon_session");
    if (!rate->value) return {};
    return strong(value_of(*rate)) + " of the visits with a cart ended without a purchase. ";
}

std::string change_sentence(const Page& page) {
    if (!page.numbers.change) {
        return page.numbers.whole.rows > 0
                   ? "The log does not reach far enough back to compare this with the time before. "
                   : "";
    }
    std::string parts;
    const metrics::Metric* net = page.metric("net_revenue");
    const std::string_view money = net != nullptr && net->value ? "net_revenue" : "revenue";
    for (const std::string_view name :
         {std::string_view("uv"), std::string_view("orders"), money, std::string_view("conversion_user")}) {
        const Change change = change_of(page, name);
        if (!change.is_known()) continue;
        std::string title = term_of(name).title;
        if (!parts.empty()) title[0] = static_cast<char>(title[0] - 'A' + 'a');
        const std::string text = change_text(change);
        parts += (parts.empty() ? "" : ", ") + title + (text == "unchanged" ? " is " : " ") + text +
                 (change.doubt().empty() ? "" : " (" + change.doubt() + ")");
    }
    const std::string days = std::to_string(page.numbers.change->days) + " days";
    const char* const which = page.numbers.change->asked ? "These " : "Last ";
    return which + days + " against the " + days + " before: " + element("span", parts) + ".";
}

/// Why it moved, a sentence a line.
std::string causes_list(const Page& page) {
    if (!page.numbers.change || !page.numbers.change->why) return {};
    std::string items;
    for (const std::string& sentence : causes_sentences(*page.numbers.change->why))
        items += element("li", escape(sentence));
    return element("p", "Why:") + element("ul", items);
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
    out += element("p", "class=\"lead\"", change_sentence(page)) + causes_list(page);
    std::string cards;
    for (const std::string& name : card_names(page))
        cards += card(page, name);
    out += element("div", "class=\"cards\"", cards);
    return section("overview", "What happened", out);
}

std::string brief_section(const Page& page) {
    std::string out = overview_section(page);
    const auto& steps = page.numbers.whole.steps;
    if (page.numbers.whole.rows > 0 && steps.size() > 1) {
        HtmlTable table("The funnel, " + entities(page.numbers.whole.entity),
                        {{"Step", true}, {"Reached"}, {"Of the step before"}, {"Lost"}});
        for (const metrics::FunnelStep& step : steps) {
            const bool first = &step == &steps.front();
            table.add_row({datum(step.name, 40), format_count(step.reached),
                           first ? "" : percent(step.step_rate), first ? "" : format_count(step.lost)});
        }
        out += element("section", table.markup());
    }
    constexpr std::size_t kShown = 5;
    const base::Warnings notes = page.notes();
    std::string items;
    for (std::size_t i = 0; i < std::min(notes.size(), kShown); ++i)
        items += element("li", datum(notes[i].message, 400));
    if (!items.empty()) {
        out += element("section", element("h2", "To know about the data") + element("ul", items) +
                                      left_out(notes.size(), std::min(notes.size(), kShown), "notes"));
    }
    return out;
}

}  // namespace funnel::report::html
