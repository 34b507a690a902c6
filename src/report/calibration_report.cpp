// SPDX-License-Identifier: MIT
#include "funnel/report/calibration_report.hpp"

#include <nlohmann/json.hpp>

#include "funnel/report/result_json.hpp"
#include "funnel/report/text_table.hpp"

namespace funnel::report {

std::string calibration_json(std::span<const train::Shift> shifts, const base::Warnings& warnings) {
    using Json = nlohmann::ordered_json;
    Json json;
    json["schema_version"] = kSchemaVersion;
    json["targets"] = Json::object();
    for (const train::Shift& shift : shifts) {
        json["targets"][shift.target] = {{"given", shift.given.empty() ? Json() : Json(shift.given)},
                                         {"rows", shift.rows},
                                         {"positives", shift.positives},
                                         {"moved", shift.moved},
                                         {"intercept", shift.intercept}};
    }
    json["warnings"] = warnings_json<Json>(warnings);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string calibration_text(std::span<const train::Shift> shifts) {
    TextTable table({{"head", Align::left}, {"rows"}, {"positives"}, {"added to its logit"}});
    for (const train::Shift& shift : shifts) {
        const std::string head = shift.given.empty() ? shift.target : shift.target + " given " + shift.given;
        table.add_row({printable(head), format_count(static_cast<std::int64_t>(shift.rows)),
                       format_count(static_cast<std::int64_t>(shift.positives)),
                       shift.moved ? format_number(shift.intercept, 4) : "too few labels"});
    }
    return table.text();
}

}  // namespace funnel::report
