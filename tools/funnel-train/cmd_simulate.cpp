// SPDX-License-Identifier: MIT
#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands.hpp"
#include "funnel/files/output.hpp"
#include "funnel/report/result_json.hpp"
#include "funnel/simulate/event_csv.hpp"
#include "funnel/simulate/shopper_model.hpp"
#include "options.hpp"
#include "outputs.hpp"

namespace funnel::tool {
namespace {

struct SimulateCommand {
    simulate::ShopperOptions shop;
    std::string output;
};

std::string truth_json(const simulate::Truth& truth, const simulate::ShopperOptions& shop) {
    nlohmann::ordered_json json;
    json["schema_version"] = report::kSchemaVersion;
    json["users"] = shop.users;
    json["days"] = shop.days;
    json["seed"] = shop.seed;
    simulate::for_each_figure(truth, [&](std::string_view name, const std::optional<double>& value) {
        auto& entry = json["truth"][std::string(name)];
        if (!value) {
            entry = nullptr;
        } else if (*value == std::floor(*value) && std::abs(*value) < 0x1p53) {
            entry = static_cast<std::int64_t>(*value);
        } else {
            entry = *value;
        }
    });
    json["warnings"] = nlohmann::ordered_json::array();
    return json.dump(2) + "\n";
}

void run_simulate(const SimulateCommand& command, Run& run) {
    const simulate::ShopperModel model(command.shop);
    claim_outputs({command.output, command.output + ".truth.json", run.options.manifest}, {});
    files::Output log(command.output), truth_file(command.output + ".truth.json");
    std::string rows(simulate::kCsvHeader);
    const simulate::Truth truth = model.run([&](const Event& event) {
        simulate::append_csv_row(rows, event);
        if (rows.size() < (1u << 20)) return;
        log.append(rows);
        rows.clear();
    });
    log.append(rows);
    const std::string json = truth_json(truth, command.shop);
    truth_file.append(json);
    log.commit();
    truth_file.commit();
    run.record.add_output(command.output);
    run.record.add_output(command.output + ".truth.json");
    run.record.add_count("rows", truth.events);
    if (run.options.json) {
        run.out << json;
    } else {
        run.out << command.output << ": " << truth.events << " events of " << truth.users << " users, "
                << truth.orders << " orders; true rates in " << command.output << ".truth.json\n";
    }
}

}  // namespace

void add_simulate(CLI::App& app, Session& session) {
    const auto [sub, command] = add_command(
        app, session, "simulate", "A log from a known shopper model, with its true rates", run_simulate);
    sub->add_option("-o,--output", command->output, "CSV file (.gz by name); true rates in FILE.truth.json")
        ->required();
    sub->add_option("--users", command->shop.users, "Shoppers, each of whom comes at least once")
        ->check(whole_number());
    sub->add_option("--days", command->shop.days, "Days of the log")->check(whole_number());
    sub->add_option("--seed", command->shop.seed, "The same seed gives the same log")->check(whole_number());
    sub->add_option("--items", command->shop.items, "Goods (default: a fifth of the users, 200 to 20000)")
        ->check(whole_number());
}

}  // namespace funnel::tool
