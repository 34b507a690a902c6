#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# PyTorch on the work of nn_bench.cpp: AdamW steps of a 32-64-1 or 32-256-128-1 net on 2^18 rows, in order or
# shuffled. Eager mode. Debian: python3-torch libopenblas0-openmp, and
#   LD_LIBRARY_PATH=/usr/lib/$(gcc -print-multiarch)/openblas-openmp OMP_NUM_THREADS=N OPENBLAS_NUM_THREADS=N
# With --onnx FILE it writes the net for onnx_scoring.mjs instead.
import argparse
import statistics
import time

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--net", default="64")
parser.add_argument("--batch", default="32,256,1024,8192")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--in-order", action="store_true")
parser.add_argument("--rows", type=int, default=1 << 18)
parser.add_argument("--seconds", type=float, default=1.0)
parser.add_argument("--onnx")
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(1)
INPUTS = 32


def make_net():
    layers, width = [], INPUTS
    for units in map(int, options.net.split(",")):
        layers += [torch.nn.Linear(width, units), torch.nn.ReLU()]
        width = units
    return torch.nn.Sequential(*layers, torch.nn.Linear(width, 1))


def measure(batch, x, y, order):
    net = make_net()
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-2)
    loss_of = torch.nn.BCEWithLogitsLoss()
    rates, core_rates, end = [], [], time.perf_counter() + options.seconds
    while len(rates) < 3 or time.perf_counter() < end:
        steps, start, core_start = max(1, 20000 // batch), time.perf_counter(), time.process_time()
        for step in range(steps):
            first = step * batch % (len(y) - batch + 1)
            if options.in_order:
                rows = slice(first, first + batch)
            else:
                rows = order[first : first + batch]
            optimizer.zero_grad(set_to_none=True)
            loss_of(net(x[rows]).squeeze(1), y[rows]).backward()
            optimizer.step()
        rates.append(steps * batch / (time.perf_counter() - start))
        core_rates.append(steps * batch / (time.process_time() - core_start))
    return statistics.median(rates), statistics.median(core_rates)


x = torch.randn(options.rows, INPUTS)
y = (torch.rand(options.rows) < 1 / 3).float()
if options.onnx:
    net = torch.nn.Sequential(make_net(), torch.nn.Sigmoid())
    torch.onnx.export(net, x[:4], options.onnx, input_names=["x"], output_names=["p"],
                      dynamic_axes={"x": {0: "n"}, "p": {0: "n"}}, opset_version=13)
else:
    order = torch.randperm(options.rows)
    how = "in_order" if options.in_order else "shuffled"
    for batch in map(int, options.batch.split(",")):
        rate, core_rate = measure(batch, x, y, order)
        name = f"torch/{options.net}/train/{how}/threads:{options.threads}/{batch}"
        print(f"{name} {rate / 1e6:.4f} M rows/s, {core_rate / 1e6:.4f} M rows per second of one core", flush=True)
