// SPDX-License-Identifier: MIT
// JsonTree: a small JSON text that somebody sent, kept flat. Strict: RFC 8259 in UTF-8, no key twice in an
// object, no number that a double cannot hold, a few levels only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace funnel::serve {

/// What is wrong with a text that a client sent, and where. For the answer with status 400.
class BadRequest : public std::runtime_error {
 public:
    using std::runtime_error::runtime_error;
};

/// One value. Views live as long as the tree and until it is read into again.
struct JsonValue {
    enum class Kind : std::uint8_t { null, boolean, number, text, array, object };

    Kind kind = Kind::null;
    bool truth = false;
    double number = 0;
    std::uint32_t end = 0;  ///< index behind it and all that is in it
    std::uint32_t key_at = 0, key_size = 0;
    std::uint32_t text_at = 0, text_size = 0;  ///< of a number: as it was written; integers without change

    [[nodiscard]] bool is(Kind other) const noexcept { return kind == other; }
};

/// One thread at a time; memory is kept from one text to the next.
class JsonTree {
 public:
    static constexpr std::size_t kDeepest = 16, kMostKeys = 64, kMostValues = 1'000'000;

    /// Reads one or several values with nothing but white space between them. Throws BadRequest with the
    /// place.
    void read(std::string_view text);

    /// The values at the top, in order.
    [[nodiscard]] const std::vector<std::uint32_t>& roots() const noexcept { return roots_; }
    [[nodiscard]] const JsonValue& at(std::uint32_t index) const noexcept { return values_[index]; }
    [[nodiscard]] std::string_view key(const JsonValue& value) const noexcept {
        return std::string_view(texts_).substr(value.key_at, value.key_size);
    }
    [[nodiscard]] std::string_view text(const JsonValue& value) const noexcept {
        return std::string_view(texts_).substr(value.text_at, value.text_size);
    }
    /// visit(index) for each value directly in the array or object at `index`.
    template <typename Visit>
    void each(std::uint32_t index, Visit visit) const {
        const std::uint32_t end = values_[index].end;
        for (std::uint32_t at = index + 1; at < end; at = values_[at].end)
            visit(at);
    }

 private:
    friend class JsonTreeBuilder;

    std::vector<JsonValue> values_;
    std::string texts_;
    std::vector<std::uint32_t> roots_;
};

}  // namespace funnel::serve
