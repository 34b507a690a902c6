#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""XGBoost and logistic regression on exactly the inputs and rows of a funnel model, beside the model itself.

    tests/bench/peers/xgboost_log.py --tool build/ci/tools/funnel-train/funnel-train \\
        --logs events_2016-08.csv.gz events_2016-09.csv.gz --train-to 2016-09-23T07:00:00Z \\
        --judge 2016-09-23T07:00:00Z 2016-10-01T07:00:00Z --target click=1800 --work /tmp/peers \\
        -- --schema ga-flat --items products.csv --sessions sessions_2016-08.csv.gz --sessions sessions_2016-09.csv.gz \\
           --use category,channel,source,medium,device,visit_number

One model is trained with the options after `--` on the rows before --train-to. `features --encoded` then writes what its
net sees of every example, so that all learners get the same numbers. The judged rows are those of --judge; the last fifth
of the time before is the early-stopping set, as in `train`, with a gap of the target's horizon. XGBoost: hist,
eta 0.1, the best of depth 3, 4 and 6 on the early-stopping set, then trained again on everything known for the rounds
found. Logistic regression: `--hidden ""` of the same program. Needs python3-xgboost (1.7) and python3-pandas.
"""
import argparse
import csv
import gzip
import json
import os
import subprocess
import sys

import numpy as np
import pandas
import xgboost

ID_COLUMNS = ("event_time", "user_id", "item_id", "known_user", "known_item")


def run(words):
    result = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    if result.returncode != 0:
        sys.exit(" ".join(words) + "\n" + result.stderr)
    return result.stdout


def seconds_of(text):
    """ISO 8601 in UTC to seconds since 1970."""
    moment = np.datetime64(text.rstrip("Z"))
    return float((moment - np.datetime64("1970-01-01T00:00:00")) / np.timedelta64(1, "us")) * 1e-6


def read_table(path):
    """Times in seconds, inputs and labels (NaN: not known) of an exported feature table."""
    with gzip.open(path, "rt") if path.endswith(".gz") else open(path) as text:
        header = next(csv.reader(text))
    inputs = [name for name in header if name not in ID_COLUMNS and not name.startswith("label_")]
    labels = [name for name in header if name.startswith("label_")]
    types = {name: "float32" for name in inputs + labels}
    pieces = pandas.read_csv(path, usecols=["event_time", *inputs, *labels], dtype=types, chunksize=1 << 18)
    seconds, x, y = [], [], []
    for piece in pieces:
        seconds.append(pandas.to_datetime(piece["event_time"], utc=True).astype("int64").to_numpy() * 1e-9)
        x.append(piece[inputs].to_numpy("float32"))
        y.append(piece[labels].to_numpy("float32"))
    y = np.concatenate(y)
    return np.concatenate(seconds), np.concatenate(x), {name[6:]: y[:, i] for i, name in enumerate(labels)}


def figures(p, y):
    p = np.clip(p.astype(np.float64), 1e-12, 1 - 1e-12)
    order = np.argsort(p, kind="stable")
    rank = np.empty(len(p))
    sorted_p = p[order]
    first = np.searchsorted(sorted_p, sorted_p, "left")
    last = np.searchsorted(sorted_p, sorted_p, "right")
    rank[order] = (first + last + 1) / 2
    n1, n0 = y.sum(), (~y).sum()
    auc = (rank[y].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)
    return auc, -np.mean(np.where(y, np.log(p), np.log(1 - p)))


def xgboost_figures(x, y, seconds, train, valid, refit, judged, threads):
    best = None
    for depth in (3, 4, 6):
        settings = {"objective": "binary:logistic", "eval_metric": "logloss", "tree_method": "hist", "eta": 0.1,
                    "max_depth": depth, "min_child_weight": 20, "subsample": 0.8, "colsample_bytree": 0.5,
                    "nthread": threads, "seed": 1, "max_bin": 128}
        booster = xgboost.train(settings, xgboost.DMatrix(x[train], y[train]), 400,
                                evals=[(xgboost.DMatrix(x[valid], y[valid]), "valid")], early_stopping_rounds=20,
                                verbose_eval=False)
        if best is None or booster.best_score < best[0]:
            best = (booster.best_score, booster.best_iteration + 1, settings)
    booster = xgboost.train(best[2], xgboost.DMatrix(x[refit], y[refit]), best[1], verbose_eval=False)
    p = booster.predict(xgboost.DMatrix(x[judged]))
    return figures(p, y[judged]), best[1], best[2]["max_depth"]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tool", required=True)
    options.add_argument("--logs", nargs="+", required=True)
    options.add_argument("--train-to", required=True, help="the model sees rows before this time")
    options.add_argument("--judge", nargs=2, required=True, metavar=("FROM", "TO"), help="labels are known until TO")
    options.add_argument("--target", nargs="+", required=True, metavar="NAME=SECONDS", help="with its horizon")
    options.add_argument("--burn-in", type=float, default=7 * 86400, help="seconds without examples: the longest horizon")
    options.add_argument("--work", required=True, help="folder for models and tables, which are large; what is there is used")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--seeds", type=int, default=1)
    options.add_argument("train", nargs="*", help="after --: options of train")
    a = options.parse_args()
    os.makedirs(a.work, exist_ok=True)
    inputs, model_words = a.train, []
    for i, word in enumerate(inputs):  # what the model needs again; the rest is for training alone
        if word in ("--items", "--users", "--sessions", "--schema"):
            model_words += [word, inputs[i + 1]]
    common = ["--threads", str(a.threads), "-q"]

    def train(name, more):
        model = os.path.join(a.work, name + ".funnel")
        if not os.path.exists(model):
            run([a.tool, "train", *a.logs, "--as-of", a.train_to, "-o", model, *inputs, *common, *more])
        report = json.loads(run([a.tool, "evaluate", "-m", model, *a.logs, *model_words, "--from", a.judge[0], "--to",
                                 a.judge[1], "--json", *common]))
        return {t: (f["roc_auc"], f["log_loss"], f["ece"]) for t, f in report["targets"].items()}

    results = {f"net, seed {seed}": train(f"net{seed}", ["--seed", str(seed)]) for seed in range(1, a.seeds + 1)}
    results["logistic regression"] = train("logistic", ["--hidden", ""])
    table = os.path.join(a.work, "encoded.csv")
    if not os.path.exists(table):
        run([a.tool, "features", *a.logs, "-m", os.path.join(a.work, "net1.funnel"), "--history", "none", "--encoded",
             "-o", table, *model_words, *common])
    seconds, x, labels = read_table(table)
    end, start = seconds_of(a.train_to), seconds.min()
    first = start + min(a.burn_in, 0.2 * (end - start))
    for target, horizon in (word.split("=") for word in a.target):
        horizon, known, y = float(horizon), ~np.isnan(labels[target]), labels[target] == 1
        cut = end - horizon - 0.2 * (end - horizon - first)
        usable = known & (seconds >= first) & (seconds + horizon <= end)
        train_rows, valid_rows = usable & (seconds + horizon <= cut), usable & (seconds >= cut)
        judged = known & (seconds >= seconds_of(a.judge[0])) & (seconds + horizon <= seconds_of(a.judge[1]))
        (auc, loss), rounds, depth = xgboost_figures(x, y, seconds, train_rows, valid_rows, usable, judged, a.threads)
        print(f"{target}: {int(judged.sum())} rows judged, {int(y[judged].sum())} positive, {x.shape[1]} inputs")
        for name, of_target in results.items():
            print("{:45s} AUC {:.4f}  log loss {:.6f}  ECE {:.4f}".format(name, *of_target[target]))
        print(f"{f'XGBoost {xgboost.__version__} hist, depth {depth}, {rounds} rounds':45s} AUC {auc:.4f}  log loss {loss:.6f}",
              flush=True)


if __name__ == "__main__":
    main()
