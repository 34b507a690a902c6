// SPDX-License-Identifier: MIT
#include <ostream>

#include "commands.hpp"
#include "funnel/base/count_words.hpp"
#include "funnel/base/utf8.hpp"
#include "funnel/ingest/draft_schema.hpp"

namespace funnel::tool {
namespace {

constexpr std::size_t kMostNamed = 300;  ///< bytes of names in one message

struct SchemaCommand {
    std::string file;
};

void run_schema(const SchemaCommand& command, Run& run) {
    const ingest::SchemaDraft draft = ingest::draft_schema(command.file);
    run.out << draft.json;
    for (const std::string& doubt : draft.doubts)
        run.console.note(base::escaped(doubt));
    if (draft.unused.empty()) return;
    std::string names;
    for (const std::string& name : draft.unused) {
        if (names.size() > kMostNamed) break;
        names += (names.empty() ? "" : ", ") + base::escaped(name);
    }
    run.console.note(base::counted(draft.unused.size(), "column") + " left out: " + names +
                     (names.size() > kMostNamed ? ", .." : "") +
                     "; --by and --where can name them, \"columns\" can map them");
}

}  // namespace

void add_schema(CLI::App& app, Session& session) {
    const auto [sub, command] =
        add_command(app, session, "schema", "A first schema file for a log that no preset fits", run_schema);
    sub->add_option("FILE", command->file,
                    "A log: CSV or JSON lines, plain or gzip or zstd; - is standard input")
        ->required();
}

}  // namespace funnel::tool
