#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Core funnel metrics of real logs, computed with pandas from the definitions in docs/metrics.md and nothing of
the library. Usage: metrics_reference.py DATA_FOLDER > metrics_real.json
Written and run with Python 3.11.2, pandas 1.5.3, numpy 1.24.2 (the versions used stand in the output)."""
import json
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd

MINUTE = 60 * 1000  # times are milliseconds
WINDOW = 7 * 24 * 60 * MINUTE
RANK = {"page_view": 0, "impression": 1, "view": 2, "click": 3, "favorite": 4, "cart_add": 5, "cart_remove": 6,
        "checkout": 7, "purchase": 9, "refund": 10}


def text(path, **options):
    return pd.read_csv(path, dtype=str, keep_default_na=False, **options)


def google(folder):
    names = {"pageview": "page_view", "addtocart": "cart_add", "removefromcart": "cart_remove"}
    parts = [text(folder / "google_merch_store_2016" / f"events_2016-{month}.csv.gz",
                  usecols=["event_time", "event_type", "user_id", "session_id", "product_id", "transaction_id",
                           "revenue"]) for month in ("08", "09")]
    raw = pd.concat(parts, ignore_index=True)
    return pd.DataFrame({"t": raw.event_time.astype("int64"), "kind": raw.event_type.replace(names),
                         "user": raw.user_id, "item": raw.product_id, "session": raw.session_id,
                         "order": raw.transaction_id, "amount": raw.revenue})


def retailrocket(folder):
    raw = text(folder / "retailrocket" / "events_2015-06_part1.csv")
    names = {"addtocart": "cart_add", "transaction": "purchase"}
    return pd.DataFrame({"t": raw.timestamp.astype("int64"), "kind": raw.event.replace(names), "user": raw.visitorid,
                         "item": raw.itemid, "session": "", "order": raw.transactionid, "amount": None})


def taobao(folder):
    raw = text(folder / "taobao_userbehavior" / "UserBehavior_part1.csv", header=None,
               names=["user", "item", "category", "kind", "t"])
    names = {"pv": "view", "cart": "cart_add", "fav": "favorite", "buy": "purchase"}
    return pd.DataFrame({"t": raw.t.astype("int64") * 1000, "kind": raw.kind.replace(names), "user": raw.user,
                         "item": raw.item, "session": "", "order": "", "amount": None})


def rees46(folder):
    raw = text(folder / "rees46_multicategory" / "2019-Oct_part1.csv")
    t = pd.to_datetime(raw.event_time, format="%Y-%m-%d %H:%M:%S UTC").astype("int64") // 10**6
    return pd.DataFrame({"t": t, "kind": raw.event_type.replace({"cart": "cart_add"}), "user": raw.user_id,
                         "item": raw.product_id, "session": raw.user_session, "order": "", "amount": raw.price})


def online_retail(folder):
    raw = text(folder / "uci_online_retail" / "online_retail_2010-12_2011-08.csv.gz")
    raw = raw[raw.CustomerID != ""].reset_index(drop=True)
    local = pd.to_datetime(raw.InvoiceDate).dt.tz_localize("Europe/London")
    t = local.dt.tz_convert("UTC").dt.tz_localize(None).astype("int64") // 10**6
    amount = [str(Fraction(p) * Fraction(q)) for p, q in zip(raw.UnitPrice, raw.Quantity)]
    kind = np.where(raw.InvoiceNo.str.startswith("C"), "refund", "purchase")
    return pd.DataFrame({"t": t, "kind": kind, "user": raw.CustomerID, "item": raw.StockCode, "session": "",
                         "order": raw.InvoiceNo, "amount": amount})


def name_visits(log):
    """Adds the column visit; log is sorted by (user, t)."""
    free = log[log.session == ""]
    gap = free.groupby("user").t.diff()
    number = (gap.isna() | (gap >= 30 * MINUTE)).cumsum()
    log["visit"] = log.user + "\t" + log.session
    log.loc[free.index, "visit"] = "\t#" + number.astype(str)
    log["visit"] = log.visit.astype("category").cat.codes


def latest(rows, earlier, tolerance):
    """For each row the index of the latest earlier-or-equal row of the same user and item, or -1."""
    rows, earlier = rows[rows.item != ""], earlier[earlier.item != ""]
    earlier = earlier[["t", "user", "item"]].assign(found=earlier.index)
    joined = pd.merge_asof(rows[["t", "user", "item"]].sort_values("t", kind="stable"),
                           earlier.sort_values("t", kind="stable"), on="t", by=["user", "item"],
                           tolerance=tolerance)
    return joined.found.dropna().astype("int64")


def click_metrics(log, last, out):
    shown = log[log.kind == "impression"]
    clicks = log[log.kind == ("click" if (log.kind == "click").any() else "view")]
    bought = log[log.kind == "purchase"]
    attributed = latest(clicks, shown, 30 * MINUTE)
    out["clicks_unattributed"] = len(clicks) - len(attributed)
    out["ctr"] = [attributed.nunique(), len(shown)]
    out["ctr_raw"] = [len(clicks), len(shown)]
    flipped = shown.assign(t=-shown.t), clicks.assign(t=-clicks.t)  # the next click is the latest in mirrored time
    out["ctr_followed"] = [len(latest(*flipped, 30 * MINUTE)), len(shown)]
    credited = latest(bought, clicks, WINDOW).unique()
    mature = set(clicks.index[clicks.t <= last - WINDOW])
    out["cvr_post_click"] = [sum(i in mature for i in credited), len(mature)]
    out["click_user_rate"] = [clicks.user.nunique(), log.user.nunique()]


def visit_metrics(log, out):
    out["visits"] = log.visit.nunique()
    bought = log[log.kind == "purchase"]
    out["conversion_session"] = [bought.visit.nunique(), out["visits"]]
    first_cart = log[log.kind == "cart_add"].groupby("visit").t.min()
    last_purchase = bought.groupby("visit").t.max().reindex(first_cart.index)
    completed = int((last_purchase >= first_cart).sum())
    out["cart_abandon_session"] = [len(first_cart) - completed, len(first_cart)]
    times = log[["visit", "t"]].drop_duplicates().sort_values(["visit", "t"])
    times["later"] = times.groupby("visit").t.shift(-1)
    views = log[log.kind == "view"].merge(times, on=["visit", "t"])
    dwell = (views.later - views.t).dropna() / 1000
    out["dwell_median_s"] = float(dwell.median()) if len(dwell) else None
    out["dwell_censored"] = int(len(views) - len(dwell))


def pair_metrics(log, last, out):
    with_item = log[log.item != ""]
    added = with_item[with_item.kind == "cart_add"].groupby(["user", "item"]).t.min().rename("added")
    bought = with_item[with_item.kind == "purchase"][["user", "item", "t"]]
    after = added.to_frame().reset_index().merge(bought, on=["user", "item"])
    after = after[after.t >= after.added]
    out["cart_abandon_user_item_naive"] = [len(added) - len(after[["user", "item"]].drop_duplicates()), len(added)]
    mature = added[added <= last - WINDOW]
    kept = after[(after.added <= last - WINDOW) & (after.t - after.added <= WINDOW)]
    out["cart_abandon_user_item"] = [len(mature) - len(kept[["user", "item"]].drop_duplicates()), len(mature)]
    first_purchase = bought.groupby(["user", "item"]).t.min()
    carted = added.reindex(first_purchase.index)
    out["purchases_without_cart"] = int((~(carted <= first_purchase)).sum())


def order_metrics(log, out):
    rows = log[log.kind == "purchase"].copy()
    rows["key"] = np.where(rows.order != "", rows.user + "\tid " + rows.order, rows.user + "\tvisit " + rows.visit.astype(str))
    out["orders"] = rows.key.nunique()
    per_user = rows.groupby("user").key.nunique()
    out["repeat_purchase_period"] = [int((per_user >= 2).sum()), len(per_user)]
    out["late_order_rows"] = int((rows.t > rows.groupby("key").t.transform("min")).sum()) if len(rows) else 0
    if rows.amount.isna().all():
        out["revenue"] = None
        return
    priced = rows[rows.amount != ""]
    revenue = sum((Fraction(a) for a in priced.amount), Fraction(0))
    out["revenue"] = float(revenue)
    out["purchase_rows_without_value"] = len(rows) - len(priced)
    out["average_order_value"] = [float(revenue), priced.key.nunique()]


def funnel(log, stages, entity):
    """Latest feasible start per level; with disjoint stages, ties are sorted by stage."""
    stage = {kind: k for k, kinds in enumerate(stages) for kind in kinds}
    rows = log[log.kind.isin(stage)]
    if entity == ["user", "item"]:
        rows = rows[rows.item != ""]
    rows = rows.assign(stage=rows.kind.map(stage)).sort_values(entity + ["t", "stage"])
    ids = rows.groupby(entity, sort=False).ngroup().to_numpy()
    reached = [0] * len(stages)
    best, start, current = 0, [], -1
    for who, t, k in zip(ids.tolist(), rows.t.tolist(), rows.stage.tolist()):
        if who != current:
            for j in range(best):
                reached[j] += 1
            current, best, start = who, 0, [None] * len(stages)
        if k == 0:
            start[0] = t
            best = max(best, 1)
        elif start[k - 1] is not None and t - start[k - 1] <= WINDOW:
            if start[k] is None or start[k - 1] > start[k]:
                start[k] = start[k - 1]
            best = max(best, k + 1)
    for j in range(best):
        reached[j] += 1
    return reached


def measure(log, stages):
    log = log.assign(rank=log.kind.map(RANK)).sort_values(["user", "t", "rank"], kind="stable").reset_index(drop=True)
    name_visits(log)
    last = int(log.t.max())
    uv = log.user.nunique()
    views = log[log.kind == "view"]
    out = {"rows": len(log), "items": int(log.item[log.item != ""].nunique()), "pv": len(views), "uv": uv,
           "pv_per_uv": [len(views), uv], "pv_per_viewer": [len(views), views.user.nunique()],
           "page_views": int((log.kind == "page_view").sum()),
           "conversion_user": [log[log.kind == "purchase"].user.nunique(), uv]}
    click_metrics(log, last, out)
    visit_metrics(log, out)
    pair_metrics(log, last, out)
    order_metrics(log, out)
    out["funnel"] = {"user": funnel(log, stages, ["user"]), "session": funnel(log, stages, ["visit"]),
                     "user-item": funnel(log, stages, ["user", "item"])}
    return out


def main():
    folder = Path(sys.argv[1])
    shop = [["view"], ["cart_add"], ["purchase"]]
    logs = {
        "google_merch_store_2016": (google, [["impression"], ["click", "view"], ["cart_add"], ["purchase"]]),
        "retailrocket": (retailrocket, shop),
        "taobao_userbehavior": (taobao, shop),
        "rees46_multicategory": (rees46, shop),
        "uci_online_retail": (online_retail, [["purchase"]]),
    }
    result = {"versions": {"python": sys.version.split()[0], "pandas": pd.__version__, "numpy": np.__version__}}
    for name, (read, stages) in logs.items():
        result[name] = measure(read(folder), stages)
    print(json.dumps(result, indent=1))


main()
