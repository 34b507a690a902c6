// SPDX-License-Identifier: MIT
// Plot: an SVG chart with two axes that fills whatever width it gets: horizontal places are percentages,
// vertical ones pixels, so that texts and strokes keep their size.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scale.hpp"

namespace funnel::report::html {

/// A percentage ("12.5%") of a part of the width in [0, 1], and a number of pixels ("40.3").
[[nodiscard]] std::string across(double part);
[[nodiscard]] std::string pixels(double value);

struct Tick {
    double at = 0;  ///< 0 to 1
    std::string label;
};

struct Axis {
    Scale scale;
    std::vector<Tick> ticks;

    /// Labels every round value of the scale.
    [[nodiscard]] static Axis of(Scale scale, const std::function<std::string(double)>& label);
};

/// One place of a series; without y a gap.
struct PlotPoint {
    double x = 0;
    std::optional<double> y = {}, low = {}, high = {};
    std::string hint = {};  ///< shown when pointed at; text of ours or plain()
};

/// Marks are drawn in the order of the calls, over the grid. One thread at a time.
class Plot {
 public:
    Plot(Axis x, Axis y, double height = 150);

    /// What lies between low and high, pale.
    void band(std::span<const PlotPoint> points);
    /// Through every y, broken at gaps.
    void line(std::span<const PlotPoint> points, std::string_view style = "line");
    /// From the bottom of the scale to y; `width` of each in units of x, x in its middle.
    void columns(std::span<const PlotPoint> points, double width);
    /// A dot at y, and a stroke from low to high.
    void dots(std::span<const PlotPoint> points);
    /// Invisible stripes of `width` that show the hints.
    void hints(std::span<const PlotPoint> points, double width);
    /// A dashed line at y over the whole width, named unless the name is empty.
    void level(double y, std::string_view name);
    /// The dashed line of equal x and y.
    void diagonal();

    /// The svg element; `label` says in words what there is to see.
    [[nodiscard]] std::string svg(std::string_view label) const;

 private:
    [[nodiscard]] double bottom_up(double y) const;
    [[nodiscard]] std::string grid() const;
    /// A path in units of a thousandth of the width and pixels of the height.
    void add_path(const std::string& commands, std::string_view style);
    [[nodiscard]] std::string place(double x, double y) const;

    Axis x_, y_;
    double height_;
    std::string marks_;
};

}  // namespace funnel::report::html
