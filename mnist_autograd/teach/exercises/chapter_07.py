"""The exercises of chapter 07: softmax regression. For each the solution, the probes and the known mistakes.

Shapes: logits (N, C), y and predicted (N,) class indices, images (N, D) pixels from 0 to 255; in 07.3 one accuracy for
each of K settings (K,).
"""

from __future__ import annotations

import numpy as np

from ..topics.formulas import largest, softmax
from .task import Exercise, Specimen

# --- 07.1 ---------------------------------------------------------------------------------------------------------


def accuracy(logits, y):
    """The share, 0 to 1, of the rows of logits (N, C) whose largest entry stands in the place that y (N,) names."""
    return (logits.argmax(axis=1) == y).mean()


def _right_class(logits, y):
    """The logit of the right class of each example: (N,)."""
    return logits[np.arange(len(y)), y]


def _mean_recall(logits, y):
    right = logits.argmax(axis=1) == y
    return np.mean([right[y == k].mean() for k in np.unique(y)])


EXERCISE_1 = Exercise(
    id="07.1",
    title="Accuracy",
    see="How many are right?",
    solution=accuracy,
    probes=[
        (np.array([[2.0, 1.0]]), np.array([0])),
        (np.array([[1.0, 2.0]]), np.array([0])),
        (np.array([[1.0, 3.0], [2.0, 4.0]]), np.array([1, 0])),
        (np.array([[3.0, 0.0], [2.0, 1.0], [-2.0, -1.0]]), np.array([0, 1, 1])),
        (np.array([[0.5, 2.0, 1.0], [3.0, 0.0, 0.0], [-3.0, -2.0, -1.0]]), np.array([1, 2, 2])),
        (np.array([[0.2, 0.1, 0.0], [0.0, 2.0, 5.0], [4.0, 3.0, 0.0], [1.0, 9.0, 8.0]]), np.array([0, 2, 2, 0])),
        (
            np.array([[5.0, 0.0, 1.0], [4.0, 0.0, 1.0], [1.0, 2.0, 0.0], [0.0, 0.0, 2.0], [0.0, 1.0, 0.0]]),
            np.array([0, 0, 0, 1, 1]),
        ),
    ],
    specimens=[
        Specimen(
            "The largest logit is sought along the batch axis",
            lambda logits, y: (logits.argmax(axis=0) == y).mean(),
            "`argmax(axis=0)` goes down each column and asks, of a class, which example likes it best: C answers. The "
            "question is, of each example, which class it likes best: `argmax(axis=1)`, N answers. With N = C nothing "
            "warns of the mistake, and numbers of examples are compared with classes.",
        ),
        Specimen(
            "The largest logit of the whole array is sought",
            lambda logits, y: (logits.argmax() == y).mean(),
            "Without an axis, `argmax` treats the array as one long row, and gives one place for the whole batch. "
            "`axis=1` gives a class for each example.",
        ),
        Specimen(
            "Every prediction meets every label",
            lambda logits, y: (logits.argmax(axis=1)[:, None] == y).mean(),
            "Predictions of shape (N, 1), which `keepdims=True` leaves, and labels of shape (N,) broadcast to (N, N): "
            "each prediction is compared with the labels of all examples. Both need shape (N,).",
        ),
        Specimen(
            "Every prediction meets every label, and the count is divided by N",
            lambda logits, y: (logits.argmax(axis=1)[:, None] == y).sum() / len(y),
            "`keepdims=True` leaves predictions of shape (N, 1), which broadcast with labels of shape (N,) to (N, N) "
            "comparisons. Both need shape (N,): `argmax(axis=1)`.",
        ),
        Specimen(
            "The right answers are counted, but not divided by N",
            lambda logits, y: (logits.argmax(axis=1) == y).sum(),
            "Accuracy is a share. Divide the count by the number of examples, or take the mean of the comparisons.",
        ),
        Specimen(
            "The count is divided by the number of classes",
            lambda logits, y: (logits.argmax(axis=1) == y).sum() / logits.shape[1],
            "`logits.shape[1]` is C. There are `logits.shape[0]` examples, N, and the share is out of them.",
        ),
        Specimen(
            "The count is divided by the number of logits",
            lambda logits, y: (logits.argmax(axis=1) == y).sum() / logits.size,
            "`logits.size` is N times C. Each example gives one answer, so the share is out of N.",
        ),
        Specimen(
            "Only the first example is counted",
            lambda logits, y: (logits[0].argmax() == y[0]) / len(y),
            "A `return` inside the loop ends it in its first round. It belongs behind the loop, not indented.",
        ),
        Specimen(
            "It is a percentage",
            lambda logits, y: 100 * (logits.argmax(axis=1) == y).mean(),
            "The task asks for a share from 0 to 1. For a percentage, print it with `:.0%`.",
        ),
        Specimen(
            "It is the share of mistakes",
            lambda logits, y: (logits.argmax(axis=1) != y).mean(),
            "That is the error rate, 1 minus the accuracy. Compare with `==`.",
        ),
        Specimen(
            "The smallest logit is sought",
            lambda logits, y: (logits.argmin(axis=1) == y).mean(),
            "A large logit is a large probability. The answer of a classifier is the class with the largest: `argmax`.",
        ),
        Specimen(
            "The largest logit itself is compared, not its place",
            lambda logits, y: (logits.max(axis=1) == y).mean(),
            "`max` gives the value of the largest logit, and the labels are numbers of classes. `argmax` gives the "
            "place of the largest, which is the number of its class.",
        ),
        Specimen(
            "Predictions are counted from 1",
            lambda logits, y: (logits.argmax(axis=1) + 1 == y).mean(),
            "`argmax` counts from 0, and so do the labels here: the first column is class 0. With + 1 (or labels - 1) "
            "each prediction meets the label after it.",
        ),
        Specimen(
            "Labels are shifted by one",
            lambda logits, y: (logits.argmax(axis=1) == y + 1).mean(),
            "`argmax` and the labels both count from 0. With + 1 on the labels (or - 1 on the predictions) each "
            "prediction meets the label before it.",
        ),
        Specimen(
            "It is 1 only if all are right",
            lambda logits, y: int((logits.argmax(axis=1) == y).all()),
            "`all` asks whether every comparison holds, and so does the division `//`, which drops what is behind the "
            "point. The mean of the comparisons is the share that holds.",
        ),
        Specimen(
            "It is the mean probability of the right class",
            lambda logits, y: _right_class(softmax(logits), y).mean(),
            "How probable the right class is says how sure the model is. Accuracy asks only whether it comes first: "
            "0.4 can be the largest of ten probabilities, and 0.49 the smaller of two.",
        ),
        Specimen(
            "It is the mean logit of the right class",
            lambda logits, y: _right_class(logits, y).mean(),
            "A logit is a score and not an answer. Accuracy counts how often the right class has the largest one.",
        ),
        Specimen(
            "It is the mean log-probability of the right class",
            lambda logits, y: np.log(_right_class(softmax(logits), y)).mean(),
            "That is minus the loss. Accuracy counts how often the right class has the largest logit.",
        ),
        Specimen(
            "Right means a probability above one half",
            lambda logits, y: (_right_class(softmax(logits), y) > 0.5).mean(),
            "With more than two classes the largest probability may be below one half. The answer is the class that "
            "comes first, whatever its probability: `argmax`.",
        ),
        Specimen(
            "Right means a logit above 0",
            lambda logits, y: (_right_class(logits, y) > 0).mean(),
            "Softmax does not care where 0 is: the same number added to all logits of an example changes nothing. "
            "What counts is which logit is the largest.",
        ),
        Specimen(
            "It is the mean over the classes",
            _mean_recall,
            "This is the share of right answers within each true class, averaged over the classes (the mean recall). "
            "In accuracy every example counts the same, so a frequent class has more weight.",
        ),
        Specimen(
            "The comparisons are returned, without their mean",
            lambda logits, y: logits.argmax(axis=1) == y,
            "This is right or wrong for each example, shape (N,). Accuracy is one number: their mean, in which True "
            "counts as 1.",
        ),
        Specimen(
            "The predicted classes are returned",
            lambda logits, y: logits.argmax(axis=1),
            "These are the answers of the classifier, shape (N,). Compare them with y, and take the mean.",
        ),
    ],
)


# --- 07.2 ---------------------------------------------------------------------------------------------------------


def train(images, y, C, lr, steps):
    """W (D, C) after steps of gradient descent of softmax regression, from W = 0, b = 0, on all N images (N, D)."""
    X, Y = images / 255, np.eye(C)[y]
    W, b = np.zeros((X.shape[1], C)), np.zeros(C)
    for _ in range(steps):
        z = X @ W + b
        e = np.exp(z - z.max(axis=1, keepdims=True))
        g = (e / e.sum(axis=1, keepdims=True) - Y) / len(X)
        W -= lr * X.T @ g
        b -= lr * g.sum(axis=0)
    return W


def _scaled(images):
    return images / 255


def _p_minus_y(p, Y):
    return (p - Y) / len(Y)


def _trained(
    scale=_scaled,
    targets=lambda y, C: np.eye(C)[y],
    probabilities=softmax,
    with_respect_to_z=_p_minus_y,
    weights_gradient=lambda X, g: X.T @ g,
    bias_gradient=lambda g: g.sum(axis=0),
    rate=lambda lr: lr,
    bias_rate=lambda lr: lr,
    start=0.0,
    count=lambda steps: steps,
    sign=-1,
    memory=0,
):
    """train() with one of its pieces replaced; memory: the share of the gradient that is kept for the next step."""

    def wrong(images, y, C, lr, steps):
        X, Y = scale(images), targets(y, C)
        W, b = np.full((X.shape[1], C), start), np.zeros(C)
        kept = [0, 0]
        for _ in range(count(steps)):
            g = with_respect_to_z(probabilities(X @ W + b), Y)
            kept = [memory * old + new for old, new in zip(kept, (weights_gradient(X, g), bias_gradient(g)))]
            W, b = W + sign * rate(lr) * kept[0], b + sign * bias_rate(rate(lr)) * kept[1]
        return W

    return wrong


def _one_example_a_step(images, y, C, lr, steps):
    """Each step goes through the examples one by one, and moves after each of them."""
    X, Y = images / 255, np.eye(C)[y]
    W, b = np.zeros((X.shape[1], C)), np.zeros(C)
    for _ in range(steps):
        for n in range(len(X)):
            g = softmax(X[n] @ W + b) - Y[n]
            W, b = W - lr * np.outer(X[n], g), b - lr * g
    return W


def _first_gradient_throughout(images, y, C, lr, steps):
    return steps * train(images, y, C, lr, 1)


def _returns_bias(images, y, C, lr, steps):
    """A pixel that is always 1 has the bias for its weights."""
    return train(np.concatenate([images, np.full((len(images), 1), 255)], axis=1), y, C, lr, steps)[-1]


def _without_keepdims(z):
    e = np.exp(z - largest(z))
    return e / e.sum(axis=1)


def _not_as_many_examples_as_classes(images, y, C, *_):
    """Sums over the classes that lost their axis fit nothing, or a single example."""
    return len(images) != C


def _as_many_pixels_as_classes(images, y, C, *_):
    """g.T @ X has the shape of W, so that it stops nothing."""
    return images.shape[1] == C


def _few_ink(images, *_):
    """So little ink that pixels that are not scaled overflow nothing, whatever softmax is used."""
    return int(images.max()) <= 5


EXERCISE_2 = Exercise(
    id="07.2",
    title="Gradient descent",
    see="The gradient, by hand",
    solution=train,
    probes=[
        (np.array([[255]]), np.array([0]), 2, 0.5, 1),
        (np.array([[255]]), np.array([1]), 3, 2.0, 3),
        (np.array([[5]]), np.array([2]), 3, 0.5, 3),
        (np.array([[5, 0]]), np.array([0]), 3, 0.5, 4),
        (np.array([[255], [51]]), np.array([1, 0]), 2, 1.0, 2),
        (np.array([[200, 10], [0, 180]]), np.array([0, 2]), 3, 3.0, 3),
        (np.array([[255], [51], [102]]), np.array([1, 0, 1]), 2, 2.0, 3),
        (np.array([[1, 2], [3, 5]]), np.array([0, 1]), 2, 0.5, 3),
        (np.array([[200, 10, 0], [0, 180, 90]]), np.array([2, 1]), 4, 3.0, 5),
        (np.array([[200, 10], [0, 180], [90, 90], [255, 0], [30, 120]]), np.array([0, 1, 1, 0, 1]), 2, 2.0, 3),
    ],
    specimens=[
        Specimen(
            "The gradients of earlier steps are not forgotten",
            _trained(memory=1),
            "Each step moves along the sum of all gradients so far. So does a training loop of the engine without "
            "`zero_grad()`: `backward()` adds to `.grad`. A new step needs a new gradient, and nothing else. “Four "
            "loops that are wrong” shows what comes of it.",
        ),
        Specimen(
            "The step goes up, along the gradient",
            _trained(sign=1),
            "The gradient points to where the loss grows. Descent goes against it: `W -= lr * gradient`. Taking "
            "y - p in place of p - y comes to the same wrong step.",
        ),
        Specimen(
            "The images are not scaled",
            _trained(scale=lambda images: images.astype(float)),
            "Pixels go from 0 to 255. As they are, the logits are 255 times as large, and so is each gradient: a step "
            "of W changes the logits 65,025 times as much. Divide by 255 first. “Four loops that are wrong” shows what "
            "comes of it.",
            where=_few_ink,
        ),
        Specimen(
            "The images are divided by 256",
            _trained(scale=lambda images: images / 256),
            "There are 256 values of a pixel, and the largest is 255. Divided by 255, it becomes 1.",
        ),
        Specimen(
            "The images are divided by their largest pixel",
            _trained(scale=lambda images: images / images.max()),
            "The largest pixel of a batch is not always 255, and then the same image looks different in another "
            "batch. Divide by 255, always.",
        ),
        Specimen(
            "The images are divided by 255 twice",
            _trained(scale=lambda images: images / 255 / 255),
            "One division brings the pixels to a range from 0 to 1. Look for a second one, perhaps inside the loop.",
        ),
        Specimen(
            "The division drops what is behind the point",
            _trained(scale=lambda images: images // 255),
            "`//` gives whole numbers: every pixel below 255 becomes 0. Use `/`.",
        ),
        Specimen(
            "The labels are off by one, downwards",
            _trained(targets=lambda y, C: np.eye(C)[y - 1]),
            "Here class 0 is the first column, as the labels say. With y - 1 each class gets the column before its "
            "own, and class 0, by Python's index -1, the last. The loss falls as it should, and every answer is wrong.",
        ),
        Specimen(
            "The labels are off by one, upwards",
            _trained(targets=lambda y, C: np.eye(C)[(y + 1) % C]),
            "Here class 0 is the first column, as the labels say. With y + 1 each class gets the column after its "
            "own. The loss falls as it should, and every answer is wrong.",
        ),
        Specimen(
            "The sum over the examples in place of their mean",
            _trained(with_respect_to_z=lambda p, Y: p - Y),
            "The loss is the mean over N examples, so the gradient is (p - y) / N. Without that, a step grows with the "
            "size of the batch, and a rate that is right for 10 images is too high for 256.",
        ),
        Specimen(
            "The gradient is divided by the number of classes",
            _trained(with_respect_to_z=lambda p, Y: (p - Y) / Y.shape[1]),
            "The mean goes over the N examples, not over the C classes: (p - y) / N.",
        ),
        Specimen(
            "The gradient is divided by the number of logits",
            _trained(with_respect_to_z=lambda p, Y: (p - Y) / Y.size),
            "There are N losses, one for each example, and so the mean divides by N, not by N * C.",
        ),
        Specimen(
            "The mean is taken twice",
            _trained(with_respect_to_z=lambda p, Y: (p - Y) / len(Y) ** 2),
            "(p - y) / N is the gradient of the mean already. `X.T @ g` adds up what the examples give; it needs no "
            "further division.",
        ),
        Specimen(
            "The bias never moves",
            _trained(bias_gradient=lambda g: np.zeros(g.shape[1])),
            "The bias is a parameter as W is: its gradient is the sum of g over the examples, `g.sum(axis=0)`. With "
            "`g.sum()`, one number, it does not move either: in every row p - y adds up to 0.",
        ),
        Specimen(
            "The gradient of the bias is averaged once more",
            _trained(bias_gradient=lambda g: g.mean(axis=0)),
            "The division by N is in g already. Over the examples, g is added up: `g.sum(axis=0)`.",
        ),
        Specimen(
            "The gradient of the bias adds up the classes",
            _trained(bias_gradient=lambda g: g.sum(axis=1)),
            "b has shape (C,), and so has its gradient: g is added up over the examples, `g.sum(axis=0)`. Along axis 1 "
            "each row of p - y adds up to 0, and the result has shape (N,): it moves nothing, or does not fit.",
        ),
        Specimen(
            "The bias moves without the learning rate",
            _trained(bias_rate=lambda lr: 1.0),
            "W and b take the same kind of step: `b -= lr * g.sum(axis=0)`.",
        ),
        Specimen(
            "The weights move along their gradient",
            _trained(weights_gradient=lambda X, g: -X.T @ g),
            "b moves against its gradient, and so must W: `W -= lr * X.T @ g`.",
        ),
        Specimen(
            "The bias moves along its gradient",
            _trained(bias_gradient=lambda g: -g.sum(axis=0)),
            "W moves against its gradient, and so must b: `b -= lr * g.sum(axis=0)`.",
        ),
        Specimen(
            "Each example has a bias of its own",
            _trained(bias_gradient=lambda g: g),
            "b has shape (C,): one number for each class, the same for all examples. Its gradient adds g up over the "
            "examples: `g.sum(axis=0)`. Without the sum b becomes a row for each example.",
        ),
        Specimen(
            "X is not transposed",
            _trained(weights_gradient=lambda X, g: X @ g),
            "W has shape (D, C), and so has its gradient: the sum over the N examples of X[n, d] * g[n, k]. That is "
            "`X.T @ g`, (D, N) times (N, C).",
        ),
        Specimen(
            "The factors stand the other way round",
            _trained(weights_gradient=lambda X, g: g.T @ X),
            "`g.T @ X` has shape (C, D), and W has shape (D, C). The gradient of W is `X.T @ g`. Where D = C nothing "
            "stops, but pixels are taken for classes.",
            where=_as_many_pixels_as_classes,
        ),
        Specimen(
            "The number of the class is subtracted from its whole row",
            _trained(targets=lambda y, C: y[:, None]),
            "y must be one-hot rows here: 1 in the place of the right class, 0 elsewhere, as `np.eye(C)[y]` makes "
            "them. The number of a class is a name, not an amount.",
        ),
        Specimen(
            "The numbers of the classes are subtracted as they are",
            _trained(targets=lambda y, C: y),
            "y has shape (N,), and p has shape (N, C). Make one-hot rows of y first, `np.eye(C)[y]`: 1 in the place of "
            "the right class, 0 elsewhere.",
        ),
        Specimen(
            "Softmax runs along the batch axis",
            _trained(probabilities=lambda z: softmax(z, axis=0)),
            "The classes of one example share 100 %: softmax along axis 1. Along axis 0, the examples compete for a "
            "class.",
        ),
        Specimen(
            "The probabilities of all examples together add up to 1",
            _trained(probabilities=lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum()),
            "`e.sum()` adds up the whole batch. Each example has 100 % of its own: `e.sum(axis=1, keepdims=True)`.",
        ),
        Specimen(
            "The sums of softmax lose their axis",
            _trained(probabilities=_without_keepdims),
            "`e.sum(axis=1)` has shape (N,), and NumPy lines it up with the C columns: it stops, or where N = C it "
            "divides each column by the sum of a row. With `keepdims=True` the shape is (N, 1).",
            where=_not_as_many_examples_as_classes,
        ),
        Specimen(
            "Softmax is taken twice",
            _trained(probabilities=lambda z: softmax(softmax(z))),
            "Softmax of probabilities flattens them: none comes near 0 or 1. Take it once, of the logits.",
        ),
        Specimen(
            "Softmax is missing",
            _trained(probabilities=lambda z: z),
            "z - y is the gradient of a squared distance between logits and targets. That of cross-entropy is p - y, "
            "with p = softmax(z).",
        ),
        Specimen(
            "The exponentials are not divided by their sum",
            _trained(probabilities=lambda z: np.exp(z - largest(z))),
            "Exponentials become probabilities when each row is divided by its sum.",
        ),
        Specimen(
            "The targets are not subtracted",
            _trained(with_respect_to_z=lambda p, Y: p / len(p)),
            "The gradient is p - y. With p alone nothing says which class is right.",
        ),
        Specimen(
            "One softmax derivative too many",
            _trained(with_respect_to_z=lambda p, Y: (p - Y) * p * (1 - p) / len(p)),
            "p - y has been through softmax already, as chapter 05 derives. Multiplied by p * (1 - p) again, it "
            "vanishes where the model is sure, right or wrong.",
        ),
        Specimen(
            "The learning rate has no effect",
            _trained(rate=lambda lr: 1.0),
            "The step is `lr` times the gradient.",
        ),
        Specimen(
            "The gradient is divided by the learning rate",
            _trained(rate=lambda lr: 1 / lr),
            "A higher learning rate makes a longer step: multiply.",
        ),
        Specimen(
            "The weights start at 1",
            _trained(start=1.0),
            "W starts at 0: `np.zeros((D, C))`. As all classes get the same 1, the probabilities are right, but each "
            "weight is too large by 1.",
        ),
        Specimen(
            "One step too many",
            _trained(count=lambda steps: steps + 1),
            "`range(steps)` counts from 0 to steps - 1: that is `steps` rounds.",
        ),
        Specimen(
            "One step too few",
            _trained(count=lambda steps: steps - 1),
            "`range(1, steps)` leaves one out. `range(steps)` has `steps` rounds.",
        ),
        Specimen(
            "There is a single step",
            _trained(count=lambda steps: 1),
            "After `steps` rounds W is where it would be after one. There must be a loop, `return` behind it, and "
            "W = 0 before it, not inside.",
        ),
        Specimen(
            "The first gradient serves for all steps",
            _first_gradient_throughout,
            "After a step the probabilities are different, and so is the gradient. Compute both inside the loop.",
        ),
        Specimen(
            "It moves after each example",
            _one_example_a_step,
            "Here a step takes all images together: one gradient, the mean over the batch, and one move.",
        ),
        Specimen(
            "The weights are transposed",
            lambda *arguments: train(*arguments).T,
            "The task asks for W with a row for each pixel and a column for each class, (D, C). It is "
            "PyTorch that keeps (C, D).",
        ),
        Specimen(
            "The bias is returned",
            _returns_bias,
            "The task asks for the weights W, of shape (D, C).",
        ),
    ],
)


# --- 07.3 ---------------------------------------------------------------------------------------------------------


def choose(validation, test):
    """The accuracy to report: that on the test set of the setting with the best validation accuracy; both (K,)."""
    return test[validation.argmax()]


EXERCISE_3 = Exercise(
    id="07.3",
    title="The honest number",
    see="The test set is measured once",
    solution=choose,
    probes=[
        (np.array([0.5, 0.75]), np.array([0.625, 0.5625])),
        (np.array([0.9, 0.92]), np.array([0.95, 0.94])),
        (np.array([0.5, 0.8, 0.75]), np.array([0.5, 0.7, 0.8])),
        (np.array([0.93, 0.5, 0.92]), np.array([0.91, 0.7, 0.9])),
        (np.array([0.91, 0.89, 0.94, 0.9, 0.6]), np.array([0.915, 0.6, 0.92, 0.935, 0.62])),
        (np.array([0.6, 0.62, 0.7, 0.68, 0.66]), np.array([0.99, 0.61, 0.65, 0.66, 0.6])),
    ],
    specimens=[
        Specimen(
            "The test set chooses",
            lambda validation, test: test.max(),
            "The best of several test accuracies is also the luckiest, and so it promises too much. The validation "
            "images choose; the test images measure what was chosen, and nothing else.",
        ),
        Specimen(
            "The validation accuracy is reported",
            lambda validation, test: validation.max(),
            "This number was used to choose, so luck is in it: it is the best of several. The test accuracy of the "
            "chosen setting has had no part in the choice.",
        ),
        Specimen(
            "Test and validation images choose together",
            lambda validation, test: test[(validation + test).argmax()],
            "If the test images have a part in the choice, their number is no longer a fair measure of it. Only the "
            "validation accuracy may choose.",
        ),
        Specimen(
            "The mean of the test accuracies",
            lambda validation, test: test.mean(),
            "One setting will be used, the chosen one. Report how good that is.",
        ),
        Specimen(
            "The median of the test accuracies",
            lambda validation, test: np.median(test),
            "One setting will be used, the chosen one. Report how good that is.",
        ),
        Specimen(
            "The worst validation accuracy chooses",
            lambda validation, test: test[validation.argmin()],
            "A higher accuracy is better: `argmax`. For losses it would be `argmin`. And `np.argsort` puts the "
            "smallest first.",
        ),
        Specimen(
            "The test set chooses, and the validation accuracy is reported",
            lambda validation, test: validation[test.argmax()],
            "It is the other way round: validation chooses, the test measures.",
        ),
        Specimen(
            "The number of the setting is returned",
            lambda validation, test: validation.argmax(),
            "That is the place of the best setting. The task asks for its test accuracy, the entry of `test` there.",
        ),
        Specimen(
            "Both accuracies are returned",
            lambda validation, test: [validation.max(), test[validation.argmax()]],
            "Report the second alone: the first has been used to choose.",
        ),
        Specimen(
            "The best of each pile is returned",
            lambda validation, test: [validation.max(), test.max()],
            "The test accuracy to report belongs to the setting that validation chose, even if another one did better "
            "by luck: `test[validation.argmax()]`, one number.",
        ),
        Specimen(
            "The mean of both accuracies is reported",
            lambda validation, test: (validation.max() + test[validation.argmax()]) / 2,
            "Half of this number has been used to choose. The test accuracy of the chosen setting stands alone.",
        ),
        Specimen(
            "The smaller of both accuracies is reported",
            lambda validation, test: min(validation.max(), test[validation.argmax()]),
            "It sounds careful, but a rule that picks the smaller number is too low on average, as one that picks the "
            "larger is too high. Report the test accuracy of the chosen setting as it is.",
        ),
        Specimen(
            "The best mean of both accuracies is reported",
            lambda validation, test: ((validation + test) / 2).max(),
            "Here the test images choose as well, and half of the number has been used to choose. Validation chooses, "
            "the test accuracy of that setting is reported: `test[validation.argmax()]`.",
        ),
        Specimen(
            "The setting before the chosen one is reported",
            lambda validation, test: test[validation.argmax() - 1],
            "`argmax` counts from 0, as indexing does: no - 1 is needed.",
        ),
        Specimen(
            "The setting is returned with its accuracy",
            lambda validation, test: [validation.argmax(), test[validation.argmax()]],
            "The second of these two numbers is the one to report. Return it alone.",
        ),
        Specimen(
            "The last setting is reported",
            lambda validation, test: test[-1],
            "The order in which settings were tried means nothing. The best validation accuracy says which to take.",
        ),
        Specimen(
            "The first setting is reported",
            lambda validation, test: test[0],
            "The order in which settings were tried means nothing. The best validation accuracy says which to take.",
        ),
        Specimen(
            "The setting with the smallest gap is taken",
            lambda validation, test: test[np.abs(validation - test).argmin()],
            "A small gap between both numbers is no merit, and to look for it uses the test images to choose.",
        ),
        Specimen(
            "The worst test accuracy is reported",
            lambda validation, test: test.min(),
            "Being careful is not being right: the worst of several test accuracies is another choice that the test "
            "images made. Report that of the setting which validation chose.",
        ),
        Specimen(
            "It is a percentage",
            lambda validation, test: 100 * test[validation.argmax()],
            "The accuracies are shares from 0 to 1, and so is what is asked for. Print it with `:.1%`.",
        ),
        Specimen(
            "It is the share of mistakes",
            lambda validation, test: 1 - test[validation.argmax()],
            "The task asks for the accuracy, the share of right answers.",
        ),
    ],
)

# --- 07.4 ---------------------------------------------------------------------------------------------------------


def confusion_matrix(y, predicted, C):
    """Counts (C, C): entry [i, j] says how many examples of true class i were predicted to be j."""
    M = np.zeros((C, C), int)
    np.add.at(M, (y, predicted), 1)
    return M


def _divided(M, sums):
    """M / sums, with 0 where both are 0."""
    return M / np.where(sums == 0, 1, sums)


def _counted_in_a_copy(y, predicted, C):
    M = np.zeros((C, C), int)
    M[y][predicted] += 1
    return M


def _predicted_added(y, predicted, C):
    M = np.zeros((C, C), int)
    np.add.at(M, y, predicted)
    return M


EXERCISE_4 = Exercise(
    id="07.4",
    title="The confusion matrix",
    see="Who is taken for whom?",
    solution=confusion_matrix,
    probes=[
        (np.array([0]), np.array([1]), 2),
        (np.array([0, 0]), np.array([1, 1]), 2),
        (np.array([2, 0]), np.array([0, 0]), 3),
        (np.array([0, 0, 1]), np.array([0, 1, 1]), 3),
        (np.array([0, 1, 1, 2, 2, 2]), np.array([0, 0, 1, 1, 2, 2]), 3),
        (np.array([3, 3, 3, 1, 0, 0]), np.array([1, 1, 3, 1, 0, 2]), 4),
    ],
    specimens=[
        Specimen(
            "It is transposed",
            lambda y, predicted, C: confusion_matrix(predicted, y, C),
            "A row is a true class, and a column is a predicted one. So the true class is the first index: [y, "
            "predicted].",
        ),
        Specimen(
            "A pair that comes again counts once",
            lambda y, predicted, C: (confusion_matrix(y, predicted, C) > 0).astype(int),
            "`M[y, predicted] += 1` reads all entries, adds 1, and writes them back: an entry that is named twice is "
            "written twice with the same number. `np.add.at(M, (y, predicted), 1)` adds for each naming, and so does "
            "a loop over the examples. Or `= 1` stands there in place of `+= 1`.",
        ),
        Specimen(
            "It is transposed, and a pair that comes again counts once",
            lambda y, predicted, C: (confusion_matrix(predicted, y, C) > 0).astype(int),
            "Two things. The true class is the first index. And `+= 1` with index arrays writes an entry that is named "
            "twice with the same number: `np.add.at(M, (y, predicted), 1)` adds for each naming.",
        ),
        Specimen(
            "A copy of the rows is counted in",
            _counted_in_a_copy,
            "`M[y]` with an array y makes a new array, a row for each example. `M[y][predicted] += 1` adds to that, "
            "and M stays 0; and `[predicted]` then names examples, which may not be there. Name both at once: "
            "`np.add.at(M, (y, predicted), 1)`.",
        ),
        Specimen(
            "Whole rows are counted, for true and predicted classes alike",
            lambda y, predicted, C: np.tile(np.bincount([*y, *predicted], minlength=C)[:, None], C),
            "`[y, predicted]` in square brackets is one array of row numbers, and the whole of these rows goes up. A "
            "pair of indices is a tuple: `np.add.at(M, (y, predicted), 1)`.",
        ),
        Specimen(
            "The predicted classes are added to the rows",
            _predicted_added,
            "In `np.add.at(M, y, predicted)` the last argument is what is added: the *number* of the predicted class. "
            "Place and amount are different things: `np.add.at(M, (y, predicted), 1)`.",
        ),
        Specimen(
            "Every true class meets every predicted one",
            lambda y, predicted, C: np.outer(*(np.bincount(k, minlength=C) > 0 for k in (y, predicted))),
            "`np.ix_(y, predicted)` names each row with each column. Only the pairs of one example belong together: "
            "`(y, predicted)`.",
        ),
        Specimen(
            "Only the first example is counted",
            lambda y, predicted, C: confusion_matrix(y[:1], predicted[:1], C),
            "A `return` inside the loop ends it in its first round. It belongs behind the loop, not indented.",
        ),
        Specimen(
            "The count of pairs ends too early",
            lambda y, predicted, C: np.bincount(C * y + predicted).reshape(C, C),
            "`np.bincount` goes up to the largest number that it finds. With `minlength=C * C` it has an entry for "
            "each pair.",
        ),
        Specimen(
            "It has one class too many",
            lambda y, predicted, C: confusion_matrix(y, predicted, C + 1),
            "Classes 0 to C - 1 are C classes, and `np.zeros((C, C))` has the rows 0 to C - 1.",
        ),
        Specimen(
            "Rows are divided by their sums",
            lambda y, predicted, C: _divided(M := confusion_matrix(y, predicted, C), M.sum(axis=1, keepdims=True)),
            "These are shares of each true class. The task asks for the counts, from which every share can be had.",
        ),
        Specimen(
            "Columns are divided by their sums",
            lambda y, predicted, C: _divided(M := confusion_matrix(y, predicted, C), M.sum(axis=0, keepdims=True)),
            "These are shares of each predicted class. The task asks for the counts.",
        ),
        Specimen(
            "All is divided by the number of examples",
            lambda y, predicted, C: confusion_matrix(y, predicted, C) / len(y),
            "These are shares of all examples. The task asks for the counts.",
        ),
        Specimen(
            "Only right answers are counted",
            lambda y, predicted, C: np.diag(np.diag(confusion_matrix(y, predicted, C))),
            "The diagonal holds the right answers. The mistakes belong beside it, each in the column of the class that "
            "was predicted.",
        ),
        Specimen(
            "Only mistakes are counted",
            lambda y, predicted, C: (M := confusion_matrix(y, predicted, C)) - np.diag(np.diag(M)),
            "Right answers are pairs as well: those of true class i stand on the diagonal, at [i, i].",
        ),
        Specimen(
            "It has as many classes as the labels show",
            lambda y, predicted, C: confusion_matrix(y, predicted, 1 + max(y.max(), predicted.max())),
            "A class that no example has, and that none is taken for, has a row and a column all the same. The task "
            "hands you C.",
        ),
        Specimen(
            "It is one long row",
            lambda y, predicted, C: confusion_matrix(y, predicted, C).ravel(),
            "`np.bincount(C * y + predicted, minlength=C * C)` counts the pairs. `.reshape(C, C)` makes rows of them.",
        ),
        Specimen(
            "The right answers of each class, as a vector",
            lambda y, predicted, C: np.diag(confusion_matrix(y, predicted, C)),
            "That is the diagonal, shape (C,). The matrix also says what the others were taken for.",
        ),
        Specimen(
            "Each mistake is entered both ways",
            lambda y, predicted, C: (M := confusion_matrix(y, predicted, C)) + M.T - np.diag(np.diag(M)),
            "A 4 read as a 9 and a 9 read as a 4 are different mistakes, in different places. Count each once.",
        ),
        Specimen(
            "Everything is counted twice",
            lambda y, predicted, C: 2 * confusion_matrix(y, predicted, C),
            "Each example adds 1 to one entry, so all entries together add up to N.",
        ),
        Specimen(
            "It multiplies the totals of the classes",
            lambda y, predicted, C: np.outer(np.bincount(y, minlength=C), np.bincount(predicted, minlength=C)),
            "How often a class is true and how often it is predicted, taken apart, do not say which came together. "
            "Count the pairs.",
        ),
        Specimen(
            "The sum runs over the classes",
            lambda y, predicted, C: np.eye(C, dtype=int)[y] @ np.eye(C, dtype=int)[predicted].T,
            "With one-hot rows Y and P of shape (N, C), the matrix is `Y.T @ P`: the sum runs over the examples. "
            "`Y @ P.T` has shape (N, N).",
        ),
        Specimen(
            "Classes are counted from 1",
            lambda y, predicted, C: confusion_matrix(y - 1, predicted - 1, C),
            "Class 0 has row 0 and column 0. With - 1 it lands in the last, by Python's index -1, and all others "
            "move up.",
        ),
        Specimen(
            "All rows are alike",
            lambda y, predicted, C: np.tile(np.bincount(predicted, minlength=C), (C, 1)),
            "Each row counts the predictions of all examples. `[[0] * C] * C` holds one list under C names, so that "
            "what enters one row enters all: write `[[0] * C for _ in range(C)]`. Or whole columns were named, as in "
            "`M[:, predicted]`: the true class chooses the row.",
        ),
    ],
)


EXERCISES = [EXERCISE_1, EXERCISE_2, EXERCISE_3, EXERCISE_4]
