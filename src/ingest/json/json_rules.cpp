// SPDX-License-Identifier: MIT
// LogRules for files of JSON lines: which schema fits, where its values are, and the unit of the times.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "funnel/base/error.hpp"
#include "ingest/csv/names.hpp"
#include "ingest/csv/record.hpp"
#include "ingest/json/bad_json.hpp"
#include "ingest/json/json_line.hpp"
#include "ingest/json/json_rows.hpp"
#include "ingest/json/json_text.hpp"
#include "ingest/log/log_rules.hpp"

namespace funnel::ingest::detail {
namespace {

constexpr std::size_t kMostLines = 1000;

/// use(line) for the first lines that are not blank, until it returns false.
template <typename Use>
void for_lines(std::string_view lines, std::size_t most, const Use& use) {
    for (std::size_t at = 0, n = 0; at < lines.size() && n < most;) {
        const std::size_t end = std::min(lines.find('\n', at), lines.size());
        const std::string_view line = without_line_end(lines.substr(at, end - at));
        at = end + 1;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        if (!use(line)) return;
        ++n;
    }
}

/// Per path: whether one of the first lines has it. `good`: how many of these lines are objects.
std::vector<std::uint8_t> find_paths(JsonPaths& paths, std::string_view lines, std::size_t& good) {
    TextArena arena;
    JsonLine json(paths, arena);
    good = 0;
    for_lines(lines, kMostLines, [&](std::string_view line) {
        arena.clear();
        good += json.read(line) ? 0 : 1;
        return true;
    });
    return json.found();
}

void add_keys(const nlohmann::json& object, const std::string& prefix, std::vector<std::string>& keys) {
    constexpr std::size_t kMostKeys = 200, kLongest = 100;
    for (const auto& [key, value] : object.items()) {
        const std::string path = prefix + key;
        if (keys.size() >= kMostKeys || path.size() > kLongest) return;
        if (value.is_object()) {
            add_keys(value, path + '.', keys);
        } else if (value.is_array() && !value.empty() && value.front().is_object()) {
            add_keys(value.front(), path + '.', keys);
        } else {
            keys.push_back(path);
        }
    }
}

/// The paths of the first line that can be read, for messages.
std::vector<std::string> keys_of(std::string_view lines) {
    std::vector<std::string> keys;
    for_lines(lines, kMostLines, [&](std::string_view line) {
        const bool good = !find_json_fault(line);
        const auto json = good ? nlohmann::json::parse(line, nullptr, false) : nlohmann::json();
        if (json.is_object()) add_keys(json, "", keys);
        return keys.empty();
    });
    return keys;
}

/// Of lines of which none can be read: what is wrong with the first one.
[[noreturn]] void throw_first_bad(const std::string& name, std::string_view lines, std::uint64_t line) {
    std::string_view first;
    for_lines(lines, 1, [&](std::string_view text) { return first = text, true; });
    BadRow bad = bad_json(first);
    bad.line = line + 1;
    throw Error(ErrorCode::parse, message(name, {}, bad));
}

/// Whether a preset can be of JSON lines.
/// What only CSV can have; empty if the schema reads JSON lines as well.
std::string key_of_csv(const Schema& schema) {
    return !schema.header          ? "numbers of columns"
           : schema.fill           ? "\"fill\""
           : schema.skip_lines > 0 ? "\"skip_lines\""
           : schema.comment != 0   ? "\"comment\""
                                   : "";
}

std::vector<std::string> json_presets() {
    std::vector<std::string> names = preset_names();
    std::erase_if(names, [](const std::string& name) { return !key_of_csv(*preset(name)).empty(); });
    return names;
}

/// The slots of the log's own columns that a slot is made of; itself if it is one.
std::vector<std::size_t> sources_of(const LogPlan& plan, std::size_t slot) {
    if (plan.made_of[slot] == kNoSlot) return {slot};
    std::vector<std::size_t> sources;
    for (const RowShape::Event& event : plan.shape->events) {
        for (const RowShape::Value& value : event.values) {
            if (value.slot != slot) continue;
            for (const RowShape::Source& source : value.sources)
                sources.push_back(source.slot);
        }
    }
    return sources;
}

[[noreturn]] void fail_missing(const LogPlan& plan, const std::string& name, std::size_t slot,
                               const char* role, std::string_view lines) {
    const std::vector<std::string> keys = keys_of(lines);
    const std::string& path = plan.slots[slot];
    const std::string near = nearest(path, keys);
    throw Error(ErrorCode::schema, escaped(name) + ": column " + escaped(path) + " (" + role +
                                       "): expected it in one of the first lines, got \"" + list(keys) +
                                       "\"; " +
                                       (near.empty() ? "" : "did the log mean \"" + escaped(near) + "\"? ") +
                                       "map the path with --schema FILE.json");
}

}  // namespace

FileFormat locate_paths(const LogPlan& plan, const std::string& name, std::string_view lines) {
    const Schema& schema = plan.schema;
    if (const std::string csv_only = key_of_csv(schema); !csv_only.empty()) {
        throw Error(ErrorCode::schema, escaped(name) + ": expected CSV, since schema " +
                                           escaped(schema.name) + " has " + csv_only +
                                           ", got JSON lines; map paths with --schema FILE.json");
    }
    FileFormat format;
    format.name = name;
    format.unit = schema.time_format.empty() ? schema.time_unit : TimeUnit::iso;
    format.header = plan.slots;
    for (std::size_t slot = 0; slot < plan.slots.size(); ++slot)
        format.column_of.push_back(plan.made_of[slot] == kNoSlot ? slot : plan.made_of[slot]);
    JsonPaths paths = paths_of(plan);
    std::size_t good = 0;
    const std::vector<std::uint8_t> found = find_paths(paths, lines, good);
    format.found = std::make_shared<FoundSlots>(plan.slots.size());
    const std::pair<std::size_t, const char*> needed[] = {
        {plan.time, "time"}, {plan.user, "user"}, {plan.event, "event"}};
    for (const auto& [slot, role] : needed) {
        if (slot == kNoSlot || good == 0) continue;
        const std::vector<std::size_t> sources = sources_of(plan, slot);
        const bool any = std::ranges::any_of(sources, [&](std::size_t source) { return found[source] != 0; });
        if (!any && !sources.empty()) fail_missing(plan, name, sources.front(), role, lines);
    }
    return format;
}

std::optional<Schema> detect_json_schema(std::string_view lines) {
    for (const std::string& known : json_presets()) {
        Schema schema = *preset(known);
        JsonPaths paths({schema.required, {}, {}, schema.explode});
        std::size_t good = 0;
        const std::vector<std::uint8_t> found = find_paths(paths, lines, good);
        if (std::ranges::all_of(found, [](std::uint8_t is) { return is != 0; })) return schema;
    }
    return std::nullopt;
}

Schema choose_json_schema(const std::string& name, std::string_view lines, std::uint64_t lines_before) {
    if (auto schema = detect_json_schema(lines)) return *std::move(schema);
    const std::vector<std::string> keys = keys_of(lines);
    if (keys.empty()) throw_first_bad(name, lines, lines_before);
    throw Error(ErrorCode::schema, escaped(name) + ": expected JSON lines of a known schema (" +
                                       list(json_presets()) + "), got \"" + list(keys) +
                                       "\"; map the paths with --schema FILE.json");
}

bool LogRules::reads_json() const {
    return reads_json_lines();
}

FileFormat LogRules::open_json(std::uint32_t file, const std::string& name, std::string_view lines,
                               std::uint64_t lines_before) {
    if (!schema_) {
        schema_ = choose_json_schema(name, lines, lines_before);
        plan_ = std::make_shared<const LogPlan>(make_plan(*schema_, options_));
    }
    FileFormat format = locate_paths(*plan_, name, lines);
    format.file = file;
    found_in_json_.push_back(format.found);
    found_.resize(plan_->slots.size());
    return format;
}

std::optional<TimeUnit> LogRules::detect_json_unit(const FileFormat& format, std::string_view lines) {
    if (!json_paths_) json_paths_.emplace(paths_of(*plan_));
    TextArena arena;
    JsonLine json(*json_paths_, arena);
    std::optional<TimeUnit> unit;
    std::vector<std::string_view> fields(plan_->slots.size());
    for_lines(lines, lines.size(), [&](std::string_view line) {
        arena.clear();
        if (line.size() > options_.rows.max_line || json.read(line)) return true;
        for (std::size_t row = 0; row < json.rows() && !unit; ++row) {
            for (std::size_t slot = 0; slot < fields.size(); ++slot)
                fields[slot] = json.value(slot, row);
            unit = detect_unit(format, fields);
        }
        return !unit;
    });
    return unit;
}

/// A path whose values decide what a row becomes need not be in every log.
bool LogRules::may_be_absent(const std::string& path) const {
    const Schema& schema = plan_->schema;
    if (std::ranges::find(schema.required, path) != schema.required.end()) return false;
    const auto is_path = [&](const auto& rule) { return rule.column == path; };
    return std::ranges::any_of(schema.ignore_rows, is_path) ||
           std::ranges::any_of(schema.event_rules, is_path) ||
           std::ranges::any_of(schema.rows,
                               [&](const RowEvent& row) { return std::ranges::any_of(row.when, is_path); });
}

void LogRules::finish(base::Warnings& warnings) {
    warn_of_uneven_files(warnings);
    if (found_in_json_.empty()) return;
    for (std::size_t slot = 0; slot < plan_->slots.size(); ++slot) {
        for (const auto& found : found_in_json_) {
            if (found->has(slot)) found_[slot] = 1;
        }
        if (plan_->made_of[slot] == kNoSlot && plan_->required[slot] != 0 && found_[slot] == 0 &&
            !may_be_absent(plan_->slots[slot])) {
            warnings.push_back(
                {"path_not_found", "column " + escaped(plan_->slots[slot]) +
                                       ": no line of the log has it; check the path in the schema"});
        }
    }
    for (std::size_t slot = 0; slot < plan_->slots.size(); ++slot) {
        if (plan_->made_of[slot] == kNoSlot) continue;
        for (const std::size_t source : sources_of(*plan_, slot))
            found_[slot] = std::max(found_[slot], found_[source]);
    }
}

}  // namespace funnel::ingest::detail
