// SPDX-License-Identifier: MIT
#include "causes_report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "funnel/base/time.hpp"
#include "funnel/report/text_table.hpp"
#include "plain_words.hpp"
#include "rounded_sum.hpp"

namespace funnel::report {
namespace {

using Json = nlohmann::ordered_json;
using metrics::ChangeCauses;
using metrics::ChangeEffect;
using metrics::RateChange;
using metrics::RateUnits;

constexpr std::size_t kColumnsShown = 6;

/// Mix and rate of one rate in every column, the largest mix first.
std::string columns_text(const RateChange& rate, const Paint& paint) {
    if (rate.columns.empty()) return {};
    const RoundedSum figures = RoundedSum::of_rates(rate.before.rate(), rate.after.rate());
    const std::int64_t total = figures.round(rate.after.rate()) - figures.round(rate.before.rate());
    std::vector<const metrics::ColumnCauses*> columns;
    for (const auto& column : rate.columns)
        columns.push_back(&column);
    std::ranges::stable_sort(columns, std::ranges::greater{},
                             [](const auto* column) { return std::abs(column->mix.value); });
    const auto range = [&](const ChangeEffect& effect) {
        if (!effect.interval) return std::string();
        return figures.signed_text(figures.round(effect.interval->low)) + " to " +
               figures.signed_text(figures.round(effect.interval->high));
    };
    TextTable table({{"points", Align::left}, {"mix"}, {"95 %"}, {"rate"}, {"95 %"}});
    for (const auto* column : std::span(columns).first(std::min(columns.size(), kColumnsShown))) {
        const auto parts = figures.parts({column->mix.value, column->rate.value}, total);
        table.add_row({printable(column->by, 24), figures.signed_text(parts[0]), range(column->mix),
                       figures.signed_text(parts[1]), range(column->rate)});
    }
    const std::string of = rate.from_step.empty()
                               ? "conversion"
                               : printable(rate.from_step, 24) + " > " + printable(rate.to_step, 24);
    return "\n" + paint.lead("Mix or rate, of " + of + ":") + paint.table(table);
}

/// "Not searched: session, user (too many keys); date (the periods share few of its keys)."
std::string left_out_line(const ChangeCauses& causes) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kReasons = {
        {{"too_many_keys", "too many keys"},
         {"one_key", "one key alone"},
         {"periods_share_no_keys", "the periods share few of its keys"}}};
    std::string out;
    for (const auto& [reason, words] : kReasons) {
        std::vector<std::string> names;
        for (const auto& column : causes.left_out) {
            if (column.reason == reason) names.push_back(column.by);
        }
        if (names.empty()) continue;
        out += (out.empty() ? "Not searched: " : "; ") + joined(names) + " (" + std::string(words) + ")";
    }
    return out.empty() ? out : out + ".";
}

Json finite_json(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json effect_json(const ChangeEffect& effect, bool tested = true) {
    Json json = {{"value", finite_json(effect.value)},
                 {"low", effect.interval ? finite_json(effect.interval->low) : Json(nullptr)},
                 {"high", effect.interval ? finite_json(effect.interval->high) : Json(nullptr)}};
    if (!tested) return json;
    json["p"] = effect.p ? finite_json(*effect.p) : Json(nullptr);
    json["beyond_chance"] = effect.beyond_chance;
    return json;
}

Json units_json(const RateUnits& units) {
    return {{"value", units.units > 0 ? finite_json(units.rate()) : Json(nullptr)},
            {"numerator", static_cast<std::int64_t>(units.hits)},
            {"denominator", static_cast<std::int64_t>(units.units)}};
}

Json key_json(const std::optional<std::string>& key) {
    return key ? Json(*key) : Json(nullptr);
}

Json rate_json(const RateChange& rate) {
    Json json = {{"name", rate.name},
                 {"before", units_json(rate.before)},
                 {"after", units_json(rate.after)},
                 {"change", effect_json(rate.change)},
                 {"told_by", rate.told_by ? Json(rate.columns[*rate.told_by].by) : Json(nullptr)},
                 {"alike", rate.alike}};
    json["columns"] = Json::array();
    for (const auto& column : rate.columns) {
        Json entry = {{"by", column.by},
                      {"mix", effect_json(column.mix, false)},
                      {"rate", effect_json(column.rate, false)}};
        entry["keys"] = Json::array();
        for (const auto& key : column.keys)
            entry["keys"].push_back({{"key", key_json(key.key)},
                                     {"pooled_keys", key.pooled},
                                     {"before", units_json(key.before)},
                                     {"after", units_json(key.after)},
                                     {"mix", effect_json(key.mix)},
                                     {"rate", effect_json(key.rate)}});
        json["columns"].push_back(std::move(entry));
    }
    return json;
}

Json revenue_json(const metrics::RevenueChange& revenue) {
    Json json = {{"before", finite_json(revenue.before)},
                 {"after", finite_json(revenue.after)},
                 {"change", revenue.reason.empty() ? effect_json(revenue.change) : Json(nullptr)},
                 {"reason", revenue.reason.empty() ? Json(nullptr) : Json(revenue.reason)}};
    json["factors"] = Json::array();
    for (const auto& factor : revenue.factors) {
        if (!revenue.reason.empty()) break;
        json["factors"].push_back({{"name", factor.name},
                                   {"before", finite_json(factor.before)},
                                   {"after", finite_json(factor.after)},
                                   {"effect", effect_json(factor.effect)}});
    }
    return json;
}

Json compared_period_json(const events::Period& period) {
    const auto time = [](const std::optional<std::int64_t>& at) {
        return at ? Json(base::format_time(*at)) : Json(nullptr);
    };
    return {{"from", time(period.from)}, {"to", time(period.to)}};
}

}  // namespace

std::string causes_text(const ChangeCauses& causes, const Paint& paint) {
    std::string out = paint.title("Why");
    std::size_t number = 0;
    const std::vector<std::string> sentences = causes_sentences(causes);
    for (const std::string& sentence : sentences) {
        ++number;
        const std::string mark = sentences.size() > 1 ? std::to_string(number) + "." : " ";
        out += paint.markdown() ? (sentences.size() > 1 ? mark + " " : "") + sentence + "\n"
                                : warning_lines(sentence, mark);
    }
    const auto moved =
        std::ranges::find_if(causes.rates, [](const RateChange& rate) { return rate.told_by.has_value(); });
    if (moved != causes.rates.end()) out += columns_text(*moved, paint);
    if (causes.beyond_chance > 0) {
        const std::string line =
            counted(static_cast<std::int64_t>(causes.tested), "effects tested, ") +
            counted(static_cast<std::int64_t>(causes.beyond_chance), "of them beyond chance, at most ") +
            format_number(causes.false_discoveries * 100, 0) + " % of these falsely.";
        out += paint.markdown() ? paint.line(line) : warning_lines(line, "-");
    }
    if (const std::string line = left_out_line(causes); !line.empty())
        out += paint.markdown() ? paint.line(line) : warning_lines(line, "-");
    return out;
}

Json causes_json(const ChangeCauses& causes) {
    Json json = {
        {"before", compared_period_json(causes.before)}, {"after", compared_period_json(causes.after)},
        {"sentences", causes_sentences(causes)},         {"tested", causes.tested},
        {"beyond_chance", causes.beyond_chance},         {"false_discoveries", causes.false_discoveries}};
    json["found"] = Json::array();
    for (const auto& at : causes.found) {
        const auto& column = causes.rates[at.rate].columns[at.column];
        const auto& key = column.keys[at.key];
        Json entry = {{"rate", causes.rates[at.rate].name},
                      {"by", column.by},
                      {"key", key_json(key.key)},
                      {"pooled_keys", key.pooled},
                      {"effect", at.is_mix ? "mix" : "rate"}};
        entry.update(effect_json(at.is_mix ? key.mix : key.rate));
        json["found"].push_back(std::move(entry));
    }
    json["rates"] = Json::array();
    for (const RateChange& rate : causes.rates)
        json["rates"].push_back(rate_json(rate));
    json["revenue"] = revenue_json(causes.revenue);
    json["left_out"] = Json::array();
    for (const auto& column : causes.left_out)
        json["left_out"].push_back({{"by", column.by}, {"reason", column.reason}});
    return json;
}

}  // namespace funnel::report
