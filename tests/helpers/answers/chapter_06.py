"""Chapter 06: other right answers, and mistakes written otherwise than in teach/exercises/chapter_06.py."""

import numpy as np

from mnist_autograd import Tensor
from mnist_autograd import functional as F
from mnist_autograd import tensor as engine


def layers_by_rounds(inputs):
    """Raise what is too low, until nothing is."""
    depth = np.zeros(len(inputs))
    for _ in inputs:
        for node, used in enumerate(inputs):
            depth[node] = max([depth[k] + 1 for k in used], default=0)
    return depth


def layers_by_powers(inputs):
    """The longest way has as many edges as the highest power of the matrix of edges that still reaches the node."""
    edges = np.array([[used.count(k) for k in range(len(inputs))] for used in inputs])
    ways = [np.linalg.matrix_power(edges, n).sum(axis=1) > 0 for n in range(len(inputs))]
    return [int(np.flatnonzero(row).max()) for row in np.array(ways).T]


def gradients_along_every_way(inputs, slopes, root):
    """Each share goes down by itself, so that no order is needed."""
    g = np.zeros(len(inputs))

    def arrive(node, share):
        g[node] += share
        for k, slope in zip(inputs[node], slopes[node]):
            arrive(k, share * slope)

    arrive(root, 1)
    return g


def gradients_by_matrix(inputs, slopes, root):
    """g = e + A^T g, solved, where A has the local derivatives."""
    n = len(inputs)
    A = np.zeros((n, n))
    for node in range(n):
        np.add.at(A[node], inputs[node], slopes[node])
    return np.linalg.solve(np.eye(n) - A.T, np.eye(n)[root])


def graph_of_tensors(inputs, slopes):
    """A Tensor for each node, the sum of its inputs times their slopes."""
    made = {}

    def make(node):
        if node not in made:
            made[node] = Tensor(1.0, requires_grad=True)
            for k, slope in zip(inputs[node], slopes[node]):
                made[node] = made[node] + slope * make(k)
        return made[node]

    return [make(node) for node in range(len(inputs))]


def gradients_by_engine(inputs, slopes, root):
    nodes = graph_of_tensors(inputs, slopes)
    nodes[root].backward()
    return [0.0 if node.grad is None else node.grad for node in nodes]


def undo_one_axis_at_a_time(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


def undo_by_index(g, shape):
    """Each element of g goes to the element that it is a copy of."""
    result = np.zeros(shape)
    np.add.at(result.reshape(-1), np.broadcast_to(np.arange(result.size).reshape(shape), g.shape), g)
    return result


def matmul_by_engine(g, X, W, k):
    tensors = Tensor(X, requires_grad=True), Tensor(W, requires_grad=True)
    (tensors[0] @ tensors[1]).backward(g)
    return tensors[k].grad


def matmul_by_einsum(g, X, W, k):
    return np.einsum("nc,dc->nd", g, W) if k == 0 else np.einsum("nd,nc->dc", X, g)


def layers_that_use_the_inputs_up(inputs):
    """Whoever has no inputs left is placed, and taken out of the inputs of its users."""
    depth, waiting = [0] * len(inputs), [k for k, used in enumerate(inputs) if not used]
    for k in waiting:
        for user, used in enumerate(inputs):
            if k in used:
                depth[user] = max(depth[user], depth[k] + 1)
                while k in used:
                    used.remove(k)
                if not used:
                    waiting.append(user)
    return depth


def gradients_that_use_the_slopes_up(inputs, slopes, root):
    """With a right order, and each use popped from the caller's lists."""
    g = np.eye(len(inputs))[root]
    for node in np.argsort(layers_by_powers(inputs))[::-1]:
        while inputs[node]:
            g[inputs[node].pop()] += slopes[node].pop() * g[node]
    return g


RIGHT = {
    "06.1": [layers_by_rounds, layers_by_powers, layers_that_use_the_inputs_up],
    "06.2": [
        gradients_along_every_way,
        gradients_by_matrix,
        gradients_by_engine,
        gradients_that_use_the_slopes_up,
    ],
    "06.3": [undo_one_axis_at_a_time, undo_by_index, engine.undo_broadcasting],
    "06.4": [matmul_by_engine, matmul_by_einsum],
}


def overwriting(inputs, slopes, root):
    """With a right order, recursively sorted, but a dictionary that forgets."""
    order, g = [], {root: 1.0}

    def visit(node):
        if node not in order:
            for k in inputs[node]:
                visit(k)
            order.append(node)

    visit(root)
    for node in order[::-1]:
        g.update((k, slope * g[node]) for k, slope in zip(inputs[node], slopes[node]))
    return [g.get(node, 0) for node in range(len(inputs))]


def with_a_queue(inputs, slopes, root):
    g, queue, done = np.eye(len(inputs))[root], [root], []
    while queue:
        node = queue.pop(0)
        if node in done:
            continue
        done.append(node)
        for i, k in enumerate(inputs[node]):
            g[k] = g[k] + g[node] * slopes[node][i]
            queue.append(k)
    return g


def forward_in_topological_order(inputs, slopes, root):
    g = np.eye(len(inputs))[root]
    for node in np.argsort(layers_by_rounds(inputs), kind="stable"):
        for k, slope in zip(inputs[node], slopes[node]):
            g[k] += slope * g[node]
    return g


def breadth_first_depth(inputs):
    """The round in which a node first has an input that is known."""
    depth = {node: 0 for node, used in enumerate(inputs) if not used}
    for n in range(1, len(inputs)):
        depth |= {k: n for k, used in enumerate(inputs) if k not in depth and set(used) & depth.keys()}
    return [depth[node] for node in range(len(inputs))]


def first_known_in_a_while_loop(inputs):
    d = [0 if not used else None for used in inputs]
    while None in d:
        for k, used in enumerate(inputs):
            for j in used:
                if d[k] is None and d[j] is not None:
                    d[k] = d[j] + 1
    return d


def gradients_of_backward_1(inputs, slopes, root):
    g = [0.0] * len(inputs)

    def go(node, u):
        g[node] = u
        for i, k in enumerate(inputs[node]):
            go(k, u * slopes[node][i])

    go(root, 1.0)
    return g


def gradients_that_wait_for_all(inputs, slopes, root):
    c = [sum(i.count(k) for i in inputs) for k in range(len(inputs))]
    g, q = np.zeros(len(inputs)), [root]
    g[root] = 1
    while q:
        m = q.pop()
        for k, s in zip(inputs[m], slopes[m]):
            g[k] += s * g[m]
            c[k] -= 1
            if c[k] == 0:
                q.append(k)
    return g


def gradients_of_the_first_nodes(inputs, slopes, root):
    g = np.eye(len(inputs))[root]
    depth = layers_by_rounds(inputs)
    for node in sorted(range(root + 1), key=lambda k: depth[k], reverse=True):
        np.add.at(g, np.array(inputs[node], int), np.array(slopes[node]) * g[node])
    return g


def gradients_by_preorder(inputs, slopes, root):
    """Depth first, each node before its inputs, and this order run forwards."""
    g, order, stack = np.eye(len(inputs))[root], {}, [root]
    while stack:
        node = stack.pop()
        order.setdefault(node)
        stack += [k for k in inputs[node][::-1] if k not in order]
    for node in order:
        for k, slope in zip(inputs[node], slopes[node]):
            g[k] += slope * g[node]
    return g


def undo_the_stretched_first(g, shape):
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.sum(axis=axis, keepdims=True)
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    return g


def matmul_of_the_last_example(g, X, W, k):
    if k == 0:
        return g @ W.T
    for row, g_row in zip(X, g):
        result = row[:, None] * g_row
    return result


MISTAKES_WRITTEN_OTHERWISE = [
    ("06.1", first_known_in_a_while_loop, "It looks at the first input that is known"),
    ("06.1", lambda inputs: max(layers_by_powers(inputs)), "The result is one number"),
    ("06.2", gradients_of_backward_1, "A gradient overwrites the one before it, on every way"),
    ("06.2", gradients_that_wait_for_all, "It waits for users that do not lead to the loss"),
    ("06.2", gradients_of_the_first_nodes, "Nodes with a larger number than the loss are left out"),
    ("06.2", gradients_by_preorder, "There is no topological order: depth first from the loss, each node before"),
    ("06.3", undo_the_stretched_first, "The stretched axes come before those in front"),
    ("06.3", lambda g, shape: g.reshape(-1).sum(), "All of g is summed up, to one number"),
    ("06.4", matmul_of_the_last_example, "Only the last example reaches W"),
    ("06.4", lambda g, X, W, k: (matmul_by_engine(g, X, W, 0), matmul_by_engine(g, X, W, 1)), "Both gradients"),
    ("06.1", breadth_first_depth, "It counts the shortest way"),
    ("06.1", lambda inputs: np.array(layers_by_powers(inputs)) + 1, "Leaves have depth 1"),
    ("06.1", lambda inputs: [0 for _ in inputs], "The 1 is missing"),
    ("06.2", overwriting, "A gradient overwrites the one before it"),
    ("06.2", with_a_queue, "There is no topological order: breadth first"),
    ("06.2", forward_in_topological_order, "It stops after one step, or runs forward"),
    ("06.3", lambda g, shape: np.asarray(F.add(g, 0)), "Broadcasting is not undone"),
    ("06.3", lambda g, shape: undo_by_index(g, shape) * np.prod(shape) / g.size, "A mean in place of a sum"),
    ("06.3", lambda g, shape: np.add.reduce(g, axis=None) * np.ones(shape), "All of g is summed up"),
    ("06.4", lambda g, X, W, k: [(W @ g.T).T, (g.T @ X)][k], "The gradient for W is transposed"),
    ("06.4", lambda g, X, W, k: np.dot(*[(g, W), (X, g)][k]), "Nothing is transposed"),
    ("06.4", lambda g, X, W, k: matmul_by_engine(g, X, W, 1 - k), "The two gradients are exchanged"),
]
