// SPDX-License-Identifier: MIT
#include "funnel/report/importance_report.hpp"

#include "funnel/base/count_words.hpp"
#include "funnel/eval/clustered.hpp"
#include "funnel/report/text_table.hpp"
#include "importance_json.hpp"
#include "interval_json.hpp"

namespace funnel::report {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

nlohmann::ordered_json importance_json(const explain::Importance& importance) {
    Json json = {{"rows", importance.rows},
                 {"moved_rows", importance.moved_rows},
                 {"explained_rows", importance.explained_rows}};
    json["targets"] = Json::object();
    for (const explain::TargetImportance& target : importance.targets) {
        Json groups = Json::array();
        for (const explain::GroupImportance& group : target.groups) {
            Json one = {{"group", group.group}, {"inputs", group.inputs}};
            one["log_loss_rise"] = group.loss.value ? Json(*group.loss.value) : Json(nullptr);
            one.update(interval_json(group.loss.range));
            one["mean_contribution"] = group.mean_contribution;
            groups.push_back(std::move(one));
        }
        json["targets"][target.target] = std::move(groups);
    }
    return json;
}

std::string to_text(const explain::Importance& importance, bool markdown) {
    std::string text = std::string(markdown ? "\n## " : "\n") + "What the predictions rest on (" +
                       format_count(static_cast<std::int64_t>(importance.rows)) + " examples, " +
                       format_count(static_cast<std::int64_t>(importance.explained_rows)) + " explained)\n";
    if (importance.moved_rows > 0 && importance.moved_rows < importance.rows)
        text += "Only " + base::counted(importance.moved_rows, "example") +
                " could change places with others of the day.\n";
    for (const explain::TargetImportance& target : importance.targets) {
        TextTable table({{printable(target.target), Align::left},
                         {"log loss rises by"},
                         {"95 %"},
                         {"moves the logit by"}});
        for (const explain::GroupImportance& group : target.groups) {
            const auto& interval = group.loss.range.interval;
            table.add_row(
                {printable(group.group, 30), format_number(group.loss.value, 5),
                 interval ? format_number(interval->low, 5) + " to " + format_number(interval->high, 5)
                 : group.loss.range.reason == eval::kFewUsersReason ? "fewer than 20 users with one"
                 : group.loss.range.reason == explain::kAloneReason ? "no two examples on a day"
                                                                    : std::string(group.loss.range.reason),
                 format_number(group.mean_contribution, 3)});
        }
        text += "\n" + (markdown ? table.markdown() : table.text(2));
    }
    return text;
}

}  // namespace funnel::report
