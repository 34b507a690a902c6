// SPDX-License-Identifier: MIT
// Funnel: the ordered stages that metrics count, labels refer to and the heads of the net predict.
//
//     const Funnel funnel = Funnel::parse("view,cart_add,purchase");
//     for (const events::Stage& stage : funnel.stages) show(stage.name);  // view, cart, purchase
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/events/event.hpp"

namespace funnel::events {

inline constexpr std::size_t kMaxStages = 32;       ///< of one funnel
inline constexpr std::size_t kMaxCustomTypes = 32;  ///< event names of the log's own in one funnel

/// What is counted and predicted unless a schema or a caller says otherwise; Funnel::parse reads it.
inline constexpr std::string_view kDefaultFunnel = "impression,click+view,cart_add,purchase";

/// "view,cart_add,purchase" to the event types of every stage; "click+view" joins types. No checks.
[[nodiscard]] std::vector<std::vector<std::string>> parse_stages(std::string_view text);

struct Stage {
    std::string name;                ///< its first type, cart_add as "cart"; a repeat gets "_2"
    std::vector<std::string> types;  ///< names of its event types, ours or the log's own
    KindSet kinds = 0;               ///< the same as a set
};

/// 1 to 32 stages whose type sets are equal or disjoint. Immutable after make: share freely.
struct Funnel {
    std::vector<Stage> stages;
    /// Types that are not ours, in order, "cart" behind all others: kind custom_first + index.
    std::vector<std::string> custom_types;

    /// types[k]: the event types of stage k; a type that is not one of ours is an event name of the log.
    /// Throws Error(invalid_argument) for 0 or more than 32 stages, an empty stage, or sets that overlap
    /// without being equal.
    [[nodiscard]] static Funnel make(const std::vector<std::vector<std::string>>& types);

    /// See parse_stages. Throws as make.
    [[nodiscard]] static Funnel parse(std::string_view text) { return make(parse_stages(text)); }

    /// The funnel for a log in which these kinds occur. A stage of cart_add is printed as "cart", so "cart"
    /// means cart_add here, unless the log has an event of its own of that name or another stage is of
    /// cart_add. Kinds of other types stay as they are.
    [[nodiscard]] Funnel with_printed_names(KindSet in_log) const;

    /// The text that parse reads.
    [[nodiscard]] std::string text() const;

    /// All kinds of all stages.
    [[nodiscard]] KindSet kinds() const noexcept {
        KindSet all = 0;
        for (const Stage& stage : stages)
            all |= stage.kinds;
        return all;
    }
};

namespace detail {

/// The types that are not ours. "cart" may turn out to be cart_add: as the last one it takes no other's
/// place.
[[nodiscard]] inline std::vector<std::string> own_types(const std::vector<std::vector<std::string>>& types) {
    std::vector<std::string> own;
    for (const bool last : {false, true}) {
        for (const auto& names : types) {
            for (const std::string& name : names) {
                const bool fits = !name.empty() && !parse_kind(name) && (name == "cart") == last;
                if (fits && std::ranges::find(own, name) == own.end()) own.push_back(name);
            }
        }
    }
    return own;
}

}  // namespace detail

inline Funnel Funnel::make(const std::vector<std::vector<std::string>>& types) {
    if (types.empty() || types.size() > kMaxStages) {
        throw Error(ErrorCode::invalid_argument, "funnel: expected 1 to 32 stages, got " +
                                                     std::to_string(types.size()) +
                                                     "; name them as in view,cart_add,purchase");
    }
    Funnel funnel;
    funnel.custom_types = detail::own_types(types);
    for (const auto& names : types) {
        Stage stage;
        for (const std::string& name : names) {
            if (name.empty())
                throw Error(ErrorCode::invalid_argument,
                            "funnel: expected event types, got an empty one; look for a comma or + too many");
            auto kind = parse_kind(name);
            if (!kind) {
                const auto at = std::ranges::find(funnel.custom_types, name);
                const auto index = static_cast<std::size_t>(at - funnel.custom_types.begin());
                if (index >= kMaxCustomTypes) {
                    throw Error(ErrorCode::invalid_argument,
                                "funnel: more than 32 event names of the log's own");
                }
                kind = static_cast<EventKind>(static_cast<std::size_t>(EventKind::custom_first) + index);
            }
            stage.kinds |= kind_bit(*kind);
            stage.types.push_back(name);
        }
        if (stage.types.empty())
            throw Error(ErrorCode::invalid_argument, "funnel: a stage without event types");
        const std::string base = stage.types.front() == "cart_add" ? "cart" : stage.types.front();
        stage.name = base;
        const auto taken = [&](const Stage& other) { return other.name == stage.name; };
        for (int repeat = 2; std::ranges::any_of(funnel.stages, taken); ++repeat) {
            stage.name = base + "_" + std::to_string(repeat);
        }
        for (const Stage& other : funnel.stages) {
            if ((other.kinds & stage.kinds) != 0 && other.kinds != stage.kinds) {
                throw Error(ErrorCode::invalid_argument, "funnel: stages " + other.name + " and " +
                                                             stage.name +
                                                             " share some event types but not all; give them "
                                                             "the same types, or none in common");
            }
        }
        funnel.stages.push_back(std::move(stage));
    }
    return funnel;
}

inline Funnel Funnel::with_printed_names(KindSet in_log) const {
    const auto cart = std::ranges::find(custom_types, "cart");
    if (cart == custom_types.end() || (kinds() & kind_bit(EventKind::cart_add)) != 0) return *this;
    const auto index = static_cast<std::size_t>(cart - custom_types.begin());
    const auto own = static_cast<EventKind>(static_cast<std::size_t>(EventKind::custom_first) + index);
    if ((in_log & kind_bit(own)) != 0) return *this;
    std::vector<std::vector<std::string>> types;
    for (const Stage& stage : stages) {
        types.push_back(stage.types);
        std::ranges::replace(types.back(), std::string("cart"), std::string("cart_add"));
    }
    return make(types);
}

inline std::vector<std::vector<std::string>> parse_stages(std::string_view text) {
    std::vector<std::vector<std::string>> types(1, std::vector<std::string>(1));
    for (const char c : text) {
        if (c == ',') {
            types.emplace_back(1);
        } else if (c == '+') {
            types.back().emplace_back();
        } else {
            types.back().back() += c;
        }
    }
    if (text.empty()) types.clear();
    return types;
}

inline std::string Funnel::text() const {
    std::string out;
    for (const Stage& stage : stages) {
        if (&stage != &stages.front()) out += ',';
        for (std::size_t i = 0; i < stage.types.size(); ++i)
            out += (i > 0 ? "+" : "") + stage.types[i];
    }
    return out;
}

}  // namespace funnel::events

namespace funnel {
using events::Funnel;
}
