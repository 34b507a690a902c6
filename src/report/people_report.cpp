// SPDX-License-Identifier: MIT
#include "funnel/report/people_report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "funnel/base/csv.hpp"
#include "funnel/base/time.hpp"
#include "funnel/metrics/segments.hpp"
#include "funnel/report/result_json.hpp"
#include "funnel/report/text_table.hpp"

namespace funnel::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kPeopleOfAPage = 20;

std::string items_of(const PeopleView& view, const metrics::Person& person) {
    std::string items;
    for (const std::uint32_t item : person.items) {
        if (!items.empty()) items += ' ';
        items += view.log->items.text(item);
    }
    return items;
}

std::string step_of(const PeopleView& view, const metrics::Person& person) {
    return person.step == 0 ? "" : view.funnel.stages[person.step - 1].name;
}

}  // namespace

std::string to_csv(const PeopleView& view) {
    std::string out = "user_id,since,last_event,items,value,step\n";
    for (const metrics::Person& person : view.people) {
        base::append_csv_field(out, view.log->users.text(person.user));
        out += ',' + base::format_time(person.since) + ',' + base::format_time(person.last_event) + ',';
        base::append_csv_field(out, items_of(view, person));
        out += ',' + (person.value ? person.value->text() : "") + ',';
        base::append_csv_field(out, step_of(view, person));
        out += '\n';
    }
    return out;
}

std::string to_json(const PeopleView& view) {
    Json json = {{"schema_version", kSchemaVersion},
                 {"group", metrics::kPeopleGroups[static_cast<std::size_t>(view.group)]},
                 {"people", view.all}};
    json["rows"] = Json::array();
    for (const metrics::Person& person : view.people) {
        Json row = {{"user_id", view.log->users.text(person.user)},
                    {"since", base::format_time(person.since)},
                    {"last_event", base::format_time(person.last_event)}};
        row["items"] = Json::array();
        for (const std::uint32_t item : person.items)
            row["items"].push_back(view.log->items.text(item));
        row["value"] = person.value ? Json(person.value->value()) : Json(nullptr);
        const std::string step = step_of(view, person);
        row["step"] = step.empty() ? Json(nullptr) : Json(step);
        json["rows"].push_back(std::move(row));
    }
    json["warnings"] = warnings_json<Json>(view.warnings);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_text(const PeopleView& view) {
    TextTable table({{"user", Align::left},
                     {"since (" + view.zone + ")", Align::left},
                     {"value"},
                     {"items", Align::left}});
    metrics::LocalTime local(view.offsets);
    const std::size_t shown = std::min(view.people.size(), kPeopleOfAPage);
    for (const metrics::Person& person : view.people.first(shown)) {
        table.add_row({printable(view.log->users.text(person.user), 24),
                       base::format_time(local.local(person.since)).substr(0, 16),
                       person.value ? format_number(person.value->value(), 2) : "",
                       printable(items_of(view, person), 24)});
    }
    std::string out(metrics::kPeopleGroups[static_cast<std::size_t>(view.group)]);
    std::ranges::replace(out, '_', ' ');
    out += ": " + format_count(view.all) + (view.all == 1 ? " person\n" : " people\n");
    if (shown == 0) return out;
    out += table.text();
    if (shown < view.people.size())
        out += "The first " + std::to_string(shown) + " are shown; --csv or -o FILE gives all.\n";
    else if (static_cast<std::int64_t>(shown) < view.all)
        out += "The first " + std::to_string(shown) + " are shown (--limit).\n";
    return out;
}

}  // namespace funnel::report
