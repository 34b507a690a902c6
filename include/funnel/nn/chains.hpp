// SPDX-License-Identifier: MIT
// Chains: how the heads of a net depend on each other. Inside a chain, head k is conditional on head k - 1
// and p_k = product of sigmoid(z_j), j <= k; a new chain starts over with all examples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/error.hpp"
#include "funnel/nn/kernels.hpp"

namespace funnel::nn {

/// Consecutive heads cut into chains: {1, 2} is {click}, {cart -> purchase}. Immutable: share freely.
class Chains {
 public:
    /// One chain of one head.
    Chains() : Chains(std::vector<std::size_t>{1}) {}
    /// Heads per chain. Throws Error(invalid_argument) if there is none or one is 0.
    explicit Chains(std::vector<std::size_t> lengths);

    [[nodiscard]] std::size_t size() const noexcept { return lengths_.size(); }
    [[nodiscard]] std::size_t heads() const noexcept { return heads_; }
    [[nodiscard]] std::span<const std::size_t> lengths() const noexcept { return lengths_; }
    /// First head of a chain.
    [[nodiscard]] std::size_t first(std::size_t chain) const noexcept { return firsts_[chain]; }
    /// The chain of a head.
    [[nodiscard]] std::size_t chain(std::size_t head) const noexcept { return chains_[head]; }
    [[nodiscard]] bool starts(std::size_t head) const noexcept {
        return head == 0 || chains_[head] != chains_[head - 1];
    }

    void write(base::ByteWriter& out) const;
    [[nodiscard]] static Chains read(base::ByteReader& in);

    friend bool operator==(const Chains&, const Chains&) = default;

 private:
    std::vector<std::size_t> lengths_;
    std::vector<std::size_t> firsts_;
    std::vector<std::size_t> chains_;  // per head
    std::size_t heads_ = 0;
};

/// Turns logits into p_k, both (n, heads) row-major; may work in place. Throws Error(shape) if sizes differ.
template <typename Scalar>
void probabilities(std::span<const Scalar> logits, const Chains& chains, const BasicKernels<Scalar>& kernels,
                   std::span<Scalar> p) {
    if (p.size() != logits.size() || p.size() % chains.heads() != 0) {
        throw Error(ErrorCode::shape, "probabilities: expected " + std::to_string(logits.size()) +
                                          " places in rows of " + std::to_string(chains.heads()) +
                                          ", got \"" + std::to_string(p.size()) +
                                          "\"; make room for every logit");
    }
    kernels.sigmoid(logits.size(), logits.data(), p.data());
    if (chains.size() == chains.heads()) return;
    for (std::size_t row = 0; row < p.size(); row += chains.heads()) {
        for (std::size_t c = 0; c < chains.size(); ++c) {
            Scalar* head = p.data() + row + chains.first(c);
            for (std::size_t k = 1; k < chains.lengths()[c]; ++k)
                head[k] *= head[k - 1];
        }
    }
}

inline Chains::Chains(std::vector<std::size_t> lengths) : lengths_(std::move(lengths)) {
    for (const std::size_t length : lengths_) {
        if (length == 0) {
            throw Error(ErrorCode::invalid_argument,
                        "chains: expected at least 1 head per chain, got \"0\"; "
                        "leave the chain out");
        }
        firsts_.push_back(heads_);
        chains_.insert(chains_.end(), length, firsts_.size() - 1);
        heads_ += length;
    }
    if (lengths_.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "chains: expected at least 1 chain, got \"0\"; give the heads");
    }
}

inline void Chains::write(base::ByteWriter& out) const {
    out.value<std::uint64_t>(lengths_.size());
    for (const std::size_t length : lengths_)
        out.value<std::uint64_t>(length);
}

inline Chains Chains::read(base::ByteReader& in) {
    std::vector<std::size_t> lengths(in.length(sizeof(std::uint64_t)));
    std::size_t heads = 0;
    for (std::size_t& length : lengths) {
        length = static_cast<std::size_t>(in.value<std::uint64_t>());
        // Small enough that no sum below can wrap around; real nets have a handful of heads.
        if (length == 0 || length > 65'536 || (heads += length) > 65'536) {
            throw Error(ErrorCode::format, "damaged: a chain of " + std::to_string(length) + " heads");
        }
    }
    if (lengths.empty()) throw Error(ErrorCode::format, "damaged: no chain of heads");
    return Chains(std::move(lengths));
}

}  // namespace funnel::nn
