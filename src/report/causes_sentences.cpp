// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <utility>

#include "causes_report.hpp"
#include "funnel/report/text_table.hpp"
#include "rounded_sum.hpp"

namespace funnel::report {
namespace {

using metrics::ChangeCauses;
using metrics::ChangeEffect;
using metrics::ColumnCauses;
using metrics::FoundCause;
using metrics::KeyCause;
using metrics::RateChange;

constexpr std::size_t kMostParts = 3;

/// "-0.21 mobile converts worse", as a number to be rounded and words.
struct CausePart {
    double value;
    std::string words;
};

std::string subject_of(const RateChange& rate) {
    if (rate.from_step.empty()) return "Conversion";
    return "The step " + printable(rate.from_step, 24) + " > " + printable(rate.to_step, 24);
}

std::string name_of(const KeyCause& key) {
    if (key.pooled > 0)
        return "small keys (" + format_count(static_cast<std::int64_t>(key.pooled)) + ") together";
    return key.key ? printable(*key.key, 40) : "(missing)";
}

std::string from_to(const std::string& before, const std::string& after) {
    return before + " -> " + after;
}

CausePart part_of(const RateChange& rate, const KeyCause& key, bool is_mix, const RoundedSum& figures) {
    const bool several = key.pooled > 1;
    if (!is_mix) {
        const double change = key.after.rate() - key.before.rate();
        return {key.rate.value,
                name_of(key) + (several ? " convert " : " converts ") + (change < 0 ? "worse" : "better") +
                    " (" + from_to(figures.level(key.before.rate()), figures.level(key.after.rate())) + ")"};
    }
    const double before = key.before.units / rate.before.units, after = key.after.units / rate.after.units;
    const std::string of = rate.from_step.empty() ? "visitors" : "those at " + printable(rate.from_step, 24);
    const bool less = (after > before) == (key.mix.value < 0);
    return {key.mix.value,
            name_of(key) + (after > before ? " grew" : " shrank") + " (" +
                from_to(format_number(before * 100, 1) + " %", format_number(after * 100, 1) + " %") +
                " of " + of + "), which " + (several ? "convert " : "converts ") + (less ? "less" : "more")};
}

/// "; "-joined, rounded so that they sum to `total`; what rounds to nothing is left out.
std::string parts_text(const std::vector<CausePart>& parts, const RoundedSum& figures, std::int64_t total) {
    std::vector<double> values;
    for (const CausePart& part : parts)
        values.push_back(part.value);
    const std::vector<std::int64_t> rounded = figures.parts(values, total);
    std::string out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (rounded[i] == 0) continue;
        out += (out.empty() ? "" : "; ") + figures.signed_text(rounded[i]) + " " + parts[i].words;
    }
    return out;
}

/// "fell from 2.31 % to 1.98 % (-0.33 points, -0.41 to -0.25)"
std::string movement_text(double before, double after, const ChangeEffect& change,
                          const RoundedSum& figures) {
    const std::int64_t total = figures.round(after) - figures.round(before);
    const std::string verb = !change.beyond_chance ? "moved no more than chance does,"
                             : change.value < 0    ? "fell"
                                                   : "rose";
    std::string out = verb + " from " + figures.level(before) + " to " + figures.level(after) + " (" +
                      figures.signed_text(total) + figures.unit();
    if (change.interval)
        out += ", " + figures.signed_text(figures.round(change.interval->low)) + " to " +
               figures.signed_text(figures.round(change.interval->high));
    return out + ")";
}

/// What a column says of a rate: what of it is beyond chance and the rest.
std::string told_text(const ChangeCauses& causes, std::size_t r, const RoundedSum& figures,
                      std::int64_t total) {
    const RateChange& rate = causes.rates[r];
    const ColumnCauses& column = rate.columns[*rate.told_by];
    const std::vector<CausePart> sums = {{column.mix.value, "mix"}, {column.rate.value, "rate"}};
    const std::string lead = " By " + printable(column.by, 30) + ": ";
    if (rate.alike) {
        const std::string parts =
            parts_text({{column.rate.value, "the rates of its keys, none clearly apart from the others"},
                        {column.mix.value, "their mix"}},
                       figures, total);
        return lead + (parts.empty() ? "nothing." : parts + ".");
    }
    std::vector<FoundCause> found;
    std::ranges::copy_if(causes.found, std::back_inserter(found),
                         [&](const FoundCause& at) { return at.rate == r && at.column == *rate.told_by; });
    const auto effect = [&](const FoundCause& at) {
        const KeyCause& key = column.keys[at.key];
        return at.is_mix ? key.mix.value : key.rate.value;
    };
    std::ranges::stable_sort(found, std::ranges::greater{},
                             [&](const FoundCause& at) { return std::abs(effect(at)); });
    std::vector<CausePart> parts;
    double rest = rate.change.value;
    for (std::size_t i = 0; i < std::min(found.size(), kMostParts); ++i) {
        parts.push_back(part_of(rate, column.keys[found[i].key], found[i].is_mix, figures));
        rest -= parts.back().value;
    }
    parts.push_back({rest, "the rest"});
    const std::string in_all = parts_text(sums, figures, total);
    return lead + parts_text(parts, figures, total) + "." +
           (in_all.empty() ? "" : " In all: " + in_all + ".");
}

bool has_moved(const ChangeCauses& causes, std::size_t r) {
    return causes.rates[r].change.beyond_chance || causes.rates[r].told_by.has_value();
}

/// The smallest p of what is beyond chance in a rate; above 1: nothing is.
double surest(const ChangeCauses& causes, std::size_t r) {
    const RateChange& rate = causes.rates[r];
    double p = rate.change.beyond_chance ? *rate.change.p : 2;
    const auto first = std::ranges::find(causes.found, r, &FoundCause::rate);
    if (first == causes.found.end()) return p;
    const KeyCause& key = rate.columns[first->column].keys[first->key];
    return std::min(p, first->is_mix ? *key.mix.p : *key.rate.p);
}

std::string rate_sentence(const ChangeCauses& causes, std::size_t r) {
    const RateChange& rate = causes.rates[r];
    const RoundedSum figures = RoundedSum::of_rates(rate.before.rate(), rate.after.rate());
    const std::int64_t total = figures.round(rate.after.rate()) - figures.round(rate.before.rate());
    std::string out = subject_of(rate) + " " +
                      movement_text(rate.before.rate(), rate.after.rate(), rate.change, figures) + ".";
    if (rate.told_by) return out + told_text(causes, r, figures, total);
    return out + (rate.columns.empty() ? "" : " No column tells where.");
}

std::string revenue_sentence(const metrics::RevenueChange& revenue) {
    const RoundedSum figures = RoundedSum::of_money();
    const std::int64_t total = figures.round(revenue.after) - figures.round(revenue.before);
    const auto& [visits, orders, value] = revenue.factors;
    const RoundedSum rates = RoundedSum::of_rates(orders.before, orders.after);
    const std::vector<std::string> levels = {
        "visits (" + from_to(format_number(visits.before, 0), format_number(visits.after, 0)) + ")",
        "orders per visit (" + from_to(rates.level(orders.before), rates.level(orders.after)) + ")",
        "revenue per order (" + from_to(figures.level(value.before), figures.level(value.after)) + ")"};
    std::vector<CausePart> parts;
    for (std::size_t f = 0; f < levels.size(); ++f) {
        const ChangeEffect& effect = revenue.factors[f].effect;
        parts.push_back({effect.value, levels[f] + (effect.beyond_chance ? "" : ", which may be chance")});
    }
    return "Revenue " + movement_text(revenue.before, revenue.after, revenue.change, figures) + ": " +
           parts_text(parts, figures, total) + ".";
}

std::string nothing_sentence(const ChangeCauses& causes) {
    if (causes.tested == 0) return "Nothing could be tested: too few users in one of the two periods.";
    std::string out = "Nothing moved beyond chance: none of " +
                      format_count(static_cast<std::int64_t>(causes.tested)) + " effects tested";
    if (causes.rates.empty()) return out + ".";
    const RateChange& rate = causes.rates.front();
    const RoundedSum figures = RoundedSum::of_rates(rate.before.rate(), rate.after.rate());
    std::string change = movement_text(rate.before.rate(), rate.after.rate(), rate.change, figures);
    change.erase(0, change.find(" from "));
    std::string subject = subject_of(rate);
    subject.front() = static_cast<char>(subject.front() - 'A' + 'a');
    return out + "; " + subject + " went" + change + ".";
}

}  // namespace

std::vector<std::string> causes_sentences(const ChangeCauses& causes) {
    std::vector<std::size_t> told;
    for (std::size_t r = 0; r < causes.rates.size(); ++r) {
        // A step that all visitors come to and that is the last is conversion once more.
        const bool again = r > 0 && causes.rates[r].before == causes.rates[0].before &&
                           causes.rates[r].after == causes.rates[0].after;
        if (has_moved(causes, r) && !again) told.push_back(r);
    }
    // Conversion first, then the surest.
    std::ranges::stable_sort(told, {}, [&](std::size_t r) {
        return causes.rates[r].from_step.empty() ? -1.0 : surest(causes, r);
    });
    std::vector<std::string> out;
    for (std::size_t i = 0; i < std::min<std::size_t>(told.size(), 2); ++i)
        out.push_back(rate_sentence(causes, told[i]));
    const metrics::RevenueChange& revenue = causes.revenue;
    const bool money =
        revenue.change.beyond_chance ||
        std::ranges::any_of(revenue.factors, [](const auto& f) { return f.effect.beyond_chance; });
    if (money) out.push_back(revenue_sentence(revenue));
    if (out.empty()) out.push_back(nothing_sentence(causes));
    return out;
}

}  // namespace funnel::report
