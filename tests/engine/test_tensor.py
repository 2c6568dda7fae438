"""The engine: graph, backward(), broadcasting, dtypes, and what NumPy functions do to a Tensor."""

import contextlib
import copy
import pickle
import re
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_autograd import Tensor, hints, nn, no_grad
from mnist_autograd import functional as F
from mnist_autograd.gradcheck import gradcheck
from mnist_autograd.tensor import record, undo_broadcasting


def leaf(*values, dtype=np.float64):
    return Tensor(np.array(values, dtype), requires_grad=True)


# --- backward() -------------------------------------------------------------------------------------------------


def test_diamond_graph_passes_a_gradient_on_only_when_it_is_complete():
    x = Tensor(2.0, requires_grad=True)
    a = x * 3
    b = a + 1
    c = a * b  # a reaches c twice, once through b
    d = c + a
    d.backward()
    # d = a(a+1) + a = a^2 + 2a with a = 3x, so d' = (2a + 2) * 3 = 42 at x = 2
    assert x.grad == 42
    assert a.grad == 14


def test_repeated_use_adds_up():
    x = leaf(1.0, 2.0)
    (x * x + x + x).sum().backward()
    np.testing.assert_array_equal(x.grad, 2 * x.data + 2)


def test_backward_twice_doubles_the_gradient():
    x = leaf(1.0, 2.0, 3.0)
    y = F.log_softmax(x).exp().max()
    y.backward()
    once = x.grad.copy()
    y.backward()
    np.testing.assert_allclose(x.grad, 2 * once, rtol=1e-15)


def test_chain_of_100_000_additions():
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.backward()
    assert (y.item(), x.grad) == (100_001, 1)
    del y  # a long graph must also be freed without exhausting the stack


def test_repeated_indices_add_up():
    x = leaf(1.0, 2.0, 3.0)
    x[[0, 0, 2, 0]].sum().backward()
    np.testing.assert_array_equal(x.grad, [3, 0, 1])


def test_only_what_needs_a_gradient_gets_one():
    x, c = leaf(1.0), Tensor([2.0])
    y = x * c
    y.backward()
    assert c.grad is None and x.grad == 2 and y.grad == 1


def test_vjps_of_constants_are_never_called():
    def never(g):
        raise AssertionError("a VJP of a constant was called")

    x = leaf(1.0)
    record("test", x.data, (Tensor([1.0]), never), (x, lambda g: 5 * g)).backward()
    assert x.grad == 5


def test_a_loop_that_makes_its_graph_longer_is_refused():
    w = leaf(3.0)
    with pytest.raises(RuntimeError, match=r"51 results .* W\.data -= lr \* W\.grad .* h\.detach\(\)"):
        for _ in range(100):
            (w * w).sum().backward()
            w = w - 0.1 * w.grad
    x, h = leaf(1.0), Tensor([0.0])
    for _ in range(100):
        h = (h * 0.5 + x).detach()
        (h * x).sum().backward()


def test_what_a_leaf_keeps_of_its_results_stays_small():
    x = leaf(1.0)
    for _ in range(10_000):
        loss = x * x
        loss.backward()
    for _ in range(10_000):
        loss.backward()
    assert len(x.users) < 200


def test_values_that_a_backward_has_passed_may_be_used_again():
    x = leaf(2.0)
    trunk = x * x
    for _ in range(50):
        (trunk * 3).backward()
    assert x.grad == 50 * 12


@pytest.mark.parametrize("sign", ["+", "-", "*", "/", "**", "@"])
def test_an_assignment_that_would_leave_the_parameter_as_it_is_is_refused(sign):
    p = leaf(1.0, 2.0)
    with pytest.raises(TypeError, match=re.escape(f"write p.data {sign}= ...")):
        exec(f"p {sign}= np.ones(2)", {"p": p, "np": np})
    total = p * 0 + 1
    exec(f"total {sign}= np.ones(2)", scope := {"total": total, "np": np})
    assert isinstance(scope["total"], Tensor)


def test_a_tensor_as_an_index_means_what_it_was_made_of():
    x = leaf(10.0, 20.0, 30.0)
    for index, expected in [
        (Tensor([True, False, True]), [10, 30]),
        (Tensor(x.data > 15), [20, 30]),
        (Tensor([-1]), [30]),
        (Tensor([1, 1, 0]), [20, 20, 10]),
        ((Tensor([2]), None), [[30]]),
    ]:
        np.testing.assert_array_equal(x[index].data, expected)
    mask = Tensor([True, False, True])
    for same in (mask.detach(), Tensor(mask), copy.deepcopy(mask)):
        np.testing.assert_array_equal(x[same].data, [10, 30])
    with pytest.raises(ValueError, match=r"getitem: 0\.5 is no position"):
        x[Tensor([0.5])]


def test_gradients_share_no_memory():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (a + b).backward(np.ones(2))
    a.grad *= 0
    np.testing.assert_array_equal(b.grad, [1, 1])
    x = leaf(1.0, 2.0)
    g = np.ones((2, 1))
    x.reshape(2, 1).backward(g)
    x.grad *= 0
    np.testing.assert_array_equal(g, 1)
    x = leaf(1.0, 2.0)
    x.sum().backward()
    x.grad += 1  # a broadcast gradient would be read-only
    np.testing.assert_array_equal(x.grad, [2, 2])


def test_upstream_gradient_weighs_the_outputs():
    x = leaf(1.0, 2.0)
    (x * x).backward([10, 100])
    np.testing.assert_array_equal(x.grad, [20, 400])
    y = leaf(1.0, 2.0)
    (y * y).backward(Tensor([10, 100]))
    np.testing.assert_array_equal(y.grad, [20, 400])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: (leaf(1.0, 2.0) * 2).backward(), ValueError, r"\(2,\).*\.sum\(\) or \.mean\(\)"),
        (lambda: leaf(1.0, 2.0).backward([1.0]), ValueError, r"\(1,\).*\(2,\)"),
        (lambda: Tensor([1.0]).backward(), RuntimeError, "requires_grad=True"),
        (lambda: leaf(1.0).detach().backward(), RuntimeError, "detach"),
        (lambda: leaf(1.0, 2.0).item(), ValueError, r"\(2,\)"),
    ],
)
def test_backward_errors_say_what_to_do(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_no_grad_records_nothing_and_ends():
    x = leaf(1.0)
    with no_grad():
        assert not (x * 2).requires_grad
        with pytest.raises(KeyError), no_grad():
            raise KeyError
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad

    @no_grad()
    def double(x):
        return x * 2

    assert not double(x).requires_grad and not double(x).requires_grad


def test_no_grad_needs_no_brackets():
    with no_grad:
        assert not (leaf(1.0) * 2).requires_grad

    @no_grad
    def double(x):
        return x * 2

    assert not double(leaf(1.0)).requires_grad and (leaf(1.0) * 2).requires_grad


def test_no_grad_concerns_its_own_thread_only():
    seen = []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append((leaf(1.0) * 2).requires_grad))
        thread.start()
        thread.join()
    assert seen == [True]


# --- Broadcasting -----------------------------------------------------------------------------------------------


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3), st.randoms())
def test_broadcasting_is_undone_on_both_sides(shapes, random):
    rng = np.random.default_rng(random.getrandbits(32))
    a, b = (rng.uniform(0.5, 2, shape) for shape in shapes.input_shapes)
    for operation in (F.add, F.subtract, F.multiply, F.divide, F.power):
        gradcheck(operation, [a, b])


def test_undo_broadcasting_refuses_what_was_no_broadcast():
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        undo_broadcasting(np.ones(3), (2,))


# --- Data and dtypes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_is_kept_through_values_and_gradients(dtype):
    x = Tensor(np.array([[0.5, 1.0], [2.0, 3.0]], dtype), requires_grad=True)
    scalar = Tensor(np.array(2, dtype), requires_grad=True)
    results = [
        *(2 * x, x / 3, 1 - x, x**2, 2**x, x + [1, 2], x * np.arange(2), x @ x, x @ [1, 2], np.float64(2) * x, -x),
        *(x.sum(), x.mean(0), x.max(1), x.exp(), x.log(), x.tanh(), x.relu(), x.sigmoid(), x.T, x.reshape(4), x[0]),
        *(F.softmax(x), F.log_softmax(x), F.logsumexp(x), F.cross_entropy(x, [0, 1]), F.nll_loss(x, [[0, 1], [1, 0]])),
        *(2 * scalar, scalar / 3, scalar**2, scalar.exp(), scalar + 1, scalar.sigmoid(), scalar.relu()),
    ]
    assert {result.dtype for result in results} == {np.dtype(dtype)}
    for result in results:
        result.backward(np.ones(result.shape))
    assert (x.grad.dtype, scalar.grad.dtype) == (dtype, dtype)
    assert isinstance(scalar.grad, np.ndarray)


@pytest.mark.parametrize("data", [3, 2.5, True, [1, 2], [[1.0], [2.0]], np.arange(3), np.float64(1), np.array(1)])
def test_everything_else_becomes_float64(data):
    assert Tensor(data).dtype == np.float64
    np.testing.assert_array_equal(Tensor(data).data, data)


def test_big_endian_floats_keep_their_width():
    assert Tensor(np.ones(2, ">f4")).dtype == np.dtype("=f4")


@pytest.mark.parametrize("data", ["abc", None, [1, "a"], 1j, [[1], [2, 3]], object()])
def test_what_is_no_number_is_refused(data):
    with pytest.raises(TypeError, match="Tensor: expected"):
        Tensor(data)


def test_a_parameter_owns_its_array_and_a_constant_shares_it():
    array = np.ones(2)
    Tensor(array, requires_grad=True).data[0] = 5
    assert array[0] == 1
    assert Tensor(array).data is array


def test_the_gradient_of_a_scalar_that_is_used_twice_is_an_array():
    x = Tensor(3.0, requires_grad=True)
    (x * x + x).backward()
    assert type(x.grad) is np.ndarray and x.grad.shape == () and x.grad == 7


def test_scalars_and_arrays_on_either_side():
    x = leaf(1.0, 2.0)
    for result in (1 + x, x + 1, np.ones(2) + x, x + np.ones(2), np.float32(1) + x, [1, 1] + x):
        assert isinstance(result, Tensor) and result.requires_grad
        np.testing.assert_array_equal(result.data, [2, 3])
    np.testing.assert_array_equal((3 - x).data, [2, 1])
    np.testing.assert_array_equal((2 / x).data, [2, 1])
    np.testing.assert_array_equal((2**x).data, [2, 4])
    np.testing.assert_array_equal(([1, 1] @ x).data, 3)
    assert (x.shape, x.ndim, x.size, len(x), x.T.shape) == ((2,), 1, 2, 2, (2,))
    assert [float(item) for item in x] == [1, 2]
    assert (x > 1).tolist() == [False, True] and (x == 1).tolist() == [True, False]
    assert repr(x) == "Tensor([1., 2.], requires_grad=True)"
    assert "operation=add" in repr(x + 1)


def test_a_loss_can_be_formatted_as_a_number():
    loss = Tensor(1.23456, requires_grad=True)
    assert (f"{loss:.3f}", f"{loss}", float(loss)) == ("1.235", str(loss), 1.23456)


def test_a_copy_never_cuts_the_graph_silently():
    x = leaf(1.0)
    with pytest.raises(TypeError, match="detach"):
        Tensor(x * 2)
    assert Tensor(Tensor([1.0])).data == 1 and not (x * 2).detach().requires_grad


def test_matrices_become_arrays():
    m = Tensor(np.matrix([[1.0, 2.0], [3.0, 4.0]]))
    np.testing.assert_array_equal((m * m).data, [[1, 4], [9, 16]])


@pytest.mark.parametrize("wrong", [None, np.ones(5), [1.0]])
def test_a_vjp_of_the_wrong_shape_is_named_with_its_operation(wrong):
    x = leaf(1.0, 2.0)
    with pytest.raises((ValueError, TypeError), match="backward through mine"):
        record("mine", x.data, (x, lambda g: wrong)).backward(np.ones(2))


def test_an_exception_in_a_vjp_keeps_its_kind_and_names_the_operation():
    def vjp(g):
        return b"\xff".decode()

    x = leaf(1.0)
    with pytest.raises(UnicodeDecodeError) as caught:
        record("mine", x.data, (x, vjp)).backward()
    assert caught.value.__notes__ == ["This happened in backward through mine."]


@pytest.mark.parametrize("name", hints.ON_A_TENSOR)
def test_a_name_of_pytorch_s_is_answered_with_what_to_write(name):
    with pytest.raises(AttributeError, match=re.escape(f"a Tensor has no attribute {name!r}; instead: ")):
        getattr(leaf(1.0), name)
    assert not hasattr(leaf(1.0), "nonsense")


def test_a_result_is_neither_copied_nor_pickled_and_a_leaf_is():
    x = leaf(1.0, 2.0)
    for of in (copy.deepcopy, pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match=r"computed by multiply cannot be copied or pickled.* x\.data"):
            of(x * 2)
    for other in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert other.requires_grad and other.data is not x.data
        np.testing.assert_array_equal(other.data, x.data)


def test_a_number_has_no_length():
    with pytest.raises(TypeError, match=r"len: a Tensor with shape \(\) is one number; \.item\(\) gives it"):
        len(Tensor(1.0))


def test_a_gradient_that_is_not_there_yet_is_named():
    x = leaf(1.0)
    with pytest.raises(TypeError, match=r"None .*\.grad is None before backward\(\)"):
        x * x.grad


def test_item_assignment_is_refused_in_words():
    with pytest.raises(TypeError, match=r"x\.data"):
        leaf(1.0)[0] = 2


# --- NumPy functions on a Tensor --------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [np.exp, np.log, np.tanh, np.negative, np.sum, np.mean, np.max, np.transpose])
def test_numpy_functions_with_a_gradient_keep_the_graph(function):
    x = leaf(0.5, 1.5)
    y = function(x)
    assert isinstance(y, Tensor) and y.requires_grad
    np.testing.assert_allclose(y.data, function(x.data))


def test_numpy_binary_functions_keep_the_graph():
    x = leaf(0.5, 1.5)
    for y in (np.add(1, x), np.ones(2) * x, np.float64(2) / x, np.matmul(np.eye(2), x), np.power(x, 2)):
        assert y.requires_grad
    assert np.sum(x.reshape(1, 2), axis=1, keepdims=True).shape == (1, 1)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.cosh(x),
        lambda x: np.cumsum(x),
        lambda x: np.append(x, x),
        lambda x: np.linalg.norm(x),
        lambda x: np.asarray(x),
        lambda x: np.array([x, x]),
        lambda x: Tensor([x, x]),
        lambda x: np.add.reduce(x),
        lambda x: np.add(np.zeros(2), x, out=np.zeros(2)),
    ],
)
def test_numpy_functions_without_one_say_what_to_call(call):
    with pytest.raises(TypeError, match=r"x\.data|mnist_autograd.functional"):
        call(leaf(1.0, 2.0))


def test_numpy_answers_that_are_no_gradient_matter_are_plain():
    x = leaf(1.0, 3.0)
    assert (np.argmax(x), np.shape(x), np.isfinite(x).all()) == (1, (2,), True)
    assert isinstance(np.zeros_like(x), np.ndarray)


def test_constants_pass_through_any_numpy_function():
    c = Tensor([0.0, 1.0])
    np.testing.assert_array_equal(np.cosh(c), np.cosh([0, 1]))
    np.testing.assert_array_equal(np.concatenate([c, c]), [0, 1, 0, 1])
    np.testing.assert_array_equal(np.asarray(c), [0, 1])
    np.testing.assert_array_equal(np.asarray(c, dtype=np.float32), np.float32([0, 1]))


@pytest.mark.parametrize("table", [hints.ON_A_TENSOR, hints.IN_FUNCTIONAL])
def test_what_a_hint_says_to_write_runs_where_it_is_an_expression(table):
    x = Tensor(np.float32([[1, 2, 3], [4, 5, 6]]), requires_grad=True)
    scope = {
        "x": x,
        "y": x.data,
        "axis": 0,
        "shape": x.shape,
        "axes": (1, 0),
        "dtype": np.float32,
        "exponent": 2,
        "p": 0.5,
    }
    scope |= {"np": np, "nn": nn, "functional": F, "Tensor": Tensor, "rng": np.random.default_rng(0), "features": 3}
    tried = 0
    for name, advice in table.items():
        for code in advice.split(", a plain array")[0].split(", a new leaf")[0].split(", and ")[:1]:
            with contextlib.suppress(SyntaxError):
                compile(code, name, "eval")
                other = x.T if "@" in code else x
                eval(code, scope | {"other": other, "logits": x, "arrays": [x, x], "low": 2.0, "a": x, "b": x})
                tried += 1
    assert tried > 12
