// SPDX-License-Identifier: MIT
// The one file that includes Boost.Beast.
#include "http_server.hpp"

#include <utility>  // which Boost 1.74 forgets

#include <algorithm>
#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/utf8.hpp"
#include "http_date.hpp"

namespace funnel::serve {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Code = beast::error_code;
using Tcp = asio::ip::tcp;

std::chrono::milliseconds span_of(double seconds) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

/// What all connections share.
struct Shared;

/// One connection. Its functions run on its strand, one after the other.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
    Connection(Tcp::socket&& socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) {}
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void begin() {
        asio::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->wait_for_request(); });
    }
    /// From any thread: a connection without a request goes.
    void end_if_idle() {
        asio::post(stream_.get_executor(), [self = shared_from_this()] {
            if (self->idle_) self->close();
        });
    }

 private:
    void wait_for_request();
    void read_header();
    void look_at_header(Code error);
    void read_body();
    void give_to_handler(Code error);
    void answer(HttpAnswer answer, bool close);
    void after_answer(Code error);
    void refuse_bytes(Code error);
    void linger();
    void drain();
    [[nodiscard]] HttpRequest request() const;
    void close() {
        Code ignored;
        stream_.socket().shutdown(Tcp::socket::shutdown_both, ignored);
        stream_.close();
    }

    static constexpr std::size_t kFirstRead = 512;  // of ten thousand connections most are idle
    static constexpr std::size_t kBuffer = 128u << 10, kMostDrained = 64u << 20;

    beast::tcp_stream stream_;
    Shared& shared_;
    beast::flat_buffer buffer_{kBuffer};
    std::optional<http::request_parser<http::string_body>> parser_;
    http::response<http::string_body> response_;
    std::size_t drained_ = 0;
    bool idle_ = false;
};

struct Shared {
    Shared(const HttpLimits& given, HttpHandler& answers) : limits(given), handler(answers) {}

    const HttpLimits limits;
    HttpHandler& handler;
    std::atomic<bool> stopping{false};
    std::mutex mutex;
    std::condition_variable gone;
    std::unordered_set<Connection*> open;
};

Connection::~Connection() {
    const std::lock_guard lock(shared_.mutex);
    shared_.open.erase(this);
    shared_.gone.notify_all();
}

void Connection::wait_for_request() {
    parser_.reset();
    if (buffer_.size() > 0) return read_header();  // sent before the last answer was read
    if (shared_.stopping) return close();
    buffer_.shrink_to_fit();
    idle_ = true;
    stream_.expires_after(span_of(shared_.limits.idle_seconds));
    stream_.async_read_some(buffer_.prepare(kFirstRead),
                            [self = shared_from_this()](Code error, std::size_t size) {
                                self->idle_ = false;
                                if (error) return self->close();
                                self->buffer_.commit(size);
                                self->read_header();
                            });
}

void Connection::read_header() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(shared_.limits.header_bytes));
    parser_->body_limit(shared_.limits.body_bytes);
    stream_.expires_after(span_of(shared_.limits.request_seconds));  // for all of the request
    http::async_read_header(stream_, buffer_, *parser_, [self = shared_from_this()](Code error, std::size_t) {
        self->look_at_header(error);
    });
}

HttpRequest Connection::request() const {
    const auto& message = parser_->get();
    return {.method = view(message.method_string()),
            .target = view(message.target()),
            .body = message.body(),
            .authorization = view(message[http::field::authorization]),
            .encoding = view(message[http::field::content_encoding]),
            .has_body = parser_->chunked() || parser_->content_length().value_or(0) > 0};
}

void Connection::look_at_header(Code error) {
    if (error) return refuse_bytes(error);
    const HttpRequest head = request();
    if (auto refused = shared_.handler.refuse(head)) return answer(std::move(*refused), head.has_body);
    if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
        static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()),
                          [self = shared_from_this()](Code failed, std::size_t) {
                              if (failed) return self->close();
                              self->read_body();
                          });
        return;
    }
    read_body();
}

void Connection::read_body() {
    if (parser_->is_done()) return give_to_handler({});
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](Code error, std::size_t) { self->give_to_handler(error); });
}

void Connection::give_to_handler(Code error) {
    if (error) return refuse_bytes(error);
    stream_.expires_never();
    shared_.handler.answer(request(), [self = shared_from_this()](HttpAnswer answer) mutable {
        const auto executor = self->stream_.get_executor();
        asio::dispatch(executor, [self = std::move(self), answer = std::move(answer)]() mutable {
            self->answer(std::move(answer), false);
        });
    });
}

void Connection::answer(HttpAnswer answer, bool close) {
    const bool keep =
        parser_ && parser_->is_header_done() && parser_->keep_alive() && !close && !shared_.stopping;
    response_ = {};
    response_.result(answer.status);
    response_.version(parser_ && parser_->is_header_done() ? parser_->get().version() : 11);
    response_.set(http::field::date, http_date());
    response_.set(http::field::content_type, beast::string_view(answer.type.data(), answer.type.size()));
    if (!answer.header.empty()) {
        response_.set(beast::string_view(answer.header.data(), answer.header.size()),
                      beast::string_view(answer.value.data(), answer.value.size()));
    }
    response_.body() = std::move(answer.body);
    response_.keep_alive(keep);
    response_.prepare_payload();
    stream_.expires_after(span_of(shared_.limits.request_seconds));
    http::async_write(stream_, response_,
                      [self = shared_from_this()](Code error, std::size_t) { self->after_answer(error); });
}

void Connection::after_answer(Code error) {
    if (error) return close();
    const bool keep = response_.keep_alive();
    response_ = {};
    return keep ? wait_for_request() : linger();
}

/// An answer, if somebody waits for one.
void Connection::refuse_bytes(Code error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return answer(shared_.handler.malformed(431, "expected headers of 16 KiB or less, got more"), true);
    if (error == http::error::body_limit) {
        return answer(
            shared_.handler.malformed(413, "expected a body of " + std::to_string(shared_.limits.body_bytes) +
                                               " bytes or less, got more; post in smaller pieces"),
            true);
    }
    const bool is_of_http = error.category() == make_error_code(http::error::bad_method).category();
    if (!is_of_http || error == http::error::end_of_stream || error == http::error::partial_message)
        return close();
    answer(shared_.handler.malformed(
               400, "expected a request of HTTP/1.1, got one that is not well-formed: " + error.message()),
           true);
}

/// With bytes unread, closing would take the answer from the client.
void Connection::linger() {
    Code ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    stream_.expires_after(std::chrono::seconds(2));
    drain();
}

void Connection::drain() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(std::size_t{16} << 10),
                            [self = shared_from_this()](Code error, std::size_t size) {
                                self->drained_ += size;
                                if (error || self->drained_ > kMostDrained) return self->close();
                                self->drain();
                            });
}

Tcp::endpoint endpoint_of(std::string_view listen) {
    const auto fail = [&] {
        throw Error(ErrorCode::invalid_argument,
                    "--listen: expected an address and a port such as 127.0.0.1:8080 or [::1]:8080, got \"" +
                        base::escaped(listen) + "\"");
    };
    const std::size_t colon = listen.rfind(':');
    if (colon == std::string_view::npos) fail();
    std::string host(listen.substr(0, colon)), port(listen.substr(colon + 1));
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    if (host == "localhost") host = "127.0.0.1";
    Code error;
    const asio::ip::address address = asio::ip::make_address(host, error);
    if (error || port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos)
        fail();
    const int number = std::stoi(port);
    if (number > 65535) fail();
    return {address, static_cast<std::uint16_t>(number)};
}

}  // namespace

class HttpServer::Impl {
 public:
    Impl(std::string_view listen, unsigned threads, const HttpLimits& limits, HttpHandler& handler)
        : shared_(limits, handler),
          threads_(threads),
          acceptor_(asio::make_strand(context_)),
          later_(acceptor_.get_executor()) {
        const Tcp::endpoint endpoint = endpoint_of(listen);
        try {
            acceptor_.open(endpoint.protocol());
            acceptor_.set_option(asio::socket_base::reuse_address(true));
            acceptor_.bind(endpoint);
            acceptor_.listen(asio::socket_base::max_listen_connections);
        } catch (const boost::system::system_error& error) {
            throw Error(ErrorCode::io, base::escaped(listen) + ": cannot be listened on: " +
                                           error.code().message() + "; give another --listen");
        }
        const Tcp::endpoint got = acceptor_.local_endpoint();
        const std::string host = got.address().to_string();
        address_ = (got.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(got.port());
    }
    ~Impl() { stop(0); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void run() {
        asio::dispatch(acceptor_.get_executor(), [this] { accept(); });
        for (unsigned i = 0; i < threads_; ++i)
            running_.emplace_back([this] { context_.run(); });
    }

    void stop(double grace_seconds) {
        shared_.stopping = true;
        asio::post(acceptor_.get_executor(), [this] {
            Code ignored;
            acceptor_.close(ignored);
            later_.cancel();
        });
        if (!running_.empty()) {
            std::unique_lock lock(shared_.mutex);
            for (Connection* const connection : shared_.open) {
                // One that is being destroyed waits for the lock and needs no word.
                if (const auto kept = connection->weak_from_this().lock()) waiting_.push_back(kept);
            }
            lock.unlock();
            for (const auto& connection : waiting_)
                connection->end_if_idle();
            waiting_.clear();
            lock.lock();
            shared_.gone.wait_for(lock, span_of(grace_seconds), [this] { return shared_.open.empty(); });
        }
        context_.stop();
        for (std::thread& thread : running_)
            thread.join();
        running_.clear();
    }

    [[nodiscard]] const std::string& address() const noexcept { return address_; }
    [[nodiscard]] std::size_t connections() noexcept {
        const std::lock_guard lock(shared_.mutex);
        return shared_.open.size();
    }

 private:
    void accept() {
        acceptor_.async_accept(asio::make_strand(context_), [this](Code error, Tcp::socket socket) {
            if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
            if (error) return accept_later();  // out of descriptors: some will be free again
            if (connections() < shared_.limits.connections) {
                Code ignored;
                socket.set_option(Tcp::no_delay(true), ignored);
                const auto connection = std::make_shared<Connection>(std::move(socket), shared_);
                {
                    const std::lock_guard lock(shared_.mutex);
                    shared_.open.insert(connection.get());
                }
                connection->begin();
            }
            accept();
        });
    }
    void accept_later() {
        later_.expires_after(std::chrono::milliseconds(50));
        later_.async_wait([this](Code error) {
            if (!error) accept();
        });
    }

    Shared shared_;
    unsigned threads_;
    asio::io_context context_;
    // A request whose answer comes from another thread is no work of the context: it must not end before
    // that.
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    Tcp::acceptor acceptor_;
    asio::steady_timer later_;
    std::string address_;
    std::vector<std::thread> running_;
    std::vector<std::shared_ptr<Connection>> waiting_;
};

HttpServer::HttpServer(std::string_view listen, unsigned threads, const HttpLimits& limits,
                       HttpHandler& handler)
    : impl_(std::make_unique<Impl>(listen, threads, limits, handler)) {}
HttpServer::~HttpServer() = default;
void HttpServer::run() {
    impl_->run();
}
void HttpServer::stop(double grace_seconds) {
    impl_->stop(grace_seconds);
}
const std::string& HttpServer::address() const noexcept {
    return impl_->address();
}
std::size_t HttpServer::connections() const noexcept {
    return impl_->connections();
}

}  // namespace funnel::serve
