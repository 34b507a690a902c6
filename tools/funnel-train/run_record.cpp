// SPDX-License-Identifier: MIT
#include "run_record.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "funnel/base/time.hpp"
#include "funnel/base/version.hpp"
#include "funnel/files/atomic_file.hpp"
#include "funnel/persist/container.hpp"
#include "funnel/report/result_json.hpp"

namespace funnel::tool {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const files::FileDigest& digest) {
    return {{"path", digest.path}, {"bytes", digest.bytes}, {"xxh128", digest.xxh128}};
}

Json to_json(const std::optional<std::int64_t>& time) {
    return time ? Json(base::format_time(*time)) : Json(nullptr);
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
    if (path.empty() || path == "-" || std::ranges::find(outputs_, path) != outputs_.end()) return;
    outputs_.push_back(path);
}

void RunRecord::keep_state(const std::string& path, std::vector<char> bytes) {
    state_path_ = path;
    state_ = std::move(bytes);
}

void RunRecord::write_state() const {
    if (state_path_.empty()) return;
    files::AtomicFile file(state_path_);
    file.append({state_.data(), state_.size()});
    file.commit();
}

void RunRecord::write(const std::string& path, const std::string& command, int exit_code,
                      const base::Warnings& warnings) const {
    Json json{{"schema_version", report::kSchemaVersion},
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
    if (!state_path_.empty()) {
        files::Digest digest;
        digest.add({state_.data(), state_.size()});
        json["outputs"].push_back(to_json(digest.result(state_path_)));
    }
    json["counts"] = counts_;
    json["times"] = {{"from", to_json(times_.first)}, {"to", to_json(times_.second)}};
    json["watermark"] = {{"before", to_json(watermarks_.first)}, {"after", to_json(watermarks_.second)}};
    json["drift"] = drift_;
    json["warnings"] = report::warnings_json<Json>(warnings);
    files::AtomicFile file(path);
    file.append(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    file.commit();
}

}  // namespace funnel::tool
