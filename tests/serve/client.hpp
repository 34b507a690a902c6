// SPDX-License-Identifier: MIT
// A client of HTTP that is made of sockets alone, so that it can also send what no client would; and the
// program that it talks to.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/process.hpp"

namespace funnel::serve_test {

using nlohmann::json;

struct Answer {
    int status = 0;  ///< 0: the connection ended without an answer
    std::string head, body;

    [[nodiscard]] nlohmann::json as_json() const { return nlohmann::json::parse(body); }
    [[nodiscard]] bool has(std::string_view header) const { return head.find(header) != std::string::npos; }
};

/// A connection to 127.0.0.1. One thread at a time.
class Socket {
 public:
    explicit Socket(std::uint16_t port, double seconds = 20)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        timeval limit{.tv_sec = static_cast<time_t>(seconds),
                      .tv_usec = static_cast<suseconds_t>(
                          1e6 * (seconds - static_cast<double>(static_cast<time_t>(seconds))))};
        setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
            ::close(fd_);
            throw std::runtime_error("cannot connect");
        }
    }
    ~Socket() { ::close(fd_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    /// False if the other side is gone.
    bool send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    /// The next answer; what follows it is kept for the next call.
    Answer receive() {
        Answer answer;
        std::size_t end = 0;
        while ((end = pending_.find("\r\n\r\n")) == std::string::npos) {
            if (!more()) return answer;
        }
        answer.head = pending_.substr(0, end + 2);
        pending_.erase(0, end + 4);
        answer.status = std::stoi(answer.head.substr(9, 3));
        std::string lower = answer.head;
        std::ranges::transform(lower, lower.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        const std::size_t at = lower.find("content-length: ");
        const std::size_t size = at == std::string::npos ? 0 : std::stoul(lower.substr(at + 16));
        while (pending_.size() < size) {
            if (!more()) break;
        }
        answer.body = pending_.substr(0, size);
        pending_.erase(0, size);
        return answer;
    }
    /// True if the other side ends the connection within the time of the socket.
    bool ends() {
        while (more())
            pending_.clear();
        return ended_;
    }

 private:
    bool more() {
        char block[65536];
        const ssize_t size = ::recv(fd_, block, sizeof block, 0);
        ended_ = size == 0 || (size < 0 && errno == ECONNRESET);
        if (size <= 0) return false;
        pending_.append(block, static_cast<std::size_t>(size));
        return true;
    }

    int fd_;
    bool ended_ = false;
    std::string pending_;
};

inline std::string request(std::string_view method, std::string_view path, std::string_view body,
                           std::string_view headers = {}) {
    return std::string(method) + ' ' + std::string(path) + " HTTP/1.1\r\nHost: here\r\n" +
           std::string(headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
}

/// `funnel-train serve` in a process of its own, on a free port.
class Served {
 public:
    explicit Served(std::vector<std::string> options, const support::ProcessOptions& process = {}) {
        std::vector<std::string> command = {FUNNEL_TRAIN, "serve", "--listen", "127.0.0.1:0"};
        command.insert(command.end(), options.begin(), options.end());
        process_.emplace(command, process);
        wait_for("listening on 127.0.0.1:");
        const std::string text = process_->errors_so_far(), before = "listening on 127.0.0.1:";
        port_ = static_cast<std::uint16_t>(std::stoi(text.substr(text.find(before) + before.size())));
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string log() const { return process_->errors_so_far(); }
    /// Until standard error has the text; throws after 60 s.
    void wait_for(std::string_view text) const {
        for (int i = 0; i < 6000; ++i) {
            if (log().find(text) != std::string::npos) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        throw std::runtime_error("expected \"" + std::string(text) + "\" on standard error, got " + log());
    }
    [[nodiscard]] Answer ask(std::string_view method, std::string_view path, std::string_view body = {},
                             std::string_view headers = {}) const {
        Socket socket(port_);
        socket.send(request(method, path, body, headers));
        return socket.receive();
    }
    [[nodiscard]] Answer post(std::string_view path, std::string_view body) const {
        return ask("POST", path, body);
    }
    [[nodiscard]] Answer get(std::string_view path) const { return ask("GET", path); }
    /// The value of a line of /metrics without labels.
    [[nodiscard]] double figure(const std::string& name) const {
        const std::string text = get("/metrics").body;
        const std::size_t at = text.find("\n" + name + " ");
        if (at == std::string::npos) throw std::runtime_error("no " + name + " in /metrics");
        return std::stod(text.substr(at + name.size() + 2));
    }
    [[nodiscard]] pid_t pid() const noexcept { return process_->pid(); }
    void kill(int signal) const { process_->kill(signal); }
    support::ProcessResult end(int signal = SIGTERM) {
        process_->kill(signal);
        return process_->wait();
    }

 private:
    std::optional<support::Process> process_;
    std::uint16_t port_ = 0;
};

inline std::int64_t now_micros() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace funnel::serve_test
