// SPDX-License-Identifier: MIT
// ListEvaluation: how well a model orders lists that were shown, as judge_lists gives it (docs/evaluation.md,
// "Lists").
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/eval/clustered.hpp"

namespace funnel::score {

struct ListFigure {
    std::optional<double> value = {};  ///< empty: undefined, without a list
    eval::FigureInterval range = {};   ///< 95 %, by groups of users
};

/// Means over lists.
struct OrderFigures {
    ListFigure ndcg = {}, mrr = {}, hit = {};
};

struct JudgedLists {
    std::string name = {};    ///< of the segment; empty for all lists
    bool unnamed = false;     ///< of the lists without a name
    std::uint64_t lists = 0;  ///< of two rows or more and one positive or more
    std::uint64_t rows = 0, positives = 0;
    std::uint64_t users = 0;
    std::uint64_t paired = 0;  ///< of lists, those whose rows all have a position
    OrderFigures ours = {};
    OrderFigures logged = {};      ///< of the paired ones, in the order they were shown in
    OrderFigures difference = {};  ///< ours less logged, of the paired ones
    /// The same with each list weighing as much more as its positives were easier to find at the first place.
    OrderFigures reweighted = {};
};

/// Of one target.
struct TargetLists {
    std::string target;
    JudgedLists all = {};
    std::vector<JudgedLists> by_list = {};  ///< by the name of the list, most lists first
    std::vector<JudgedLists> by_user = {};  ///< known_users, new_users
    std::string_view logged_reason = {};    ///< "no_positions"
    std::string_view place_reason = {};     ///< why nothing is reweighted: "no_positions", "place_confounded"
};

struct ListEvaluation {
    std::size_t k = 10;  ///< of ndcg and hit
    std::vector<TargetLists> targets = {};
    std::string_view reason = {};  ///< without targets: "no_impressions"
};

}  // namespace funnel::score
