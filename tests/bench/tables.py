#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`funnel-train train X --label Y`, with no further option, on the six tables of docs/lab/tables.md, beside XGBoost
and logistic regression on the same rows.

    tests/bench/tables.py --work DIR [--tool funnel-train] [--sets coupon,adult] [--seeds 1,2,3] [--threads 2]
        [--bare] [--tag NAME] DATA [-- OPTION...]

DATA is the folder that docs/lab/tables.md describes. Parts of tables, models' probabilities and figures are kept in
DIR: what is there already is not run again, so seeds can be added later. Options after `--` go to every training, for
example `--search off`; they, and another build of the tool, want a --tag of their own. What a table is (its times,
groups, ids and coded categories) is told to the tool as it is to the peers; --bare leaves that out too.

A line per seed, then per set: the means over the seeds; XGBoost and logistic regression; the difference of our log loss
(mean over the seeds, row by row) and theirs with its 95 % interval, rows of one visitor drawn together; the ECE of
ten bins beside what a model that is exactly right would show by chance (mean, and the 95th of 100 draws); time and
memory of a training. Written for Debian 12: python3-xgboost 1.7.4, python3-sklearn 1.2.1, numpy, time.
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import time
import types

import numpy
from sklearn.metrics import roc_auc_score

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers"))
import xgboost_table as peers  # noqa: E402


def table(path):
    with peers.gzip.open(path, "rt", newline="") if path.endswith(".gz") else open(path, newline="") as file:
        rows = list(csv.reader(file))
    return rows[0], rows[1:]


def ready(name, ending):
    return lambda data: [tuple(table(f"{data}/tables/{name}_{part}.{ending}") for part in ("train", "test"))]


def divided(header, rows, judged):
    """(training part, judged part); judged(row) says which."""
    marks = [judged(row) for row in rows]
    return tuple((header, [row for row, mark in zip(rows, marks) if mark == side]) for side in (False, True))


def uci(data):
    header, rows = table(f"{data}/uci_online_shoppers/online_shoppers_train.csv")
    order = numpy.random.RandomState(7).permutation(len(rows))
    for fifth in range(5):
        held = set(order[fifth::5])
        yield (header, [rows[i] for i in order if i not in held]), (header, [rows[i] for i in order if i in held])


def ga4(data):
    header, rows = table(f"{data}/ga4_merch_store/view_sessions_2020-11-01_2021-01-15.csv.gz")
    day = header.index("session_date")
    yield divided(header, rows, lambda row: row[day] >= "2021")


def retailrocket(data):
    header, rows = table(f"{data}/retailrocket_cart_sessions/cart_sessions_train.csv")
    cutoff, visitor = header.index("cutoff_k"), header.index("visitorid")
    rows = [row for row in rows if row[cutoff] == "0"]
    yield divided(header, rows, lambda row: int(row[visitor]) % 5 == 1)


# label, what the table is, parts, and the visitor of a row.
SETS = {
    "coupon": ("Y", {}, ready("coupon", "csv"), None),
    "adult": ("above_50k", {}, ready("adult", "csv.gz"), None),
    "telco": ("Churn", {}, ready("telco", "csv"), None),
    "uci": ("Revenue", {"categorical": "OperatingSystems,Browser,Region,TrafficType"}, uci, None),
    "ga4": (
        "purchased_later_in_session",
        {"time": "first_view_item_timestamp", "drop": "session_id,session_date"},
        ga4,
        lambda row: row["session_id"].split("_")[0],
    ),
    "retailrocket": (
        "y",
        {"group": "visitorid", "drop": "session_key"},
        retailrocket,
        lambda row: row["visitorid"],
    ),
}


def write_parts(options, name):
    """The folders of a set's parts, with train.csv and judge.csv."""
    done = os.path.join(options.work, name, "parts")
    if not os.path.exists(done):
        count = 0
        for part in SETS[name][2](options.data):
            folder = os.path.join(options.work, name, str(count))
            os.makedirs(folder, exist_ok=True)
            for file, (header, rows) in zip(("train.csv", "judge.csv"), part):
                with open(os.path.join(folder, file), "w", newline="") as out:
                    writer = csv.writer(out, lineterminator="\n")
                    writer.writerow(header)
                    writer.writerows(rows)
            count += 1
        with open(done, "w") as out:
            out.write(str(count))
    with open(done) as file:
        return [os.path.join(options.work, name, str(i)) for i in range(int(file.read()))]


def kept(path, make):
    """The JSON value of a file, made if it is not there."""
    if not os.path.exists(path):
        value = make()
        with open(path + ".part", "w") as file:
            json.dump(value, file)
        os.replace(path + ".part", path)
    with open(path) as file:
        return json.load(file)


def run_peers(options, name, folder):
    label, facts = SETS[name][:2]
    empty = dict.fromkeys(("time", "group", "weight", "drop", "categorical"), "")
    paths = {"train": f"{folder}/train.csv", "valid": f"{folder}/judge.csv", "label": label}
    rows = peers.Table(types.SimpleNamespace(**{**empty, **facts, **paths}))
    value = {}
    for who, run in (("xgboost", lambda: peers.boost(rows, options.threads)), ("linear", lambda: peers.regress(rows))):
        start, cpu = time.time(), time.process_time()
        words, p = run()
        used = {"cpu": time.process_time() - cpu, "wall": time.time() - start}
        value[who] = {"words": words, "p": [float(x) for x in p], **used}
    return value


def run_ours(options, name, folder, seed):
    label, facts = SETS[name][:2]
    model, scores, used = (f"{folder}/{options.tag}_{seed}.{end}" for end in ("funnel", "csv", "time"))
    # Asked of its parent, which is as small: a process starts with the peak of the one that forked it.
    command = ["/usr/bin/time", "-f", "%U %S %M", "-o", used, options.tool, "train", f"{folder}/train.csv"]
    command += ["--label", label, "--seed", str(seed), "-o", model]
    command += ["--threads", str(options.threads), "--json", "-q", *options.extra]
    if not options.bare:
        command += [word for fact, value in facts.items() for word in ("--" + fact, value)]
    start, load = time.time(), os.getloadavg()[0]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    seconds = time.time() - start
    with open(used) as file:
        user, system, peak = map(float, file.read().split())
    subprocess.run([options.tool, "score", "-m", model, f"{folder}/judge.csv", "-o", scores, "-q"], check=True)
    _, rows = table(scores)
    found = subprocess.run([options.tool, "inspect", model, "--json", "-q"], check=True, capture_output=True).stdout
    return {
        "p": [float(row[-1]) for row in rows],
        "cpu": user + system,
        "wall": seconds,
        "memory": peak * 1024,
        "load": load,
        "parameters": report.get("parameters"),
        "found": json.loads(found).get("configuration"),
    }


def losses(labels, p):
    p = numpy.clip(p, 1e-15, 1 - 1e-15)
    return -numpy.where(labels > 0, numpy.log(p), numpy.log1p(-p))


def interval(values, clusters, draws=2000):
    """95 % of the mean of values, whole clusters drawn again."""
    _, which = numpy.unique(clusters, return_inverse=True)
    sums, sizes = numpy.bincount(which, values), numpy.bincount(which)
    random = numpy.random.RandomState(1)
    means = []
    for _ in range(draws):
        drawn = random.randint(0, len(sums), len(sums))
        means.append(sums[drawn].sum() / sizes[drawn].sum())
    return numpy.percentile(means, [2.5, 97.5])


class Judged:
    """The judged rows of all parts of a set."""

    def __init__(self, options, name):
        label, _, _, visitor = SETS[name]
        self.labels, clusters = [], []
        for folder in write_parts(options, name):
            header, rows = table(f"{folder}/judge.csv")
            at = header.index(label)
            self.labels.append(numpy.array([row[at].lower() in ("1", "true", "yes") for row in rows], float))
            for row in rows:
                clusters.append(visitor(dict(zip(header, row))) if visitor else str(len(clusters)))
        self.clusters = numpy.array(clusters)

    def losses(self, parts):
        return numpy.concatenate([losses(y, numpy.array(p)) for y, p in zip(self.labels, parts)])

    def figures(self, parts):
        """Log loss, AUC and ECE: means over the parts."""
        each = [
            (losses(y, numpy.array(p)).mean(), roc_auc_score(y, p), peers.ece(y, numpy.array(p)))
            for y, p in zip(self.labels, parts)
        ]
        return numpy.mean(each, axis=0)

    def noise(self, parts, draws=100):
        """ECE of a model that is exactly right: mean and 95th percentile."""
        random = numpy.random.RandomState(1)
        parts = [numpy.array(p) for p in parts]
        each = [
            numpy.mean([peers.ece((random.rand(len(p)) < p).astype(float), p) for p in parts]) for _ in range(draws)
        ]
        return numpy.mean(each), numpy.percentile(each, 95)


def report(options, name):
    judged, folders = Judged(options, name), write_parts(options, name)
    others = [] if options.no_peers else [
        kept(f"{folder}/peers.json", lambda folder=folder: run_peers(options, name, folder)) for folder in folders
    ]
    runs = []
    for seed in options.seeds.split(","):
        run = [
            kept(f"{folder}/{options.tag}_{seed}.json", lambda folder=folder: run_ours(options, name, folder, seed))
            for folder in folders
        ]
        runs.append(run)
        loss, auc, error = judged.figures([part["p"] for part in run])
        cpu, wall, load = (numpy.mean([part[key] for part in run]) for key in ("cpu", "wall", "load"))
        print(f"{name:13s} seed {seed}: log loss {loss:.4f}  AUC {auc:.4f}  ECE {error:.4f}  {cpu:.0f} s of CPU, "
              f"{wall:.0f} s with a load of {load:.0f}", flush=True)
    every = numpy.array([judged.figures([part["p"] for part in run]) for run in runs])
    mean = every.mean(axis=0)
    chance = judged.noise([part["p"] for part in runs[0]])
    memory = max(part["memory"] for run in runs for part in run) / 2**20
    cpu = numpy.mean([part["cpu"] for run in runs for part in run])
    print(f"{name:13s} ours, mean of {len(runs)}: log loss {mean[0]:.4f} ({every[:, 0].min():.4f} to "
          f"{every[:, 0].max():.4f})  AUC {mean[1]:.4f}  ECE {mean[2]:.4f} (by chance {chance[0]:.4f}, up to "
          f"{chance[1]:.4f})  {cpu:.0f} s of CPU, {memory:.0f} MiB")
    ours = numpy.mean([judged.losses([part["p"] for part in run]) for run in runs], axis=0)
    for who in ("xgboost", "linear") if others else ():
        parts = [other[who]["p"] for other in others]
        loss, auc, error = judged.figures(parts)
        difference = ours - judged.losses(parts)
        low, high = interval(difference, judged.clusters)
        print(f"{name:13s} {who}: log loss {loss:.4f}  AUC {auc:.4f}  ECE {error:.4f}  "
              f"{numpy.mean([other[who]['cpu'] for other in others]):.0f} s of CPU with its tuning; ours less that "
              f"{difference.mean():+.4f} [{low:+.4f} to {high:+.4f}]", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--work", required=True)
    parser.add_argument("--tool", default="funnel-train")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--tag", default="default")
    parser.add_argument("extra", nargs="*")
    options = parser.parse_args()
    for name in options.sets.split(","):
        report(options, name)


if __name__ == "__main__":
    main()
