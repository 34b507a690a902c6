#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Log loss of `funnel-train train X --label Y`, with no further option, on the six tables of docs/lab/tables.md.

    tests/bench/tables.py DATA [--tool funnel-train] [--sets coupon,adult] [--seeds 1,2,3] [--threads 2] [-- OPTION...]

DATA is the folder that docs/lab/tables.md describes. Options after `--` go to every training, for example `--search off`.
UCI is judged on the five fifths of one shuffle, GA4 on 1 to 15 January, RetailRocket on visitors with id mod 5 = 1.
"""
import argparse
import csv
import gzip
import json
import os
import random
import subprocess
import tempfile
import time


def read(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", newline="") as file:
        rows = list(csv.reader(file))
    return rows[0], rows[1:]


def ready(label, name, ending):
    def parts(data):
        yield read(f"{data}/tables/{name}_train.{ending}"), read(f"{data}/tables/{name}_test.{ending}")

    return label, [], parts


def uci(data):
    header, rows = read(f"{data}/uci_online_shoppers/online_shoppers_train.csv")
    order = list(range(len(rows)))
    random.Random(7).shuffle(order)
    for fifth in range(5):
        held = set(order[fifth::5])
        yield (header, [rows[i] for i in order if i not in held]), (header, [rows[i] for i in order if i in held])


def ga4(data):
    header, rows = read(f"{data}/ga4_merch_store/view_sessions_2020-11-01_2021-01-15.csv.gz")
    day = header.index("session_date")
    yield (header, [r for r in rows if r[day] < "2021"]), (header, [r for r in rows if r[day] >= "2021"])


def retailrocket(data):
    header, rows = read(f"{data}/retailrocket_cart_sessions/cart_sessions_train.csv")
    cutoff, visitor = header.index("cutoff_k"), header.index("visitorid")
    rows = [r for r in rows if r[cutoff] == "0"]
    yield (
        (header, [r for r in rows if int(r[visitor]) % 5 != 1]),
        (header, [r for r in rows if int(r[visitor]) % 5 == 1]),
    )


SETS = {
    "coupon": ready("Y", "coupon", "csv"),
    "adult": ready("above_50k", "adult", "csv.gz"),
    "telco": ready("Churn", "telco", "csv"),
    "uci": ("Revenue", ["--categorical", "OperatingSystems,Browser,Region,TrafficType"], uci),
    "ga4": (
        "purchased_later_in_session",
        ["--time", "first_view_item_timestamp", "--drop", "session_id,session_date"],
        ga4,
    ),
    "retailrocket": ("y", ["--group", "visitorid", "--drop", "session_key,cutoff_k"], retailrocket),
}


def write(path, part):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(part[0])
        writer.writerows(part[1])


def run(options, name, seed, extra):
    """(log loss, AUC, ECE, seconds of a training), means over the parts of a set."""
    label, own, parts = SETS[name]
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        train, judge, model = (os.path.join(folder, f) for f in ("train.csv", "judge.csv", "model.funnel"))
        for fit, held in parts(options.data):
            write(train, fit)
            write(judge, held)
            start = time.time()
            command = [options.tool, "train", train, "--label", label, "--seed", str(seed), "-q", "-o", model]
            command += ["--threads", str(options.threads), *own, *extra]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds = time.time() - start
            judged = subprocess.run(
                [options.tool, "evaluate", "-m", model, judge, "--json", "-q"], check=True, capture_output=True, text=True
            )
            target = json.loads(judged.stdout)["targets"][label]
            figures.append((target["log_loss"], target["roc_auc"], target["ece"], seconds))
    return [sum(column) / len(figures) for column in zip(*figures)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--tool", default="funnel-train")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("extra", nargs="*")
    options = parser.parse_args()
    for name in options.sets.split(","):
        runs = []
        for seed in options.seeds.split(","):
            runs.append(run(options, name, seed, options.extra))
            print(f"{name:13s} seed {seed}: log loss {runs[-1][0]:.4f}  AUC {runs[-1][1]:.4f}  "
                  f"ECE {runs[-1][2]:.4f}  {runs[-1][3]:.0f} s", flush=True)
        losses = [r[0] for r in runs]
        print(f"{name:13s} mean of {len(runs)}: {sum(losses) / len(losses):.4f} ({min(losses):.4f} to {max(losses):.4f})")


if __name__ == "__main__":
    main()
