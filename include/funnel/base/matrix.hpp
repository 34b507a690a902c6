// SPDX-License-Identifier: MIT
// Matrix and Vector: row-major Eigen types, one example per row.
#pragma once

#include <Eigen/Core>

#include "funnel/base/exact_arithmetic.hpp"

namespace funnel::base {

template <typename Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A row vector, so that a bias adds to every row of a Matrix.
template <typename Scalar>
using Vector = Eigen::Matrix<Scalar, 1, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace funnel::base

namespace funnel {
using base::Matrix;
using base::Vector;
}  // namespace funnel
