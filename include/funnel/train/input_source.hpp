// SPDX-License-Identifier: MIT
// InputSource: supplies the encoded inputs of rows to a training, so that an encoder can produce them block
// by block and the encoded table need not exist in memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/base/matrix.hpp"

namespace funnel::train {

/// Const calls run concurrently.
class InputSource {
 public:
    InputSource() = default;
    InputSource(const InputSource&) = default;
    InputSource& operator=(const InputSource&) = default;
    virtual ~InputSource() = default;

    /// Rows there are; row numbers below are 0 .. rows() - 1.
    [[nodiscard]] virtual std::size_t rows() const = 0;

    /// Writes the inputs of rows[i] to row i of both. They come with at least rows.size() rows, and exactly
    /// as many columns as the net has dense inputs and embeddings; rows past rows.size() are left alone. Must
    /// not allocate in the usual case: it runs in the inner loop.
    virtual void fill(std::span<const std::uint32_t> rows, Matrix<float>& dense,
                      Matrix<std::uint32_t>& ids) const = 0;
};

/// A source over a table in memory. Immutable: share freely.
class MatrixSource final : public InputSource {
 public:
    /// dense (n, d), ids (n, c) with c possibly 0. Throws Error(shape) if both have columns but differ in
    /// rows.
    explicit MatrixSource(Matrix<float> dense, Matrix<std::uint32_t> ids = {})
        : dense_(std::move(dense)), ids_(std::move(ids)) {
        if (ids_.cols() > 0 && dense_.cols() > 0 && ids_.rows() != dense_.rows()) {
            throw Error(ErrorCode::shape,
                        "matrix source: expected as many rows of ids as of numbers, got \"" +
                            std::to_string(ids_.rows()) + " and " + std::to_string(dense_.rows()) +
                            "\"; encode both together");
        }
    }

    [[nodiscard]] std::size_t rows() const override {
        return static_cast<std::size_t>(std::max(dense_.rows(), ids_.rows()));
    }

    void fill(std::span<const std::uint32_t> rows, Matrix<float>& dense,
              Matrix<std::uint32_t>& ids) const override {
        copy_rows(dense_, rows, dense);
        copy_rows(ids_, rows, ids);
    }

 private:
    template <typename T>
    static void copy_rows(const Matrix<T>& from, std::span<const std::uint32_t> rows, Matrix<T>& to) {
        if (from.cols() == 0) return;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            // Shuffled rows of a large table are in no cache, and no hardware foresees them.
            if (i + kAhead < rows.size()) prefetch(from.data() + offset(from, rows[i + kAhead]), from.cols());
            std::copy_n(from.data() + offset(from, rows[i]), from.cols(), to.data() + offset(to, i));
        }
    }
    template <typename T>
    static Eigen::Index offset(const Matrix<T>& matrix, std::size_t row) noexcept {
        return static_cast<Eigen::Index>(row) * matrix.cols();
    }
    template <typename T>
    static void prefetch(const T* row, Eigen::Index cols) noexcept {
        constexpr auto kPerLine = static_cast<Eigen::Index>(64 / sizeof(T));
        for (Eigen::Index j = 0; j < cols; j += kPerLine)
            __builtin_prefetch(row + j);
    }
    static constexpr std::size_t kAhead = 8;

    Matrix<float> dense_;
    Matrix<std::uint32_t> ids_;
};

}  // namespace funnel::train
