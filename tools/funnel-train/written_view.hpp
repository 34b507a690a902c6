// SPDX-License-Identifier: MIT
// write_view: a table where it was asked for: as text, CSV or JSON, on standard output or in a file.
#pragma once

#include <ostream>
#include <string>

#include "funnel/files/output.hpp"
#include "run.hpp"

namespace funnel::tool {

/// Command: has `csv` and `output`. View: has to_json, to_csv and to_text in namespace report.
/// A file holds CSV unless JSON is asked for.
template <typename Command, typename View>
void write_view(const Command& command, const View& view, Run& run) {
    const std::string text = run.options.json                         ? to_json(view)
                             : command.csv || !command.output.empty() ? to_csv(view)
                                                                      : to_text(view);
    if (command.output.empty()) {
        run.out << text;
        return;
    }
    files::Output file(command.output);
    file.append(text);
    file.commit();
    run.record.add_output(command.output);
}

}  // namespace funnel::tool
