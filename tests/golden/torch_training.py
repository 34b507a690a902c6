# SPDX-License-Identifier: MIT
# Optimizer steps and whole small trainings in PyTorch, in double, for tests/nn and tests/train.
# python3 torch_training.py > torch_training.txt     (Debian: python3-torch). A line: name, count, values.
import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(20240607)
print(f"# torch {torch.__version__}, numpy {np.__version__}")


def put(name, values):
    values = np.asarray(values).reshape(-1)
    print(name, len(values), *(repr(float(v)) for v in values))


def float32(*shape):
    return rng.standard_normal(shape).astype(np.float32).astype(np.float64)


def optimizer_steps(name, make):
    parameter = torch.nn.Parameter(torch.tensor(float32(7)))
    optimizer = make([parameter])
    put(f"{name}.start", parameter.detach().numpy())
    gradients, after = [], []
    for _ in range(6):
        parameter.grad = torch.tensor(float32(7))
        optimizer.step()
        gradients.append(parameter.grad.numpy().copy())
        after.append(parameter.detach().numpy().copy())
    put(f"{name}.gradients", gradients)
    put(f"{name}.after", after)


optimizer_steps("adamw", lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1))
optimizer_steps("sgd", lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.02))


class Net(torch.nn.Module):
    def __init__(self, tables, dense, hidden, outputs):
        super().__init__()
        self.tables = torch.nn.ParameterList(torch.nn.Parameter(torch.tensor(0.3 * float32(*t))) for t in tables)
        sizes = [dense + sum(t[1] for t in tables)] + hidden + [outputs]
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        with torch.no_grad():
            for layer in self.layers:
                layer.weight.copy_(torch.tensor(0.4 * float32(*layer.weight.shape)))
                layer.bias.copy_(torch.tensor(0.1 * float32(*layer.bias.shape)))

    def forward(self, dense, ids):
        x = torch.cat([t[ids[:, i]] for i, t in enumerate(self.tables)] + [dense], 1)
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)

    def decayed(self):
        return list(self.tables) + [layer.weight for layer in self.layers]

    def biases(self):
        return [layer.bias for layer in self.layers]

    def flat(self):  # our order: tables, weights (in, out), biases
        parts = list(self.tables) + [layer.weight.T for layer in self.layers] + self.biases()
        return np.concatenate([p.detach().numpy().reshape(-1) for p in parts])


def train(name, net, dense, ids, loss_of, make, batches):
    put(f"{name}.dense", dense)
    put(f"{name}.ids", ids)
    put(f"{name}.start", net.flat())
    optimizer = make(net)
    losses = []
    for batch in batches:
        optimizer.zero_grad()
        loss = loss_of(net(torch.tensor(dense[batch]), torch.tensor(ids[batch])), batch)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    put(f"{name}.batch_sizes", [len(b) for b in batches])
    put(f"{name}.order", np.concatenate(batches))
    put(f"{name}.losses", losses)
    put(f"{name}.end", net.flat())


def groups(net, decay):
    return [{"params": net.decayed(), "weight_decay": decay}, {"params": net.biases(), "weight_decay": 0.0}]


# A plain binary net, two hidden layers, AdamW, batches of 8 out of 44 rows, three epochs.
n = 44
dense, ids = float32(n, 5), np.zeros((n, 0), dtype=np.int64)
label = (rng.random(n) < 1 / (1 + np.exp(-2 * dense[:, 0] * dense[:, 1]))).astype(np.int64)
put("plain.labels", label)
batches = [p[i:i + 8] for p in (rng.permutation(n) for _ in range(3)) for i in range(0, n, 8)]
train("plain", Net([], 5, [7, 4], 1), dense, ids,
      lambda z, b: F.binary_cross_entropy_with_logits(z[:, 0], torch.tensor(label[b].astype(np.float64))),
      lambda net: torch.optim.AdamW(groups(net, 0.05), lr=0.02), batches)

# Heads {click}, {cart -> purchase} with unknown labels, row weights and embeddings; SGD, batches of 300 and 64.
n = 300
dense, ids = float32(n, 4), np.stack([rng.integers(0, 5, n), rng.integers(0, 3, n)], 1)
label = np.zeros((n, 3), dtype=np.int64)
label[:, 0] = rng.random(n) < 0.3
label[:, 1] = rng.random(n) < 0.4
label[:, 2] = (rng.random(n) < 0.5) * label[:, 1]
label[rng.random((n, 3)) < 0.15] = 2
weight = (0.25 + rng.random(n)).astype(np.float32).astype(np.float64)
put("chained.labels", label)
put("chained.weights", weight)


def chained_loss(z, b):
    total = 0.0
    for chain in ([0], [1, 2]):
        above, below = 0.0, 0.0
        reached = torch.ones(len(b))
        known = torch.ones(len(b))
        for k in chain:
            y = torch.tensor(label[b, k])
            known = known * (y != 2)
            factor = known * reached * torch.tensor(weight[b])
            positive = (y == 1).double()
            above = above + (factor * (F.softplus(z[:, k]) - positive * z[:, k])).sum()
            below = below + factor.sum()
            reached = positive
        total = total + above / below
    return total


order = rng.permutation(n)
batches = [order] * 3 + [order[i:i + 64] for i in range(0, n, 64)] + [order[::-1].copy()]
train("chained", Net([(5, 3), (3, 2)], 4, [8, 6], 3), dense, ids, chained_loss,
      lambda net: torch.optim.SGD(groups(net, 0.01), lr=0.1, momentum=0.9), batches)
