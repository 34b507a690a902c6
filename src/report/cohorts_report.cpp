// SPDX-License-Identifier: MIT
#include "cohorts_report.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "funnel/base/csv.hpp"
#include "funnel/report/text_table.hpp"

namespace funnel::report {
namespace {

using Json = nlohmann::ordered_json;

using metrics::Cohort;
using metrics::Cohorts;
using metrics::CohortWeek;

constexpr std::size_t kWeeksOfAPage = 8, kCohortsOfAPage = 20;

/// What stands in a cell of a grid.
using CellText = std::function<std::string(const Cohort&, const CohortWeek&)>;

std::string grid_text(const Cohorts& cohorts, const CellText& cell, const Paint& paint) {
    const std::size_t weeks = std::min(cohorts.weeks, kWeeksOfAPage);
    std::vector<TableColumn> columns = {{"first week", Align::left}, {"users"}};
    for (std::size_t k = 0; k < weeks; ++k)
        columns.push_back({std::to_string(k)});
    TextTable table(columns);
    const std::size_t later = cohorts.rows.size() - std::min(cohorts.rows.size(), kCohortsOfAPage);
    for (std::size_t i = 0; i < cohorts.rows.size(); ++i) {
        const Cohort& cohort = cohorts.rows[i];
        if (i < later && !cohort.already_there) continue;
        std::vector<std::string> cells = {cohort.key, format_count(cohort.users)};
        for (std::size_t k = 0; k < std::min(weeks, cohort.weeks.size()); ++k)
            cells.push_back(cell(cohort, cohort.weeks[k]));
        table.add_row(std::move(cells));
    }
    return paint.table(table);
}

std::string share_cell(const Cohort& cohort, std::int64_t users) {
    const double percent = cohort_share(cohort, users) * 100;
    return users == 0 ? "-" : format_number(percent, percent < 10 ? 2 : 1);
}

}  // namespace

std::string cohorts_reason(const Cohorts& cohorts) {
    if (cohorts.rows.empty()) return "No user is in a cohort.";
    if (cohorts.reason == "log_shorter_than_28_days")
        return "Who comes in the first 28 days may have come before the log; this log has no more days.";
    return cohorts.reason.empty() ? "" : "No week after the first 28 days of the log is over yet.";
}

std::string cohorts_text(const Cohorts& cohorts, const Paint& paint) {
    const bool orders = cohorts.start == metrics::CohortStart::order;
    std::string out =
        paint.title(std::string("Users by the week of their first ") + (orders ? "order" : "event"));
    if (cohorts.weeks == 0) return out + paint.line(cohorts_reason(cohorts));
    out += paint.lead("Active in that week and later ones, % of the users:");
    out += grid_text(
        cohorts, [](const Cohort& c, const CohortWeek& w) { return share_cell(c, w.active); }, paint);
    out += "\n" + paint.lead("With an order, % of the users:");
    out += grid_text(
        cohorts, [](const Cohort& c, const CohortWeek& w) { return share_cell(c, w.ordering); }, paint);
    if (cohorts.has_amounts) {
        out += "\n" + paint.lead("Revenue per user:");
        out += grid_text(
            cohorts,
            [](const Cohort& c, const CohortWeek& w) {
                return w.orders == 0 ? "-" : !w.priced() ? "n/a" : format_number(revenue_per_user(c, w), 2);
            },
            paint);
    }
    if (cohorts.rows.front().already_there)
        out += paint.line("already there: first seen in the first 28 days; week 0 is the last of these.");
    if (cohorts.weeks > kWeeksOfAPage || cohorts.rows.size() > kCohortsOfAPage)
        out += paint.line("The latest cohorts and first weeks are shown; --json and --csv have all.");
    return out;
}

std::string cohorts_csv(const Cohorts& cohorts) {
    std::string out;
    const auto number = [&](double value) {
        out += ',';
        base::append_csv_number(out, value);
    };
    for (const Cohort& cohort : cohorts.rows) {
        const auto users = static_cast<double>(cohort.users);
        const auto share = [&](const std::string& name, std::int64_t of) {
            const auto range = *eval::wilson(static_cast<double>(of), users);
            out += "cohort," + cohort.key + ',' + name;
            for (const double value :
                 {cohort_share(cohort, of), static_cast<double>(of), users, range.low, range.high})
                number(value);
            out += ",\n";
        };
        for (std::size_t k = 0; k < cohort.weeks.size(); ++k) {
            const CohortWeek& week = cohort.weeks[k];
            const std::string at = "_week_" + std::to_string(k);
            share("active" + at, week.active);
            share("ordering" + at, week.ordering);
            if (!cohorts.has_amounts) continue;
            out += "cohort," + cohort.key + ",revenue_per_user" + at;
            if (!week.priced()) {
                out += ",,,,,,no_amounts\n";
                continue;
            }
            for (const double value : {revenue_per_user(cohort, week), week.revenue.value(), users})
                number(value);
            out += ",,,\n";
        }
    }
    return out;
}

nlohmann::ordered_json cohorts_json(const Cohorts& cohorts) {
    Json json = {{"start", cohorts.start == metrics::CohortStart::order ? "order" : "event"},
                 {"reason", cohorts.reason.empty() ? Json(nullptr) : Json(cohorts.reason)},
                 {"revenue_reason", cohorts.has_amounts ? Json(nullptr) : Json("no_amounts")}};
    json["rows"] = Json::array();
    for (const Cohort& cohort : cohorts.rows) {
        Json row = {{"key", cohort.key},
                    {"already_there", cohort.already_there},
                    {"monday", base::format_day(cohort.monday)},
                    {"users", cohort.users}};
        row["weeks"] = Json::array();
        const auto users = static_cast<double>(cohort.users);
        for (std::size_t k = 0; k < cohort.weeks.size(); ++k) {
            const CohortWeek& week = cohort.weeks[k];
            Json cell = {{"week", k}};
            const auto share = [&](const std::string& name, std::int64_t of) {
                const auto range = *eval::wilson(static_cast<double>(of), users);
                cell[name] = {{"value", cohort_share(cohort, of)},
                              {"users", of},
                              {"low", range.low},
                              {"high", range.high}};
            };
            share("active", week.active);
            share("ordering", week.ordering);
            const bool priced = cohorts.has_amounts && week.priced();
            cell["revenue"] = priced ? Json(week.revenue.value()) : Json(nullptr);
            cell["revenue_per_user"] = priced ? Json(revenue_per_user(cohort, week)) : Json(nullptr);
            cell["revenue_reason"] = priced ? Json(nullptr) : Json("no_amounts");
            row["weeks"].push_back(std::move(cell));
        }
        json["rows"].push_back(std::move(row));
    }
    return json;
}

}  // namespace funnel::report
