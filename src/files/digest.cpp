// SPDX-License-Identifier: MIT
#include "funnel/files/digest.hpp"

#include <fcntl.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/utf8.hpp"

namespace funnel::files {

struct Digest::State {
    XXH3_state_t* hash = XXH3_createState();
    std::uint64_t bytes = 0;

    State() {
        if (hash == nullptr) throw Error(ErrorCode::memory, "out of memory for a digest");
        XXH3_128bits_reset(hash);
    }
    ~State() { XXH3_freeState(hash); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
};

Digest::Digest() : state_(std::make_unique<State>()) {}
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::add(std::string_view bytes) noexcept {
    XXH3_128bits_update(state_->hash, bytes.data(), bytes.size());
    state_->bytes += bytes.size();
}

FileDigest Digest::result(std::string path) const {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_->hash));
    FileDigest result{std::move(path), state_->bytes, {}};
    for (const unsigned char byte : canonical.digest) {
        for (const int digit : {byte >> 4, byte & 15})
            result.xxh128 += "0123456789abcdef"[digit];
    }
    return result;
}

FileDigest digest_of_file(const std::string& path) {
    const auto fail = [&](const char* what) {
        throw Error(ErrorCode::io,
                    base::escaped(path) + ": " + what + ": " + std::generic_category().message(errno));
    };
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail("cannot be opened");
    const struct Close {
        int fd;
        ~Close() { ::close(fd); }
    } close_later{fd};
    Digest digest;
    std::vector<char> piece(1u << 18);
    for (;;) {
        const ssize_t n = ::read(fd, piece.data(), piece.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("cannot be read");
        if (n == 0) return digest.result(path);
        digest.add({piece.data(), static_cast<std::size_t>(n)});
    }
}

}  // namespace funnel::files
