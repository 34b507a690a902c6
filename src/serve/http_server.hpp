// SPDX-License-Identifier: MIT
// HttpServer: HTTP/1.1 for many connections at once. All that knows the library behind it is in
// http_server.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace funnel::serve {

/// Views are valid until the request is answered.
struct HttpRequest {
    std::string_view method, target, body;
    std::string_view authorization, encoding;  ///< headers; empty: not given
    bool has_body = false;
};

struct HttpAnswer {
    unsigned status = 200;
    std::string body = {};
    std::string_view type = "application/json";
    std::string_view header = {}, value = {};  ///< one more header line; of static storage
};

/// To be called once, from any thread.
using Reply = std::function<void(HttpAnswer)>;

/// Called from all threads of the server at once.
class HttpHandler {
 public:
    virtual ~HttpHandler() = default;
    /// Looks at a request before its body is read: what is answered at once, or nothing.
    [[nodiscard]] virtual std::optional<HttpAnswer> refuse(const HttpRequest& head) = 0;
    virtual void answer(const HttpRequest& request, Reply reply) = 0;
    /// What is said about bytes that are no request.
    [[nodiscard]] virtual HttpAnswer malformed(unsigned status, std::string_view detail) = 0;

 protected:
    HttpHandler() = default;
    HttpHandler(const HttpHandler&) = default;
    HttpHandler& operator=(const HttpHandler&) = default;
};

struct HttpLimits {
    std::size_t header_bytes = 16u << 10;
    std::size_t body_bytes = 16u << 20;
    std::size_t connections = 20'000;
    double request_seconds = 10, idle_seconds = 60;
};

class HttpServer {
 public:
    /// Listens from here on; nothing is answered before run. Borrows the handler. Throws Error(io),
    /// Error(invalid_argument) for what is no address and port, Error(unsupported).
    HttpServer(std::string_view listen, unsigned threads, const HttpLimits& limits, HttpHandler& handler);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    void run();
    /// No further connection; answers what was begun, at most for so long; then ends its threads.
    void stop(double grace_seconds);
    [[nodiscard]] const std::string& address() const noexcept;
    [[nodiscard]] std::size_t connections() const noexcept;

 private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace funnel::serve
