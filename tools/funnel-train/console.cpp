// SPDX-License-Identifier: MIT
#include "console.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "funnel/base/utf8.hpp"

namespace funnel::tool {

Console::Console(std::ostream& err)
    : err_(err),
      logger_(std::make_shared<spdlog::logger>("funnel-train",
                                               std::make_shared<spdlog::sinks::ostream_sink_mt>(err, true))),
      terminal_(&err == &std::cerr && isatty(STDERR_FILENO) == 1) {
    configure({});
}

Console::~Console() {
    erase_progress();
}

void Console::configure(const ConsoleOptions& options) {
    json_ = options.json;
    show_progress_ = terminal_ && !options.quiet && !options.json;
    logger_->set_pattern(json_ ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})" : "funnel-train: %v");
    logger_->set_level(options.quiet     ? spdlog::level::err
                       : options.verbose ? spdlog::level::debug
                                         : spdlog::level::info);
}

void Console::line(int level, std::string_view text, std::string_view code) {
    erase_progress();
    // Names of files, arguments and data may hold anything; a terminal must see none of it.
    const std::string message = base::escaped(text, std::string::npos);
    const auto severity = static_cast<spdlog::level::level_enum>(level);
    if (!json_) {
        logger_->log(severity, "{}", message);
        return;
    }
    using nlohmann::json;
    const std::string shown = json(message).dump(-1, ' ', false, json::error_handler_t::replace);
    if (code.empty())
        logger_->log(severity, "\"message\":{}", shown);
    else
        logger_->log(severity, "\"code\":\"{}\",\"message\":{}", code, shown);
}

void Console::error(std::string_view message) {
    line(spdlog::level::err, message);
}
void Console::warn(const base::Warning& warning) {
    if (std::ranges::find(warnings_, warning) != warnings_.end()) return;
    warnings_.push_back(warning);
    line(spdlog::level::warn, json_ ? warning.message : "warning: " + warning.message, warning.code);
}
void Console::warn(std::string_view code, std::string_view message) {
    warn({std::string(code), std::string(message)});
}
void Console::note(std::string_view message) {
    line(spdlog::level::info, message);
}
void Console::detail(std::string_view message) {
    line(spdlog::level::debug, message);
}

base::ProgressObserver Console::progress() {
    if (!show_progress_) return {};
    return [this](const base::Progress& progress) { draw(progress); };
}

void Console::draw(const base::Progress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (progress.job != job_) {
        job_ = progress.job;
        started_ = now;
        drawn_ = now;
        return;
    }
    if (now - drawn_ < std::chrono::milliseconds(200)) return;
    drawn_ = now;
    const double seconds = std::chrono::duration<double>(now - started_).count();
    const auto done = static_cast<double>(progress.done);
    double rate = seconds > 0 ? done / seconds : 0;
    const char* scale = "";
    const double left =
        rate > 0 && progress.total > progress.done ? (static_cast<double>(progress.total) - done) / rate : 0;
    if (rate >= 1e6) {
        rate /= 1e6;
        scale = "M ";
    } else if (rate >= 1e3) {
        rate /= 1e3;
        scale = "k ";
    }
    std::array<char, 160> text{};
    const std::string job(progress.job), unit(progress.unit);
    if (progress.total > 0) {
        std::snprintf(text.data(), text.size(), "\r%-9s %3.0f %%  %.1f %s%s/s  %d:%02d left\x1b[K",
                      job.c_str(), 100.0 * done / static_cast<double>(progress.total), rate, scale,
                      unit.c_str(), static_cast<int>(left) / 60, static_cast<int>(left) % 60);
    } else {
        std::snprintf(text.data(), text.size(), "\r%-9s %.1f %s%s/s\x1b[K", job.c_str(), rate, scale,
                      unit.c_str());
    }
    err_ << text.data() << std::flush;
    on_screen_ = true;
}

void Console::erase_progress() {
    if (!on_screen_) return;
    err_ << "\r\x1b[K" << std::flush;
    on_screen_ = false;
}

bool may_use_color(const std::ostream& out) {
    const char* no_color = std::getenv("NO_COLOR");
    return &out == &std::cout && isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

}  // namespace funnel::tool
