"""Every operation: values, every VJP on every axis against finite differences, edge cases and errors."""

import decimal
import inspect
import itertools
import warnings

import numpy as np
import pytest
from operation_cases import S, Y, cases, normal, rng

from mnist_autograd import Tensor
from mnist_autograd import functional as F
from mnist_autograd.gradcheck import gradcheck


@pytest.mark.parametrize(("name", "function", "inputs"), list(cases()))
def test_vjps_agree_with_finite_differences(name, function, inputs):
    assert gradcheck(function, inputs)


def test_every_operation_is_checked():
    without_gradient = {"one_hot"}
    assert {name for name, *_ in cases()} == set(F.__all__) - without_gradient


@pytest.mark.parametrize("name", F.__all__)
def test_every_operation_is_documented(name):
    text = inspect.getdoc(getattr(F, name))
    assert text and (name == "one_hot" or "VJP" in text)


# --- Softmax and its relatives ----------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", range(-3, 3))
def test_softmax_sums_to_one_along_its_axis(axis):
    z = normal(*S)
    e = np.exp(z)
    np.testing.assert_allclose(F.softmax(z, axis).data, e / e.sum(axis, keepdims=True), rtol=1e-14)
    np.testing.assert_allclose(F.softmax(z, axis).sum(axis).data, 1, rtol=1e-15)
    np.testing.assert_allclose(F.log_softmax(z, axis).data, np.log(e / e.sum(axis, keepdims=True)), rtol=1e-13)
    np.testing.assert_allclose(F.logsumexp(z, axis).data, np.log(e.sum(axis)), rtol=1e-14)


@pytest.mark.parametrize(("dtype", "large"), [(np.float16, 6e4), (np.float32, 3e38), (np.float64, 1e308)])
def test_large_logits_do_not_overflow(dtype, large):
    z = Tensor(np.array([large, large, 0, -large], dtype), requires_grad=True)
    with np.errstate(over="ignore"):  # -large - large is beyond the dtype, and exp(-inf) is the 0 it should be
        np.testing.assert_array_equal(F.softmax(z).data, np.array([0.5, 0.5, 0, 0], dtype))
        assert F.logsumexp(z).item() == z.data[0]
        F.cross_entropy(z, 0).backward()
    np.testing.assert_array_equal(z.grad, np.array([-0.5, 0.5, 0, 0], dtype))


def test_the_shift_is_per_slice():
    z = np.array([[1000.0, 1001], [-1000, -1001]])
    np.testing.assert_allclose(F.softmax(z).data, [F.softmax([0, 1]).data, F.softmax([1, 0]).data], rtol=1e-12)


def test_cross_entropy_of_a_confident_mistake():
    assert F.cross_entropy([[1000, 0, 0]], [1]).item() == 1000
    assert F.cross_entropy([[1000, 0, 0]], [0]).item() == 0


def masked():
    return Tensor([[1.0, -np.inf, 2.0], [-np.inf, -np.inf, -np.inf], [-np.inf, 0.0, -np.inf]], requires_grad=True)


@pytest.mark.parametrize("f", [F.softmax, F.logsumexp])
def test_masked_logits_have_probability_0_and_no_nan_in_the_gradient(f):
    z = masked()
    result = f(z)
    result.backward(np.arange(1.0, 1 + result.size).reshape(result.shape))
    assert np.isfinite(z.grad).all() and (z.grad[np.isneginf(z.data)] == 0).all()
    np.testing.assert_array_equal(F.softmax(z).data[np.isneginf(z.data)], 0)
    np.testing.assert_allclose(F.softmax(z).data.sum(axis=1), [1, 0, 1])


def test_masked_logits_in_log_softmax_and_the_losses():
    z = masked()
    l = F.log_softmax(z)
    np.testing.assert_array_equal(np.isneginf(l.data), np.isneginf(z.data))
    np.testing.assert_array_equal(F.logsumexp(z).data[1:], [-np.inf, 0])
    l.backward(np.ones((3, 3)))
    assert np.isfinite(z.grad).all() and (z.grad[np.isneginf(z.data)] == 0).all()
    for targets in ([2, 1], [[0.0, 0, 1], [0, 1, 0]], [[0.5, 0, 0.5], [0, 1, 0]]):
        for loss in (F.cross_entropy, lambda z, y: F.nll_loss(F.log_softmax(z), y)):
            z.grad = None
            loss(z[[0, 2]], targets).backward()
            assert np.isfinite(z.grad).all() and (z.grad[np.isneginf(z.data)] == 0).all()


# --- Losses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", range(-3, 3))
def test_class_indices_one_hot_and_probabilities_agree(axis):
    z = normal(*S)
    indices = rng.integers(0, S[axis], np.delete(S, axis))
    one_hot = F.one_hot(indices, S[axis], axis=axis)
    assert one_hot.shape == S
    log_probs = F.log_softmax(z, axis)
    for reduction in ("mean", "sum", "none"):
        by_index = F.cross_entropy(z, indices, axis, reduction).data
        for other in (
            F.cross_entropy(z, one_hot, axis, reduction),
            F.cross_entropy(z, one_hot.data.astype(int), axis, reduction),
            F.cross_entropy(z, indices.tolist(), axis, reduction),
            F.nll_loss(log_probs, indices, axis, reduction),
            F.nll_loss(log_probs, one_hot, axis, reduction),
        ):
            np.testing.assert_allclose(other.data, by_index, rtol=1e-14)
    taken = np.take_along_axis(log_probs.data, np.expand_dims(indices, axis), axis).squeeze(axis)
    np.testing.assert_allclose(F.nll_loss(log_probs, indices, axis, "none").data, -taken)
    np.testing.assert_allclose(F.nll_loss(log_probs, indices, axis).item(), -taken.mean())


def test_gradient_of_cross_entropy_is_p_minus_y_over_n():
    z = Tensor(normal(4, 3), requires_grad=True)
    F.cross_entropy(z, [0, 2, 1, 1]).backward()
    np.testing.assert_allclose(z.grad, (F.softmax(z).data - np.eye(3)[[0, 2, 1, 1]]) / 4, rtol=1e-13)


def test_soft_targets():
    z = normal(*S)
    expected = -(Y * F.log_softmax(z, 1).data).sum(axis=1).mean()
    np.testing.assert_allclose(F.cross_entropy(z, Y, axis=1).item(), expected)


def test_mean_of_float16_losses_does_not_overflow():
    z = np.zeros((1000, 2), np.float16)
    z[:, 0] = 1000
    assert F.cross_entropy(z, np.ones(1000, int)).item() == 1000


def test_one_hot():
    np.testing.assert_array_equal(F.one_hot([0, 2]).data, [[1, 0, 0], [0, 0, 1]])
    np.testing.assert_array_equal(F.one_hot([0, 1], 3, axis=0).data, [[1, 0], [0, 1], [0, 0]])
    np.testing.assert_array_equal(F.one_hot(1, 3).data, [0, 1, 0])


def test_a_small_probability_costs_all_of_its_digits():
    """The others' sum beside 1 is what log1p keeps: log(1 + 4e-18) would be 0."""
    assert F.cross_entropy([[40.0, 0.0]], [0]).item() == np.log1p(np.exp(-40.0)) == 4.248354255291589e-18
    assert F.logsumexp([0.0, -40.0]).item() == 4.248354255291589e-18
    assert F.log_softmax(np.float32([0, -20])).data[0] == -np.float32(np.log1p(np.exp(-20.0)))
    assert F.logsumexp(np.float16([0, -9])).item() == np.float16(np.log1p(np.exp(-9.0)))


def test_logsumexp_is_within_four_units_in_the_last_place():
    """Against the exact value, from the decimals of Python's own decimal module."""
    for dtype, logits in itertools.product((np.float32, np.float64), rng.normal(size=(50, 5)) * 10):
        z = (logits - logits.max()).astype(dtype)
        terms = [decimal.Decimal(float(x)).exp() for x in z]
        exact = float(sum(terms).ln())  # 28 digits
        found = F.logsumexp(z)
        assert abs(found.item() - exact) <= 4 * np.spacing(np.abs(dtype(exact)))  # exp in float32 has 2 of its own


def test_a_softmax_over_more_classes_than_float16_can_count():
    s = F.softmax(np.ones(70_000, np.float16))
    assert s.dtype == np.float16 and (s.data == np.float16(1 / 70_000)).all()
    assert F.cross_entropy(np.ones((1, 70_000), np.float16), [0]).item() == np.float16(np.log(70_000))


def test_probabilities_that_should_be_logarithms_are_warned_of_where_they_are_given():
    with pytest.warns(UserWarning, match=r"nll_loss: got probabilities .* log_softmax") as caught:
        F.nll_loss(F.softmax(normal(4, 3)), [0, 1, 2, 0])
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        F.nll_loss(F.log_softmax(normal(4, 3)), [0, 1, 2, 0])
        F.nll_loss(np.zeros((2, 1)), [0, 0])  # the one class is certain


# --- Special values ---------------------------------------------------------------------------------------------


def test_powers_at_zero_have_no_nan_in_the_gradient():
    x = Tensor([0.0, 2.0], requires_grad=True)
    (x**0 + x**1 + x**2).sum().backward()
    np.testing.assert_array_equal(x.grad, [1, 5])
    a, b = Tensor([0.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    (a**b).sum().backward()
    np.testing.assert_array_equal([a.grad, b.grad], [[0], [0]])


def test_sigmoid_neither_overflows_nor_loses_its_digits():
    np.testing.assert_array_equal(F.sigmoid(np.array([-1e308, 0, 1e308])).data, [0, 0.5, 1])
    np.testing.assert_allclose(F.sigmoid(np.float32([-20, -80])).data, np.exp([-20.0, -80]), rtol=1e-6)


def test_the_fused_loss_and_its_parts_agree_on_an_impossible_target():
    gradients = []
    for loss in (F.cross_entropy, lambda z, y: F.nll_loss(F.log_softmax(z), y)):
        z = masked()
        losses = loss(z, [1, 0, 1])
        assert losses.item() == np.inf
        losses.backward()
        gradients.append(z.grad)
    np.testing.assert_allclose(*gradients, rtol=1e-14)
    assert (gradients[0][np.isneginf(masked().data)] == 0).all()


def test_mean_over_many_float16_values_keeps_its_gradient():
    x = Tensor(np.zeros(70_000, np.float16), requires_grad=True)
    x.mean().backward()
    assert x.grad[0] == np.float16(1 / 70_000) > 0


def test_mean_along_an_axis_of_an_empty_array_is_empty():
    assert Tensor(np.zeros((0, 3))).mean(axis=1).shape == (0,)


def test_sums_of_many_float16_values_do_not_stop_at_2048():
    many, b = Tensor(np.ones((5000, 2), np.float16)), Tensor(np.zeros(2, np.float16), requires_grad=True)
    for total in ((many + b).sum(axis=0), F.linear(np.ones((5000, 1), np.float16), b.data[None], b)):
        total.backward(np.ones(total.shape))
    np.testing.assert_array_equal(many.sum(axis=0).data, [5000, 5000])
    np.testing.assert_array_equal(b.grad, [10_000, 10_000])
    table = Tensor(np.zeros((1, 2), np.float16), requires_grad=True)
    F.embedding(table, np.zeros(5000, int)).sum().backward()
    np.testing.assert_array_equal(table.grad, [[5000, 5000]])


def test_what_a_choice_leaves_out_has_no_say_in_its_gradient():
    for f in (F.relu, lambda x: F.maximum(x, 0.0), lambda x: F.where(x.data > 0, x, 0.0)):
        x = Tensor([-1.0, 4.0], requires_grad=True)
        with np.errstate(divide="ignore"):  # the square root of 0 has an infinite slope
            f(x).sqrt().sum().backward()
        np.testing.assert_array_equal(x.grad, [0, 0.25])


def test_infinite_logits():
    assert F.logsumexp([np.inf, 1.0]).item() == F.logsumexp([np.inf, np.inf]).item() == np.inf
    with np.errstate(invalid="ignore"):
        assert np.isnan(F.softmax([np.inf, 1.0]).data[0]) and np.isnan(F.log_softmax([np.inf, 1.0]).data[0])


def test_numbers_beside_a_tensor_take_its_dtype():
    x = Tensor(np.ones(2, np.float32))
    for result in (F.concatenate([[1.0, 2.0], x]), F.stack([x, [0, 0]]), F.where(True, x, 0.0), F.maximum(x, 0.0)):
        assert result.dtype == np.float32


def test_tied_maxima_share_the_gradient():
    x = Tensor([3.0, 1.0, 3.0], requires_grad=True)
    x.max().backward()
    np.testing.assert_array_equal(x.grad, [0.5, 0, 0.5])


# --- Errors that teach ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: x + np.ones(3), ValueError, [r"add", r"\(3, 4\)", r"\(3,\)", "keepdims=True"]),
        (lambda x: x @ x, ValueError, [r"matmul", r"\(3, 4\) @ \(3, 4\)", r"\(\.\.\., n, k\)"]),
        (lambda x: x @ 2, ValueError, [r"matmul", r"\(3, 4\) @ \(\)", r"\*"]),
        (lambda x: F.linear(x, np.ones((3, 2)), np.ones(2)), ValueError, ["linear", r"\(3, 4\)", r"\(3, 2\)"]),
        (lambda x: F.linear(np.ones((5, 2, 2)), np.ones((4, 2)), np.ones(2)), ValueError, [r"nn\.Flatten"]),
        (lambda x: x.sum(axis=2), np.exceptions.AxisError, ["sum", r"axis 2", r"\(3, 4\)", "from -2 to 1"]),
        (lambda x: x.sum(axis=(0, -2)), ValueError, ["twice"]),
        (lambda x: x.max(axis="row"), np.exceptions.AxisError, ["max", "row"]),
        (lambda x: F.softmax(x, axis=2), np.exceptions.AxisError, ["softmax", "axis 2", r"\(3, 4\)"]),
        (lambda x: F.softmax(x, axis=None), np.exceptions.AxisError, ["softmax", "classes"]),
        (lambda x: F.softmax(1.0), np.exceptions.AxisError, ["softmax", "scalar has none"]),
        (lambda x: F.softmax(np.ones((3, 0))), ValueError, [r"\(3, 0\)"]),
        (lambda x: F.mean(np.ones((0, 3)), axis=0), ValueError, ["mean", r"\(0, 3\)"]),
        (lambda x: x.reshape(5, 2), ValueError, ["reshape", "12", r"\(3, 4\)", r"\(5, 2\)"]),
        (lambda x: x.transpose(0, 0), ValueError, ["transpose", r"\(0, 0\)", r"\(3, 4\)"]),
        (lambda x: x[3], IndexError, ["getitem", "3", r"\(3, 4\)"]),
        (lambda x: x[0.5:], IndexError, ["getitem", r"\(3, 4\)"]),
        (lambda x: x[Tensor([0.5])], ValueError, ["getitem", "0.5"]),
        (lambda x: x.reshape(4.0, 3.0), ValueError, ["reshape", r"\(3, 4\)"]),
        (lambda x: x.transpose(0.0, 1), ValueError, ["transpose", r"\(3, 4\)"]),
        (lambda x: F.embedding(x, [3]), ValueError, ["embedding", "3 is no class", "0 to 2"]),
        (lambda x: F.embedding(np.ones(3), [0]), ValueError, ["embedding", r"\(3,\)", r"\(V, E\)"]),
        (lambda x: F.cross_entropy(x, [0, 1]), ValueError, ["cross_entropy", r"\(3, 4\)", r"\(2,\)", r"\(3,\)"]),
        (lambda x: F.cross_entropy(x, np.ones((3, 5))), ValueError, ["cross_entropy", r"\(3, 4\)", r"\(3, 5\)"]),
        (lambda x: F.cross_entropy(x, [0, 1, 4]), ValueError, ["4 is no class", "from 0 to 3"]),
        (lambda x: F.nll_loss(x, [0, 1, -1]), ValueError, ["nll_loss", "-1 is no class"]),
        (lambda x: F.nll_loss(x, [0, 1, 0.5]), ValueError, ["nll_loss", "0.5 is no class"]),
        (lambda x: F.nll_loss(x, [0, 1, 2], reduction="avg"), ValueError, ["nll_loss", "'avg'", "'mean'"]),
        (lambda x: F.cross_entropy(np.ones((0, 3)), np.ones(0, int)), ValueError, ["cross_entropy", "no examples"]),
        (lambda x: F.concatenate([x, x.T]), ValueError, ["concatenate", r"\(3, 4\), \(4, 3\) and axis 0"]),
        (lambda x: F.concatenate([]), ValueError, ["concatenate", "shapes none"]),
        (lambda x: F.stack([x, x.T]), ValueError, ["stack", r"\(3, 4\), \(4, 3\) and axis 0", "one shape"]),
        (lambda x: F.stack([]), ValueError, ["stack", "shapes none"]),
        (lambda x: F.stack([x, x], 5), ValueError, ["stack", "axis 5"]),
        (lambda x: F.concatenate([x, x], None), ValueError, ["concatenate", "axis None"]),
        (lambda x: F.where([True, False], x, 0), ValueError, ["where", r"\(2,\)", r"\(3, 4\)"]),
        (lambda x: F.softmax(x, dim=1), TypeError, ["softmax", "dim=", "axis="]),
        (lambda x: x.sum(0, keepdim=True), TypeError, ["sum", "keepdim=", "keepdims="]),
        (lambda x: F.cross_entropy(x, [0, 1, 2], ignore_index=1), TypeError, ["ignore_index", r"z\[keep\]"]),
        (lambda x: F.dropout(x, 0.5), AttributeError, ["functional", "dropout", r"rng\.random"]),
        (lambda x: F.conv2d(x, x), AttributeError, ["conv2d", "PyTorch"]),
        (lambda x: F.nonsense(x), AttributeError, ["functional", "nonsense"]),
        (lambda x: F.linear(np.ones((2, 2)), np.ones((4, 2)), np.ones(2)), ValueError, [r"x\.reshape\(1, -1\)"]),
        (lambda x: F.cross_entropy(F.one_hot([0, 1, 3], 4), x), ValueError, ["cross_entropy", "-", "order"]),
        (lambda x: F.one_hot([3], 3), ValueError, ["one_hot", "3 is no class"]),
        (lambda x: F.one_hot([-1]), ValueError, ["one_hot", "-1 is no class"]),
        (lambda x: F.one_hot([1e19]), ValueError, ["one_hot", r"1e\+19 is no class"]),
        (lambda x: F.one_hot([np.inf], 3), ValueError, ["one_hot", "inf is no class"]),
        (lambda x: F.one_hot([0], 3, axis=2), np.exceptions.AxisError, ["one_hot", "axis 2"]),
    ],
)
def test_errors_name_operation_shapes_and_expectation(call, error, words):
    with pytest.raises(error) as caught:
        call(Tensor(normal(3, 4), requires_grad=True))
    for word in words:
        caught.match(word)
