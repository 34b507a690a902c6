// SPDX-License-Identifier: MIT
#include "side_tables.hpp"

#include <algorithm>
#include <map>

#include "funnel/base/count_words.hpp"
#include "funnel/base/utf8.hpp"
#include "table_model.hpp"
#include "vector_files.hpp"

namespace funnel::tool {
namespace {

using events::SideInput;
using events::SideKey;
using events::SideTable;

constexpr SideKey kKeys[] = {SideKey::item, SideKey::user, SideKey::session};

class SideReader {
 public:
    SideReader(const ingest::Schema& schema, const LogOptions& log, Run& run)
        : schema_(schema), log_(log), run_(run) {}

    [[nodiscard]] ingest::Table read(SideKey key, const std::vector<std::string>& files) const {
        ingest::Table table = ingest::read_table(files, side_reading(schema_, log_, run_));
        if (table.rows() == 0) no_rows(files);
        const std::string ours = key == SideKey::item ? "item" : key == SideKey::user ? "user" : "session";
        if (id_column(table, schema_, ours).empty()) {
            const auto mapped = schema_.columns.find(ours);
            const bool other = mapped != schema_.columns.end() && mapped->second != ours + "_id";
            throw Error(ErrorCode::schema, base::escaped(files.front()) + ": expected the id column " +
                                               (other ? mapped->second + " or " : "") + ours + "_id, got " +
                                               (other ? "neither" : "none") + "; check the header");
        }
        return table;
    }

    [[nodiscard]] SideTable index(SideKey key, const ingest::Table& table) const {
        const events::SideIds ids{id_column(table, schema_, "item"), id_column(table, schema_, "user"),
                                  id_column(table, schema_, "session")};
        return naming_files(table.files, [&] { return SideTable(key, columns_of(table), ids); });
    }

    /// Texts in a column of numbers make their row a bad one. Then everything is known about this reading.
    void judge(ingest::Table& table, std::span<const SideInput> inputs, SideKey key) const {
        std::vector<base::BadCell> cells;
        const auto views = columns_of(table);
        for (const SideInput& input : inputs) {
            if (input.key != key) continue;
            naming_files(table.files, [&] { (void)base::find_column(views, input.column); });
            if (input.is_number) (void)base::number_column(base::find_column(views, input.column), cells);
        }
        reject_cells(table, std::move(cells), log_.row_policy());
        tell_about_reading(table.report, log_, run_);
    }

 private:
    const ingest::Schema& schema_;
    const LogOptions& log_;
    Run& run_;
};

/// What the log does not say of a row, the table says.
void complete(EventLog& log, const events::TextColumn& from) {
    events::TextColumn& column = log.add_text_column(from.name);
    for (std::size_t row = 0; row < log.size(); ++row) {
        if (column.code[row] == base::kNone && from.code[row] != base::kNone)
            column.code[row] = column.values.intern(from.values.text(from.code[row]));
    }
}

/// What a shop knows of its goods, and only some rows of the log repeat. Any other column of a table that is
/// called like one of the log means something else: the country of an order is not that of its buyer.
bool completes(SideKey key, const std::string& name) {
    return key == SideKey::item && (name == "category" || name == "brand" || name == "price");
}

/// Throws unless some table has a column of every name.
void check_names(const std::vector<std::string>& names, const std::vector<SideInput>& found) {
    for (const std::string& name : names) {
        const bool known = std::ranges::any_of(
            found, [&](const SideInput& input) { return name == input.column || name == input.name(); });
        if (known) continue;
        std::string columns;
        for (const SideInput& input : found)
            columns += (columns.empty() ? "" : ", ") + input.name();
        usage_error("--use: expected columns of the side tables (" + columns + "), got \"" + name + "\"");
    }
}

}  // namespace

std::string id_column(const ingest::Table& table, const ingest::Schema& schema, const std::string& ours) {
    const auto mapped = schema.columns.find(ours);
    if (mapped != schema.columns.end() && table.column(mapped->second) != nullptr) return mapped->second;
    return table.column(ours + "_id") != nullptr ? ours + "_id" : std::string{};
}

void reject_cells(ingest::Table& table, std::vector<base::BadCell> cells, const ingest::RowPolicy& policy) {
    if (cells.empty()) return;
    std::ranges::stable_sort(cells, {}, &base::BadCell::row);
    std::vector<ingest::BadValue> bad;
    for (base::BadCell& cell : cells)
        bad.push_back({cell.row, std::move(cell.column), std::move(cell.expected)});
    ingest::reject_rows(table, std::move(bad), policy);
}

ingest::TableOptions side_reading(const ingest::Schema& schema, const LogOptions& log, Run& run) {
    ingest::TableOptions reading;
    for (const std::string ours : {"item", "user", "session"}) {
        const auto mapped = schema.columns.find(ours);
        if (mapped != schema.columns.end()) reading.verbatim.push_back(mapped->second);
        reading.verbatim.push_back(ours + "_id");
    }
    reading.rows = log.next_reading(run);
    reading.threads = run.threads();
    return reading;
}

void tell_about_ids(const events::SideTables& side, const EventLog& log, Run& run) {
    for (const SideTable& table : side.tables()) {
        const events::IdsFound ids = events::ids_found(log, table);
        if (ids.all == 0) continue;
        const std::string name = "--" + std::string(events::side_name(table.key()));
        const std::string what = name + ": " + base::format_count(ids.found) + " of " +
                                 base::format_count(ids.all) + " " +
                                 std::string(events::side_name(table.key())) + " of the log are in the table";
        if (ids.found == 0) {
            throw Error(ErrorCode::schema,
                        name + ": expected ids of the log, got none of them" +
                            (ids.unknown.empty() ? "" : ", such as \"" + ids.unknown + "\"") +
                            "; ids are text (1001 and 1001.0 differ): write them as the log does");
        }
        if (ids.found * 2 < ids.all)
            run.console.warn("few_ids_found",
                             what + "; the others count as missing: are the ids written alike?");
        else
            run.console.note(what);
    }
}

void SideOptions::add_keys_to(CLI::App& command) {
    const auto add = [&](const char* name, std::vector<std::string>& files, const char* what) {
        command.add_option(name, files, what)->allow_extra_args(false);
    };
    add("--items", items, "CSV with a row per item, by its id; may repeat");
    add("--users", users, "CSV with a row per user");
    add("--sessions", sessions, "CSV with a row per visit, by session, or by user and session");
}

void SideOptions::add_to(CLI::App& command) {
    add_keys_to(command);
    command
        .add_option(
            "--vectors", vectors,
            "Vectors of items or users: CSV with their id and numbers, or FILE.npy with the ids in FILE.ids")
        ->allow_extra_args(false);
    command.add_option(
        "--use", use,
        "Columns of these tables, COL,... (default: all). Use only what is known when the example "
        "happens: how a visit ended, its length or what it bought would tell the answer");
}

std::vector<std::string> SideOptions::paths() const {
    std::vector<std::string> all = items;
    all.insert(all.end(), users.begin(), users.end());
    all.insert(all.end(), sessions.begin(), sessions.end());
    for (const std::string& file : vectors) {
        all.push_back(file);
        if (const std::string ids = ids_file(file); !ids.empty()) all.push_back(ids);
    }
    return all;
}

SideColumns SideOptions::columns(const LogOptions& log, const Run& run) const {
    SideColumns columns;
    for (const SideKey key : kKeys) {
        if (files(key).empty()) continue;
        ingest::TableOptions reading;  // the names alone: rows are judged when the log's schema is known
        reading.rows = log.row_policy();
        reading.rows.rejects_path.clear();
        reading.threads = run.threads();
        const ingest::Table table = ingest::read_table(files(key), reading);
        for (const ingest::TableTextColumn& column : table.columns) {
            columns.all.push_back(column.name);
            columns.plain.push_back(column.name);
            columns.all.push_back(std::string(events::side_name(key)) + "." + column.name);
        }
        if (key == SideKey::item) columns.of_items = columns.all;  // the first of the keys
    }
    return columns;
}

void SideOptions::add_columns(EventLog& to, const ingest::Schema& schema,
                              const std::vector<std::string>& wanted, const LogOptions& log, Run& run) const {
    const SideReader reader(schema, log, run);
    std::vector<SideTable> tables;
    std::map<std::string, SideKey> added;  // which table a column is from
    for (const SideKey key : kKeys) {
        if (files(key).empty()) continue;
        ingest::Table read = reader.read(key, files(key));
        tell_about_reading(read.report, log, run);
        const SideTable& table = tables.emplace_back(reader.index(key, read));
        const auto columns = table.columns();
        for (std::size_t c = 0; c < columns.size(); ++c) {
            const std::string name(columns[c].name), full = SideInput{key, name}.name();
            for (const std::string& by : wanted) {
                if (by != name && by != full) continue;
                const auto other = added.find(by);
                if (other != added.end()) {
                    usage_error(by + ": expected a column of one table, got it in two; write " +
                                SideInput{other->second, name}.name() + " or " + full);
                }
                if (to.text_column(by) == nullptr) {
                    to.text_columns.push_back(events::side_column(to, table, c, by));
                    added.emplace(by, key);
                } else if (completes(key, by)) {
                    complete(to, events::side_column(to, table, c, by));
                } else {
                    run.console.note(by + ": the log's own column counts; " + full + " is the table's");
                }
            }
        }
    }
    tell_about_ids(events::SideTables(std::move(tables), {}), to, run);
}

const std::vector<std::string>& SideOptions::files(SideKey key) const noexcept {
    return key == SideKey::item ? items : key == SideKey::user ? users : sessions;
}

LoadedSide SideOptions::load(const ingest::Schema& schema, const std::vector<std::string>& categorical,
                             const LogOptions& log, Run& run) const {
    const SideReader reader(schema, log, run);
    const std::vector<std::string> wanted = list_option(use);
    std::vector<SideTable> tables;
    std::vector<SideInput> inputs, all;
    for (const SideKey key : kKeys) {
        if (files(key).empty()) continue;
        ingest::Table table = reader.read(key, files(key));
        const SideTable indexed = reader.index(key, table);
        const auto everything = events::side_inputs(indexed, {}, categorical);
        const auto chosen = events::side_inputs(indexed, wanted, categorical);
        all.insert(all.end(), everything.begin(), everything.end());
        inputs.insert(inputs.end(), chosen.begin(), chosen.end());
        reader.judge(table, chosen, key);
        tables.push_back(reader.index(key, table));
    }
    if (tables.empty() && !wanted.empty())
        usage_error("--use: needs --items, --users or --sessions; give one");
    check_names(wanted, all);
    std::vector<events::VectorTable> loaded = load_vectors(schema, log, run);
    for (const events::VectorTable& table : loaded) {
        const std::vector<SideInput> more = events::side_inputs(table);
        inputs.insert(inputs.end(), more.begin(), more.end());
    }
    events::SideTables side(std::move(tables), inputs, std::move(loaded));
    return {std::move(inputs), std::move(side)};
}

events::SideTables SideOptions::load(const model::LogTask& task, const LogOptions& log, Run& run) const {
    if (!use.empty()) usage_error("--use: a model's inputs are fixed when it is trained; leave it out");
    const ingest::Schema schema = ingest::parse_schema(task.schema, "the model's schema");
    const SideReader reader(schema, log, run);
    std::vector<SideTable> tables;
    for (const SideKey key : kKeys) {
        const auto needs = std::ranges::find(task.side_inputs, key, &SideInput::key);
        if (needs == task.side_inputs.end()) continue;
        if (files(key).empty()) {
            usage_error("--" + std::string(events::side_name(key)) +
                        ": the model was trained with the column \"" + needs->column +
                        "\" of such a table; give the table");
        }
        ingest::Table table = reader.read(key, files(key));
        reader.judge(table, task.side_inputs, key);
        tables.push_back(reader.index(key, table));
    }
    std::vector<events::VectorTable> loaded = load_vectors(schema, log, run);
    for (const SideInput& input : task.side_inputs) {
        const bool is_vector = std::ranges::find(kKeys, input.key) == std::end(kKeys);
        if (!is_vector || std::ranges::find(loaded, input.key, &events::VectorTable::key) != loaded.end())
            continue;
        usage_error("--vectors: the model was trained with vectors of " +
                    std::string(input.key == SideKey::item_vector ? "items" : "users") + "; give the file");
    }
    return {std::move(tables), task.side_inputs, std::move(loaded)};
}

std::vector<events::VectorTable> SideOptions::load_vectors(const ingest::Schema& schema,
                                                           const LogOptions& log, Run& run) const {
    std::vector<events::VectorTable> loaded;
    for (const std::string& file : vectors) {
        loaded.push_back(read_vectors(file, schema, log, run));
        const auto key = loaded.back().key();
        if (std::ranges::count(loaded, key, &events::VectorTable::key) > 1)
            usage_error("--vectors: expected one file of items and one of users, got two of a kind");
    }
    return loaded;
}

}  // namespace funnel::tool
