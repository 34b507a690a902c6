// SPDX-License-Identifier: MIT
// Why figures moved, in words and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "funnel/metrics/change_causes.hpp"
#include "paint.hpp"

namespace funnel::report {

/// At most three sentences: conversion, the step that moved most surely, revenue; or one that says that
/// nothing did. The figures in them are rounded so that what is printed sums.
[[nodiscard]] std::vector<std::string> causes_sentences(const metrics::ChangeCauses& causes);

/// The sentences, and mix and rate by column.
[[nodiscard]] std::string causes_text(const metrics::ChangeCauses& causes, const Paint& paint);

[[nodiscard]] nlohmann::ordered_json causes_json(const metrics::ChangeCauses& causes);

}  // namespace funnel::report
