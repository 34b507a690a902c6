// SPDX-License-Identifier: MIT
// EarlierModels: what a training starts from (--init) and what it has to beat (--champion).
#pragma once

#include <optional>

#include "funnel/model/bundle.hpp"
#include "train_options.hpp"

namespace funnel::tool {

class EarlierModels {
 public:
    /// Throws as persist::load_model, and Error(invalid_argument) where an option and the model disagree.
    EarlierModels(const TrainCommand& command, Run& run);

    /// Borrows this, the command and the run until the training is over, which throws GateNotMet if the
    /// champion stays.
    void add_to(train::ModelOptions& options, const TrainCommand& command, Run& run) const;

 private:
    std::optional<Bundle> initial_, champion_;
};

}  // namespace funnel::tool
