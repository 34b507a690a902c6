// SPDX-License-Identifier: MIT
// A build without Boost.
#include "funnel/base/error.hpp"
#include "http_server.hpp"

namespace funnel::serve {

class HttpServer::Impl {
 public:
    std::string address;
};

HttpServer::HttpServer(std::string_view, unsigned, const HttpLimits&, HttpHandler&) {
    throw Error(ErrorCode::unsupported,
                "serve: expected a build with FUNNEL_WITH_SERVE, got one without; install Boost's headers "
                "(Debian: libboost-dev) and build again");
}
HttpServer::~HttpServer() = default;
void HttpServer::run() {}
void HttpServer::stop(double) {}
const std::string& HttpServer::address() const noexcept {
    return impl_->address;
}
std::size_t HttpServer::connections() const noexcept {
    return 0;
}

}  // namespace funnel::serve
