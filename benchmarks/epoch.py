"""One training epoch on MNIST: this engine beside NumPy by hand, PyTorch, JAX and the bare matrix products.

usage: python benchmarks/epoch.py [--batch 256] [--kernel own Haswell] [--threads all] [--rounds 5] [--everything]

784-256-10 tanh, float32, all 60,000 images, SGD with momentum 0.9 and weight decay 1e-4. Each contestant runs in a
process of its own, and they take turns: machines are noisy, so only ratios count. A process trains one epoch to warm
up and keeps the quickest of the next three. All start with the same weights and see the batches in the same order, so
the loss of what they have learned must agree; a contestant that computes something else ends the benchmark.

Page faults stand beside the time because they explain it: where arrays happen to lie in memory decides whether they
go back to the system after each step and come anew in the next, and the same loop then takes up to twice as long.

The kernel is OpenBLAS's: "own" is what it picks for this processor. It concerns NumPy, and so this engine, alone.
"""

import argparse
import importlib.util
import itertools
import json
import math
import statistics
import time

import numpy as np
from measuring import answer, blas, environment, machine, progress, start, table

MOMENTUM, WEIGHT_DECAY = 0.9, 1e-4
EPOCHS = 4  # the first warms up
TOLERANCE = 0.01  # of the loss: float32 rounds in another order everywhere


def learning_rate(batch):
    return 0.1 * batch / 256  # so that small batches learn as much an epoch as large ones


def batches(n, batch, epoch):
    """Indices of each mini-batch, as data.minibatches and the Trainer draw them."""
    order = np.random.default_rng([0, epoch]).permutation(n)
    return (order[first : first + batch] for first in range(0, n, batch))


def initial_weights():
    """W1 (784, 256), b1, W2 (256, 10), b2."""
    from mnist_autograd import nn

    return [p.data for i, sizes in enumerate([(784, 256), (256, 10)]) for p in nn.Linear(*sizes, rng=i).parameters()]


# --- Contestants: each trains an epoch at a time, from copies of weights, and yields its W1, b1, W2, b2 ---------------


def our_model(weights):
    from mnist_autograd import nn

    model = nn.Sequential(nn.Linear(784, 256), nn.Tanh(), nn.Linear(256, 10))
    for p, start_value in zip(model.parameters(), weights):
        p.data[...] = start_value
    return model


def loop(X, y, batch, weights):
    """This engine, as a learner writes the loop."""
    from mnist_autograd import functional as F
    from mnist_autograd import optim

    model = our_model(weights)
    optimizer = optim.SGD(model.parameters(), learning_rate(batch), MOMENTUM, WEIGHT_DECAY)
    for epoch in range(EPOCHS):
        for i in batches(len(X), batch, epoch):
            loss = F.cross_entropy(model(X[i]), y[i])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        yield [p.data for p in model.parameters()]


def trainer(X, y, batch, weights):
    """This engine through the Trainer, with its history of loss and accuracy, but without a progress bar."""
    from mnist_autograd import optim
    from mnist_autograd.training import Classifier, Trainer

    model = our_model(weights)
    optimizer = optim.SGD(model.parameters(), learning_rate(batch), MOMENTUM, WEIGHT_DECAY)
    training = Trainer(Classifier(model), optimizer, max_epochs=0, batch_size=batch, progress=False, threads=None)
    for _ in range(EPOCHS):
        training.max_epochs += 1
        training.fit(X, y)
        yield [p.data for p in model.parameters()]


def numpy(X, y, batch, weights):
    """By hand, as an expert writes it: each buffer is made once, and all is computed into it."""
    W1, b1, W2, b2 = weights = [p.copy() for p in weights]
    gradients = gW1, gb1, gW2, gb2 = [np.empty_like(p) for p in weights]
    velocities = [np.zeros_like(p) for p in weights]
    scratch = [np.empty_like(p) for p in weights]
    buffers = [np.empty((batch, width), np.float32) for width in (784, 256, 256, 10, 1)]
    rows, lr = np.arange(batch), learning_rate(batch)
    for epoch in range(EPOCHS):
        for i in batches(len(X), batch, epoch):
            n = len(i)
            x, h, d, z, column = (buffer[:n] for buffer in buffers)
            np.take(X, i, axis=0, out=x, mode="clip")  # "raise" would gather into a buffer of its own first

            np.matmul(x, W1, out=h)
            h += b1
            np.tanh(h, out=h)
            np.matmul(h, W2, out=z)
            z += b2
            z -= z.max(axis=1, keepdims=True, out=column)
            np.exp(z, out=z)
            z /= z.sum(axis=1, keepdims=True, out=column)

            z[rows[:n], y[i]] -= 1
            z /= n
            np.matmul(h.T, z, out=gW2)
            z.sum(axis=0, out=gb2)
            np.matmul(z, W2.T, out=d)
            np.multiply(h, h, out=h)
            np.subtract(1, h, out=h)
            d *= h
            np.matmul(x.T, d, out=gW1)
            d.sum(axis=0, out=gb1)

            for p, v, g, s in zip(weights, velocities, gradients, scratch):
                np.multiply(p, WEIGHT_DECAY, out=s)
                g += s
                v *= MOMENTUM
                v += g
                np.multiply(v, lr, out=s)
                p -= s
        yield weights


def pytorch(X, y, batch, weights):
    """Eager PyTorch with its own modules and optimizer."""
    import torch

    model = torch.nn.Sequential(torch.nn.Linear(784, 256), torch.nn.Tanh(), torch.nn.Linear(256, 10))
    with torch.no_grad():
        for p, start_value in zip(model.parameters(), weights):
            p.copy_(torch.from_numpy(start_value.T))
    optimizer = torch.optim.SGD(model.parameters(), learning_rate(batch), MOMENTUM, weight_decay=WEIGHT_DECAY)
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(EPOCHS):
        for i in map(torch.from_numpy, batches(len(X), batch, epoch)):
            loss = torch.nn.functional.cross_entropy(model(X[i]), y[i])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        yield [p.detach().numpy().T for p in model.parameters()]


def jax(X, y, batch, weights):
    """JAX with the whole step compiled."""
    import jax
    import jax.numpy as jnp

    lr = learning_rate(batch)

    def mean_loss(weights, x, y):
        W1, b1, W2, b2 = weights
        log_probs = jax.nn.log_softmax(jnp.tanh(x @ W1 + b1) @ W2 + b2)
        return -jnp.take_along_axis(log_probs, y[:, None], axis=1).mean()

    @jax.jit
    def step(weights, velocities, x, y):
        gradients = jax.grad(mean_loss)(weights, x, y)
        velocities = [MOMENTUM * v + g + WEIGHT_DECAY * p for p, v, g in zip(weights, velocities, gradients)]
        return [p - lr * v for p, v in zip(weights, velocities)], velocities

    weights = [jnp.array(p) for p in weights]
    velocities = [jnp.zeros_like(p) for p in weights]
    for epoch in range(EPOCHS):
        for i in batches(len(X), batch, epoch):
            weights, velocities = step(weights, velocities, X[i], y[i])
        yield [np.asarray(p) for p in weights]  # waits until they are computed


def products(X, y, batch, weights):
    """The five matrix products alone, into buffers: the floor. It learns nothing."""
    W1, _, W2, _ = weights
    gW1, gW2 = np.empty_like(W1), np.empty_like(W2)
    buffers = [np.ones((batch, width), np.float32) for width in (256, 256, 10)]
    for _ in range(EPOCHS):
        for first in range(0, len(X), batch):
            x = X[first : first + batch]
            h, d, z = (buffer[: len(x)] for buffer in buffers)
            np.matmul(x, W1, out=h)
            np.matmul(h, W2, out=z)
            np.matmul(h.T, z, out=gW2)
            np.matmul(z, W2.T, out=d)
            np.matmul(x.T, d, out=gW1)
        yield None


OURS = {f.__name__: f for f in (loop, trainer)}
OTHERS = {f.__name__: f for f in (numpy, pytorch, jax, products)}
NEEDS = {"pytorch": "torch", "jax": "jax"}  # packages


# --- One contestant in its process --------------------------------------------------------------------------------


def page_faults():
    """How many pages this process has had from the system so far; nan on Windows, which does not say."""
    try:
        import resource
    except ImportError:
        return math.nan
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def mean_cross_entropy(weights, X, y):
    """The loss (nats) of weights on all examples, the same formula for all contestants; None for those without."""
    if weights is None:
        return None
    W1, b1, W2, b2 = weights
    z = (np.tanh(X @ W1 + b1) @ W2 + b2).astype(np.float64)
    z -= z.max(axis=1, keepdims=True)
    return float((np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]).mean())


def run_one(name, batch, rows):
    """Seconds of each epoch after the first, page faults a step, final loss, kernel."""
    from mnist_autograd import data

    train = data.load("mnist", "train")
    X, y = data.to_inputs(train.images[:rows]), train.labels[:rows].astype(np.int64)
    weights = initial_weights()
    epochs = (OURS | OTHERS)[name](X, y, batch, weights)
    next(epochs)
    seconds, faults = [], page_faults()
    for _ in range(EPOCHS - 1):
        begin = time.perf_counter()
        learned = next(epochs)
        seconds.append(time.perf_counter() - begin)
    faults = (page_faults() - faults) / (EPOCHS - 1) / -(-rows // batch)
    return {"seconds": seconds, "faults": faults, "loss": mean_cross_entropy(learned, X, y), "blas": blas()}


# --- All of them ----------------------------------------------------------------------------------------------------


def check_losses(results):
    """SystemExit unless all contestants that learn have come to the same loss."""
    losses = {name: runs[-1]["loss"] for name, runs in results.items() if runs[-1]["loss"] is not None}
    expected = statistics.median(losses.values()) if losses else None
    for name, loss in losses.items():
        if not abs(loss - expected) <= TOLERANCE * expected:
            raise SystemExit(f"{name} computes something else: its loss is {loss:.5f}, the median {expected:.5f}")


def ratio(ours, other):
    """Of the shortest times, and in brackets the median of the ratios of each round."""
    ours, other = ([min(run["seconds"]) for run in runs] for runs in (ours, other))
    return f"{min(ours) / min(other):.2f} ({statistics.median(a / b for a, b in zip(ours, other)):.2f})"


def page_faults_a_step(runs):
    return f"{statistics.median(run['faults'] for run in runs):.0f}"


def measure(names, batch, kernel, threads, rounds, rows):
    """{name: what run_one gave in each round}, the contestants taking turns."""
    results = {name: [] for name in names}
    for r in range(rounds):
        progress(f"batch {batch}, {kernel} kernel, {threads} threads: round {r + 1} of {rounds}")
        for name, runs in results.items():
            arguments = ("--one", name, "--batch", batch, "--rows", rows)
            runs.append(answer(start(__file__, *arguments, env=environment(threads, kernel))))
    check_losses(results)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, nargs="+", default=[256])
    parser.add_argument("--kernel", nargs="+", default=["own", "Haswell"], help="own, or names that OpenBLAS knows")
    parser.add_argument("--threads", nargs="+", choices=("all", "one"), default=["all"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--contestants", nargs="+", choices=OURS | OTHERS, default=[*OURS, *OTHERS])
    parser.add_argument(
        "--everything", action="store_true", help="batch 32, 256, 1024, both kernels, all and one: an hour"
    )
    parser.add_argument("--rows", type=int, default=60_000, help=argparse.SUPPRESS)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(run_one(options.one, options.batch[0], options.rows)))
        return
    if options.everything:
        options.batch, options.kernel, options.threads = [32, 256, 1024], ["own", "Haswell"], ["all", "one"]
    names = [name for name in options.contestants if name not in NEEDS or importlib.util.find_spec(NEEDS[name])]
    ours, others = [name for name in names if name in OURS], [name for name in names if name in OTHERS]
    ratios, faults = [], []
    for kernel, threads, batch in itertools.product(options.kernel, options.threads, options.batch):
        results = measure(names, batch, kernel, threads, options.rounds, options.rows)
        setting = [f"{kernel} ({results[names[0]][0]['blas']})", threads, batch]
        for name in ours:
            ratios.append([*setting, name, *(ratio(results[name], results[other]) for other in others)])
            progress(" ".join(map(str, ratios[-1])))
        faults.append([*setting, *(page_faults_a_step(results[name]) for name in names)])

    print(f"{machine(*NEEDS.values())}\n")
    for name in options.contestants:
        if name not in names:
            print(f"{name} is left out: the package {NEEDS[name]} is not installed.\n")
    print(f"Time of an epoch: ratio of the shortest of {options.rounds} (median of the ratios of each round)\n")
    print(table(["kernel", "threads", "batch", "ours", *(f"/ {name}" for name in others)], ratios))
    print("\nPage faults a step (median)\n")
    print(table(["kernel", "threads", "batch", *names], faults))


if __name__ == "__main__":
    main()
