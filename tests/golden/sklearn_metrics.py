# SPDX-License-Identifier: MIT
# Writes sklearn_metrics.txt: small sets of scores, labels and weights with the figures that scikit-learn and
# a few lines of plain Python give for them. Run: python3 sklearn_metrics.py > sklearn_metrics.txt
# One case: "case NAME", "row SCORE LABEL WEIGHT GROUP"..., "figure NAME VALUE"...
import math
import sys

import numpy as np
import sklearn
from sklearn import metrics


def ece_equal_weight(p, y, w):
    """Ten bins of equal weight by rank of p, equal p kept together where the first of them falls."""
    total, below, bins = math.fsum(w), 0.0, {}
    for value in sorted(set(p)):
        here = [i for i in range(len(p)) if p[i] == value]
        bins.setdefault(min(9, math.floor(10 * below / total)), []).extend(here)
        below += math.fsum(w[i] for i in here)
    return ece_of(bins.values(), p, y, w)


def ece_equal_width(p, y, w):
    bins = {}
    for i, value in enumerate(p):
        bins.setdefault(min(9, math.floor(10 * value)), []).append(i)
    return ece_of(bins.values(), p, y, w)


def ece_of(bins, p, y, w):
    gap = (abs(math.fsum(w[i] * (p[i] - y[i]) for i in rows)) for rows in bins)
    return math.fsum(gap) / math.fsum(w)


def lift(p, y, w):
    """Every row of the border's tie group stands for the mean of the group."""
    n, k = len(p), -(-len(p) // 10)
    border = sorted(p, reverse=True)[k - 1]
    above = [i for i in range(n) if p[i] > border]
    tied = [i for i in range(n) if p[i] == border]
    share = (k - len(above)) / len(tied)
    weight = math.fsum(w[i] for i in above) + share * math.fsum(w[i] for i in tied)
    positive = math.fsum(w[i] * y[i] for i in above) + share * math.fsum(w[i] * y[i] for i in tied)
    return positive / weight / (math.fsum(w * y) / math.fsum(w))


def grouped_auc(p, y, w, g):
    total, weight, used = 0.0, 0.0, 0
    for key in sorted(set(g)):
        rows = g == key
        if len(set(y[rows])) == 2:
            total += w[rows].sum() * metrics.roc_auc_score(y[rows], p[rows], sample_weight=w[rows])
            weight += w[rows].sum()
            used += 1
    return total / weight, used


def write_case(name, p, y, w, g, probabilities=True):
    p, y, w = p.astype(np.float32).astype(float), y.astype(int), w.astype(np.float32).astype(float)
    print("case", name)
    for row in zip(p, y, w, g):
        print("row", repr(float(row[0])), int(row[1]), repr(float(row[2])), int(row[3]))
    gauc, used = grouped_auc(p, y, w, g)
    figures = {
        "base_rate": np.average(y, weights=w),
        "roc_auc": metrics.roc_auc_score(y, p, sample_weight=w),
        "average_precision": metrics.average_precision_score(y, p, sample_weight=w),
        "lift_at_10pct": lift(p, y, w),
        "grouped_auc": gauc,
        "groups_used": used,
    }
    if probabilities:
        r = np.average(y, weights=w)
        loss = metrics.log_loss(y, p, sample_weight=w)
        figures |= {
            "mean_prediction": np.average(p, weights=w),
            "log_loss": loss,
            "normalized_entropy": loss / -(r * math.log(r) + (1 - r) * math.log(1 - r)),
            "brier": metrics.brier_score_loss(y, p, sample_weight=w),
            "ece": ece_equal_weight(p, y, w),
            "ece_width": ece_equal_width(p, y, w),
            "accuracy": metrics.accuracy_score(y, p >= 0.5, sample_weight=w),
        }
    for key, value in figures.items():
        print("figure", key, repr(float(value)))


def main():
    print("# scikit-learn", sklearn.__version__, "numpy", np.__version__, "python", sys.version.split()[0])
    rng = np.random.default_rng(20161001)
    n = 203
    ones, groups = np.ones(n), rng.integers(0, 30, n)
    p = 1 / (1 + np.exp(-rng.normal(0, 1.5, n)))
    write_case("distinct", p, rng.random(n) < p, ones, groups)
    write_case("weighted", p, rng.random(n) < p, rng.integers(1, 40, n) / 8, groups)
    tied = rng.integers(0, 7, n) / 8
    write_case("heavy_ties", tied, rng.random(n) < 0.3 + 0.4 * tied, ones, groups)
    write_case("heavy_ties_weighted", tied, rng.random(n) < 0.3 + 0.4 * tied, rng.integers(0, 5, n) / 4 + 0.25, groups)
    rare = 1 / (1 + np.exp(-rng.normal(-3, 1, n)))
    write_case("rare", rare, rng.random(n) < rare, ones, groups)
    write_case("constant", np.full(n, 0.25), rng.random(n) < 0.25, ones, groups)
    extreme = np.where(rng.random(n) < 0.2, rng.integers(0, 2, n), p)
    write_case("zeros_and_ones", extreme, rng.random(n) < p, ones, groups)
    write_case("any_scale", rng.normal(0, 100, n), rng.random(n) < 0.4, ones, groups, probabilities=False)
    write_case("two_rows", np.array([0.2, 0.7]), np.array([0, 1]), np.ones(2), np.zeros(2))


main()
