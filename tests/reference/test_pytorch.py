"""The engine against PyTorch, operation by operation and on random graphs. Skipped where PyTorch is not installed."""

import numpy as np
import pytest

from mnist_autograd import Tensor
from mnist_autograd import functional as F
from mnist_autograd.teach.reference import pytorch as recorded_pytorch

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is optional and compared with in tests only")

SHAPES = [(3, 4), (3, 1), (1, 4), (4,), (), (2, 3, 4)]
UNARY = [
    (lambda x: x.exp() * 0.1, lambda x: x.exp() * 0.1),
    (lambda x: x.tanh(), lambda x: x.tanh()),
    (lambda x: x.sigmoid(), lambda x: x.sigmoid()),
    (lambda x: x.relu(), lambda x: x.relu()),
    (lambda x: (x * x + 1).log(), lambda x: (x * x + 1).log()),
    (lambda x: -x, lambda x: -x),
    (lambda x: x**3, lambda x: x**3),
    (lambda x: x.T if x.ndim == 2 else x, lambda x: x.T if x.ndim == 2 else x),
    (lambda x: x.sum(-1, True) if x.ndim else x, lambda x: x.sum(-1, True) if x.ndim else x),
    (lambda x: x.mean(0) if x.ndim else x, lambda x: x.mean(0) if x.ndim else x),
    (lambda x: x.max(axis=0) if x.ndim else x, lambda x: x.amax(0) if x.ndim else x),
    (lambda x: F.softmax(x, 0) if x.ndim else x, lambda x: x.softmax(0) if x.ndim else x),
    (lambda x: F.log_softmax(x) if x.ndim else x, lambda x: x.log_softmax(-1) if x.ndim else x),
    (lambda x: F.logsumexp(x) if x.ndim else x, lambda x: x.logsumexp(-1) if x.ndim else x),
    (lambda x: x[-1] if x.ndim else x, lambda x: x[-1] if x.ndim else x),
    (lambda x: x.reshape(-1), lambda x: x.reshape(-1)),
]
BINARY = [
    (lambda a, b: a + b, lambda a, b: a + b),
    (lambda a, b: a - b, lambda a, b: a - b),
    (lambda a, b: a * b, lambda a, b: a * b),
    (lambda a, b: a / (b * b + 1), lambda a, b: a / (b * b + 1)),
]


def shapes_broadcast(a, b):
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("seed", range(100))
def test_random_graphs(seed):
    """Grow the same random graph of 25 operations in both, with values used many times over."""
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal(shape) for shape in SHAPES]
    ours = [Tensor(a, requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    leaves = list(zip(ours, theirs))
    for _ in range(25):
        i, j = rng.integers(len(ours), size=2)
        if rng.random() < 0.5 and shapes_broadcast(ours[i], ours[j]):
            f, g = BINARY[rng.integers(len(BINARY))]
            ours.append(f(ours[i], ours[j]))
            theirs.append(g(theirs[i], theirs[j]))
        else:
            f, g = UNARY[rng.integers(len(UNARY))]
            ours.append(f(ours[i]).tanh())  # tanh keeps the values from growing without bound
            theirs.append(g(theirs[i]).tanh())
    sum((x * x).mean() for x in ours).backward()
    sum((x * x).mean() for x in theirs).backward()
    for x, t in leaves:
        np.testing.assert_allclose(x.grad, t.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape_a", [(3,), (2, 3), (5, 2, 3), (4, 1, 2, 3)])
@pytest.mark.parametrize("shape_b", [(3,), (3, 2), (5, 3, 2)])
def test_matmul(shape_a, shape_b):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(shape_a), rng.standard_normal(shape_b)
    x, y = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
    t, u = torch.tensor(a, requires_grad=True), torch.tensor(b, requires_grad=True)
    (x @ y).tanh().sum().backward()
    (t @ u).tanh().sum().backward()
    np.testing.assert_allclose(x.grad, t.grad.numpy(), rtol=1e-10)
    np.testing.assert_allclose(y.grad, u.grad.numpy(), rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("soft", [False, True])
def test_cross_entropy_and_nll_loss(dtype, reduction, soft):
    rng = np.random.default_rng(0)
    z = (10 * rng.standard_normal((6, 5, 3))).astype(dtype)
    y = rng.dirichlet(np.ones(5), (6, 3)).transpose(0, 2, 1).astype(dtype) if soft else rng.integers(0, 5, (6, 3))
    g = rng.standard_normal((6, 3) if reduction == "none" else ()).astype(dtype)
    ours, theirs = Tensor(z, requires_grad=True), torch.tensor(z, requires_grad=True)
    loss = F.cross_entropy(ours, y, axis=1, reduction=reduction)
    expected = torch.nn.functional.cross_entropy(theirs, torch.tensor(y), reduction=reduction)
    loss.backward(g)
    expected.backward(torch.tensor(g))
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    np.testing.assert_allclose(loss.data, expected.detach().numpy(), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(ours.grad, theirs.grad.numpy(), rtol=tolerance, atol=tolerance)
    if not soft:
        ours.grad = theirs.grad = None
        F.nll_loss(F.log_softmax(ours, 1), y, axis=1, reduction=reduction).backward(g)
        torch.nn.functional.nll_loss(theirs.log_softmax(1), torch.tensor(y), reduction=reduction).backward(
            torch.tensor(g)
        )
        np.testing.assert_allclose(ours.grad, theirs.grad.numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("make_ours", "make_theirs"),
    [
        (lambda o, p: o.SGD(p, lr=0.1), lambda o, p: o.SGD(p, lr=0.1)),
        (
            lambda o, p: o.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
            lambda o, p: o.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
        ),
        (lambda o, p: o.Adam(p, lr=0.1), lambda o, p: o.Adam(p, lr=0.1)),
        (lambda o, p: o.Adam(p, lr=0.1, weight_decay=0.01), lambda o, p: o.Adam(p, lr=0.1, weight_decay=0.01)),
    ],
)
def test_optimizers(make_ours, make_theirs):
    from mnist_autograd import optim

    w = np.random.default_rng(0).standard_normal((3, 2))
    ours, theirs = Tensor(w, requires_grad=True), torch.tensor(w, requires_grad=True)
    optimizers = make_ours(optim, [ours]), make_theirs(torch.optim, [theirs])
    for _ in range(20):
        for optimizer, p in zip(optimizers, (ours, theirs)):
            optimizer.zero_grad()
            ((p * p).sum() * p.tanh().sum()).backward()
            optimizer.step()
    np.testing.assert_allclose(ours.data, theirs.detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize("case", recorded_pytorch.CASES)
def test_the_values_recorded_for_the_chapters_are_pytorchs(case):
    now, then = recorded_pytorch.live(case), recorded_pytorch.recorded(case)
    assert vars(now).keys() == vars(then).keys()
    for name, value in vars(now).items():
        np.testing.assert_allclose(value, vars(then)[name], rtol=1e-12, atol=1e-14)
