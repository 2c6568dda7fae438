import numpy as np
import pytest

from mnist_autograd import Tensor, nn, optim
from mnist_autograd import functional as F


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(6, 4, rng=0), nn.Tanh(), nn.Linear(4, 3, rng=1))


def test_parameters_are_float32_named_in_order_and_counted_once():
    net = mlp()
    shapes = {name: p.shape for name, p in net.named_parameters().items()}
    assert list(shapes.items()) == [
        ("layers.1.weight", (6, 4)),
        ("layers.1.bias", (4,)),
        ("layers.3.weight", (4, 3)),
        ("layers.3.bias", (3,)),
    ]
    assert {p.dtype for p in net.parameters()} == {np.dtype(np.float32)}
    shared = nn.Linear(2, 2)
    assert len(nn.Sequential(shared, shared).parameters()) == 2


def test_parameters_are_found_wherever_they_lie():
    class Mine(nn.Module):
        def __init__(self):
            self.table = Tensor([1.0], requires_grad=True)
            self.weights = [Tensor([1.0], requires_grad=True), (Tensor([2.0], requires_grad=True), Tensor([3.0]))]
            self.heads = {"a": nn.Linear(1, 2), "b": [nn.Embedding(2, 1)]}

    assert list(Mine().named_parameters()) == [
        *("table", "weights.0", "weights.1.0", "heads.a.weight", "heads.a.bias", "heads.b.0.weight"),
    ]


def test_a_seed_makes_weights_reproducible():
    assert (nn.Linear(3, 2, rng=5).weight.data == nn.Linear(3, 2, rng=5).weight.data).all()
    assert (nn.Linear(3, 2).weight.data != nn.Linear(3, 2).weight.data).any()


def test_forward_and_float32_throughout():
    z = mlp()(np.ones((5, 2, 3), np.float32))
    assert (z.shape, z.dtype) == ((5, 3), np.float32)
    assert nn.Embedding(7, 2)(np.array([[0, 6]])).shape == (1, 2, 2)
    assert repr(mlp()) == "Sequential(Flatten(), Linear(6, 4), Tanh(), Linear(4, 3))"
    for layer, f in ((nn.ReLU(), F.relu), (nn.Sigmoid(), F.sigmoid), (nn.Tanh(), F.tanh)):
        np.testing.assert_array_equal(layer([-1.0, 2.0]).data, f([-1.0, 2.0]).data)


def test_no_gradient_is_computed_for_the_images():
    layer = nn.Linear(6, 4, rng=0)
    z = layer(np.ones((5, 6), np.float32))
    z.sum().backward()
    (x, _), *_ = z.inputs
    assert x.grad is None and layer.weight.grad is not None


def test_state_is_set_whole_or_not_at_all():
    a, b = mlp(), nn.Sequential(nn.Flatten(), nn.Linear(6, 4, rng=8), nn.Tanh(), nn.Linear(4, 3, rng=9))
    before = b.state_dict()
    with pytest.raises(ValueError, match="layers.3.bias has shape .* expected"):
        b.load_state_dict(a.state_dict() | {"layers.3.bias": np.zeros(9)})
    with pytest.raises(ValueError, match="expected"):
        b.load_state_dict({})
    with pytest.raises(ValueError, match="convert"):
        b.load_state_dict(a.state_dict() | {"layers.3.bias": np.full(3, "a")})
    assert all((before[name] == array).all() for name, array in b.state_dict().items())
    b.load_state_dict(a.state_dict())
    assert all((p.data == q.data).all() for p, q in zip(a.parameters(), b.parameters()))


def test_missing_forward_is_named():
    with pytest.raises(NotImplementedError, match="Mine needs a method forward"):
        type("Mine", (nn.Module,), {})()(1)


@pytest.mark.parametrize("make", [lambda p: optim.SGD(p, 0.1, momentum=0.9), lambda p: optim.Adam(p, lr=0.1)])
def test_optimizers_update_in_place_and_find_a_minimum(make):
    w = Tensor([3.0, -2.0], requires_grad=True)
    array = w.data
    optimizer = make([w])
    for _ in range(300):
        optimizer.zero_grad()
        ((w - [1, 2]) ** 2).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(w.data, [1, 2], atol=1e-3)
    assert w.data is array


@pytest.mark.parametrize("make", [lambda p: optim.SGD(p, 0.1, momentum=0.9), lambda p: optim.Adam(p, lr=0.1)])
def test_optimizer_state_goes_on_where_it_stopped(make):
    def run(steps, optimizer, w):
        for _ in range(steps):
            optimizer.zero_grad()
            (w**4).sum().backward()
            optimizer.step()

    w = Tensor([3.0, -2.0], requires_grad=True)
    optimizer = make([w])
    run(3, optimizer, w)
    other = Tensor(w.data, requires_grad=True)
    resumed = make([other])
    resumed.load_state_dict(optimizer.state_dict())
    run(3, optimizer, w)
    run(3, resumed, other)
    np.testing.assert_array_equal(w.data, other.data)


def test_a_parameter_without_a_gradient_stays():
    w, unused = Tensor([1.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([w, unused], lr=0.5)
    w.backward()
    optimizer.step()
    assert (w.item(), unused.item()) == (0.5, 1)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: optim.SGD([], lr=0.1), ValueError, "no parameters"),
        (lambda: optim.SGD([np.ones(2)], lr=0.1), TypeError, "ndarray"),
        (lambda: optim.SGD([Tensor([1.0])], lr=0.1), TypeError, "requires_grad=True"),
        (lambda: optim.SGD(Tensor([1.0], requires_grad=True), lr=0.1), TypeError, r"model\.parameters\(\)"),
        (lambda: optim.SGD(mlp(), lr=0.1), TypeError, r"Sequential; pass model\.parameters\(\)"),
        (lambda: optim.SGD([Tensor([1.0], requires_grad=True) * 2], lr=0.1), TypeError, "computed by multiply"),
        (lambda: optim.SGD(mlp().parameters() * 2, lr=0.1), ValueError, "listed twice"),
        (lambda: optim.SGD(mlp().parameters(), lr="a"), ValueError, "learning rate lr is 'a'"),
        (lambda: optim.SGD(mlp().parameters(), lr=0.1, momentum=1), ValueError, "momentum is 1"),
        (lambda: optim.SGD(mlp().parameters(), lr=0.1, weight_decay=-1), ValueError, "weight_decay is -1"),
        (lambda: optim.Adam(mlp().parameters(), betas=(1, 0.9)), ValueError, "beta is 1"),
        (lambda: nn.Linear(0, 3), ValueError, "0 inputs and 3 outputs"),
        (lambda: optim.Adam(mlp().parameters(), lr=0), ValueError, "learning rate lr is 0"),
        (
            lambda: optim.Adam(mlp().parameters()).load_state_dict(optim.SGD(mlp().parameters(), 0.1).state_dict()),
            ValueError,
            "another optimizer",
        ),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_cosine_falls_from_lr_to_0():
    assert optim.cosine(0, 10, 0.2) == 0.2
    assert optim.cosine(5, 10, 0.2) == pytest.approx(0.1)
    assert optim.cosine(10, 10, 0.2) == pytest.approx(0, abs=1e-12)
    rates = [optim.cosine(step, 100, 1.0) for step in range(101)]
    assert rates == sorted(rates, reverse=True)
    np.testing.assert_allclose(rates, [(1 + np.cos(np.pi * s / 100)) / 2 for s in range(101)])
    for step, steps in ((-1, 10), (11, 10), (0, 0)):
        with pytest.raises(ValueError, match=f"step is {step} of {steps}"):
            optim.cosine(step, steps, 0.2)
