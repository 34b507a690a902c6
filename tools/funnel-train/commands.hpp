// SPDX-License-Identifier: MIT
// One function per subcommand: declares its options and what it does. Each is in cmd_NAME.cpp.
#pragma once

#include "run.hpp"

namespace funnel::tool {

void add_metrics(CLI::App& app, Session& session);
void add_train(CLI::App& app, Session& session);
void add_evaluate(CLI::App& app, Session& session);
void add_score(CLI::App& app, Session& session);
void add_recommend(CLI::App& app, Session& session);
void add_features(CLI::App& app, Session& session);
void add_forecast(CLI::App& app, Session& session);
void add_inspect(CLI::App& app, Session& session);
void add_report(CLI::App& app, Session& session);
void add_calibrate(CLI::App& app, Session& session);
void add_pretrain(CLI::App& app, Session& session);
void add_paths(CLI::App& app, Session& session);
void add_people(CLI::App& app, Session& session);
void add_products(CLI::App& app, Session& session);
void add_schema(CLI::App& app, Session& session);
void add_simulate(CLI::App& app, Session& session);
void add_serve(CLI::App& app, Session& session);
void add_export(CLI::App& app, Session& session);
void add_completion(CLI::App& app, Session& session);

}  // namespace funnel::tool
