// SPDX-License-Identifier: MIT
// The mix and rate effects of the keys of one column on one rate, with intervals and tests.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/metrics/change_causes.hpp"
#include "funnel/metrics/detail/inference/change_tests.hpp"
#include "funnel/metrics/detail/inference/mix_and_rate.hpp"
#include "funnel/metrics/detail/tally/cause_tally.hpp"

namespace funnel::metrics::detail {

/// A rate as fields of CauseCounts.
struct RateFields {
    std::size_t units = 0, hits = 0;
};

/// One key in both periods, by group of users.
struct KeyGroups {
    std::optional<std::string> key = {};
    std::size_t pooled = 0;
    TwoPeriods sum = {};
    std::array<TwoPeriods, kUserGroups> groups = {};

    KeyGroups& operator+=(const KeyGroups& other) noexcept {
        sum += other.sum;
        for (std::size_t g = 0; g < kUserGroups; ++g)
            groups[g] += other.groups[g];
        return *this;
    }
};

/// cells: as CauseCounts::cells of one column in the two periods.
[[nodiscard]] inline KeyGroups key_groups(const std::vector<std::int64_t>& before,
                                          const std::vector<std::int64_t>& after, std::size_t code,
                                          std::size_t width, const RateFields& fields) {
    KeyGroups out;
    for (std::size_t g = 0; g < kUserGroups; ++g) {
        const std::size_t at = (code * kUserGroups + g) * width;
        const auto units = [&](const std::vector<std::int64_t>& cells) {
            return RateUnits{static_cast<double>(cells[at + fields.units]),
                             static_cast<double>(cells[at + fields.hits])};
        };
        out.groups[g] = {units(before), units(after)};
        out.sum += out.groups[g];
    }
    return out;
}

/// Keys of the column with units, the small ones pooled.
[[nodiscard]] inline std::vector<KeyGroups> keys_of_column(const events::TextColumn& column,
                                                           const std::vector<std::int64_t>& before,
                                                           const std::vector<std::int64_t>& after,
                                                           std::size_t width, const RateFields& fields,
                                                           std::int64_t least_units) {
    std::vector<KeyGroups> keys;
    KeyGroups pool;
    for (std::size_t code = 0; code <= column.values.size(); ++code) {
        KeyGroups key = key_groups(before, after, code, width, fields);
        const double units = key.sum.before.units + key.sum.after.units;
        if (!(units > 0)) continue;
        if (units < static_cast<double>(least_units)) {
            pool += key;
            ++pool.pooled;
            continue;
        }
        if (code < column.values.size())
            key.key = std::string(column.values.text(static_cast<std::uint32_t>(code)));
        keys.push_back(std::move(key));
    }
    std::ranges::sort(keys, [](const KeyGroups& a, const KeyGroups& b) {
        if (!a.key || !b.key) return a.key.has_value() && !b.key.has_value();  // a missing value comes last
        return *a.key < *b.key;
    });
    if (pool.pooled > 0) keys.push_back(std::move(pool));
    return keys;
}

/// p of log(r1 / r0) of a key being that of all others; empty where a rate is 0.
[[nodiscard]] inline std::optional<double> apart_p(const KeyGroups& key, const KeyGroups& all) {
    const auto gap = [&](const TwoPeriods& mine, TwoPeriods rest) {
        rest -= mine;
        return std::log(mine.after.rate() / mine.before.rate()) -
               std::log(rest.after.rate() / rest.before.rate());
    };
    ChangeEffect effect{.value = gap(key.sum, all.sum)};
    WithoutGroups without{};
    for (std::size_t g = 0; g < kUserGroups; ++g) {
        TwoPeriods mine = key.sum, whole = all.sum;
        mine -= key.groups[g];
        whole -= all.groups[g];
        without[g] = gap(mine, whole);
    }
    set_jackknife(effect, without);
    return effect.p;
}

/// Few users deceive a jackknife: exact tests must agree. Of a rate that its key's rate changed; of a mix
/// that its share changed, and that its rate is not that of the others.
inline void require_exact(KeyCause& key, const TwoPeriods& all) {
    const RateUnits share_before{all.before.units, key.before.units};
    const RateUnits share_after{all.after.units, key.after.units};
    const RateUnits mine{key.before.units + key.after.units, key.before.hits + key.after.hits};
    const RateUnits rest{all.before.units + all.after.units - mine.units,
                         all.before.hits + all.after.hits - mine.hits};
    require(key.rate, fisher_p(key.before, key.after));
    require(key.mix, std::max(fisher_p(share_before, share_after), fisher_p(mine, rest)));
    // Without units in one period there is no rate to have changed.
    if (!(key.before.units > 0) || !(key.after.units > 0)) key.rate.p.reset();
}

/// keys: a partition, two or more; all: their sum.
[[nodiscard]] inline ColumnCauses column_causes(const std::string& by, const std::vector<KeyGroups>& keys,
                                                const KeyGroups& all) {
    ColumnCauses out{.by = by};
    std::vector<TwoPeriods> sums;
    for (const KeyGroups& key : keys)
        sums.push_back(key.sum);
    std::vector<MixAndRate> effects;
    kitagawa(sums, effects);
    for (std::size_t k = 0; k < keys.size(); ++k) {
        out.keys.push_back({.key = keys[k].key,
                            .pooled = keys[k].pooled,
                            .before = sums[k].before,
                            .after = sums[k].after,
                            .mix = {.value = effects[k].mix},
                            .rate = {.value = effects[k].rate}});
        out.mix.value += effects[k].mix;
        out.rate.value += effects[k].rate;
    }
    std::vector<WithoutGroups> mix(keys.size() + 1), rate(keys.size() + 1);  // the last: the sums
    std::vector<TwoPeriods> rest(keys.size());
    for (std::size_t g = 0; g < kUserGroups; ++g) {
        for (std::size_t k = 0; k < keys.size(); ++k) {
            rest[k] = sums[k];
            rest[k] -= keys[k].groups[g];
        }
        kitagawa(rest, effects);
        mix.back()[g] = rate.back()[g] = 0;
        for (std::size_t k = 0; k < keys.size(); ++k) {
            mix[k][g] = effects[k].mix;
            rate[k][g] = effects[k].rate;
            mix.back()[g] += effects[k].mix;
            rate.back()[g] += effects[k].rate;
        }
    }
    for (std::size_t k = 0; k < keys.size(); ++k) {
        set_jackknife(out.keys[k].mix, mix[k]);
        set_jackknife(out.keys[k].rate, rate[k]);
        require_exact(out.keys[k], all.sum);
        out.keys[k].apart_p = apart_p(keys[k], all);
    }
    set_jackknife(out.mix, mix.back());
    set_jackknife(out.rate, rate.back());
    out.mix.p.reset();
    out.rate.p.reset();
    return out;
}

}  // namespace funnel::metrics::detail
