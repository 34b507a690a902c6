"""Reference of tests/eval/shrunk_rate_test.cpp: prints its constants. numpy and scipy (1.10 was used)."""
import numpy as np
from scipy.stats import beta

print("QUANTILES")
for a, b in [(0.5, 0.5), (2, 5), (30, 4000), (1000, 1000), (1, 1), (0.2, 1e4), (1e5, 3e6), (3.7, 250.25)]:
    for p in (0.025, 0.5, 0.975):
        print(f"    Quantile{{{float(a)!r}, {float(b)!r}, {p}, {float(beta.ppf(p, a, b))!r}}},")

x = np.array([3, 0, 12, 40, 7, 1, 5, 90, 2, 8, 0, 15], dtype=float)
n = np.array([40, 12, 100, 300, 90, 30, 20, 400, 55, 60, 5, 250], dtype=float)
deff = 1.5
xs, ns = x / deff, n / deff
m = xs.sum() / ns.sum()
s = (ns * (xs / ns - m) ** 2).sum()
degrees = len(x) - 1
tau2 = (s - degrees * m * (1 - m)) / (ns.sum() - (ns**2).sum() / ns.sum() - degrees)
k = float(np.clip(m * (1 - m) / tau2 - 1, 1, 1e6))
a, b = xs + m * k, ns - xs + (1 - m) * k
print("REFERENCE")
for name, values in [("x", x), ("n", n), ("rate", a / (a + b)), ("low", beta.ppf(0.025, a, b)), ("high", beta.ppf(0.975, a, b))]:
    print(f"    const std::vector<double> {name} = {{" + ", ".join(repr(float(v)) for v in values) + "};")
print(f"    const double mean = {float(m)!r}, strength = {k!r};")
