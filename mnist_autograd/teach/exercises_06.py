"""The exercises of chapter 06: autograd. For each the solution, the probes and the known mistakes.

A graph is given as lists. Node number k uses the nodes inputs[k], and slopes[k] has its local derivative with respect
to each of them: numbers, one for each use.
"""

from __future__ import annotations

import numpy as np

from .exercises import Exercise, Specimen
from .exercises_base import BLOCK, SQUARE, WIDE

# --- 06.1 ---------------------------------------------------------------------------------------------------------


def layers(inputs):
    """The depth of each node of a graph: 0 without inputs, else 1 more than the deepest input."""

    def depth(node):
        return 1 + max((depth(k) for k in inputs[node]), default=-1)

    return np.array([depth(node) for node in range(len(inputs))])


def _users(inputs):
    """For each node, the nodes that use it."""
    return [[user for user, used in enumerate(inputs) if node in used] for node in range(len(inputs))]


def _behind(inputs, node):
    """The nodes that lead to a node, itself included, in the order in which a search from it meets them."""
    found = [node]
    for at in found:
        found += [k for k in dict.fromkeys(inputs[at]) if k not in found]
    return found


def _in_one_pass(inputs):
    depth = [0] * len(inputs)
    for node, used in enumerate(inputs):
        depth[node] = 1 + max((depth[k] for k in used), default=-1)
    return depth


def _recursive(of_inputs, without=0):
    """A layer function that calls itself: of_inputs makes a depth of the list of the inputs' depths."""

    def answer(inputs):
        def depth(node):
            return of_inputs([depth(k) for k in inputs[node]]) if inputs[node] else without

        return [depth(node) for node in range(len(inputs))]

    return answer


EXERCISE_1 = Exercise(
    id="06.1",
    title="A layer for each node",
    see="Layers",
    solution=layers,
    probes=[
        ([[], [0]],),
        ([[1], []],),
        ([[], [0, 0], [0, 1]],),
        ([[], [0], [1], [1, 2]],),
        ([[3, 2], [], [3], [1]],),
        ([[], [], [0, 1], [2, 1], [0, 3, 3]],),
        ([[2], [0, 3], [], [0, 4, 2], [5], []],),
        ([[6, 1], [2], [3, 5], [4], [], [3, 4], [2, 5, 0][:2]],),
    ],
    specimens=[
        Specimen(
            "It counts the shortest way",
            _recursive(lambda depths: 1 + min(depths)),
            "`min` takes the input that is nearest to a leaf. A node must stand after its deepest input: only then "
            "does every arrow lead from a lower layer to a higher one. Take `max`.",
        ),
        Specimen(
            "Leaves have depth 1",
            _recursive(lambda depths: 1 + max(depths), without=1),
            "All depths are 1 too large. A node without inputs has depth 0.",
        ),
        Specimen(
            "The 1 is missing",
            _recursive(lambda depths: max(depths)),
            "A node in the same layer as its deepest input: then all nodes are in layer 0. It stands one layer higher.",
        ),
        Specimen(
            "It counts every way",
            _recursive(lambda depths: 1 + sum(depths)),
            "`sum` adds up the depths of all inputs. One arrow to the deepest input is what raises a node: take `max`.",
        ),
        Specimen(
            "It looks at the first input only",
            _recursive(lambda depths: 1 + depths[0]),
            "The first input need not be the deepest. Ask all of them, and take the maximum.",
        ),
        Specimen(
            "It looks at the last input only",
            _recursive(lambda depths: 1 + depths[-1]),
            "The last input need not be the deepest. Ask all of them, and take the maximum.",
        ),
        Specimen(
            "The nodes are taken in the order of their numbers",
            _in_one_pass,
            "One pass from node 0 on is right where every input has a smaller number than its user. The numbering is "
            "arbitrary: an input that comes later still has the depth 0 when it is asked. Compute the depth of the "
            "inputs first, for example with a function that calls itself.",
        ),
        Specimen(
            "It takes numbers of nodes for depths",
            lambda inputs: [1 + max(used, default=-1) for used in inputs],
            "`max(inputs[node])` is the largest number of an input, and numbers are arbitrary. The maximum runs "
            "over the depths of these inputs.",
        ),
        Specimen(
            "It counts the inputs",
            lambda inputs: [len(used) for used in inputs],
            "A depth is a number of arrows one after the other, not side by side. Follow the inputs of the inputs.",
        ),
        Specimen(
            "It counts all nodes behind a node",
            lambda inputs: [len(_behind(inputs, node)) - 1 for node in range(len(inputs))],
            "Two inputs beside each other raise a node by one layer, not by two. The depth is the length of the "
            "longest way back to a leaf.",
        ),
        Specimen(
            "It counts from the other end",
            lambda inputs: layers(_users(inputs)),
            "These are the longest ways from a node to the end of the graph, where nobody uses the result. The depth "
            "runs the other way, to the inputs.",
        ),
    ],
)


# --- 06.2 ---------------------------------------------------------------------------------------------------------


def graph_gradients(inputs, slopes, root):
    """The derivative of node root with respect to each node (n,), from the local derivatives in slopes."""
    depth = layers(inputs)
    g = np.zeros(len(inputs))
    g[root] = 1
    for node in sorted(range(len(inputs)), key=lambda node: -depth[node]):
        for k, slope in zip(inputs[node], slopes[node]):
            g[k] += slope * g[node]
    return g


def _backward(inputs, slopes, root, *, order=None, receive=lambda g, k, g_node, slope: g[k] + slope * g_node):
    """graph_gradients with another order, or another way to take in a gradient."""
    depth, g = layers(inputs), np.zeros(len(inputs))
    g[root] = 1
    for node in sorted(_behind(inputs, root), key=lambda node: -depth[node]) if order is None else order:
        for k, slope in zip(inputs[node], slopes[node]):
            g[k] = receive(g, k, g[node], slope)
    return g


def _all_lead_to_root(inputs, slopes, root):
    """Else it depends on the wording whether the other nodes overwrite something with 0."""
    return len(_behind(inputs, root)) == len(inputs)


def _receiving(receive):
    """A mistake in what happens to g[k], with the gradient g_node of the user and the slope of the use."""
    return lambda inputs, slopes, root: _backward(inputs, slopes, root, receive=receive)


def _in_order(order):
    """A mistake in the order of the nodes: order(inputs, root)."""
    return lambda inputs, slopes, root: _backward(inputs, slopes, root, order=order(inputs, root))


def _each_use_at_once(inputs, slopes, root):
    """A node hands on what it has as soon as it gets something for the first time."""
    g, seen = np.zeros(len(inputs)), set()
    g[root] = 1

    def visit(node):
        seen.add(node)
        for k, slope in zip(inputs[node], slopes[node]):
            g[k] += slope * g[node]
            if k not in seen:
                visit(k)

    visit(root)
    return g


def _all_it_has_again(inputs, slopes, root):
    """A node hands on all it has at each arrival."""
    g, waiting = np.zeros(len(inputs)), [root]
    g[root] = 1
    for node in waiting:
        for k, slope in zip(inputs[node], slopes[node]):
            g[k] += slope * g[node]
            waiting.append(k)
    return g


def _mean_of_uses(inputs, slopes, root):
    g, uses = np.zeros(len(inputs)), np.zeros(len(inputs))
    depth = layers(inputs)
    g[root] = 1
    behind = set(_behind(inputs, root))
    for node in sorted(behind, key=lambda node: -depth[node]):
        g[node] /= max(1, uses[node])
        for k, slope in zip(inputs[node], slopes[node]):
            g[k] += slope * g[node]
            uses[k] += 1
    return g


def _without_root(inputs, slopes, root):
    g = graph_gradients(inputs, slopes, root)
    g[root] = 0
    return g


# What each later probe adds: two ways, an order that numbers do not give, a node that does not lead to the root.
CHAIN = ([[], [0]], [[], [3.0]], 1)
TWICE = ([[], [0, 0]], [[], [2.0, 3.0]], 1)
LONGER = ([[], [0], [1]], [[], [2.0], [-3.0]], 2)
DIAMOND = ([[], [0], [1], [1, 2]], [[], [2.0], [3.0], [5.0, 7.0]], 3)
DIAMOND_TURNED = ([[], [0], [1], [2, 1]], [[], [2.0], [3.0], [7.0, 5.0]], 3)
DIAMOND_RENUMBERED = ([[3, 2], [], [3], [1]], [[5.0, 7.0], [], [3.0], [2.0]], 0)
UNUSED = ([[], [0], [0], [2, 1]], [[], [4.0], [0.5], [2.0, 3.0]], 1)
TWO_DIAMONDS = (
    [[], [0], [0, 1], [2], [2, 3, 3], [4, 2]],
    [[], [2.0], [0.5, -1.0], [3.0], [1.0, 2.0, 0.25], [-2.0, 4.0]],
    5,
)
TWO_DIAMONDS_RENUMBERED = (
    [[1, 5], [5, 2, 2], [5], [4], [], [4, 3]],
    [[-2.0, 4.0], [1.0, 2.0, 0.25], [3.0], [2.0], [], [0.5, -1.0]],
    0,
)

NOT_COMPLETE = (
    "In the diamond, `u1` is used by `u2` and by the loss. Where `u1` hands on its gradient before `u2` has added "
    "its share, the nodes behind `u1` never hear of that share. A node may hand on only when all of its users have: "
    "in reverse topological order, for example by falling depth. "
)

EXERCISE_2 = Exercise(
    id="06.2",
    title="Gradients of a graph",
    see="In which order",
    solution=graph_gradients,
    probes=[
        CHAIN,
        TWICE,
        LONGER,
        DIAMOND,
        DIAMOND_TURNED,
        DIAMOND_RENUMBERED,
        UNUSED,
        TWO_DIAMONDS,
        TWO_DIAMONDS_RENUMBERED,
    ],
    specimens=[
        Specimen(
            "A gradient overwrites the one before it",
            _receiving(lambda g, k, g_node, slope: slope * g_node),
            "A value that is used twice gets a gradient from each use, and `g[k] = ...` keeps only the last. Both ways "
            "lead to the loss, so both count: `g[k] += ...`.",
            where=_all_lead_to_root,
        ),
        Specimen(
            "Only the first gradient is kept",
            _receiving(lambda g, k, g_node, slope: g[k] or slope * g_node),
            "A value that is used twice gets a gradient from each use, and only the first one is kept here. Both ways "
            "lead to the loss, so both count: `g[k] += ...`.",
        ),
        Specimen(
            "Only the largest gradient is kept",
            _receiving(lambda g, k, g_node, slope: max(g[k], slope * g_node, key=abs)),
            "A value that is used twice gets a gradient from each use. They add up; the larger does not replace the "
            "smaller.",
        ),
        Specimen(
            "The gradients of several uses are averaged",
            _mean_of_uses,
            "A value that is used twice moves the loss along both ways at once. Its gradient is the sum of the two, "
            "not their mean.",
        ),
        Specimen(
            "There is no topological order: breadth first from the loss",
            _in_order(lambda inputs, root: _behind(inputs, root)),
            NOT_COMPLETE + "A queue takes the nodes by their shortest distance from the loss, and `u1` is near to it.",
        ),
        Specimen(
            "There is no topological order: depth first from the loss",
            _each_use_at_once,
            NOT_COMPLETE + "A function that calls itself at the first arrival goes on while other shares are missing.",
        ),
        Specimen(
            "A node hands on all it has at each arrival",
            _all_it_has_again,
            "A node that gets a second share hands on the sum, with the first share in it, which it had handed on "
            "before. The nodes behind it get that share twice. Either hand on each share by itself, or wait until the "
            "sum is complete: in reverse topological order.",
        ),
        Specimen(
            "The nodes are taken from the largest number to the smallest",
            _in_order(lambda inputs, root: reversed(range(len(inputs)))),
            "Falling numbers are right where every input has a smaller number than its user. The numbering is "
            "arbitrary. Sort the nodes so that each comes after its inputs, and go through that order backwards.",
        ),
        Specimen(
            "The nodes are taken from the smallest number to the largest",
            _in_order(lambda inputs, root: range(len(inputs))),
            "A backward pass begins at the loss, and the numbering is arbitrary. Sort the nodes so that each comes "
            "after its inputs, and go through that order backwards.",
        ),
        Specimen(
            "It stops after one step, or runs forward",
            _in_order(lambda inputs, root: [root]),
            "Only the inputs of the loss get a gradient. Either the other nodes are never visited, or they are visited "
            "before the loss, while their gradient is still 0. Go through the topological order backwards.",
        ),
        Specimen(
            "Slopes are added in place of multiplied",
            _receiving(lambda g, k, g_node, slope: g[k] + slope + g_node),
            "Along a way the chain rule multiplies: a step is stretched by each slope in turn. Addition is for "
            "different ways. So `g[k] += slope * g[node]`.",
            where=lambda inputs, slopes, root: root == len(inputs) - 1,
        ),
        Specimen(
            "The upstream gradient is forgotten",
            _receiving(lambda g, k, g_node, slope: g[k] + slope),
            "The slope alone is the derivative of the next node. For that of the loss, multiply it by the gradient "
            "that the next node has: `slope * g[node]`.",
            where=lambda inputs, slopes, root: root == len(inputs) - 1,
        ),
        Specimen(
            "The slopes are forgotten",
            _receiving(lambda g, k, g_node, slope: g[k] + g_node),
            "Every node hands on its gradient unchanged. That counts the ways to the loss. The VJP multiplies by the "
            "local derivative: `slope * g[node]`.",
        ),
        Specimen(
            "The slopes are divided by",
            _receiving(lambda g, k, g_node, slope: g[k] + g_node / slope),
            "The chain rule multiplies by the local derivative.",
        ),
        Specimen(
            "It starts with 0",
            lambda inputs, slopes, root: np.zeros(len(inputs)),
            "Every gradient is a multiple of the first one, that of the loss with respect to itself. That is 1: "
            "`g[root] = 1`.",
        ),
        Specimen(
            "The gradient of the loss itself is missing",
            _without_root,
            "The derivative of the loss with respect to itself is 1, and belongs into the result.",
        ),
    ],
)


# --- 06.3 ---------------------------------------------------------------------------------------------------------


def undo_broadcasting(g, shape):
    """Sum a gradient g down to the shape that its value had before it was broadcast to g.shape."""
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return g.sum(axis=stretched, keepdims=True)


def _leading(g, shape):
    """The axes that were added in front."""
    return tuple(range(g.ndim - len(shape)))


def _stretched(shape):
    return tuple(axis for axis, size in enumerate(shape) if size == 1)


def _from_the_left(g, shape):
    """Shapes compared from the left: the axes at the end are summed away."""
    g = g.sum(axis=tuple(range(len(shape), g.ndim)))
    return g.sum(axis=_stretched(shape), keepdims=True)


def _is_broadcast(g, shape):
    return g.shape != shape


SUM = "Each copy of the value moves the loss by its own g, so the gradient of the value is the sum over its copies."

EXERCISE_3 = Exercise(
    id="06.3",
    title="Undo broadcasting",
    see="Undoing broadcasting",
    solution=undo_broadcasting,
    probes=[
        (np.array([1.0, 2.0]), ()),
        (np.array([1.0, 2.0]), (1,)),
        (np.array([1.0, 2.0]), (2,)),
        (np.array([[1.0, 2.0]]), (2,)),
        (np.array([[1.0], [2.0]]), (2, 1)),
        (SQUARE, (2,)),
        (SQUARE, (2, 1)),
        (SQUARE, (1, 2)),
        (SQUARE, (2, 2)),
        (SQUARE, (1,)),
        (SQUARE, ()),
        (WIDE, (3,)),
        (WIDE, (2, 1)),
        (WIDE, (1, 3)),
        (WIDE, (1, 1)),
        (WIDE, (2, 3)),
        (BLOCK, (2,)),
        (BLOCK, (3, 1)),
        (BLOCK, (1, 3, 1)),
        (BLOCK, (2, 1, 2)),
        (BLOCK, (1, 2)),
        (BLOCK, ()),
    ],
    specimens=[
        Specimen(
            "Broadcasting is not undone",
            lambda g, shape: g,
            "g still has the shape of the result. A gradient must have the shape of its value: a bias of shape (3,) "
            "that was added to two rows needs 3 numbers, not 6. " + SUM,
        ),
        Specimen(
            "Only the axes in front are summed away",
            lambda g, shape: g.sum(axis=_leading(g, shape)),
            "An axis can be repeated in two ways. Those added in front are dealt with. An axis of size 1 that was "
            "stretched, (2, 1) to (2, 3), is summed too, with `keepdims=True`.",
        ),
        Specimen(
            "Only the stretched axes are summed",
            lambda g, shape: g.sum(axis=tuple(i + g.ndim - len(shape) for i in _stretched(shape)), keepdims=True),
            "An axis can be repeated in two ways. Those stretched from size 1 are dealt with. Axes that were added in "
            "front, (3,) to (2, 3), must be summed away, so that they are gone from the shape.",
        ),
        Specimen(
            "A mean in place of a sum",
            lambda g, shape: g.mean(axis=_leading(g, shape)).mean(axis=_stretched(shape), keepdims=True),
            SUM + " A mean divides by the number of copies. The factor 1/N of a batch is in g already, if the loss "
            "is a mean.",
        ),
        Specimen(
            "keepdims is forgotten",
            lambda g, shape: g.sum(axis=_leading(g, shape)).sum(axis=_stretched(shape)),
            "The numbers are right, and the shape is not: a stretched axis loses its place. It had size 1 before, and "
            "must have it again: `keepdims=True`.",
        ),
        Specimen(
            "keepdims stands where axes must go",
            lambda g, shape: (
                g.sum(axis=_leading(g, shape), keepdims=True).sum(
                    axis=tuple(i + g.ndim - len(shape) for i in _stretched(shape)), keepdims=True
                )
                if _leading(g, shape)
                else g
            ),
            "Axes that were added in front must be gone: they are summed without `keepdims`. Axes stretched from "
            "size 1 are summed with it.",
        ),
        Specimen(
            "One copy is taken in place of all",
            lambda g, shape: g[(0,) * len(_leading(g, shape))][
                tuple(slice(1) if n == 1 else slice(None) for n in shape)
            ],
            SUM + " Taking the first copy has the right shape, and is right only where all the others are 0.",
        ),
        Specimen(
            "All of g is summed up",
            lambda g, shape: np.full(shape, g.sum()),
            "The sum runs over the copies of one element. Different elements keep their own sums: sum only the axes "
            "that broadcasting has repeated.",
        ),
        Specimen(
            "It sums along axis 0, whatever the shapes are",
            lambda g, shape: g.sum(axis=0) if g.shape != shape else g,
            "Axis 0 is right for a bias (3,) that was added to rows (2, 3). Which axes were repeated is to be read off "
            "the two shapes.",
        ),
        Specimen(
            "It sums along axis 0 and keeps it, whatever the shapes are",
            lambda g, shape: g.sum(axis=0, keepdims=True) if g.shape != shape else g,
            "Which axes were repeated is to be read off the two shapes. And `keepdims=True` is for axes that were "
            "there before, with size 1.",
        ),
        Specimen(
            "The last axis is summed, whatever the shapes are",
            lambda g, shape: g.sum(axis=-1) if g.shape != shape else g,
            "Which axes were repeated is to be read off the two shapes: those added in front, and those stretched from "
            "size 1.",
        ),
        Specimen(
            "Only one axis in front is summed away",
            lambda g, shape: (g.sum(axis=0) if g.ndim > len(shape) else g).sum(axis=_stretched(shape), keepdims=True),
            "A value of shape (2,) that was used as (2, 3, 2) got two axes in front. All of `range(g.ndim - "
            "len(shape))` must be summed away.",
            where=lambda g, shape: g.ndim - len(shape) < 2 or 1 not in shape,
        ),
        Specimen(
            "The shapes are compared from the left",
            _from_the_left,
            "NumPy compares shapes from the right, so the axes that are missing were added in front. Sum the first "
            "`g.ndim - len(shape)` axes away, not the last.",
            where=lambda g, shape: len(shape) < g.ndim,
        ),
        Specimen(
            "The copies are summed, and repeated again",
            lambda g, shape: np.broadcast_to(undo_broadcasting(g, shape), g.shape),
            "The sums are right. They must keep the shape of the value; do not broadcast them back to that of g.",
        ),
        Specimen(
            "g is cut to the shape",
            lambda g, shape: np.resize(g, shape),
            "`np.resize` takes the first numbers and throws the others away. " + SUM,
        ),
        Specimen(
            "g is reshaped",
            lambda g, shape: g.reshape(shape),
            "A reshape keeps the number of elements, and a gradient that was broadcast has more of them than its "
            "value. " + SUM,
        ),
    ],
)


# --- 06.4 ---------------------------------------------------------------------------------------------------------


def matmul_vjp(g, X, W, k):
    """The VJP of Z = X @ W with respect to X (k = 0) or W (k = 1): g (N, C), X (N, D), W (D, C)."""
    return g @ W.T if k == 0 else X.T @ g


def _pair(for_x, for_w):
    """Both VJPs as one function of g, X, W and k, from two functions of g, X and W."""
    return lambda g, X, W, k: (for_x if k == 0 else for_w)(g, X, W)


def _for_x(g, X, W):
    return g @ W.T


def _for_w(g, X, W):
    return X.T @ g


ONE = np.array([[2.0]])

EXERCISE_4 = Exercise(
    id="06.4",
    title="The VJPs of a matrix product",
    see="The matrix product",
    solution=matmul_vjp,
    probes=[
        (ONE, np.array([[3.0]]), np.array([[5.0]]), 0),
        (ONE, np.array([[3.0]]), np.array([[5.0]]), 1),
        (ONE, np.array([[3.0, -1.0]]), np.array([[5.0], [0.5]]), 0),
        (ONE, np.array([[3.0, -1.0]]), np.array([[5.0], [0.5]]), 1),
        (np.array([[1.0, 2.0], [3.0, -1.0]]), SQUARE, np.array([[2.0, 0.0], [1.0, -3.0]]), 0),
        (np.array([[1.0, 2.0], [3.0, -1.0]]), SQUARE, np.array([[2.0, 0.0], [1.0, -3.0]]), 1),
        (np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 1.0]]), SQUARE, WIDE, 0),
        (np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 1.0]]), SQUARE, WIDE, 1),
        (np.array([[1.0, 2.0], [0.0, -1.0]]), WIDE, np.array([[1.0, -1.0], [0.5, 2.0], [0.0, 3.0]]), 0),
        (np.array([[1.0, 2.0], [0.0, -1.0]]), WIDE, np.array([[1.0, -1.0], [0.5, 2.0], [0.0, 3.0]]), 1),
    ],
    specimens=[
        Specimen(
            "Nothing is transposed",
            _pair(lambda g, X, W: g @ W, lambda g, X, W: X @ g),
            "g has shape (N, C) and W has shape (D, C). The sum runs over the classes, so the C of both must meet: "
            "`g @ W.T`. For W it runs over the examples: `X.T @ g`. On square matrices the wrong product raises no "
            "error.",
        ),
        Specimen(
            "W is not transposed",
            _pair(lambda g, X, W: g @ W, _for_w),
            "The gradient for W is right. For X the sum runs over the classes: the C of g (N, C) must meet that of W "
            "(D, C), so W is transposed.",
        ),
        Specimen(
            "X is not transposed",
            _pair(_for_x, lambda g, X, W: X @ g),
            "The gradient for X is right. For W the sum runs over the examples: the N of X (N, D) must meet that of g "
            "(N, C), so X is transposed.",
        ),
        Specimen(
            "The factors are in the wrong order",
            _pair(lambda g, X, W: W.T @ g, lambda g, X, W: g @ X.T),
            "A matrix product may not be turned round. W stands on the right of X, so W.T stands on the right of g; "
            "and X.T on its left.",
        ),
        Specimen(
            "The two gradients are exchanged",
            _pair(_for_w, _for_x),
            "`X.T @ g` has the shape of W, and `g @ W.T` that of X. k = 0 asks for X, the first input.",
        ),
        Specimen(
            "It is the VJP of an elementwise product",
            _pair(lambda g, X, W: g * W, lambda g, X, W: g * X),
            "`g * W` belongs to `X * W`. In `X @ W` every element of X meets a whole row of W, so its gradient is a "
            "sum: a matrix product.",
        ),
        Specimen(
            "The elementwise product is summed",
            _pair(lambda g, X, W: np.full(X.shape, (g * W).sum()), lambda g, X, W: np.full(W.shape, (g * X).sum())),
            "Each element of X has its own sum, over the classes that it reaches. A matrix product makes all these "
            "sums.",
        ),
        Specimen(
            "The results are transposed",
            _pair(lambda g, X, W: (g @ W.T).T, lambda g, X, W: (X.T @ g).T),
            "The numbers are right, and lie in the wrong place: a gradient has the shape of its value.",
        ),
        Specimen(
            "The gradient for W is transposed",
            _pair(_for_x, lambda g, X, W: g.T @ X),
            "`g.T @ X` is the transpose of the right one, with shape (C, D). Layers that store W as (C, D) need that; "
            "here W is (D, C).",
        ),
        Specimen(
            "g is forgotten",
            _pair(
                lambda g, X, W: np.broadcast_to(W.sum(axis=1), X.shape),
                lambda g, X, W: np.broadcast_to(X.sum(axis=0)[:, None], W.shape),
            ),
            "This is the gradient of the sum of Z, where g is 1 everywhere. The VJP multiplies by the g that comes in.",
        ),
        Specimen(
            "The other factor, transposed, is all",
            _pair(lambda g, X, W: W.T, lambda g, X, W: X.T),
            "W.T is the derivative, as d(xw)/dx = w for numbers. The VJP goes on: it multiplies g with it.",
        ),
        Specimen(
            "The examples are averaged in the gradient for W",
            _pair(_for_x, lambda g, X, W: X.T @ g / len(X)),
            "All examples share W, and their gradients add up. If the loss is a mean, its 1/N is in g already.",
        ),
        Specimen(
            "Only the first example reaches W",
            _pair(_for_x, lambda g, X, W: np.outer(X[0], g[0])),
            "All examples share W, and their gradients add up: the sum over n is in `X.T @ g`.",
        ),
        Specimen(
            "The examples are summed before they meet",
            _pair(_for_x, lambda g, X, W: np.outer(X.sum(axis=0), g.sum(axis=0))),
            "The g of an example belongs to the X of the same example. Multiply first, then sum over the examples: "
            "`X.T @ g`.",
        ),
        Specimen(
            "The examples are not summed in the gradient for W",
            _pair(_for_x, lambda g, X, W: np.einsum("nd,nc->ndc", X, g)),
            "One matrix for each example. All of them share W, so their gradients add up: `X.T @ g`.",
        ),
        Specimen(
            "k is ignored: always the gradient for X",
            _pair(_for_x, _for_x),
            "The result for k = 1 must have the shape of W.",
        ),
        Specimen(
            "k is ignored: always the gradient for W",
            _pair(_for_w, _for_w),
            "The result for k = 0 must have the shape of X.",
        ),
        Specimen(
            "It is the forward product",
            _pair(lambda g, X, W: X @ W, lambda g, X, W: X @ W),
            "X @ W is the value. The VJP starts from g, which has the shape of the value.",
        ),
    ],
)

EXERCISES = [EXERCISE_1, EXERCISE_2, EXERCISE_3, EXERCISE_4]
