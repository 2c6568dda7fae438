import copy
import pickle
import tracemalloc

import numpy as np
import pytest

from mnist_autograd import Tensor, hints, nn, optim
from mnist_autograd import functional as F
from mnist_autograd.gradcheck import gradcheck


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


def test_a_frozen_parameter_belongs_to_the_state_but_is_not_trained():
    net, other = mlp(), nn.Sequential(nn.Flatten(), nn.Linear(6, 4, rng=8), nn.Tanh(), nn.Linear(4, 3, rng=9))
    names = list(net.state_dict())
    for each in (net, other):
        each[1].weight.requires_grad = False
    assert list(net.named_parameters()) == ["layers.1.bias", "layers.3.weight", "layers.3.bias"]
    assert list(net.state_dict()) == names
    other.load_state_dict(net.state_dict())
    np.testing.assert_array_equal(other[1].weight.data, net[1].weight.data)
    np.testing.assert_array_equal(other(np.ones((2, 6))).data, net(np.ones((2, 6))).data)
    with pytest.raises(ValueError, match=r"missing \['layers.1.weight'\], unknown \[\]"):
        other.load_state_dict({name: a for name, a in net.state_dict().items() if name != "layers.1.weight"})


def test_a_constant_is_loaded_without_changing_the_array_that_it_was_made_from():
    class Masked(nn.Module):
        def __init__(self, mask):
            self.mask = Tensor(mask)

    mask = np.ones(3)
    mask.flags.writeable = False
    masked = Masked(mask)
    masked.load_state_dict({"mask": [0, 1, 0]})
    assert (list(masked.mask.data), list(mask)) == ([0, 1, 0], [1, 1, 1])
    assert masked.parameters() == []


def test_the_state_goes_through_a_file(tmp_path):
    net, other = mlp(), mlp()
    np.savez(tmp_path / "weights.npz", **net.state_dict())
    for p in other.parameters():
        p.data[...] = 0
    with np.load(tmp_path / "weights.npz") as file:
        other.load_state_dict(file)
    assert all((p.data == q.data).all() for p, q in zip(net.parameters(), other.parameters()))


def test_a_module_may_hold_its_parent():
    net = mlp()
    names = list(net.named_parameters())
    net[1].parent = net
    net[3].parents = [net]
    assert list(net.named_parameters()) == names
    assert len(net.modules()) == 5
    assert len(net[1].parameters()) == 4  # its own, and through the parent those of the other layer
    alone = nn.Module()
    alone.itself = alone
    assert (repr(alone), alone.parameters()) == ("Module(...)", [])


def test_modules_are_found_once_each():
    shared = nn.Linear(2, 2)
    net = nn.Sequential(shared, nn.Tanh(), shared)
    assert {type(module) for module in net.modules()} == {nn.Sequential, nn.Linear, nn.Tanh}
    assert len(net.modules()) == 3


def test_a_slice_of_a_sequential_is_one_with_the_same_layers():
    net = mlp()
    part = net[1:3]
    assert repr(part) == "Sequential(Linear(6, 4), Tanh())"
    assert part[0] is net[1] and net[-1] is net.layers[3]
    assert [type(layer) for layer in net] == [nn.Flatten, nn.Linear, nn.Tanh, nn.Linear]
    x = np.ones((2, 6), np.float32)
    np.testing.assert_array_equal(net[2:](net[:2](x)).data, net(x).data)


def test_any_function_of_a_tensor_is_a_layer():
    net = nn.Sequential(nn.Linear(3, 2, rng=0), F.tanh)
    assert repr(net) == "Sequential(Linear(3, 2), tanh)"
    x = np.ones((1, 3), np.float32)
    np.testing.assert_array_equal(net(x).data, F.tanh(net[0](x)).data)


def test_linear_without_bias():
    layer = nn.Linear(3, 2, rng=0, bias=False)
    assert (repr(layer), list(layer.named_parameters())) == ("Linear(3, 2, bias=False)", ["weight"])
    x = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    z = layer(x)
    np.testing.assert_array_equal(z.data, x @ nn.Linear(3, 2, rng=0).weight.data)
    z.sum().backward()
    np.testing.assert_allclose(layer.weight.grad, np.repeat(x.sum(axis=(0, 1))[:, None], 2, axis=1))


def test_layer_norm_is_its_formula_and_has_its_gradient():
    layer = nn.LayerNorm(5)
    x = np.random.default_rng(0).normal(3, 2, (4, 5))
    expected = (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-6)
    assert layer(x.astype(np.float32)).dtype == np.float32
    np.testing.assert_array_equal(layer(np.full((2, 5), 7, np.float32)).data, np.zeros((2, 5)))
    weight, bias = np.linspace(0.5, 2, 5), np.linspace(-1, 1, 5)
    for p, values in zip(layer.parameters(), (weight, bias)):
        p.data = values.copy()
    gradcheck(lambda x: (layer(x) ** 3).sum(), x)
    np.testing.assert_allclose(layer(x).data, expected * weight + bias)


def test_an_empty_batch_is_flattened_too():
    assert nn.Flatten()(np.zeros((0, 28, 28))).shape == (0, 784)


def test_a_module_is_copied_and_pickled_whole():
    net = mlp()
    x = np.ones((1, 6), np.float32)
    for again in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        np.testing.assert_array_equal(again(x).data, net(x).data)
        again[1].weight.data[...] = 0
        assert (net[1].weight.data != 0).any()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (lambda w: np.ones((6, 4)), "the new value is of type ndarray"),
        (lambda w: w - 0.1 * np.ones((6, 4)), "the new value is computed by subtract"),
        (lambda w: Tensor(np.ones((6, 4))), "the new value is a constant"),
    ],
)
def test_a_parameter_is_not_replaced_by_what_would_not_be_trained(value, words):
    layer = nn.Linear(6, 4)
    with pytest.raises(TypeError, match=rf"Linear.weight is a parameter.*{words}.*\.weight\.data\[\.\.\.\] = array"):
        layer.weight = value(layer.weight)
    assert len(layer.parameters()) == 2
    layer.weight = new = Tensor(np.ones((6, 4), np.float32), requires_grad=True)
    layer.bias = None
    assert layer.parameters() == [new]
    new.requires_grad = False
    layer.weight = Tensor(np.ones((6, 4)))  # a frozen one is the user's


def test_a_name_of_another_library_is_answered_with_what_to_write():
    net = mlp()
    for name, advice in hints.ON_A_MODULE.items():
        with pytest.raises(AttributeError) as caught:
            getattr(net, name)
        assert str(caught.value) == f"'Sequential' object has no attribute {name!r}; instead: {advice}"
    for name, advice in hints.IN_NN.items():
        with pytest.raises(AttributeError) as caught:
            getattr(nn, name)
        assert str(caught.value) == f"module 'mnist_autograd.nn' has no attribute {name!r}; instead: {advice}"


def test_a_misspelt_name_is_python_s_own_error():
    for owner, name in ((mlp(), "paramters"), (nn, "ReLu")):
        with pytest.raises(AttributeError, match=rf"has no attribute '{name}'$") as caught:
            getattr(owner, name)
        assert (caught.value.name, caught.value.obj) == (name, owner)  # from which Python says: did you mean ...
    assert not hasattr(mlp(), "weight")


class ForwardOnly:
    def forward(self, x):
        return x


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nn.Sequential([nn.Tanh()]), TypeError, r"layer 0 is of type list; .*nn.Sequential\(\*layers\)"),
        (lambda: nn.Sequential(nn.Tanh(), nn.ReLU), TypeError, r"layer 1 is the class ReLU; expected a layer: ReLU\("),
        (lambda: nn.Sequential(nn.Tanh(), None), TypeError, "layer 1 is None; expected a layer"),
        (lambda: nn.Sequential(nn.Tanh()([1.0])), TypeError, "layer 0 is of type Tensor"),
        (lambda: nn.Sequential(ForwardOnly()), TypeError, "let the class ForwardOnly inherit from nn.Module"),
        (lambda: mlp()[4], IndexError, "no layer 4; expected a number from 0 to 3, or a slice"),
        (lambda: mlp()["1"], TypeError, "no layer '1'; expected a number"),
        (lambda: nn.Tanh([1.0]), TypeError, r"Tanh\(\) takes no arguments; .*Tanh\(\)\(x\)"),
        (lambda: nn.ReLU(inplace=True), TypeError, r"ReLU\(\) takes no arguments"),
        (lambda: nn.Linear(784.0, 10), TypeError, "in_features is 784.0; expected a whole number"),
        (lambda: nn.Linear(784, "10"), TypeError, "out_features is '10'; expected a whole number"),
        (lambda: nn.Linear((28, 28), 10), TypeError, r"in_features is \(28, 28\); expected a whole number"),
        (lambda: nn.Linear(784, 10, False), TypeError, "rng is False; expected a seed.*bias=False"),
        (lambda: nn.Linear(784, 10, nn.Tanh()), TypeError, r"rng is Tanh\(\); expected a seed"),
        (lambda: nn.Linear(784, 10, rng=-1), TypeError, "rng is -1; expected a seed"),
        (lambda: nn.Embedding(27.0, 2), TypeError, "num_embeddings is 27.0; expected a whole number"),
        (lambda: nn.Embedding(27, 0), ValueError, "embedding_dim is 0; expected a whole number, at least 1"),
        (lambda: nn.LayerNorm(0), ValueError, "features is 0"),
        (lambda: nn.LayerNorm(3)(np.ones((2, 4))), ValueError, r"LayerNorm\(3\): x has shape \(2, 4\); expected"),
        (
            lambda: nn.Linear(784, 9)(np.ones((28, 28))),
            ValueError,
            r"\(28, 28\); .*a single example .*reshape\(1, -1\)",
        ),
        (lambda: nn.Linear(784, 9)(np.ones((5, 28, 28))), ValueError, r"expected \(\.\.\., 784\); nn.Flatten\(\)"),
        (lambda: nn.Linear(784, 9, bias=False)(np.ones((784, 5))), ValueError, r"expected \(\.\.\., 784\).*X\.T"),
        (
            lambda: nn.Linear(784, 9)(np.ones((5, 256))),
            ValueError,
            r"Linear\(784, 9\): x has shape \(5, 256\); .*784\)$",
        ),
        (lambda: nn.Flatten()(3.0), ValueError, "Flatten: got a single number"),
        (lambda: mlp().load_state_dict(mlp()), TypeError, r"the state is of type Sequential; .*state_dict\(\)"),
        (lambda: mlp().load_state_dict(mlp().state_dict), TypeError, "the state is of type method"),
        (lambda: mlp().load_state_dict("w.npz"), TypeError, r"of type str; .*np.load\(path\)"),
        (
            lambda: mlp().load_state_dict({name: a.T for name, a in mlp().state_dict().items()}),
            ValueError,
            r"layers.1.weight has shape \(4, 6\); expected \(6, 4\); PyTorch stores the transpose",
        ),
    ],
)
def test_slips_are_answered_with_what_was_given_and_what_was_expected(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_forward_without_return_is_named():
    class Mine(nn.Module):
        def forward(self, x):
            F.tanh(x)

    with pytest.raises(TypeError, match=r"Mine: forward\(\) gave None; end it with return"):
        nn.Sequential(Mine(), nn.Tanh())([1.0])


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


def test_a_step_without_any_gradient_names_the_causes():
    net, other = mlp(), mlp()
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    F.cross_entropy(other(np.ones((5, 6))), np.zeros(5, int)).backward()
    with pytest.raises(RuntimeError, match="none of the 4 parameters has a gradient.*zero_grad.*cell was run again"):
        optimizer.step()
    assert optimizer.steps == 0


def test_a_step_ends_the_graphs_of_the_values_it_changed():
    layer = nn.Linear(2, 2, rng=0)
    optimizer = optim.SGD(layer.parameters(), lr=0.1)
    first, second = layer(np.ones((1, 2))).sum(), layer(np.ones((1, 2))).sum()
    first.backward()
    first.backward()  # as often as one likes before the step
    np.testing.assert_array_equal(layer.bias.grad, [2, 2])
    optimizer.step()
    for loss in (first, second):
        with pytest.raises(
            RuntimeError, match=r"step\(\), or load_state_dict\(\), has changed .* Compute the loss anew"
        ):
            loss.backward()
    np.testing.assert_array_equal(layer.bias.grad, [2, 2])  # the error comes before anything is added
    stale = layer(np.ones((1, 2))).sum()
    layer.load_state_dict(layer.state_dict())
    with pytest.raises(RuntimeError, match="Compute the loss anew"):
        stale.backward()


def test_a_result_in_an_attribute_is_neither_a_parameter_nor_in_the_way():
    class Keeps(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(2, 2, rng=0)

        def forward(self, x):
            self.z = self.layer(x)
            return self.z

    net = Keeps()
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        net(np.ones((1, 2))).sum().backward()
        optimizer.step()
    assert list(net.state_dict()) == ["layer.weight", "layer.bias"] and len(net.parameters()) == 2
    with pytest.raises(TypeError, match="computed by linear"):
        optim.SGD([net.z], lr=0.1)


@pytest.mark.parametrize("name", hints.IN_OPTIM)
def test_an_optimizer_that_is_not_here_is_answered_with_one_that_is(name):
    with pytest.raises(AttributeError, match=rf"'mnist_autograd.optim' has no attribute '{name}'; instead: "):
        getattr(optim, name)


def test_a_list_of_losses_keeps_no_activations():
    net = nn.Sequential(nn.Linear(100, 100, rng=0), nn.Tanh(), nn.Linear(100, 3, rng=1))
    optimizer = optim.SGD(net.parameters(), lr=0.1, weight_decay=0.1)
    X, y = np.ones((200, 100), np.float32), np.zeros(200, int)
    losses = []

    def train(steps):
        for _ in range(steps):
            losses.append(F.cross_entropy(net(X), y))
            optimizer.zero_grad()
            losses[-1].backward()
            optimizer.step()

    train(2)
    tracemalloc.start()
    train(50)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 100_000  # one step's activations alone are 200 * 100 * 4 * 2 bytes
    assert losses[-1].item() < losses[0].item()


@pytest.mark.parametrize(
    "make",
    [lambda p: optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.5), lambda p: optim.Adam(p, 0.1, weight_decay=0.5)],
)
def test_a_step_with_weight_decay_leaves_the_gradient_as_it_is(make):
    w = Tensor(np.float32([3, -2]), requires_grad=True)
    optimizer = make([w])
    (w * [1, 2]).sum().backward()
    before = w.grad.copy()
    optimizer.step()
    np.testing.assert_array_equal(w.grad, before)


def test_weight_decay_is_added_to_the_gradient():
    w, velocity, expected = Tensor([3.0, -2.0], requires_grad=True), 0, np.array([3.0, -2.0])
    optimizer = optim.SGD([w], lr=0.1, momentum=0.9, weight_decay=0.01)
    for _ in range(5):
        optimizer.zero_grad()
        (w**2).sum().backward()
        optimizer.step()
        velocity = 0.9 * velocity + 2 * expected + 0.01 * expected
        expected = expected - 0.1 * velocity
    np.testing.assert_allclose(w.data, expected, rtol=1e-12)


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
        (lambda: nn.Linear(0, 3), ValueError, "in_features is 0; expected a whole number, at least 1"),
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
