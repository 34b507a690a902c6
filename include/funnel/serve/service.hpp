// SPDX-License-Identifier: MIT
// Service: a Recommender behind HTTP, with a journal that keeps what was posted. docs/serve.md has the
// requests.
//
//     funnel::serve::Service service({.model = "shop.funnel", .data = "shop-data"});  // answers from now on
//     if (!service.reload()) show("the old model stays");  // after a new one was written
//     service.stop();
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace funnel::serve {

enum class Level : std::uint8_t { note, warning, error };

struct ServiceOptions {
    std::string model;                        ///< a model of a log
    std::string data = {};                    ///< folder of journal and snapshots; empty: nothing is kept
    std::string listen = "127.0.0.1:8080";    ///< address and port; port 0: any that is free
    std::vector<std::string> tokens = {};     ///< one of them is needed to ask; none: everybody may
    unsigned threads = 1;                     ///< that answer
    std::string kernel = {};                  ///< as Recommender::Options
    std::uint64_t journal_bytes = 64u << 20;  ///< a snapshot is made when the journal is this long
    std::size_t body_bytes = 16u << 20;       ///< of one request
    std::size_t connections = 20'000;         ///< open at a time; more are closed at once
    double request_seconds = 10;              ///< from the first byte of a request to its last
    double idle_seconds = 60;                 ///< between two requests of a connection
    double grace_seconds = 10;                ///< for the requests that run when the service ends
    /// One line for whoever operates the service; a warning has a code (docs/warnings.md). Called from any
    /// thread, one at a time.
    std::function<void(Level level, std::string_view code, std::string_view line)> log = {};
};

/// It reads the clock of the machine: the time of a request is when it came.
class Service {
 public:
    /// Loads the model, the last snapshot and the journal behind it, then listens. Throws as
    /// Recommender::load; Error(io) if the folder or the address is not to be had, Error(invalid_argument)
    /// for wrong options, Error(unsupported) in a build without FUNNEL_WITH_SERVE.
    explicit Service(ServiceOptions options);
    /// As stop, without a report of what fails.
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    /// "127.0.0.1:8080", with the port that it got.
    [[nodiscard]] const std::string& address() const noexcept;
    /// Reads the model file again. If it cannot be used the old model stays and the log says why; false then.
    bool reload();
    /// No new request; those that run are answered; a last snapshot. Throws Error(io) if that fails: the
    /// journal still has everything. One thread at a time.
    void stop();

 private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace funnel::serve
