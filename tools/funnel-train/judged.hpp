// SPDX-License-Identifier: MIT
// The examples of a log or table as a model scores them, with their labels: for evaluate and calibrate.
#pragma once

#include <cstdint>

#include "funnel/model/bundle.hpp"
#include "funnel/score/evaluation.hpp"
#include "log_model.hpp"
#include "options.hpp"
#include "table_model.hpp"

namespace funnel::tool {

struct Judged {
    score::ScoredExamples examples;
    std::uint64_t already_observed = 0;
};

[[nodiscard]] Judged judge(const Bundle& bundle, const LogOptions& log, const TableOptions& table,
                           const HistoryOptions& history, const GeneralOptions& general, Session& session);

}  // namespace funnel::tool
