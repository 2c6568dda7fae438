"""Answers to the exercises of chapter 07, for test_exercises.py: right ones, and mistakes written in another way."""

import numpy as np

from mnist_autograd import Tensor, nn, optim
from mnist_autograd import functional as F
from mnist_autograd.training import Classifier


def train_by_engine(images, y, C, lr, steps):
    net = nn.Linear(images.shape[1], C)
    net.weight = Tensor(np.zeros((images.shape[1], C)), requires_grad=True)
    net.bias = Tensor(np.zeros(C), requires_grad=True)
    sgd = optim.SGD(net.parameters(), lr=lr)
    for _ in range(steps):
        sgd.zero_grad()
        F.cross_entropy(net(images / 255), y).backward()
        sgd.step()
    return net.weight


def engine_loop(forget=True, sign=-1, shift=0, reduction="mean"):
    """A training loop by the engine, with a mistake."""

    def answer(images, y, C, lr, steps):
        W, b = (Tensor(np.zeros(shape), requires_grad=True) for shape in ((images.shape[1], C), C))
        for _ in range(steps):
            if forget:
                W.grad = b.grad = None
            F.cross_entropy((images / 255) @ W + b, (y + shift) % C, reduction=reduction).backward()
            for p in (W, b):
                p.data += sign * lr * p.grad
        return W

    return answer


def train_in_loops(images, y, C, lr, steps):
    """Example by example, class by class; a pixel that is always 1 has the bias as its weights."""
    X = np.concatenate([images / 255, np.ones((len(images), 1))], axis=1)
    W = np.zeros((X.shape[1], C))
    for _ in range(steps):
        moved = W.copy()
        for x, k in zip(X, y):
            e = np.exp(x @ W)
            for j in range(C):
                moved[:, j] -= lr / len(X) * (e[j] / e.sum() - (j == k)) * x
        W = moved
    return W[:-1]


def unscaled_and_no_shift(images, y, C, lr, steps):
    X, W, b = images, np.zeros((images.shape[1], C)), np.zeros(C)
    for _ in range(steps):
        p = np.exp(X @ W + b) / np.exp(X @ W + b).sum(axis=1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        W, b = W - lr * X.T @ p / len(y), b - lr * p.mean(axis=0)
    return W


def train_in_numpy(
    probabilities=lambda e: e / e.sum(axis=1, keepdims=True), bias=lambda g: g.sum(axis=0), count=len, batch=None
):
    """The solution as learners write it, with one line of their own."""

    def answer(images, y, C, lr, steps):
        X, Y = images / 255, np.eye(C)[y]
        W, b = np.zeros((X.shape[1], C)), np.zeros(C)
        for _ in range(steps):
            for start in range(0, len(X), batch or len(X)):
                rows = slice(start, start + (batch or len(X)))
                g = (probabilities(np.exp(X[rows] @ W + b)) - Y[rows]) / count(X[rows])
                W -= lr * X[rows].T @ g
                b -= lr * bias(g)
        return W

    return answer


def confusion_of_one_list(y, predicted, C):
    M = [[0] * C] * C
    for i, j in zip(y, predicted):
        M[i][j] += 1
    return M


def confusion_of_truths(y, predicted, C):
    M = np.zeros((C, C), bool)
    M[y, predicted] = True
    return M


def confusion_by(index, amount=lambda y, predicted: 1):
    """np.add.at with another index or another amount."""

    def answer(y, predicted, C):
        M = np.zeros((C, C), int)
        np.add.at(M, index(y, predicted), amount(y, predicted))
        return M

    return answer


def confusion_by_index(y, predicted, C):
    M = np.zeros((C, C))
    M[np.ix_(y, predicted)] += 1
    return M


def confusion_returns_early(y, predicted, C):
    M = [[0] * C for _ in range(C)]
    for i, j in zip(y, predicted):
        M[i][j] += 1
        return M
    return None


def accuracy_returns_early(logits, y):
    right = 0
    for z, k in zip(logits, y):
        right += z.argmax() == k
        return right / len(y)
    return None


def confusion_loop(y, predicted, C):
    M = [[0] * C for _ in range(C)]
    for i, j in zip(y, predicted):
        M[i][j] += 1
    return M


def confusion_forgotten_add_at(y, predicted, C):
    M = np.zeros((C, C))
    M[y, predicted] += 1
    return M


def confusion_both(y, predicted, C):
    M = np.zeros((C, C))
    for i, j in zip(y, predicted):
        M[j, i] += 1
    return M


RIGHT = {
    "07.1": [
        lambda logits, y: Classifier(nn.Sequential()).accuracy(logits, y),
        lambda logits, y: sum(max(range(len(z)), key=list(z).__getitem__) == k for z, k in zip(logits, y)) / len(y),
    ],
    "07.2": [train_by_engine, train_in_loops, engine_loop(), train_in_numpy()],
    "07.4": [confusion_loop, lambda y, predicted, C: np.bincount(C * y + predicted, minlength=C * C).reshape(C, C)],
    "07.3": [
        lambda validation, test: max(zip(validation, test))[1],
        lambda validation, test: test[np.argsort(validation)[-1]],
    ],
}

MISTAKES_WRITTEN_OTHERWISE = [
    ("07.1", lambda logits, y: np.mean(F.softmax(logits, axis=0).data.argmax(0) == y), "The largest logit is sought"),
    ("07.1", lambda logits, y: np.mean(logits.argmax(axis=1, keepdims=True) == y), "Every prediction meets every"),
    ("07.1", lambda logits, y: (logits.argmax(axis=1) == y).sum() // len(y), "It is 1 only if all are right"),
    ("07.1", lambda logits, y: np.mean(logits.argmax(axis=1) == y - 1), "Predictions are counted from 1"),
    ("07.1", lambda logits, y: -F.cross_entropy(logits, y), "It is the mean log-probability"),
    ("07.2", engine_loop(forget=False), "The gradients of earlier steps are not forgotten"),
    ("07.2", engine_loop(sign=1), "The step goes up"),
    ("07.2", engine_loop(shift=-1), "The labels are off by one, downwards"),
    ("07.2", engine_loop(shift=1), "The labels are off by one, upwards"),
    ("07.2", engine_loop(reduction="sum"), "The sum over the examples"),
    ("07.1", accuracy_returns_early, "Only the first example is counted"),
    ("07.1", lambda z, y: (z.argmax(axis=1, keepdims=True) == y).sum() / len(y), "Every prediction meets every label,"),
    ("07.2", train_in_numpy(probabilities=lambda e: e / e.sum()), "The probabilities of all examples together"),
    ("07.2", train_in_numpy(probabilities=lambda e: e / e.sum(axis=1)), "The sums of softmax lose their axis"),
    ("07.2", train_in_numpy(bias=lambda g: g.sum(axis=1)), "The gradient of the bias adds up the classes"),
    ("07.2", train_in_numpy(bias=lambda g: g.sum()), "The bias never moves"),
    ("07.2", unscaled_and_no_shift, "The images are not scaled"),
    ("07.4", confusion_forgotten_add_at, "A pair that comes again counts once"),
    ("07.4", confusion_of_truths, "A pair that comes again counts once"),
    ("07.4", confusion_of_one_list, "All rows are alike"),
    ("07.4", confusion_by(lambda y, predicted: (slice(None), predicted)), "All rows are alike"),
    ("07.4", confusion_by(lambda y, predicted: [y, predicted]), "Whole rows are counted"),
    ("07.4", confusion_by_index, "Every true class meets every predicted one"),
    ("07.4", confusion_returns_early, "Only the first example is counted"),
    ("07.4", confusion_both, "It is transposed"),
    ("07.4", lambda y, predicted, C: np.bincount(C * y + predicted, minlength=C * C), "It is one long row"),
    ("07.3", lambda validation, test: sorted(test)[-1], "The test set chooses"),
    ("07.3", lambda validation, test: test[np.argsort(validation)[0]], "The worst validation accuracy chooses"),
    ("07.3", lambda validation, test: np.sort(validation)[-1], "The validation accuracy is reported"),
]

# Mistakes that no card names: they must not pass, nor be taken for another.
UNNAMED = [
    ("07.2", train_in_numpy(batch=2)),
    ("07.2", train_in_numpy(count=lambda X: min(len(X), 2))),
    ("07.2", train_in_numpy(count=lambda X: max(len(X) - 1, 1))),
    ("07.2", lambda images, y, C, lr, steps: train_in_numpy()(images[:2], y[:2], C, lr, steps)),
]
