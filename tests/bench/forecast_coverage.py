#!/usr/bin/env python3
"""How often the ranges of `funnel-train forecast` held, on days it had not seen.

    forecast_coverage.py PROGRAM FIRST LAST [--days N] [--every N] LOG... [OPTIONS OF A LOG]

For every N-th day from FIRST to LAST the log as it was known at that midnight is forecast, and the days that came are
counted from the whole log. Standard library only.
"""
import argparse
import datetime
import json
import subprocess


def run(program, *words):
    return json.loads(subprocess.run([program, *words, "--json", "-q"], check=True, capture_output=True).stdout)


def daily(program, words):
    """Orders, units and revenue per day, counted apart: from the CSV of single days, which are forecasts' past."""
    days = {}
    for row in run(program, "metrics", *words, "--by", "day")["breakdown"]:
        figures = row["metrics"]
        days[row["key"]] = {"orders": figures["orders"]["value"] or 0, "revenue": figures["revenue"]["value"] or 0}
    return days


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("first", type=datetime.date.fromisoformat)
    parser.add_argument("last", type=datetime.date.fromisoformat)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--every", type=int, default=1)
    args, words = parser.parse_known_args()
    seen = daily(args.program, words)
    held = {name: [0, 0, 0, 0] for name in ("orders", "revenue")}  # days in range, days, totals in range, totals
    miss = {name: [0.0, 0.0, 0.0] for name in held}  # ours, last week again, what came
    day = args.first
    while day <= args.last:
        coming = [(day + datetime.timedelta(d)).isoformat() for d in range(args.days)]
        past = [(day + datetime.timedelta(d % 7 - 7)).isoformat() for d in range(args.days)]
        result = run(args.program, "forecast", *words, "--days", str(args.days), "--as-of", day.isoformat())
        assert result["from"] == day.isoformat(), (result["from"], day)
        for name in held:
            figure = result["all"][name]
            came = [seen.get(d, {}).get(name, 0) for d in coming]
            for value, expected, before in zip(came, figure["days"], past):
                held[name][0] += expected["low"] <= value <= expected["high"]
                held[name][1] += 1
                miss[name][0] += abs(value - expected["value"])
                miss[name][1] += abs(value - seen.get(before, {}).get(name, 0))
                miss[name][2] += value
            if figure["total"]["low"] is not None:
                held[name][2] += figure["total"]["low"] <= sum(came) <= figure["total"]["high"]
                held[name][3] += 1
        day += datetime.timedelta(args.every)
    for name, (in_days, days, in_totals, totals) in held.items():
        ours, naive, came = miss[name]
        print(f"{name}: days in range {in_days / days:.3f} of {days}, totals {in_totals / max(1, totals):.3f} of {totals};"
              f" a day missed by {ours / came:.3f} of what came, last week again {naive / came:.3f}")


if __name__ == "__main__":
    main()
