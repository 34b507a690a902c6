// SPDX-License-Identifier: MIT
// onnx_model: a model as an ONNX graph, from raw inputs to probabilities, for runtimes that know nothing of
// funnel.
//
//     const std::string bytes = onnx::onnx_model(bundle);
//     files::Output file("shop.onnx");
//     file.append(bytes);
//     file.commit();
#pragma once

#include <string>

#include "funnel/model/bundle.hpp"

namespace funnel::onnx {

/// The version of the operator sets of the graph: ai.onnx and ai.onnx.ml.
inline constexpr int kOpset = 13, kMlOpset = 2;

/// Inputs "numbers", float (N, d), NaN = missing, and "texts", string (N, c), empty = missing, each if the
/// model has any; output "probabilities", float (N, K). Normalizing, categories, members, chains and
/// calibration are in the graph. The metadata name what stands where: "numbers", "texts" and "targets" are
/// JSON lists of names, "model" is "table" or "log". A model of a log takes the features that `funnel-train
/// features` writes. Throws Error(unsupported) for a model that was trained in one pass: it knows its texts
/// by their hashes alone. Probabilities differ from ours by rounding, less than 1e-6. Cost: linear in the
/// model.
[[nodiscard]] std::string onnx_model(const Bundle& bundle);

}  // namespace funnel::onnx
