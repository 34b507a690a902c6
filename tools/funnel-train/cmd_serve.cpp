// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <optional>
#include <tuple>

#include "commands.hpp"
#include "funnel/base/error.hpp"
#include "funnel/base/utf8.hpp"
#include "funnel/serve/service.hpp"
#include "options.hpp"

namespace funnel::tool {
namespace {

struct ServeCommand {
    std::string model, data, token_file;
    std::string listen = "127.0.0.1:8080", max_journal = "64MiB";
    bool watch = false;
};

/// Signals as bytes of a pipe, as long as it lives. One at a time.
class SignalPipe {
 public:
    SignalPipe() {
        if (::pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0)
            throw Error(ErrorCode::io, "expected a pipe, got none; close some files");
        write_end_ = ends_[1];
        struct sigaction action {};
        action.sa_handler = note;
        action.sa_flags = SA_RESTART;
        for (std::size_t i = 0; i < std::size(kSignals); ++i)
            sigaction(kSignals[i], &action, &old_[i]);
    }
    ~SignalPipe() {
        for (std::size_t i = 0; i < std::size(kSignals); ++i)
            sigaction(kSignals[i], &old_[i], nullptr);
        write_end_ = -1;
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    SignalPipe(const SignalPipe&) = delete;
    SignalPipe& operator=(const SignalPipe&) = delete;

    /// The next signal, or empty if none came in time.
    [[nodiscard]] std::optional<int> next(int milliseconds) const {
        pollfd waits{.fd = ends_[0], .events = POLLIN, .revents = 0};
        unsigned char signal = 0;
        if (::poll(&waits, 1, milliseconds) > 0 && ::read(ends_[0], &signal, 1) == 1) return signal;
        return std::nullopt;
    }

 private:
    static constexpr int kSignals[] = {SIGTERM, SIGINT, SIGHUP};
    static void note(int signal) {
        const int error = errno;
        const auto byte = static_cast<unsigned char>(signal);
        [[maybe_unused]] const ssize_t written = ::write(write_end_, &byte, 1);
        errno = error;
    }

    inline static volatile std::sig_atomic_t write_end_ = -1;
    int ends_[2] = {-1, -1};
    struct sigaction old_[std::size(kSignals)] = {};
};

/// What tells a file from the one that was there before.
class WatchedFile {
 public:
    explicit WatchedFile(std::string path) : path_(std::move(path)), seen_(look()) {}
    /// True once after each change.
    [[nodiscard]] bool has_changed() {
        const Looks now = look();
        return now != std::exchange(seen_, now);
    }

 private:
    using Looks = std::tuple<ino_t, off_t, std::int64_t, std::int64_t>;
    [[nodiscard]] Looks look() const {
        struct stat info {};
        if (::stat(path_.c_str(), &info) != 0) return {};
        return {info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
    }
    std::string path_;
    Looks seen_;
};

/// One token a line; blank lines do not count.
std::vector<std::string> read_tokens(const std::string& path) {
    constexpr std::size_t kLeast = 16;
    std::vector<std::string> tokens;
    if (path.empty()) return tokens;
    std::ifstream file(path);
    const std::string where = base::escaped(path) + ": ";
    if (!file) throw Error(ErrorCode::io, where + "the tokens cannot be read");
    for (std::string line; std::getline(file, line);) {
        while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
            line.pop_back();
        if (line.empty()) continue;
        if (line.size() < kLeast || line.size() > 1024) {
            throw Error(ErrorCode::schema, where + "expected tokens of " + std::to_string(kLeast) +
                                               " to 1024 characters, one a line, got one of " +
                                               std::to_string(line.size()) +
                                               "; openssl rand -hex 32 makes one");
        }
        tokens.push_back(line);
    }
    if (tokens.empty())
        throw Error(ErrorCode::schema, where + "expected a token, got none; openssl rand -hex 32 makes one");
    return tokens;
}

/// As many connections as the system allows.
void allow_many_files() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

serve::ServiceOptions options_of(const ServeCommand& command, Run& run) {
    serve::ServiceOptions options{.model = command.model, .data = command.data, .listen = command.listen};
    options.tokens = read_tokens(command.token_file);
    options.threads = run.threads();
    options.kernel = run.options.kernel;
    options.journal_bytes = size_option("--max-journal", command.max_journal);
    options.log = [&run](serve::Level level, std::string_view code, std::string_view line) {
        if (level == serve::Level::note) {
            run.console.note(line);
        } else if (level == serve::Level::warning) {
            run.console.warn(code, line);
        } else {
            run.console.error(line);
        }
    };
    return options;
}

void run_serve(const ServeCommand& command, Run& run) {
    allow_many_files();
    const SignalPipe signals;
    WatchedFile model(command.model);
    serve::Service service(options_of(command, run));
    for (;;) {
        const std::optional<int> signal = signals.next(command.watch ? 500 : -1);
        if (signal == SIGTERM || signal == SIGINT) break;
        if (signal == SIGHUP || (command.watch && model.has_changed())) (void)service.reload();
    }
    service.stop();
}

}  // namespace

void add_serve(CLI::App& app, Session& session) {
    const auto [sub, command] = add_command<ServeCommand>(
        app, session, "serve", "Answers over HTTP: events in, items ranked", run_serve);
    sub->add_option("-m,--model", command->model, "The model file, of a log")->required();
    sub->add_option("--listen", command->listen, "Address and port (default: 127.0.0.1:8080)");
    sub->add_option("--data", command->data, "Folder that keeps the events: journal and snapshots");
    sub->add_option("--max-journal", command->max_journal,
                    "A snapshot is made when the journal is this long (64MiB)");
    sub->add_option("--token-file", command->token_file, "File of tokens, one a line: one is needed to ask");
    sub->add_flag("--watch", command->watch, "Take a model file that was replaced (SIGHUP does so at once)");
}

}  // namespace funnel::tool
