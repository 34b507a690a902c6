# SPDX-License-Identifier: MIT
"""The calls of program/main.c through ctypes: what it prints has to be what that prints.

    shop.py libfunnel.so MODEL
"""
import ctypes
import sys
from ctypes import (POINTER, Structure, byref, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t, c_uint8,
                    c_uint32, c_uint64, c_void_p)


class Event(Structure):
    _fields_ = [("time", c_int64)] + [(name, c_char_p) for name in (
        "kind", "user", "item", "session", "category", "brand", "list")] + [
            ("position", c_double), ("price", c_double), ("event_id", c_char_p)]


class Request(Structure):
    _fields_ = [("now", c_int64), ("user", c_char_p), ("session", c_char_p), ("list", c_char_p),
                ("inputs", c_void_p), ("n_inputs", c_size_t)]


class Item(Structure):
    _fields_ = [(name, c_char_p) for name in ("id", "category", "brand", "list")] + [
        ("position", c_double), ("price", c_double), ("inputs", c_void_p), ("n_inputs", c_size_t)]


class Statistics(Structure):
    _fields_ = [(name, c_uint64) for name in (
        "taken", "in_use", "late", "ahead", "duplicate", "refused", "full", "texts_dropped", "waiting", "users",
        "items")] + [("watermark", c_int64), ("swaps", c_uint64), ("failed", c_int32)]


def library(path):
    funnel = ctypes.CDLL(path)
    funnel.funnel_last_error.restype = c_char_p
    funnel.funnel_scratch_new.restype = c_void_p
    funnel.funnel_scratch_free.argtypes = [c_void_p]
    funnel.funnel_free.argtypes = [c_void_p]
    funnel.funnel_observe.restype = c_size_t
    funnel.funnel_observe.argtypes = [c_void_p, POINTER(Event), c_size_t, c_int64, POINTER(c_uint8)]
    funnel.funnel_flush.argtypes = [c_void_p, c_int64]
    funnel.funnel_statistics_of.argtypes = [c_void_p, POINTER(Statistics)]
    funnel.funnel_targets.restype = c_size_t
    funnel.funnel_targets.argtypes = [c_void_p]
    funnel.funnel_target_name.argtypes = [c_void_p, c_size_t, c_char_p, c_size_t]
    funnel.funnel_rank.argtypes = [c_void_p, POINTER(Request), POINTER(Item), c_size_t, c_char_p, c_size_t, c_void_p,
                                   POINTER(c_uint32), POINTER(c_float)]
    funnel.funnel_score.argtypes = [c_void_p, POINTER(Request), POINTER(Item), c_void_p, POINTER(c_float), c_size_t]
    return funnel


def main(path, model):
    funnel = library(path)

    def check(status):
        if status != 0:
            sys.exit(funnel.funnel_last_error().decode())

    now = 1705320000000000
    shop = c_void_p()
    check(funnel.funnel_load(model.encode(), None, byref(shop)))
    visit = {"user": b"u8", "item": b"p1009", "session": b"s900"}
    events = (Event * 4)(Event(time=now - 3000000, kind=b"click", **visit),
                         Event(time=now - 2000000, kind=b"cart_add", **visit),
                         Event(time=now - 1000000, kind=b"click", item=b"p1009"),
                         Event(time=now + 864000000000, kind=b"click", user=b"u8", item=b"p1009"))
    answers = (c_uint8 * 4)()
    funnel.funnel_observe(shop, events, 4, now, answers)
    print(*answers)
    check(funnel.funnel_flush(shop, now))
    statistics = Statistics()
    check(funnel.funnel_statistics_of(shop, byref(statistics)))
    print(f"{statistics.in_use} in use, {statistics.ahead} ahead")
    items = (Item * 3)(Item(id=b"p1011", position=1), Item(id=b"p1009", price=20), Item(id=b"new"))
    request = Request(now=now, user=b"u8", session=b"s900", list=b"Category")
    scratch = funnel.funnel_scratch_new()
    order, scores, p = (c_uint32 * 3)(), (c_float * 3)(), (c_float * 8)()
    check(funnel.funnel_rank(shop, byref(request), items, 3, b"click", 3, scratch, order, scores))
    for i in order:
        print(f"{i} {items[i].id.decode()} {scores[i]:.9g}")
    check(funnel.funnel_score(shop, byref(request), byref(items[1]), scratch, p, 8))
    for target in range(funnel.funnel_targets(shop)):
        name = ctypes.create_string_buffer(32)
        funnel.funnel_target_name(shop, target, name, 32)
        print(f"{name.value.decode()} {p[target]:.9g}")
    funnel.funnel_scratch_free(scratch)
    funnel.funnel_free(shop)


main(*sys.argv[1:])
