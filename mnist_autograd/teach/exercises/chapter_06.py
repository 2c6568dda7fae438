"""The exercises of chapter 06: autograd. For each the solution, the probes and the known mistakes.

A graph is given as lists. Node number k uses the nodes inputs[k], and slopes[k] has its local derivative with respect
to each of them: numbers, one for each use.
"""

from __future__ import annotations

import numpy as np

from .shared import BLOCK, SQUARE, WIDE
from .task import Exercise, Specimen

# --- 06.1 ---------------------------------------------------------------------------------------------------------


def layers(inputs):
    """The depth of each node of a graph: 0 without inputs, else 1 more than the deepest input."""
    known = {}

    def depth(node):
        if node not in known:
            known[node] = 1 + max((depth(k) for k in inputs[node]), default=-1)
        return known[node]

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


def _in_one_pass(inputs, step=1):
    depth = [0] * len(inputs)
    for node in range(len(inputs))[::step]:
        depth[node] = 1 + max((depth[k] for k in inputs[node]), default=-1)
    return depth


def _first_known(inputs):
    """In repeated passes; the first input whose depth is known decides."""
    depth = {node: 0 for node, used in enumerate(inputs) if not used}
    for _ in inputs:
        for node, used in enumerate(inputs):
            found = [depth[k] + 1 for k in used if k in depth]
            if node not in depth and found:
                depth[node] = found[0]
    return [depth[node] for node in range(len(inputs))]


def _order(inputs, nodes=None):
    """A topological order of the nodes, by visits; of all, or of those that lead to some."""
    order = []

    def visit(node):
        if node not in order:
            for k in inputs[node]:
                visit(k)
            order.append(node)

    for node in range(len(inputs)) if nodes is None else nodes:
        visit(node)
    return order


def _by_depth(inputs):
    return sorted(range(len(inputs)), key=layers(inputs).tolist().__getitem__)


def _grouped(inputs):
    """A list of nodes for each layer."""
    depth = layers(inputs)
    return [np.flatnonzero(depth == layer).tolist() for layer in range(max(depth) + 1)]


def _layers_of_one_size(inputs):
    return len(set(map(len, _grouped(inputs)))) == 1


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
        ([[1, 2], [2], []],),
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
            "It looks at the first input that is known",
            _first_known,
            "A depth that is known early is often a small one, and here it is kept. A node can be placed when all its "
            "inputs are, one layer after the deepest of them.",
        ),
        *(
            Specimen(
                f"The nodes are taken {way} of their numbers",
                lambda inputs, step=step: _in_one_pass(inputs, step),
                "One pass is right where the numbers happen to stand in the right order. They are arbitrary: an input "
                "that comes later still has the depth 0 when it is asked. Compute the depth of the inputs first, for "
                "example with a function that calls itself.",
            )
            for way, step in [("in the order", 1), ("against the order", -1)]
        ),
        *(
            Specimen(
                f"The result is {what}, {how}",
                function,
                "Wanted is a depth for each node, at the place of its number: for `[[1], []]` node 0 has depth 1 and "
                "node 1 has depth 0, so `[1, 0]`. Two nodes side by side have the same depth.",
            )
            for what, how, function in [
                ("an order of the nodes", "by visits", _order),
                ("an order of the nodes", "by depth", _by_depth),
                ("places in an order", "by visits", lambda inputs: np.argsort(_order(inputs))),
                ("places in an order", "by depth", lambda inputs: np.argsort(_by_depth(inputs))),
            ]
        ),
        Specimen(
            "The result is a list of nodes for each layer",
            _grouped,
            "Wanted is the other direction: for each node its layer, a list of as many integers as there are nodes.",
            where=_layers_of_one_size,
        ),
        Specimen(
            "The result is one number",
            lambda inputs: max(layers(inputs)),
            "That is the depth of the deepest node. Wanted is a depth for each node.",
        ),
        Specimen(
            "The depths are sorted",
            lambda inputs: sorted(layers(inputs)),
            "These are the right depths, and not at the places of their nodes: the depth of node k stands at place k.",
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


def _in_one_order(inputs, slopes, root):
    """All nodes lead to the root, in one order only. Else it depends on the wording who overwrites whom, and with 0."""
    return len(_behind(inputs, root)) == len(inputs) == 1 + max(layers(inputs))


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


def _down_every_way(receive, hand_on):
    """A function that calls itself for every use. g[node] = receive(g[node], u); hand_on(g[node], u, slope) goes on."""

    def answer(inputs, slopes, root):
        g = np.zeros(len(inputs))

        def arrive(node, u):
            g[node] = receive(g[node], u)
            for k, slope in zip(inputs[node], slopes[node]):
                arrive(k, hand_on(g[node], u, slope))

        arrive(root, 1.0)
        return g

    return answer


def _with_uses(uses):
    """A mistake in which slope belongs to which input: uses(inputs of a node, its slopes) gives pairs (k, slope)."""

    def answer(inputs, slopes, root):
        pairs = [uses(*node) for node in zip(inputs, slopes)]
        order, g = _by_depth(inputs), np.zeros(len(inputs))
        g[root] = 1
        for node in reversed(order):
            for k, slope in pairs[node]:
                g[k] += slope * g[node]
        return g

    return answer


def _at_once(inputs, slopes, root):
    """g[inputs[node]] += ...: where an index stands twice, its last value wins."""
    g = np.zeros(len(inputs))
    g[root] = 1
    for node in reversed(_by_depth(inputs)):
        g[inputs[node]] += np.array(slopes[node]) * g[node]
    return g


def _preorder(inputs, root):
    """Each node before its inputs, when a search in the depth meets it first."""
    order = []

    def visit(node):
        if node not in order:
            order.append(node)
            for k in inputs[node]:
                visit(k)

    visit(root)
    return order


def _with_a_stack(inputs, root):
    """The same, with a stack: the last input first."""
    order, stack = [], [root]
    while stack:
        node = stack.pop()
        if node not in order:
            order.append(node)
            stack += inputs[node]
    return order


def _with_repeats(inputs, root):
    """A topological order in reverse, in which a node stands once for each way to it."""
    return [root, *(node for k in reversed(inputs[root]) for node in _with_repeats(inputs, k))]


def _waits_for_all_users(inputs, slopes, root):
    g, waiting = np.zeros(len(inputs)), [root]
    count = [sum(used.count(k) for used in inputs) for k in range(len(inputs))]
    g[root] = 1
    for node in waiting:
        for k, slope in zip(inputs[node], slopes[node]):
            g[k] += slope * g[node]
            count[k] -= 1
            if count[k] == 0:
                waiting.append(k)
    return g


def _in_whole_numbers(inputs, slopes, root):
    g = np.zeros(len(inputs), dtype=int)
    g[root] = 1
    for node in reversed(_by_depth(inputs)):
        for k, slope in zip(inputs[node], slopes[node]):
            g[k] += slope * g[node]
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
# A user that does not lead to the root, of a node that is no leaf; and ways of the same length.
UNUSED_BEHIND = ([[], [0], [1], [1]], [[], [2.0], [3.0], [5.0]], 2)
SHUFFLED = ([[2], [], [1], [0]], [[2.0], [], [-3.0], [0.5]], 3)
SIDE_BY_SIDE = ([[], [0], [1], [1], [2, 3]], [[], [2.0], [3.0], [5.0], [7.0, -1.0]], 4)
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
        UNUSED_BEHIND,
        SHUFFLED,
        SIDE_BY_SIDE,
        TWO_DIAMONDS,
        TWO_DIAMONDS_RENUMBERED,
    ],
    specimens=[
        Specimen(
            "A gradient overwrites the one before it",
            _receiving(lambda g, k, g_node, slope: slope * g_node),
            "A value that is used twice gets a gradient from each use, and `g[k] = ...` keeps only the last. Both ways "
            "lead to the loss, so both count: `g[k] += ...`.",
            where=_in_one_order,
        ),
        Specimen(
            "A gradient overwrites the one before it, on every way",
            _down_every_way(lambda g, u: u, lambda g, u, slope: slope * u),
            "This is `backward_1`: a value that is used twice is visited twice, and `g[node] = ...` keeps only what "
            "came last. Both ways lead to the loss, so both count: `g[node] += ...`.",
        ),
        Specimen(
            "Of an input that is used twice by a node, only the last use is added",
            _at_once,
            "`g[[0, 0]] += a` reads `g[0]` before it writes, so the second addition overwrites the first. A loop over "
            "the uses adds one after the other; so does `np.add.at(g, inputs[node], a)`.",
        ),
        Specimen(
            "Of an input that is used twice by a node, the first slope is taken twice",
            _with_uses(lambda used, s: [(k, s[used.index(k)]) for k in used]),
            "`inputs[node].index(k)` is the first place of k. An input may stand there twice, each time with a slope "
            "of its own: `zip(inputs[node], slopes[node])` pairs them.",
        ),
        Specimen(
            "Of an input that is used twice by a node, only the first use counts",
            _with_uses(lambda used, s: [(k, s[used.index(k)]) for k in set(used)]),
            "A set keeps an input once. It may stand in the list twice, each time with a slope of its own, and each "
            "use counts: `zip(inputs[node], slopes[node])`.",
        ),
        Specimen(
            "The slopes are paired with a set of the inputs",
            _with_uses(lambda used, s: zip(sorted(set(used)), s)),
            "A set keeps each input once, and not in the order of the list. So a slope meets another input than its "
            "own. Pair the lists as they are: `zip(inputs[node], slopes[node])`.",
        ),
        Specimen(
            "The places of the slopes are taken for the numbers of nodes",
            _with_uses(lambda used, s: enumerate(s)),
            "`enumerate(slopes[node])` counts 0, 1, ...: places in the list. The node at place i is `inputs[node][i]`.",
        ),
        Specimen(
            "Only the first gradient is kept",
            _receiving(lambda g, k, g_node, slope: g[k] or slope * g_node),
            "A value that is used twice gets a gradient from each use, and only the first one is kept here. Both ways "
            "lead to the loss, so both count: `g[k] += ...`.",
            where=_in_one_order,
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
        *(
            Specimen(
                f"There is no topological order: depth first from the loss, {how}",
                function,
                NOT_COMPLETE + "A search in the depth goes on from a node at its first arrival, while other shares "
                "are missing.",
            )
            for how, function in [
                ("at once", _each_use_at_once),
                ("each node before its inputs", _in_order(_preorder)),
                ("with a stack", _in_order(_with_a_stack)),
            ]
        ),
        *(
            Specimen(
                f"A node hands on all it has at each arrival, {how}",
                function,
                "A node that gets a second share hands on the sum, with the first share in it, which it had handed on "
                "before. The nodes behind it get that share twice. Either hand on each share by itself, or wait until "
                "the sum is complete: in reverse topological order.",
            )
            for how, function in [
                ("with a queue", _all_it_has_again),
                ("by calls", _down_every_way(lambda g, u: g + u, lambda g, u, slope: slope * g)),
            ]
        ),
        Specimen(
            "A node stands in the order more than once",
            _in_order(_with_repeats),
            "Without a test whether a node has been visited, it is put into the order once for each way to it, and "
            "hands on its gradient each time. Keep a set of those that have been `seen`.",
        ),
        Specimen(
            "It waits for users that do not lead to the loss",
            _waits_for_all_users,
            "A node may hand on when all its users have, and only those count that the loss depends on: the others "
            "never get a turn. Count the users among the nodes behind the loss, or go by falling depth.",
        ),
        Specimen(
            "Nodes with a larger number than the loss are left out",
            _in_order(lambda inputs, root: [k for k in _by_depth(inputs)[::-1] if k <= root]),
            "`range(root + 1)` holds all nodes behind the loss where each has a smaller number than its user. The "
            "numbering is arbitrary: go over all of them.",
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
        *(
            Specimen(
                f"The upstream gradient is forgotten{how}",
                function,
                "The slope alone is the derivative of the next node. For that of the loss, multiply it by the gradient "
                "that the next node has: `slope * g[node]`.",
                where=lambda inputs, slopes, root: root == len(inputs) - 1,
            )
            for how, function in [
                ("", _receiving(lambda g, k, g_node, slope: g[k] + slope)),
                (", on every way", _down_every_way(lambda g, u: g + u, lambda g, u, slope: slope)),
            ]
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
        *(
            Specimen(
                f"The loss is taken to be the {which} node",
                lambda inputs, slopes, root, node=node: graph_gradients(inputs, slopes, node % len(inputs)),
                "Which node is the loss, the argument `root` says: `g[root] = 1`. The numbering is arbitrary.",
            )
            for which, node in [("first", 0), ("last", -1)]
        ),
        Specimen(
            "The gradients are whole numbers",
            _in_whole_numbers,
            "An array that was made with `int` cuts off what stands behind the point, without a word. `np.zeros(n)` "
            "holds floats.",
        ),
        Specimen(
            "Only the leaves have a gradient",
            lambda *graph: np.where([not used for used in graph[0]], graph_gradients(*graph), 0),
            "Wanted is the derivative with respect to every node, those between too, and the loss itself.",
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


def _sum_each(g, axes, **how):
    """One axis after the other, each counted in what is left."""
    for axis in axes:
        g = g.sum(axis=axis, **how)
    return g


def _offset(g, shape):
    """The axes of g that were stretched, where no axis of g is gone yet."""
    return tuple(axis + g.ndim - len(shape) for axis in _stretched(shape))


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
            "Only the stretched axes are summed, counted from the left",
            lambda g, shape: g.sum(axis=_stretched(shape), keepdims=True),
            "An axis can be repeated in two ways. Those stretched from size 1 are dealt with. Axes that were added in "
            "front, (3,) to (2, 3), must be summed away first. Then axis i of g is axis i of `shape`.",
        ),
        Specimen(
            "The stretched axes come before those in front",
            lambda g, shape: (lambda h: h.sum(axis=_leading(h, shape)))(g.sum(axis=_stretched(shape), keepdims=True)),
            "Axis 0 of `shape` is axis 0 of g only when the axes that were added in front are gone. Sum those away "
            "first, then the stretched ones.",
        ),
        Specimen(
            "Only the first of the stretched axes is summed",
            lambda g, shape: g.sum(axis=_leading(g, shape)).sum(axis=_stretched(shape)[:1], keepdims=True),
            "More than one axis may have been stretched, as in (1, 1) to (2, 3). Sum all of them.",
        ),
        *(
            Specimen(
                f"A mean in place of a sum{where}",
                lambda g, shape, a=a, b=b: getattr(getattr(g, a)(axis=_leading(g, shape)), b)(
                    axis=_stretched(shape), keepdims=True
                ),
                SUM + " A mean divides by the number of copies. The factor 1/N of a batch is in g already, if the loss "
                "is a mean.",
            )
            for where, a, b in [
                ("", "mean", "mean"),
                (", over the axes in front", "mean", "sum"),
                (", over the stretched axes", "sum", "mean"),
            ]
        ),
        *(
            Specimen(
                f"keepdims is forgotten{how}",
                lambda g, shape, forget=forget: forget(g.sum(axis=_leading(g, shape)), _stretched(shape)),
                "A stretched axis loses its place, and in a loop all later axes get another number. It had size 1 "
                "before, and must have it again: `keepdims=True`.",
            )
            for how, forget in [("", lambda g, axes: g.sum(axis=axes)), (" in a loop", _sum_each)]
        ),
        Specimen(
            "The axes in front are counted on while they go away",
            lambda g, shape: _sum_each(g, _leading(g, shape)).sum(axis=_stretched(shape), keepdims=True),
            "After `g.sum(axis=0)` the next axis in front has the number 0, no longer 1. Sum axis 0 again and again, "
            "or all at once with a tuple of axes.",
        ),
        *(
            Specimen(
                f"None is passed where no axis {what}",
                function,
                "`axis=None` sums over all axes, and `axis=()` over none. Where there is nothing to sum, the empty "
                "tuple is right.",
            )
            for what, function in [
                (
                    "was added",
                    lambda g, shape: g.sum(axis=_leading(g, shape) or None).sum(axis=_stretched(shape), keepdims=True),
                ),
                (
                    "was stretched",
                    lambda g, shape: g.sum(axis=_leading(g, shape)).sum(axis=_stretched(shape) or None, keepdims=True),
                ),
            ]
        ),
        *(
            Specimen(
                f"keepdims stands where axes must go{how}",
                lambda g, shape, stretched=stretched: g.sum(axis=_leading(g, shape), keepdims=True).sum(
                    axis=stretched(g, shape), keepdims=True
                ),
                "Axes that were added in front must be gone: they are summed without `keepdims`. Axes stretched from "
                "size 1 are summed with it.",
                where=where,
            )
            for how, stretched, where in [
                ("", lambda g, shape: _stretched(shape), None),
                (", then the axes are counted from the right", _offset, lambda g, shape: len(shape) < g.ndim),
            ]
        ),
        Specimen(
            "One copy is taken in place of all",
            lambda g, shape: g[(0,) * len(_leading(g, shape))][
                tuple(slice(1) if n == 1 else slice(None) for n in shape)
            ],
            SUM + " Taking the first copy has the right shape, and is right only where all the others are 0.",
        ),
        *(
            Specimen(
                f"All of g is summed up{how}",
                function,
                "The sum runs over the copies of one element. Different elements keep their own sums: sum only the "
                "axes that broadcasting has repeated.",
            )
            for how, function in [
                ("", lambda g, shape: np.full(shape, g.sum())),
                (", to one number", lambda g, shape: g.sum()),
            ]
        ),
        *(
            Specimen(
                f"It sums along axis 0, {how}",
                function,
                "Axis 0 is right for a bias (3,) that was added to rows (2, 3). Which axes were repeated is to be read "
                "off the two shapes.",
            )
            for how, function in [
                ("whatever the shapes are", lambda g, shape: g.sum(axis=0) if g.shape != shape else g),
                ("even where nothing was repeated", lambda g, shape: g.sum(axis=0)),
            ]
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
            "The shapes are paired from the left",
            lambda g, shape: g.sum(
                axis=tuple(axis for axis, (m, n) in enumerate(zip(g.shape, shape)) if m != n), keepdims=True
            ),
            "`zip(g.shape, shape)` begins at the left, and NumPy compares shapes from the right. Sum the first "
            "`g.ndim - len(shape)` axes away; then both have the same number of axes, and `zip` fits.",
        ),
        Specimen(
            "The copies are summed, and repeated again",
            lambda g, shape: np.broadcast_to(undo_broadcasting(g, shape), g.shape),
            "The sums are right. They must keep the shape of the value; do not broadcast them back to that of g.",
        ),
        *(
            Specimen(f"g is cut to the shape{how}", function, f"{what} the first, and throws the others away. {SUM}")
            for how, what, function in [
                ("", "`np.resize` keeps", lambda g, shape: np.resize(g, shape)),
                (" by a slice", "A slice keeps", lambda g, shape: g[tuple(slice(n) for n in shape)]),
            ]
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
            "`X.T @ g` has the shape of W, and `g @ W.T` that of X. k counts from 0: 0 asks for X, the first input, "
            "and 1 for W.",
        ),
        *(
            Specimen(
                f"It is the VJP of an elementwise product{how}",
                function,
                "`*` belongs to `X * W`. In `X @ W` every element of X meets a whole row of W, so its gradient is a "
                "sum: a matrix product, written `@`.",
            )
            for how, function in [
                ("", _pair(lambda g, X, W: g * W, lambda g, X, W: g * X)),
                (", transposed", _pair(lambda g, X, W: g * W.T, lambda g, X, W: X.T * g)),
            ]
        ),
        Specimen(
            "Both gradients are returned",
            lambda g, X, W, k: [_for_x(g, X, W), _for_w(g, X, W)],
            "k says which of the two is wanted: for 0 the gradient for X, for 1 that for W.",
            where=lambda g, X, W, k: X.shape == W.shape,
        ),
        Specimen(
            "A reshape stands in place of a transpose",
            _pair(
                lambda g, X, W: g @ W.reshape(W.shape[::-1]),
                lambda g, X, W: X.reshape(X.shape[::-1]) @ g,
            ),
            "A reshape keeps the numbers in their order and only breaks the rows elsewhere. The transpose makes rows "
            "of columns: `W.T`.",
        ),
        Specimen(
            "The gradient for X is transposed",
            _pair(lambda g, X, W: W @ g.T, _for_w),
            "`W @ g.T` is the transpose of the right one, with shape (D, N). A gradient has the shape of its value, "
            "and X is (N, D).",
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
        *(
            Specimen(
                f"Only the {which} example reaches W",
                _pair(_for_x, lambda g, X, W, n=n: np.outer(X[n], g[n])),
                "All examples share W, and their gradients add up: the sum over n is in `X.T @ g`. In a loop over the "
                "examples, `+=` keeps them all.",
            )
            for which, n in [("first", 0), ("last", -1)]
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
