// SPDX-License-Identifier: MIT
// Console: all that goes to standard error: messages, warnings, progress. Results never pass through here.
// It also keeps the warnings of the run, for `warnings` of the JSON results and for --strict.
#pragma once

#include <chrono>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

#include "funnel/base/progress.hpp"
#include "funnel/base/warning.hpp"

namespace spdlog {
class logger;
}

namespace funnel::tool {

struct ConsoleOptions {
    bool quiet = false;    ///< errors only
    bool verbose = false;  ///< details as well
    bool json = false;     ///< one JSON object per line, for log collectors
};

/// One thread at a time.
class Console {
 public:
    explicit Console(std::ostream& err);
    ~Console();

    void configure(const ConsoleOptions& options);
    void error(std::string_view message);
    /// Said once, however often it is found.
    void warn(const base::Warning& warning);
    void warn(std::string_view code, std::string_view message);
    /// Keeps warnings that the result itself says.
    void keep(const base::Warnings& warnings) { base::add_new(warnings_, warnings); }
    /// All so far, in order.
    [[nodiscard]] const base::Warnings& warnings() const noexcept { return warnings_; }
    void note(std::string_view message);
    void detail(std::string_view message);

    /// Draws rate and time left on a terminal; does nothing elsewhere. Borrows the console.
    [[nodiscard]] base::ProgressObserver progress();

 private:
    void line(int level, std::string_view text, std::string_view code = {});
    void draw(const base::Progress& progress);
    void erase_progress();

    std::ostream& err_;
    base::Warnings warnings_;
    std::shared_ptr<spdlog::logger> logger_;
    bool json_ = false;
    bool terminal_ = false;
    bool show_progress_ = false;
    std::string job_;
    std::chrono::steady_clock::time_point started_, drawn_;
    bool on_screen_ = false;
};

/// True if `out` is the program's standard output, that is a terminal, and NO_COLOR does not forbid colours.
[[nodiscard]] bool may_use_color(const std::ostream& out);

}  // namespace funnel::tool
