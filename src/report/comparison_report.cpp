// SPDX-License-Identifier: MIT
#include "funnel/report/comparison_report.hpp"

#include <nlohmann/json.hpp>
#include <optional>

#include "funnel/report/result_json.hpp"
#include "funnel/report/text_table.hpp"
#include "interval_json.hpp"

namespace funnel::report {
namespace {

using Json = nlohmann::ordered_json;

Json optional_json(const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json difference_json(const score::Comparison& comparison, std::size_t k) {
    Json json = Json::object();
    eval::for_each_clustered(comparison.a[k], [&](std::string_view name, const auto& a, eval::Scale) {
        eval::for_each_clustered(comparison.b[k], [&](std::string_view other, const auto& b, eval::Scale) {
            if (name != other) return;
            const eval::Difference difference = eval::difference_of(comparison.a[k], a, b);
            Json figure = {{"a", optional_json(a.value)},
                           {"b", optional_json(b.value)},
                           {"difference", optional_json(difference.value)}};
            figure.update(interval_json(difference.range));
            json[std::string(name)] = std::move(figure);
        });
    });
    return json;
}

}  // namespace

std::string to_json(const score::Comparison& comparison, const base::Warnings& warnings) {
    Json json;
    json["schema_version"] = kSchemaVersion;
    json["rows"] = comparison.rows;
    json["comparison"] = Json::object();
    for (std::size_t k = 0; k < comparison.targets.size(); ++k)
        json["comparison"][comparison.targets[k]] = difference_json(comparison, k);
    json["warnings"] = warnings_json<Json>(warnings);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_text(const score::Comparison& comparison) {
    std::string text = "Comparison on " + format_count(static_cast<std::int64_t>(comparison.rows)) +
                       " examples, difference = second model - first\n";
    for (std::size_t k = 0; k < comparison.targets.size(); ++k) {
        TextTable table({{printable(comparison.targets[k]), Align::left},
                         {"first"},
                         {"second"},
                         {"difference"},
                         {"95 % of the difference"}});
        const Json figures = difference_json(comparison, k);
        const auto number = [](const Json& value) {
            return format_number(value.is_null() ? std::nullopt : std::optional(value.get<double>()), 5);
        };
        for (const auto& [name, figure] : figures.items()) {
            table.add_row({name, number(figure["a"]), number(figure["b"]), number(figure["difference"]),
                           figure["low"].is_null()
                               ? figure["reason"].get<std::string>()
                               : number(figure["low"]) + " to " + number(figure["high"])});
        }
        text += "\n" + table.text(2);
    }
    return text;
}

}  // namespace funnel::report
