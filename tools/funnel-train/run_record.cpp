// SPDX-License-Identifier: MIT
#include "run_record.hpp"

#include <nlohmann/json.hpp>

#include "funnel/base/version.hpp"
#include "funnel/files/atomic_file.hpp"
#include "funnel/persist/container.hpp"

namespace funnel::tool {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const files::FileDigest& digest) {
    return {{"path", digest.path}, {"bytes", digest.bytes}, {"xxh128", digest.xxh128}};
}

}  // namespace

void RunRecord::add_input(const ingest::ReadReport& report) {
    inputs_.insert(inputs_.end(), report.digests.begin(), report.digests.end());
    counts_["rows"] += report.rows;
    counts_["accepted"] += report.accepted;
    counts_["rejected"] += report.rejected;
    counts_["ignored"] += report.ignored;
}

void RunRecord::add_output(const std::string& path) {
    if (!path.empty() && path != "-") outputs_.push_back(path);
}

void RunRecord::write(const std::string& path, const std::string& command, int exit_code) const {
    Json json{{"schema_version", 1},
              {"version", base::kVersion},
              {"model_format", persist::kFormatVersion},
              {"command", command},
              {"exit_code", exit_code}};
    json["inputs"] = Json::array();
    for (const files::FileDigest& input : inputs_)
        json["inputs"].push_back(to_json(input));
    json["model"] = model_.path.empty() ? Json() : to_json(model_);
    json["outputs"] = Json::array();
    for (const std::string& output : outputs_)
        json["outputs"].push_back(to_json(files::digest_of_file(output)));
    json["counts"] = counts_;
    json["drift"] = drift_;
    files::AtomicFile file(path);
    file.append(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    file.commit();
}

}  // namespace funnel::tool
