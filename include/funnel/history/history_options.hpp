// SPDX-License-Identifier: MIT
// HistoryOptions: what a History counts and how fast it forgets. Part of every model file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/hash.hpp"
#include "funnel/base/time.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/events/example_mode.hpp"
#include "funnel/events/feature_spec.hpp"
#include "funnel/events/funnel_stages.hpp"
#include "funnel/events/horizon.hpp"
#include "funnel/events/visit.hpp"

namespace funnel::history {

using events::Event;
using events::EventKind;
using events::EventLog;
using events::Funnel;
using events::KindSet;

/// Strength m of the priors, in exposures: a rate is (n+ + m p0) / (n + m).
struct PriorStrengths {
    float item = 60;
    float user = 40;
    float category = 200;  ///< also brand
    float place = 200;     ///< list to all, and place to list
};

struct HistoryOptions {
    Funnel funnel = Funnel::parse(events::kDefaultFunnel);
    events::ExampleMode examples = events::ExampleMode::first;
    /// An exposure enters the rate of the first stage when it is older than this: the stage's horizon.
    std::int64_t first_horizon = events::kClickHorizon;
    /// Kinds that get counts and recencies of their own; see kinds_of. Each costs 16 bytes per user.
    KindSet kinds = ~KindSet{0};
    std::int64_t lag = 0;  ///< events younger than this are not used: hosts that get them late
    std::int64_t forget = 90 * base::kDay;  ///< users and items silent for so long are forgotten
    std::int64_t visit_gap = events::kVisitGap;
    std::int64_t half_life = 14 * base::kDay;       ///< of counts
    std::int64_t short_half_life = 1 * base::kDay;  ///< of the counts that trends compare with
    PriorStrengths strengths;
    events::FeatureGroups groups = events::kAllGroups;

    void write(base::ByteWriter& out) const;
    [[nodiscard]] static HistoryOptions read(base::ByteReader& in);
    /// A hash of all of it: histories with equal keys have the same features.
    [[nodiscard]] std::uint64_t key() const;
};

/// The kinds that occur in a log: what HistoryOptions::kinds should be for it.
[[nodiscard]] inline KindSet kinds_of(const EventLog& log) noexcept {
    KindSet kinds = 0;
    for (const EventKind kind : log.kind)
        kinds |= events::kind_bit(kind);
    return kinds;
}

inline void HistoryOptions::write(base::ByteWriter& out) const {
    out.text(funnel.text());
    out.value(examples);
    out.value(kinds);
    for (const std::int64_t value : {first_horizon, lag, forget, visit_gap, half_life, short_half_life}) {
        out.value(value);
    }
    for (const float value : {strengths.item, strengths.user, strengths.category, strengths.place}) {
        out.value(value);
    }
    out.value(groups);
}

inline std::uint64_t HistoryOptions::key() const {
    base::ByteWriter out;
    write(out);
    const std::vector<char> bytes = out.take();
    return base::hash_bytes({bytes.data(), bytes.size()});
}

inline HistoryOptions HistoryOptions::read(base::ByteReader& in) {
    HistoryOptions options;
    const std::string funnel = in.text();
    try {
        options.funnel = Funnel::parse(funnel);
    } catch (const Error&) {
        throw Error(ErrorCode::format, "damaged: the funnel of a history");
    }
    options.examples = in.value<events::ExampleMode>();
    options.kinds = in.value<KindSet>();
    for (auto* value : {&options.first_horizon, &options.lag, &options.forget, &options.visit_gap,
                        &options.half_life, &options.short_half_life}) {
        *value = in.value<std::int64_t>();
    }
    for (auto* value : {&options.strengths.item, &options.strengths.user, &options.strengths.category,
                        &options.strengths.place}) {
        *value = in.value<float>();
    }
    options.groups = in.value<events::FeatureGroups>();
    return options;
}

}  // namespace funnel::history
