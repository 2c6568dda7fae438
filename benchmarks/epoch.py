"""One training epoch on MNIST: this engine, the same arithmetic as a hand-written NumPy loop, and eager PyTorch.

usage: python benchmarks/epoch.py [--rounds 7]

784-256-10 tanh, batch 256, SGD with momentum 0.9, float32, all 60,000 images. Each contestant runs in a process of its
own, and they take turns: machines are noisy, so only the ratios within a round count. Each process trains one epoch to
warm up and times the next two. PyTorch is left out where it is not installed.
"""

import argparse
import importlib.util
import statistics
import subprocess
import sys
import time

import numpy as np

BATCH, LR, MOMENTUM = 256, 0.1, 0.9


def initial_weights():
    from mnist_autograd import nn

    return [(layer.weight.data, layer.bias.data) for layer in (nn.Linear(784, 256, rng=0), nn.Linear(256, 10, rng=1))]


def engine(X, y, epochs):
    """The Trainer as a reader would use it, with its bookkeeping of loss and accuracy, but without a progress bar."""
    from mnist_autograd import nn, optim
    from mnist_autograd.training import Classifier, Trainer

    net = nn.Sequential(nn.Linear(784, 256, rng=0), nn.Tanh(), nn.Linear(256, 10, rng=1))
    optimizer = optim.SGD(net.parameters(), lr=LR, momentum=MOMENTUM)
    trainer = Trainer(Classifier(net), optimizer, max_epochs=0, batch_size=BATCH, progress=False)
    for _ in range(epochs):
        trainer.max_epochs += 1
        trainer.fit(X, y)
        yield trainer.history["train_loss"][-1]


def numpy_loop(X, y, epochs):
    """Forward and backward pass written out by hand, with the same bookkeeping."""
    (W1, b1), (W2, b2) = initial_weights()
    velocities = [np.zeros_like(p) for p in (W1, b1, W2, b2)]
    for epoch in range(epochs):
        order = np.random.default_rng([0, epoch]).permutation(len(X))
        total_loss = correct = 0
        for start in range(0, len(X), BATCH):
            chosen = order[start : start + BATCH]
            X_batch, y_batch = X[chosen], y[chosen]
            n = np.arange(len(y_batch))
            h = np.tanh(X_batch @ W1 + b1)
            z = h @ W2 + b2
            shifted = z - z.max(axis=1, keepdims=True)
            e = np.exp(shifted)
            total = e.sum(axis=1, keepdims=True)
            total_loss += float(-(shifted[n, y_batch] - np.log(total[:, 0])).sum())
            correct += int((z.argmax(axis=1) == y_batch).sum())
            dz = e / total
            dz[n, y_batch] -= 1
            dz /= np.float32(len(y_batch))
            da = (dz @ W2.T) * (1 - h * h)
            gradients = X_batch.T @ da, da.sum(axis=0), h.T @ dz, dz.sum(axis=0)
            for p, v, g in zip((W1, b1, W2, b2), velocities, gradients):
                v *= MOMENTUM
                v += g
                p -= LR * v
        yield total_loss / len(X)


def pytorch(X, y, epochs):
    """Eager PyTorch with its own modules and optimizer, and the same bookkeeping."""
    import torch

    net = torch.nn.Sequential(torch.nn.Linear(784, 256), torch.nn.Tanh(), torch.nn.Linear(256, 10))
    with torch.no_grad():
        for layer, (W, b) in zip((net[0], net[2]), initial_weights()):
            layer.weight.copy_(torch.from_numpy(W.T))
            layer.bias.copy_(torch.from_numpy(b))
    optimizer = torch.optim.SGD(net.parameters(), lr=LR, momentum=MOMENTUM)
    X, y = torch.from_numpy(X), torch.from_numpy(y.astype(np.int64))
    for epoch in range(epochs):
        order = torch.from_numpy(np.random.default_rng([0, epoch]).permutation(len(X)))
        total_loss = correct = 0
        for start in range(0, len(X), BATCH):
            chosen = order[start : start + BATCH]
            X_batch, y_batch = X[chosen], y[chosen]
            logits = net(X_batch)
            loss = torch.nn.functional.cross_entropy(logits, y_batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total_loss += loss.item() * len(chosen)
            correct += (logits.argmax(dim=1) == y_batch).sum().item()
        yield total_loss / len(X)


CONTESTANTS = {f.__name__: f for f in (engine, numpy_loop, pytorch)}


def run_one(name):
    """In a process of its own: print seconds an epoch and the training loss of the last epoch."""
    from mnist_autograd import data

    train = data.load("mnist", "train")
    epochs = CONTESTANTS[name](data.to_inputs(train.images), train.labels, epochs=3)
    next(epochs)
    start = time.perf_counter()
    loss = list(epochs)[-1]
    print((time.perf_counter() - start) / 2, loss)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--one", choices=CONTESTANTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        run_one(options.one)
        return
    names = [name for name in CONTESTANTS if name != "pytorch" or importlib.util.find_spec("torch")]
    seconds = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            command = [sys.executable, __file__, "--one", name]
            answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            seconds[name].append(float(answer[0]))
            print(f"{name:>10}: {seconds[name][-1]:.3f} s an epoch, training loss {float(answer[1]):.5f}", flush=True)
    for name in names[1:]:
        ratios = sorted(ours / other for ours, other in zip(seconds["engine"], seconds[name]))
        print(
            f"engine / {name}: median {statistics.median(ratios):.3f}, from {ratios[0]:.3f} to {ratios[-1]:.3f} "
            f"in {len(ratios)} rounds"
        )


if __name__ == "__main__":
    main()
