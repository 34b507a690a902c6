#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Paths of September and weekly cohorts of two months of the Google Merchandise Store log, counted from the
definitions in docs/metrics.md with Python's own csv and nothing of the library.
Usage: visits_reference.py DATA_FOLDER. Its figures stand in tests/cli/real_data_test.cpp. Run with Python 3.11.2."""
import csv
import gzip
import sys
from collections import Counter, defaultdict
from decimal import Decimal

RANK = {"pageview": 0, "impression": 1, "view": 2, "click": 3, "addtocart": 5, "removefromcart": 6, "checkout": 7,
        "purchase": 9}
STAGE = {"impression": "impression", "view": "click", "click": "click", "addtocart": "cart", "purchase": "purchase"}
WEEK, DAY = 7 * 86400_000, 86400_000
MONDAY = 4 * DAY  # 1970-01-05


def rows(folder, months):
    for month in months:
        with gzip.open(f"{folder}/google_merch_store_2016/events_2016-{month}.csv.gz", "rt", newline="") as file:
            for row in csv.DictReader(file):
                yield (row["user_id"], int(row["event_time"]), RANK[row["event_type"]], row["event_type"],
                       row["session_id"], row["transaction_id"], row["revenue"])


def paths(folder, length):
    log = sorted(rows(folder, ["09"]), key=lambda row: row[:3])
    steps, bought, order_visit, order_sum = defaultdict(list), set(), {}, defaultdict(Decimal)
    for user, _, _, kind, session, order, revenue in log:
        way = steps[user, session]
        if kind in STAGE and (not way or way[-1] != STAGE[kind]):
            way.append(STAGE[kind])
        if kind == "purchase":
            bought.add((user, session))
            name = (user, order or "visit " + session)
            order_visit.setdefault(name, (user, session))
            order_sum[name] += Decimal(revenue or "0")
    visits, longer, buying, revenue = Counter(), Counter(), Counter(), defaultdict(Decimal)
    for visit, way in steps.items():
        path = tuple(way[:length])
        visits[path] += 1
        longer[path] += len(way) > length
        buying[path] += visit in bought
    for order, visit in order_visit.items():
        revenue[tuple(steps[visit][:length])] += order_sum[order]
    print("visits", sum(visits.values()), "paths", len(visits))
    for path, count in visits.most_common(12):
        print(" > ".join(path) or "(none)", count, longer[path], buying[path], revenue[path])


def cohorts(folder, by_order):
    """Weeks from Monday, UTC."""
    active, orders = defaultdict(set), {}
    first, last, sums = {}, 0, defaultdict(Decimal)
    for user, time, _, kind, session, order, revenue in rows(folder, ["08", "09"]):
        last = max(last, time)
        active[user].add((time - MONDAY) // WEEK)
        first[user] = min(time, first.get(user, time))
        if kind == "purchase":
            name = (user, order or "visit " + session)
            orders[name] = min(time, orders.get(name, time))
            sums[name] += Decimal(revenue or "0")
    start = min(first.values())
    edge = start + 28 * DAY
    if by_order:
        first = {}
        for (user, _), time in orders.items():
            first[user] = min(time, first.get(user, time))
    already = (edge - 1 - MONDAY) // WEEK
    cohort = {user: ("already", already) if time < edge else ("week", (time - MONDAY) // WEEK)
              for user, time in first.items()}
    users = Counter(cohort.values())
    cells = defaultdict(lambda: [0, set(), Decimal(0)])
    for user, of in cohort.items():
        for week in active[user]:
            cells[of, week - of[1]][0] += 1
    for (user, name), time in orders.items():
        cell = cells[cohort[user], (time - MONDAY) // WEEK - cohort[user][1]]
        cell[1].add(user)
        cell[2] += sums[user, name]
    over = (last - MONDAY) // WEEK
    for of in sorted(users):
        line = [f"{of[0]} {of[1]} {users[of]}:"]
        for k in range(0, over - of[1]):
            cell = cells[of, k]
            line.append(f"[{cell[0]} {len(cell[1])} {cell[2]}]")
        print(*line)


paths(sys.argv[1], 5)
for by_order in (False, True):
    print("cohorts by", "first order" if by_order else "first event")
    cohorts(sys.argv[1], by_order)
