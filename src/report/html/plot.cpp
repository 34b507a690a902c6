// SPDX-License-Identifier: MIT
#include "plot.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "markup.hpp"

namespace funnel::report::html {
namespace {

std::string coordinate(double value, int digits) {
    std::array<char, 400> buffer{};
    const auto end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, digits)
            .ptr;
    std::string text(buffer.data(), end);
    if (text.find('.') != std::string::npos) {
        text.erase(text.find_last_not_of('0') + 1);
        if (text.ends_with('.')) text.pop_back();
    }
    return text == "-0" ? "0" : text;
}

std::string title_of(const PlotPoint& point) {
    return point.hint.empty() ? "" : element("title", point.hint);
}

/// Texts at the ends of an axis stay inside it.
std::string_view anchor(double at) {
    return at < 0.02 ? "start" : at > 0.98 ? "end" : "middle";
}

}  // namespace

std::string across(double part) {
    return coordinate(part * 100, 2) + "%";
}

std::string pixels(double value) {
    return coordinate(value, 1);
}

Axis Axis::of(Scale scale, const std::function<std::string(double)>& label) {
    std::vector<Tick> ticks;
    for (const double value : scale.ticks())
        ticks.push_back({scale.at(value), label(value)});
    return {std::move(scale), std::move(ticks)};
}

Plot::Plot(Axis x, Axis y, double height) : x_(std::move(x)), y_(std::move(y)), height_(height) {}

double Plot::bottom_up(double y) const {
    return (1 - y_.scale.at(y)) * height_;
}

std::string Plot::place(double x, double y) const {
    return pixels(x_.scale.at(x) * 1000) + " " + pixels(bottom_up(y));
}

void Plot::add_path(const std::string& commands, std::string_view style) {
    if (commands.empty()) return;
    marks_ += "<svg viewBox=\"0 0 1000 " + pixels(height_) + "\" width=\"100%\" height=\"" + pixels(height_) +
              "\" preserveAspectRatio=\"none\"><path class=\"" + std::string(style) + "\" d=\"" + commands +
              "\"/></svg>";
}

void Plot::band(std::span<const PlotPoint> points) {
    std::string path;
    for (std::size_t begin = 0; begin < points.size(); ++begin) {
        std::string upper, lower;
        std::size_t end = begin;
        for (; end < points.size() && points[end].low && points[end].high; ++end) {
            upper += (upper.empty() ? "M" : "L") + place(points[end].x, *points[end].high);
            lower.insert(0, "L" + place(points[end].x, *points[end].low));
        }
        if (end > begin + 1) path += upper + lower + "Z";
        begin = end;
    }
    add_path(path, "band");
}

void Plot::line(std::span<const PlotPoint> points, std::string_view style) {
    std::string path;
    bool open = false;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (points[i].y) {
            path += (open ? "L" : "M") + place(points[i].x, *points[i].y);
            const bool alone = !open && (i + 1 == points.size() || !points[i + 1].y);
            if (alone) path += "h0";  // round ends make it a dot
        }
        open = points[i].y.has_value();
    }
    add_path(path, "mark " + std::string(style));
}

void Plot::columns(std::span<const PlotPoint> points, double width) {
    for (const PlotPoint& point : points) {
        if (!point.y) continue;
        const double left = x_.scale.at(point.x - width / 2), right = x_.scale.at(point.x + width / 2);
        const double top = bottom_up(*point.y);
        marks_ += element("rect",
                          "class=\"mark\" x=\"" + across(left) + "\" width=\"" + across(right - left) +
                              "\" y=\"" + pixels(top) + "\" height=\"" + pixels(height_ - top) + "\"",
                          title_of(point));
    }
}

void Plot::dots(std::span<const PlotPoint> points) {
    for (const PlotPoint& point : points) {
        if (!point.y) continue;
        const std::string x = across(x_.scale.at(point.x));
        std::string mark;
        if (point.low && point.high) {
            mark = "<line class=\"whisker\" x1=\"" + x + "\" x2=\"" + x + "\" y1=\"" +
                   pixels(bottom_up(*point.low)) + "\" y2=\"" + pixels(bottom_up(*point.high)) + "\"/>";
        }
        mark +=
            "<circle class=\"mark\" cx=\"" + x + "\" cy=\"" + pixels(bottom_up(*point.y)) + "\" r=\"4\"/>";
        marks_ += element("g", title_of(point) + mark);
    }
}

void Plot::hints(std::span<const PlotPoint> points, double width) {
    for (const PlotPoint& point : points) {
        const double left = x_.scale.at(point.x - width / 2), right = x_.scale.at(point.x + width / 2);
        marks_ += element("rect",
                          "class=\"hint\" x=\"" + across(left) + "\" width=\"" + across(right - left) +
                              "\" height=\"" + pixels(height_) + "\"",
                          title_of(point));
    }
}

void Plot::level(double y, std::string_view name) {
    const std::string at = pixels(bottom_up(y));
    marks_ += "<line class=\"reference\" x2=\"100%\" y1=\"" + at + "\" y2=\"" + at + "\"/>";
    if (name.empty()) return;
    marks_ += element("text", "class=\"halo\" x=\"100%\" dy=\"-5\" text-anchor=\"end\" y=\"" + at + "\"",
                      escape(name));
}

void Plot::diagonal() {
    const double from = std::max(x_.scale.low(), y_.scale.low());
    const double to = std::min(x_.scale.high(), y_.scale.high());
    if (from < to) add_path("M" + place(from, from) + "L" + place(to, to), "reference");
}

std::string Plot::grid() const {
    std::string out;
    for (const Tick& tick : y_.ticks) {
        const std::string y = pixels((1 - tick.at) * height_);
        out += "<line class=\"grid\" x2=\"100%\" y1=\"" + y + "\" y2=\"" + y + "\"/>" +
               element("text", "x=\"-8\" dy=\"4\" text-anchor=\"end\" y=\"" + y + "\"", escape(tick.label));
    }
    const std::string below = pixels(height_ + 18), bottom = pixels(height_), foot = pixels(height_ + 5);
    for (const Tick& tick : x_.ticks) {
        const std::string x = across(tick.at);
        out += "<line class=\"axis\" x1=\"" + x + "\" x2=\"" + x + "\" y1=\"" + bottom + "\" y2=\"" + foot +
               "\"/>" +
               element(
                   "text",
                   "x=\"" + x + "\" y=\"" + below + "\" text-anchor=\"" + std::string(anchor(tick.at)) + "\"",
                   escape(tick.label));
    }
    return out + "<line class=\"axis\" x2=\"100%\" y1=\"" + bottom + "\" y2=\"" + bottom + "\"/>";
}

std::string Plot::svg(std::string_view label) const {
    return element("svg",
                   "role=\"img\" width=\"100%\" height=\"" + pixels(height_) + "\" aria-label=\"" +
                       plain(label, 400) + "\"",
                   grid() + marks_);
}

}  // namespace funnel::report::html
