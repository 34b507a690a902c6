// SPDX-License-Identifier: MIT
#include "rows.hpp"

#include <algorithm>

#include "markup.hpp"
#include "plot.hpp"
#include "words.hpp"

namespace funnel::report::html {
namespace {

std::string text(double x, double y, std::string_view anchor, std::string_view style,
                 std::string_view content) {
    std::string attributes = "x=\"" + across(x) + "\" y=\"" + pixels(y) + "\"";
    if (anchor != "start") attributes += " text-anchor=\"" + std::string(anchor) + "\"";
    if (!style.empty()) attributes += " class=\"" + std::string(style) + "\"";
    return element("text", attributes, plain(content, 120));
}

std::string bar(std::string_view style, double from, double to, double y, double height) {
    return "<rect class=\"" + std::string(style) + "\" x=\"" + across(from) + "\" width=\"" +
           across(std::max(0.0, to - from)) + "\" y=\"" + pixels(y) + "\" height=\"" + pixels(height) +
           "\"/>";
}

std::string stroke(std::string_view style, double x1, double y1, double x2, double y2) {
    return "<line class=\"" + std::string(style) + "\" x1=\"" + across(x1) + "\" y1=\"" + pixels(y1) +
           "\" x2=\"" + across(x2) + "\" y2=\"" + pixels(y2) + "\"/>";
}

std::string whisker(double low, double high, double y) {
    return stroke("whisker", low, y, high, y) + stroke("whisker", low, y - 4, low, y + 4) +
           stroke("whisker", high, y - 4, high, y + 4);
}

std::string svg(std::string_view label, double height, const std::string& content) {
    return element("svg",
                   "class=\"rows\" role=\"img\" width=\"100%\" height=\"" + pixels(height) +
                       "\" aria-label=\"" + plain(label, 400) + "\"",
                   content);
}

/// The largest value or upper end.
template <typename Estimates>
double largest(const Estimates& estimates) {
    double most = 0;
    for (const Estimate& estimate : estimates) {
        for (const auto& value : {estimate.value, estimate.high})
            most = std::max(most, value.value_or(0));
    }
    return most > 0 ? most : 1;
}

std::string dot(const Scale& scale, double left, double width, const Estimate& estimate, double y) {
    const auto x = [&](double value) { return left + width * scale.at(value); };
    std::string out;
    if (!estimate.value) return out;
    if (estimate.low && estimate.high) out += whisker(x(*estimate.low), x(*estimate.high), y);
    return out + "<circle class=\"mark\" cx=\"" + across(x(*estimate.value)) + "\" cy=\"" + pixels(y) +
           "\" r=\"4.5\"/>";
}

}  // namespace

std::string bar_rows(std::string_view label, std::span<const BarRow> rows, const Scale& scale,
                     double thickness) {
    std::string out;
    double y = 0;
    for (const BarRow& row : rows) {
        const double end = scale.at(row.bar.value.value_or(0)), top = y + 22;
        out += text(0, y + 15, "start", "label", row.label) + text(1, y + 15, "end", "value", row.bar.text);
        out += bar("track", 0, 1, top, thickness);
        if (row.before) out += bar("loss", end, scale.at(*row.before), top, thickness);
        if (row.bar.value) out += bar("mark", 0, end, top, thickness);
        if (row.bar.low && row.bar.high)
            out += whisker(scale.at(*row.bar.low), scale.at(*row.bar.high), top + thickness / 2);
        if (!row.note.empty()) out += text(0, top + thickness + 17, "start", "", row.note);
        y += thickness + (row.note.empty() ? 0.6 * thickness + 26 : 64);
    }
    return svg(label, std::max(0.0, y - (rows.empty() || rows.back().note.empty() ? 4 : 18)), out);
}

std::string pair_rows(std::string_view label, std::string_view size_title, std::string_view rate_title,
                      std::span<const PairRow> rows) {
    constexpr double kBars = 0.34, kLeft = 0.56, kWidth = 1 - kLeft, kRow = 46, kTop = 26;
    std::vector<Estimate> sizes, rates;
    for (const PairRow& row : rows) {
        sizes.push_back(row.size);
        rates.push_back(row.rate);
    }
    const Scale size = Scale::exact(0, largest(sizes)), rate = Scale::linear(0, largest(rates), 2);
    std::string out = text(0, 12, "start", "", size_title) + text(kLeft, 12, "start", "", rate_title);
    const double bottom = kTop + kRow * static_cast<double>(rows.size());
    for (const double tick : rate.ticks()) {
        const double x = kLeft + kWidth * rate.at(tick);
        out += stroke("grid", x, kTop, x, bottom);
        out += text(x, bottom + 16,
                    tick == rate.ticks().back() ? "end"
                    : tick > 0                  ? "middle"
                                                : "start",
                    "", short_percent(tick));
    }
    double y = kTop;
    for (const PairRow& row : rows) {
        out +=
            text(0, y + 15, "start", "label halo", row.label) + text(1, y + 15, "end", "halo", row.rate.text);
        out += bar("track", 0, kBars, y + 23, 12);
        out += bar("mark", 0, kBars * size.at(row.size.value.value_or(0)), y + 23, 12);
        out += text(kBars + 0.02, y + 33, "start", "", row.size.text);
        out += dot(rate, kLeft, kWidth, row.rate, y + 29);
        y += kRow;
    }
    return svg(label, bottom + 20, out);
}

Axis ratio_axis(std::span<const BarRow> rows) {
    double low = 0.5, high = 2;
    for (const BarRow& row : rows) {
        for (const auto& value : {row.bar.value, row.bar.low, row.bar.high}) {
            if (!value || !(*value > 0)) continue;
            low = std::min(low, *value);
            high = std::max(high, *value);
        }
    }
    return Axis::of(Scale::logarithmic(std::max(low, 1e-3), std::min(high, 1e3)),
                    [](double tick) { return short_number(tick) + (tick == 1 ? " as observed" : ""); });
}

std::string dot_rows(std::string_view label, std::span<const BarRow> rows, const Axis& axis,
                     const std::optional<double>& reference) {
    constexpr double kRow = 74;
    const double bottom = kRow * static_cast<double>(rows.size());
    std::string out;
    for (const Tick& tick : axis.ticks) {
        out += stroke("grid", tick.at, 0, tick.at, bottom);
        out += text(tick.at, bottom + 16,
                    tick.at < 0.02   ? "start"
                    : tick.at > 0.98 ? "end"
                                     : "middle",
                    "", tick.label);
    }
    if (reference)
        out += stroke("reference", axis.scale.at(*reference), 0, axis.scale.at(*reference), bottom);
    double y = 0;
    for (const BarRow& row : rows) {
        out += text(0, y + 15, "start", "label halo", row.label);
        out += text(1, y + 15, "end", "value halo", row.bar.text);
        out += dot(axis.scale, 0, 1, row.bar, y + 32);
        out += text(0, y + 56, "start", "halo", row.note);
        y += kRow;
    }
    return svg(label, bottom + 20, out);
}

}  // namespace funnel::report::html
