import numpy as np
import pytest

from mnist_autograd import Tensor
from mnist_autograd import functional as F
from mnist_autograd.gradcheck import gradcheck, jacobian, numerical_jacobian, vjp
from mnist_autograd.tensor import record

z = np.array([1.0, 2.0, 0.5])


def test_jacobian_of_softmax():
    s = F.softmax(z).data
    expected = np.diag(s) - np.outer(s, s)
    np.testing.assert_allclose(jacobian(F.softmax, z), expected, rtol=1e-14)
    np.testing.assert_allclose(numerical_jacobian(F.softmax, z), expected, atol=1e-9)


def test_shapes_are_output_then_input():
    x = np.ones((2, 3))
    assert jacobian(lambda x: x.sum(axis=1), x).shape == (2, 2, 3)
    assert numerical_jacobian(lambda x: x.sum(), x).shape == (2, 3)


def test_a_constant_function_has_jacobian_0():
    np.testing.assert_array_equal(jacobian(lambda x: Tensor([1.0, 2.0]), z), np.zeros((2, 3)))


def test_a_wrong_vjp_is_found_and_located():
    def diagonal_only(x):
        s = F.softmax(x).data
        return record("softmax", s, (x, lambda g: g * s * (1 - s)))

    with pytest.raises(AssertionError, match=r"output \(0,\) with respect to element \(1,\) of input 0 is 0 by backw"):
        gradcheck(diagonal_only, [z])


def test_a_lost_graph_is_named():
    with pytest.raises(TypeError, match="returned ndarray"):
        gradcheck(lambda x: np.exp(x.data), [z])


def test_float32_inputs_are_checked_in_float64():
    assert gradcheck(F.softmax, Tensor(z.astype(np.float32)))
    assert gradcheck(lambda a, b: a * b, ([1.0, 2.0], [3.0, 4.0]))


def test_vjp_is_the_jacobian_transposed_times_g():
    x, g = np.array([2.0, 1.0, 0.1]), np.array([0.5, -1.0, 2.0])
    np.testing.assert_allclose(vjp(F.log_softmax, x, g), jacobian(F.log_softmax, x).T @ g, rtol=1e-12)
    assert vjp(F.logsumexp, x.astype(np.float16)).dtype == np.float16
    with pytest.raises(TypeError, match="not a Tensor"):
        vjp(lambda t: t.data, x, g)
