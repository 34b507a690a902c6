#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""XGBoost and logistic regression on the rows a table model is judged on, beside funnel-train.

    tests/bench/peers/xgboost_table.py TRAIN.csv VALID.csv --label COL [--drop A,B] [--categorical A,B]
        [--time COL | --group COL] [--weight COL] [--tool build/ci/tools/funnel-train/funnel-train] [--seeds 1,2]

TRAIN and VALID may be any tables, for example what `funnel-train features --encoded` writes for two parts of a
log. Modest tuning as a careful user would: four settings of XGBoost (hist, categories native), each stopped
early on the last fifth by time, a fifth of the groups or a random fifth of TRAIN, the best one trained again on
all of TRAIN; logistic regression on standardized numbers and one-hot categories (at least 20 rows), its strength
chosen on the same part. VALID is looked at once, at the end.

Written for Debian 12: python3-xgboost 1.7.4, python3-sklearn 1.2.1, numpy.
"""
import argparse
import csv
import gzip
import json
import os
import subprocess
import tempfile
import zlib

import numpy
import xgboost
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

MISSING = {"", "NA", "nan", "null"}


def read(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", newline="") as file:
        rows = list(csv.reader(file))
    return {name: [row[i] for row in rows[1:]] for i, name in enumerate(rows[0])}


def numbers(texts):
    """Floats with NaN for missing, or None if less than 95 % are numbers."""
    values, bad = [], 0
    for text in texts:
        try:
            values.append(float("nan") if text in MISSING else float(text))
        except ValueError:
            values.append(float("nan"))
            bad += 1
    return numpy.array(values) if bad <= 0.05 * len(texts) else None


def ece(labels, p, bins=10):
    order = numpy.argsort(p, kind="stable")
    parts = numpy.array_split(order, bins)
    return sum(len(b) * abs(p[b].mean() - labels[b].mean()) for b in parts) / len(p)


def figures(name, labels, p, weights):
    p = numpy.clip(p, 1e-15, 1 - 1e-15)
    print(
        f"{name:32s} AUC {roc_auc_score(labels, p, sample_weight=weights):.4f}  AP "
        f"{average_precision_score(labels, p, sample_weight=weights):.4f}  log loss "
        f"{log_loss(labels, p, sample_weight=weights):.5f}  ECE {ece(labels, p):.4f}",
        flush=True,
    )


class Table:
    def __init__(self, options):
        train, valid = read(options.train), read(options.valid)
        special = {options.label, options.time, options.group, options.weight, *options.drop.split(",")}
        truth = {"1", "true", "yes"}
        self.labels = [numpy.array([t.lower() in truth for t in part[options.label]], float) for part in (train, valid)]
        self.weights = [
            numpy.array(part[options.weight], float) if options.weight else None for part in (train, valid)
        ]
        self.numeric, self.coded = ([], []), ([], [])
        for name in train:
            if name in special or name not in valid:
                continue
            values = None if name in options.categorical.split(",") else numbers(train[name])
            if values is not None:
                self.numeric[0].append(values)
                self.numeric[1].append(numbers(valid[name]))
                continue
            texts = sorted(set(train[name]))
            code = {text: i for i, text in enumerate(texts)}
            for side, part in enumerate((train, valid)):
                self.coded[side].append(numpy.array([code.get(t, numpy.nan) for t in part[name]], float))
        self.inner = self.inner_part(train, options)

    @staticmethod
    def inner_part(train, options):
        n = len(train[options.label])
        if options.time:
            times = numpy.array(train[options.time])
            order = numpy.argsort(times.astype(float) if numbers(times) is not None else times, kind="stable")
            inner = numpy.zeros(n, bool)
            inner[order[int(0.8 * n):]] = True
            return inner
        if options.group:
            return numpy.array([zlib.crc32(g.encode()) % 5 == 0 for g in train[options.group]])
        return numpy.random.RandomState(1).rand(n) < 0.2

    def boosted(self, side, rows):
        columns = self.numeric[side] + self.coded[side]
        kinds = ["q"] * len(self.numeric[side]) + ["c"] * len(self.coded[side])
        weights = None if self.weights[side] is None else self.weights[side][rows]
        return xgboost.DMatrix(
            numpy.column_stack(columns)[rows], self.labels[side][rows], weight=weights, feature_types=kinds,
            enable_categorical=True,
        )

    def linear(self, side):
        columns = []
        for i, values in enumerate(self.numeric[side]):
            base = self.numeric[0][i]
            mean, scale = numpy.nanmean(base), numpy.nanstd(base) or 1.0
            columns.append(numpy.nan_to_num((values - mean) / scale))
            columns.append(numpy.isnan(values).astype(float))
        for i, codes in enumerate(self.coded[side]):
            known, counts = numpy.unique(self.coded[0][i], return_counts=True)
            columns += [(codes == c).astype(float) for c, n in zip(known, counts) if n >= 20]
        return numpy.clip(numpy.column_stack(columns), -8, 8)


def boost(table, threads):
    """The name and the probabilities of the judged rows."""
    fit, inner, best = ~table.inner, table.inner, None
    every, judged = numpy.ones(len(table.inner), bool), numpy.ones(len(table.labels[1]), bool)
    for depth in (3, 5):
        for least in (1, 20):
            settings = {
                "objective": "binary:logistic", "tree_method": "hist", "max_depth": depth, "eta": 0.05,
                "min_child_weight": least, "subsample": 0.8, "colsample_bytree": 0.7, "nthread": threads, "seed": 1,
            }
            model = xgboost.train(
                settings, table.boosted(0, fit), 2000, evals=[(table.boosted(0, inner), "inner")],
                early_stopping_rounds=50, verbose_eval=False,
            )
            if best is None or model.best_score < best[0]:
                best = (model.best_score, model.best_iteration + 1, settings)
    model = xgboost.train(best[2], table.boosted(0, every), best[1])
    return f"XGBoost depth {best[2]['max_depth']}, {best[1]} trees", model.predict(table.boosted(1, judged))


def regress(table):
    """The name and the probabilities of the judged rows."""
    inputs, labels, weights, best = table.linear(0), table.labels[0], table.weights[0], None
    part = (lambda rows: None) if weights is None else (lambda rows: weights[rows])
    for strength in (0.003, 0.03, 0.3, 3):
        model = LogisticRegression(C=strength, max_iter=1000)
        model.fit(inputs[~table.inner], labels[~table.inner], part(~table.inner))
        loss = log_loss(labels[table.inner], model.predict_proba(inputs[table.inner])[:, 1])
        best = min(best or (loss, strength), (loss, strength))
    model = LogisticRegression(C=best[1], max_iter=1000).fit(inputs, labels, weights)
    return f"logistic regression, C {best[1]}", model.predict_proba(table.linear(1))[:, 1]


def run_ours(options, seed, extra):
    command = [options.tool, "train", options.train, "--label", options.label, "--seed", str(seed), "-q", *extra]
    for name in ("drop", "categorical", "time", "group", "weight"):
        if getattr(options, name):
            command += ["--" + name, getattr(options, name)]
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "model.funnel")
        subprocess.run(command + ["-o", model], check=True, stdout=subprocess.DEVNULL)
        judge = [options.tool, "evaluate", "-m", model, options.valid, "--json", "-q"]
        for name in ("group", "weight"):
            if getattr(options, name):
                judge += ["--" + name, getattr(options, name)]
        report = json.loads(subprocess.run(judge, check=True, capture_output=True, text=True).stdout)
    target = report["targets"][options.label]
    print(
        f"{'funnel-train ' + ' '.join(e or chr(34) * 2 for e in extra) + f' seed {seed}':32s} AUC {target['roc_auc']:.4f}  AP "
        f"{target['average_precision']:.4f}  log loss {target['log_loss']:.5f}  ECE {target['ece']:.4f}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser()
    for name in ("train", "valid"):
        parser.add_argument(name)
    parser.add_argument("--label", required=True)
    for name in ("drop", "categorical", "time", "group", "weight", "tool"):
        parser.add_argument("--" + name, default="")
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    table = Table(options)
    for name, p in (boost(table, options.threads), regress(table)):
        figures(name, table.labels[1], p, table.weights[1])
    if options.tool:
        run_ours(options, 1, ["--hidden", ""])
        for seed in options.seeds.split(","):
            run_ours(options, seed, [])


if __name__ == "__main__":
    main()
