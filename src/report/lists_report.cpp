// SPDX-License-Identifier: MIT
#include "funnel/report/lists_report.hpp"

#include <array>
#include <utility>
#include <vector>

#include "funnel/report/text_table.hpp"
#include "interval_json.hpp"
#include "lists_json.hpp"

namespace funnel::report {
namespace {

using score::JudgedLists;
using score::ListFigure;
using score::OrderFigures;
using score::TargetLists;
using ListsJson = nlohmann::ordered_json;

struct NamedListFigure {
    std::string name;
    ListFigure OrderFigures::*figure;
};

std::array<NamedListFigure, 3> list_figures_of(std::size_t k) {
    return {{{"ndcg_at_" + std::to_string(k), &OrderFigures::ndcg},
             {"mrr", &OrderFigures::mrr},
             {"hit_at_" + std::to_string(k), &OrderFigures::hit}}};
}

ListsJson order_json(const OrderFigures& order, std::size_t k) {
    ListsJson json = ListsJson::object();
    for (const auto& [name, figure] : list_figures_of(k)) {
        const ListFigure& of = order.*figure;
        ListsJson one = {{"value", of.value ? ListsJson(*of.value) : ListsJson(nullptr)}};
        one.update(interval_json(of.range));
        json[name] = std::move(one);
    }
    return json;
}

ListsJson judged_json(const JudgedLists& judged, const TargetLists& target, std::size_t k) {
    ListsJson json = {{"lists", judged.lists},         {"rows", judged.rows},
                      {"positives", judged.positives}, {"users", judged.users},
                      {"paired", judged.paired},       {"ours", order_json(judged.ours, k)}};
    const bool logged = judged.paired > 0;
    json["logged"] = logged ? order_json(judged.logged, k) : ListsJson(nullptr);
    json["difference"] = logged ? order_json(judged.difference, k) : ListsJson(nullptr);
    const bool reweighted = logged && target.place_reason.empty();
    json["reweighted"] = reweighted ? order_json(judged.reweighted, k) : ListsJson(nullptr);
    return json;
}

std::string list_cell(const ListFigure& figure, bool sign) {
    if (!figure.value) return "n/a";
    const auto number = [&](double value) {
        return (sign && value >= 0 ? "+" : "") + format_number(value, 4);
    };
    std::string text = number(*figure.value);
    if (figure.range.interval)
        text +=
            " (" + number(figure.range.interval->low) + " to " + number(figure.range.interval->high) + ")";
    return text;
}

std::string table_of_orders(const JudgedLists& judged, const TargetLists& target, std::size_t k,
                            bool markdown) {
    const bool logged = judged.paired > 0, reweighted = logged && target.place_reason.empty();
    std::vector<TableColumn> columns = {{"", Align::left}, {"ours"}};
    if (logged) columns.insert(columns.end(), {{"as shown"}, {"difference"}});
    if (reweighted) columns.push_back({"reweighted"});
    TextTable table(columns);
    for (const auto& [name, figure] : list_figures_of(k)) {
        std::vector<std::string> cells = {name, list_cell(judged.ours.*figure, false)};
        if (logged) {
            cells.push_back(list_cell(judged.logged.*figure, false));
            cells.push_back(list_cell(judged.difference.*figure, true));
        }
        if (reweighted) cells.push_back(list_cell(judged.reweighted.*figure, true));
        table.add_row(std::move(cells));
    }
    return markdown ? table.markdown() : table.text(2);
}

/// nDCG of each segment, a line each.
std::string table_of_segments(const TargetLists& target, std::size_t k, bool markdown) {
    TextTable table({{"ndcg_at_" + std::to_string(k), Align::left}, {"lists"}, {"ours"}, {"difference"}});
    const auto add = [&](const JudgedLists& judged, const std::string& name) {
        if (judged.lists == 0) return;
        table.add_row({name, format_count(static_cast<std::int64_t>(judged.lists)),
                       list_cell(judged.ours.ndcg, false),
                       judged.paired > 0 ? list_cell(judged.difference.ndcg, true) : ""});
    };
    add(target.by_user[0], "known users");
    add(target.by_user[1], "new users");
    constexpr std::size_t kShown = 10;
    for (std::size_t i = 0; i < target.by_list.size() && i < kShown; ++i)
        add(target.by_list[i],
            target.by_list[i].unnamed ? "no list" : "list " + printable(target.by_list[i].name, 40));
    return markdown ? table.markdown() : table.text(2);
}

}  // namespace

nlohmann::ordered_json lists_json(const score::ListEvaluation& lists) {
    ListsJson json = {{"k", lists.k}};
    json["reason"] = lists.reason.empty() ? ListsJson(nullptr) : ListsJson(lists.reason);
    json["targets"] = ListsJson::object();
    for (const TargetLists& target : lists.targets) {
        ListsJson one = judged_json(target.all, target, lists.k);
        const auto reason = [](std::string_view text) {
            return text.empty() ? ListsJson(nullptr) : ListsJson(text);
        };
        one["logged_reason"] = reason(target.logged_reason);
        one["reweighted_reason"] = reason(target.place_reason);
        for (const JudgedLists& segment : target.by_user)
            one[segment.name] = judged_json(segment, target, lists.k);
        one["by_list"] = ListsJson::array();
        for (const JudgedLists& segment : target.by_list) {
            ListsJson list = {{"list", segment.unnamed ? ListsJson(nullptr) : ListsJson(segment.name)}};
            list.update(judged_json(segment, target, lists.k));
            one["by_list"].push_back(std::move(list));
        }
        json["targets"][target.target] = std::move(one);
    }
    return json;
}

std::string to_text(const score::ListEvaluation& lists, bool markdown) {
    std::string text = std::string(markdown ? "\n## " : "\n") + "The order of shown lists\n";
    if (!lists.reason.empty())
        return text + "No lists: the model's examples are no impressions, or the log has none.\n";
    bool logged = false;
    for (const TargetLists& target : lists.targets) {
        const JudgedLists& all = target.all;
        text += "\n" + std::string(markdown ? "### " : "") + printable(target.target, 40) + ": " +
                base::counted(all.lists, "list") + " of " + base::counted(all.users, "user") + "\n";
        if (all.lists == 0) continue;
        logged |= all.paired > 0;
        text += "\n" + table_of_orders(all, target, lists.k, markdown) + "\n" +
                table_of_segments(target, lists.k, markdown);
    }
    text +=
        "\nOf lists with two items or more and something that was clicked or bought; scored without their "
        "places.\n";
    text +=
        logged ? "What is at the top is clicked more, whatever it is: that favours the order that was shown. "
                 "\"reweighted\" makes up\nfor it as far as the places let tell.\n"
               : "The log has no positions, so nothing is known of the order that was shown.\n";
    return text;
}

}  // namespace funnel::report
