"""The exercises of chapter 03: Jacobians and VJPs. For each the solution, the probes and the known mistakes.

Shapes: z logits (C,), f a function of them, h a step, a factors (C,), s probabilities and g an upstream gradient, both
of any shape with the classes along axis.
"""

from __future__ import annotations

import numpy as np

from ..topics.formulas import jacobian_of, share, softmax, total
from .shared import KEEPDIMS, small
from .task import Exercise, Specimen


class Formula:
    """A function of z that shows itself as one would type it: Formula("z**2") is lambda z: z**2, on the card too."""

    def __init__(self, formula: str):
        self.formula = formula
        self._function = eval(repr(self), {"np": np})

    def __call__(self, z):
        return self._function(z)

    def __repr__(self) -> str:
        return f"lambda z: {self.formula}"


# --- 03.1 ---------------------------------------------------------------------------------------------------------


def numerical_jacobian(f, z, h):
    """Central differences: f takes z (C,) and returns (C,); the result (C, C) has df_i / dz_j in row i, column j."""
    return np.stack([(f(z + step) - f(z - step)) / (2 * h) for step in h * np.eye(len(z))], axis=1)


def _columns(z, column):
    """column(step) for the steps along each axis, as the columns of a matrix."""
    return np.stack([column(step) for step in np.eye(len(z))], axis=1)


def _never_undone(f, z, h):
    """Each coordinate goes up by h, down by 2 h, and stays there."""
    z, columns = z.copy(), []
    for j in range(len(z)):
        z[j] += h
        up = f(z)
        z[j] -= 2 * h
        columns.append((up - f(z)) / (2 * h))
    return np.stack(columns, axis=1)


def _piled_up(f, z, h):
    """One array of steps, in which the earlier steps stay."""
    step, columns = np.zeros(len(z)), []
    for j in range(len(z)):
        step[j] = h
        columns.append((f(z + step) - f(z - step)) / (2 * h))
    return np.stack(columns, axis=1)


def _first_column_only(f, z, h):
    J = numerical_jacobian(f, z, h)
    J[:, 1:] = 0
    return J


def _elementwise(f, z, h):
    """All is 0 off the diagonal, so that exchanging rows and columns does not hide another mistake."""
    J = numerical_jacobian(f, z, h)
    return np.allclose(J, np.diag(np.diag(J)))


ONE_SIDED = (
    "This is a one-sided difference. Its error is proportional to h: for z squared it is exactly h. With one step up "
    "and one step down, f(z + step) - f(z - step), the errors of first order cancel, and what is left is proportional "
    "to h squared. The distance is then 2 h."
)
EARLY = (
    "Only the first column is there. A `return` that is indented as deep as the loop's body ends the loop in its first "
    "round: move it to the left."
)
OTHER_STEP = "The step to each side must be h: f(z + step) - f(z - step) with h in place j, divided by `(2 * h)`."
DISTANCE = "From z - step to z + step it is 2 h, so the difference is divided by `(2 * h)`."

EXERCISE_1 = Exercise(
    id="03.1",
    title="A Jacobian by finite differences",
    see="Measure first",
    solution=numerical_jacobian,
    probes=[
        (Formula("z**2"), np.array([3.0]), 0.25),
        (Formula("z**3"), np.array([1.0]), 0.1),
        (Formula("z**3"), np.array([1.0, 2.0]), 0.1),
        (Formula("np.array([z[0] * z[1], z[1]])"), np.array([2.0, 3.0]), 0.5),
        (Formula("np.exp(z) / np.exp(z).sum()"), np.array([1.0, 0.0]), 1.0),
        (Formula("np.exp(z) / np.exp(z).sum()"), np.array([2.0, 1.0, 0.1]), 1e-4),
    ],
    specimens=[
        Specimen(
            "It is a forward difference",
            lambda f, z, h: _columns(z, lambda step: (f(z + h * step) - f(z)) / h),
            ONE_SIDED,
            where=_elementwise,
        ),
        Specimen(
            "It is a backward difference",
            lambda f, z, h: _columns(z, lambda step: (f(z) - f(z - h * step)) / h),
            ONE_SIDED,
            where=_elementwise,
        ),
        Specimen(
            "The factor 2 is missing",
            lambda f, z, h: 2 * numerical_jacobian(f, z, h),
            "All entries are twice as large as they should be. " + DISTANCE,
            where=_elementwise,
        ),
        Specimen(
            "It is divided by 2 alone",
            lambda f, z, h: h * numerical_jacobian(f, z, h),
            "The difference of two values shrinks with h; divided by the distance it becomes a derivative. " + DISTANCE,
            where=_elementwise,
        ),
        Specimen(
            "It is divided by 2 and multiplied by h",
            lambda f, z, h: h * h * numerical_jacobian(f, z, h),
            "Python reads `/ 2 * h` from left to right: it divides by 2, then multiplies by h. Parentheses mend it: "
            "`/ (2 * h)`.",
            where=_elementwise,
        ),
        Specimen(
            "It is not divided by anything",
            lambda f, z, h: 2 * h * numerical_jacobian(f, z, h),
            "These are differences. A derivative is a difference divided by the distance of the two points. "
            + DISTANCE,
            where=_elementwise,
        ),
        Specimen(
            "One step, divided by two",
            lambda f, z, h: _columns(z, lambda step: (f(z + h * step) - f(z)) / (2 * h)),
            "The distance from z to z + step is h, and this divides by 2 h. Either the step down is missing, or the "
            "step down only undid the step up. Take the difference of f(z + step) and f(z - step).",
            where=_elementwise,
        ),
        Specimen(
            "The sign is wrong",
            lambda f, z, h: -numerical_jacobian(f, z, h),
            "The value after the step down is taken first. If f grows, its derivative is positive: f(z + step) - "
            "f(z - step).",
            where=_elementwise,
        ),
        Specimen(
            "Rows and columns are exchanged",
            lambda f, z, h: numerical_jacobian(f, z, h).T,
            "Row i belongs to the output f_i, column j to the input z_j. A step of one z_j gives the changes of all "
            "outputs: that is a column. `np.stack(columns, axis=1)` puts columns beside each other; "
            "`np.array(columns)` makes them rows.",
        ),
        Specimen(
            "All inputs are moved at once",
            lambda f, z, h: (f(z + h) - f(z - h)) / (2 * h),
            "`z + h` adds h to every element of z. Softmax does not change at all then. A partial derivative moves one "
            "input and leaves the others alone: add h to a single z_j, once for each j.",
        ),
        Specimen(
            "Every column moves all inputs",
            lambda f, z, h: _columns(z, lambda _: (f(z + h) - f(z - h)) / (2 * h)),
            "`z + h` adds h to every element of z, so all columns are the same. In column j only z_j may move: the "
            "rows of `h * np.eye(len(z))` are such steps.",
        ),
        Specimen(
            "Only the diagonal, as a vector",
            lambda f, z, h: np.diag(numerical_jacobian(f, z, h)),
            "These are the derivatives of each output by the input of the same number, shape (C,). Every output may "
            "depend on every input: keep the whole array f(z + step) - f(z - step) as a column.",
        ),
        Specimen(
            "Only the diagonal, and 0 elsewhere",
            lambda f, z, h: np.diag(np.diag(numerical_jacobian(f, z, h))),
            "Only the derivatives of each output by the input of the same number are filled in. Every output may "
            "depend on every input: a step of z_j gives a whole column.",
        ),
        Specimen(
            "The sum of the outputs is differentiated",
            lambda f, z, h: numerical_jacobian(f, z, h).sum(axis=0),
            "This adds up all outputs and has one derivative for each input, shape (C,). For softmax it would be 0, "
            "because the sum is always 1. Keep the outputs apart.",
        ),
        Specimen(
            "The steps are never undone",
            _never_undone,
            "z moves by h, then by -2 h, and stays there. The next column is measured at another point. Add h once "
            "more, or make new arrays `z + step` and `z - step`, which leave z alone.",
        ),
        Specimen(
            "Both steps change the same array",
            lambda f, z, h: np.zeros((len(z), len(z))),
            "`up = z` makes no copy: up, down and z are one array, and f is called twice at the same point. `z + step` "
            "makes a new array, and so does `z.copy()`.",
        ),
        Specimen(
            "The step h is not used",
            lambda f, z, h: numerical_jacobian(f, z, 1e-5),
            "A step of its own stands in the function, whatever h says. With a large h the result is less exact, and "
            "the check sees that it is not. Use the argument `h`.",
            where=_elementwise,
        ),
        Specimen(
            "The steps have length 1",
            lambda f, z, h: _columns(z, lambda step: (f(z + step) - f(z - step)) / (2 * h)),
            "A row of `np.eye(len(z))` moves z_j by 1, however small h is. The step is h times that row.",
            where=_elementwise,
        ),
        Specimen(
            "The step is 1, whatever h says",
            lambda f, z, h: numerical_jacobian(f, z, 1.0),
            "A row of `np.eye(len(z))` moves z_j by 1. " + OTHER_STEP,
            where=_elementwise,
        ),
        *[
            Specimen(
                f"The step is {name}",
                lambda f, z, h, k=k: numerical_jacobian(f, z, k * h),
                "This is a central difference too, but with another step, so its error is another. " + OTHER_STEP,
                where=_elementwise,
            )
            for name, k in (("h / 2", 1 / 2), ("2 h", 2))
        ],
        *[
            Specimen(
                f"The step is {name}, but the difference is divided by 2 h",
                lambda f, z, h, k=k: k * numerical_jacobian(f, z, k * h),
                "The difference is divided by a distance that is not that of the two points. " + OTHER_STEP,
                where=_elementwise,
            )
            for name, k in (("h / 2", 1 / 2), ("2 h", 2))
        ],
        Specimen(
            "All steps are made in one call",
            lambda f, z, h: (f(z + h * np.eye(len(z))) - f(z - h * np.eye(len(z)))) / (2 * h),
            "`z + h * np.eye(len(z))` is a matrix with a moved z in each row, and f takes one z, shape (C,). Where f "
            "treats each element alone that comes out right; where f has a sum in it, as softmax has, it does not. "
            "Call f for one row at a time.",
        ),
        Specimen(
            "The earlier steps stay in the step",
            _piled_up,
            "`step[j] = h` is right in the first round. In the next one the first h is still there, and two inputs are "
            "moved. Begin each round with a new `step = np.zeros(len(z))`.",
        ),
        Specimen("The loop ends after one column, and the others are 0", _first_column_only, EARLY),
        Specimen("The loop ends after one column, a vector", lambda f, z, h: numerical_jacobian(f, z, h)[:, 0], EARLY),
        Specimen("The loop ends after one column", lambda f, z, h: numerical_jacobian(f, z, h)[:, :1], EARLY),
        Specimen(
            "The number of inputs is fixed to 3",
            lambda f, z, h: np.stack([(f(z + step) - f(z - step)) / (2 * h) for step in h * np.eye(3)], axis=1),
            "`np.eye(3)` has three steps of three numbers, whatever z is. z has shape (C,): `np.eye(len(z))`.",
        ),
    ],
)


# --- 03.2 ---------------------------------------------------------------------------------------------------------


def softmax_jacobian(z):
    """J (C, C) of softmax at z (C,): J_ij = s_i (delta_ij - s_j)."""
    return jacobian_of(softmax(z))


def _of_s(function):
    """A wrong matrix, made from s alone, as a function of z."""
    return lambda z: function(softmax(z))


SHORTCUT = (
    "s (1 - s) holds for i = j alone. A logit moves the other probabilities too, because all share one sum: for i != j "
    "the derivative is -s_i s_j. "
)
OUTER = "`np.outer(s, s)`, or `s[:, None] * s[None, :]`, has the element s_i s_j in row i and column j."
OVERFLOW = (
    "`np.exp(1000)` is too large for float64: it becomes `inf`, and `inf / inf` is `nan`. Subtract the maximum before "
    "`np.exp`, as in chapter 02. The derivatives stay the same, since softmax does."
)

HIDDEN_NAN = (
    "`np.nan_to_num` writes a 0 where the exponentials overflowed or all vanished. That is not the derivative: for two "
    "equal logits the entries are 1/4 and -1/4, however large the logits are. Mend the cause, and subtract the maximum "
    "before `np.exp`."
)
CLIPPED = (
    "`np.clip` stops the overflow, but it changes logits: 1000 and 999 become equal. Only a shift leaves the "
    "probabilities as they are. Subtract the maximum before `np.exp`."
)
LARGEST_SIZE = (
    "`np.abs(z).max()` is the size of the largest or of the smallest logit. Where all logits are far below 0, all "
    "exponentials underflow to 0 with it, and `0 / 0` is `nan`. The shift is the largest element: `.max()`."
)
NOT_SQUARED = (
    "The quotient rule divides by A squared. One A cancels in the first term, and the other makes e_i a probability. "
    "Divided by A alone, every entry is A times too large."
)


def _naive(z):
    return share(np.exp(z))


def _clipped(z):
    return _naive(np.clip(z, -500, 500))


def _shifted_by(m, z):
    return _naive(z - m)


EXERCISE_2 = Exercise(
    id="03.2",
    title="The Jacobian of softmax",
    see="The matrix",
    solution=softmax_jacobian,
    probes=[
        (np.array([1.0, 0.0]),),
        (np.array([0.0, 1000.0]),),
        (np.array([1000.0, 1000.0]),),
        (np.array([-1000.0, -999.0]),),
        (np.array([2.0, 1.0, 0.1]),),
        (np.array([3000.0, 2999.0, 0.0]),),
        (np.array([-1.0, 0.0, 3.0, 0.5]),),
    ],
    specimens=[
        Specimen(
            "s (1 - s), as a vector",
            _of_s(lambda s: s * (1 - s)),
            SHORTCUT + "There are C outputs and C inputs, so the result has shape (C, C).",
            where=small,
        ),
        Specimen(
            "s (1 - s) on the diagonal, and 0 elsewhere",
            _of_s(lambda s: np.diag(s * (1 - s))),
            SHORTCUT + "So the places off the diagonal are not 0.",
            where=small,
        ),
        Specimen(
            "+ in place of -",
            _of_s(lambda s: np.diag(s) + np.outer(s, s)),
            "The second term comes from the denominator, and the quotient rule subtracts it. With a plus, the rows no "
            "longer add up to 0.",
            where=small,
        ),
        Specimen(
            "The sign of the whole matrix is wrong",
            _of_s(lambda s: np.outer(s, s) - np.diag(s)),
            "Raising a logit raises its own probability, so the diagonal is positive: `np.diag(s)` minus the outer "
            "product.",
            where=small,
        ),
        Specimen(
            "Off the diagonal the sign is wrong",
            _of_s(lambda s: np.diag(s * (1 - s)) + np.outer(s, s) * (1 - np.eye(len(s)))),
            "What one class gains, the others lose: for i != j the derivative is -s_i s_j, with a minus.",
            where=small,
        ),
        Specimen(
            "The first term is missing",
            _of_s(lambda s: -np.outer(s, s)),
            "-s_i s_j is the whole derivative only for i != j. For i = j the numerator changes too, and that adds s_i "
            "on the diagonal: `np.diag(s)`.",
            where=small,
        ),
        Specimen(
            "It is the outer product alone",
            _of_s(lambda s: np.outer(s, s)),
            "s_i s_j enters with a minus sign, and on the diagonal s_i is added: `np.diag(s) - np.outer(s, s)`.",
            where=small,
        ),
        Specimen(
            "The second term is missing",
            _of_s(np.diag),
            "This differentiates the numerator and takes the sum below it for a constant. But the sum contains every "
            "logit; the quotient rule subtracts s_i s_j everywhere.",
            where=small,
        ),
        Specimen(
            "The diagonal is s, without its square",
            _of_s(lambda s: np.diag(s) - np.outer(s, s) * (1 - np.eye(len(s)))),
            "Off the diagonal this is right. On it, s_i s_i is subtracted too: s_i (1 - s_i).",
            where=small,
        ),
        Specimen(
            "A 1 in place of delta",
            _of_s(lambda s: s[:, None] * (1 - s[None, :])),
            "delta is 1 for i = j and 0 elsewhere: `np.eye(len(s))`. A 1 in every place gives s_i (1 - s_j), "
            "also where it should be -s_i s_j.",
            where=small,
        ),
        Specimen(
            "The factor s is missing",
            _of_s(lambda s: np.eye(len(s)) - s),
            "This is the parenthesis delta_ij - s_j. Each row i is still to be multiplied with s_i, a factor of shape "
            "(C, 1): `s[:, None]`.",
            where=small,
        ),
        Specimen(
            "The first term lacks s",
            _of_s(lambda s: np.eye(len(s)) - np.outer(s, s)),
            "delta stands beside s_i: the first term is s_i on the diagonal, `np.diag(s)`, and not a 1.",
            where=small,
        ),
        Specimen(
            "A vector is subtracted from each row",
            _of_s(lambda s: np.diag(s) - s * s),
            "This gives s_j squared in every row of column j. It comes from `np.diag(s) - s * s`, and from "
            "`s * (np.eye(len(s)) - s)`. " + OUTER + " With broadcasting, one of the two s needs the shape (C, 1).",
            where=small,
        ),
        Specimen(
            "A vector is subtracted from each column",
            _of_s(lambda s: np.diag(s) - (s * s)[:, None]),
            "This gives s_i squared in every column of row i: both factors have the shape (C, 1). " + OUTER,
            where=small,
        ),
        Specimen(
            "s @ s is one number",
            _of_s(lambda s: np.diag(s) - s @ s),
            "For vectors `s @ s` is a sum of products, one number, and `s.T` of a vector is the vector itself. "
            + OUTER,
            where=small,
        ),
        Specimen(
            "z stands where s belongs",
            lambda z: np.diag(z) - np.outer(z, z),
            "This is made of the logits. The derivatives are made of the probabilities: compute s = softmax(z) first.",
            where=small,
        ),
        Specimen(
            "It is the derivative of exp",
            lambda z: np.diag(np.exp(z)),
            "The exponential of z has this Jacobian. Softmax divides by the sum of the exponentials, and that sum "
            "changes with every logit.",
            where=small,
        ),
        Specimen(
            "The exponentials are not divided by their sum",
            lambda z: np.diag(np.exp(z)) - np.outer(np.exp(z), np.exp(z)),
            "The formula is right, but s must be the probabilities: the exponentials divided by their sum.",
            where=small,
        ),
        Specimen(
            "The shifted exponentials are not divided by their sum",
            lambda z: jacobian_of(np.exp(z - z.max())),
            "After the shift the largest exponential is 1, but the sum is still to be divided by: `s = e / e.sum()`.",
        ),
        Specimen(
            "It is divided by A in place of A squared",
            lambda z: softmax_jacobian(z) * np.exp(z).sum(),
            NOT_SQUARED,
            where=small,
        ),
        Specimen(
            "It is divided by A in place of A squared, after the shift",
            lambda z: softmax_jacobian(z) * np.exp(z - z.max()).sum(),
            NOT_SQUARED,
        ),
        Specimen(
            "s stands in every row, in place of diag(s)",
            _of_s(lambda s: s - np.outer(s, s)),
            "`s - np.outer(s, s)` repeats s in every row, so s_j (1 - s_i) is everywhere. The first term is there for "
            "i = j alone: `np.diag(s)`.",
            where=small,
        ),
        Specimen("It overflows", lambda z: jacobian_of(_naive(z)), OVERFLOW),
        Specimen("nan is replaced by 0", lambda z: np.nan_to_num(jacobian_of(_naive(z))), HIDDEN_NAN),
        Specimen("The logits are clipped", lambda z: jacobian_of(_clipped(z)), CLIPPED),
        Specimen(
            "The shift is the largest absolute value",
            lambda z: jacobian_of(_shifted_by(np.abs(z).max(), z)),
            LARGEST_SIZE,
        ),
        Specimen(
            "The shift is the minimum",
            lambda z: jacobian_of(_shifted_by(z.min(), z)),
            "After this shift the smallest logit is 0, and the largest may still overflow. Subtract the maximum: then "
            "no logit is above 0.",
        ),
    ],
)


# --- 03.3 ---------------------------------------------------------------------------------------------------------


def scaled_softmax_jacobian(z, a):
    """J (C, C) of softmax(a * z) with respect to z; z (C,), a (C,) a factor for each: s_i (delta_ij - s_j) a_j."""
    return softmax_jacobian(a * z) * a


def _of_s_and_a(function):
    """A wrong matrix, made from s = softmax(a * z) and a, as a function of z and a."""
    return lambda z, a: function(softmax(a * z), a)


UNSCALED = "The matrix is taken at z. But softmax is given u = a * z: its probabilities are those of u."

ADDED = "Softmax is given `a + z` here. The factors multiply: u = a * z, and du_j / dz_j = a_j."

EXERCISE_3 = Exercise(
    id="03.3",
    title="Logits with factors",
    see="A matrix that is not symmetric",
    solution=scaled_softmax_jacobian,
    probes=[
        (np.array([0.5]), np.array([2.0])),
        (np.array([1.0, 0.5]), np.array([2.0, 1.0])),
        (np.array([1.0, -0.5]), np.array([0.5, 3.0])),
        (np.array([0.5, 1000.0]), np.array([2.0, 1.0])),
        (np.array([1000.0, 0.5]), np.array([2.0, 1.0])),
        (np.array([-1000.0, 0.5]), np.array([-1.0, 1.0])),
        (np.array([1000.0, 499.5]), np.array([1.0, 2.0])),
        (np.array([-1000.0, -499.5]), np.array([1.0, 2.0])),
        (np.array([2.0, 1.0, 0.1]), np.array([0.5, 2.0, -1.5])),
    ],
    specimens=[
        Specimen(
            "The factor of the chain rule is forgotten",
            _of_s_and_a(lambda s, a: jacobian_of(s)),
            "These are the derivatives with respect to u = a * z. One step more leads to z: du_j / dz_j = a_j, and it "
            "multiplies column j.",
            where=small,
        ),
        Specimen(
            "a is not used",
            lambda z, a: softmax_jacobian(z),
            UNSCALED + " And each column j is multiplied with du_j / dz_j = a_j.",
            where=small,
        ),
        Specimen(
            "The probabilities are those of z",
            lambda z, a: softmax_jacobian(z) * a,
            UNSCALED,
            where=small,
        ),
        Specimen(
            "The rows are scaled in place of the columns",
            _of_s_and_a(lambda s, a: jacobian_of(s) * a[:, None]),
            "Column j belongs to the input z_j, and a_j is its factor: `J * a` scales the columns. `J * a[:, None]` "
            "and `np.diag(a) @ J` scale the rows. This is also the transpose of the right matrix.",
            where=small,
        ),
        Specimen(
            "Rows and columns are both scaled",
            _of_s_and_a(lambda s, a: jacobian_of(s) * np.outer(a, a)),
            "The factor comes in once, where u_j depends on z_j. The outputs are not scaled: only the columns are.",
            where=small,
        ),
        Specimen(
            "It is divided by a",
            _of_s_and_a(lambda s, a: jacobian_of(s) / a),
            "u_j = a_j z_j grows a_j times as fast as z_j. So the derivative with respect to z_j is a_j times as "
            "large.",
            where=small,
        ),
        Specimen(
            "a divides the logits, as a temperature does",
            lambda z, a: softmax_jacobian(z / a) / a,
            "This is the Jacobian of softmax(z / a). Here the logits are multiplied with a.",
            where=small,
        ),
        Specimen(
            "The matrix is multiplied with the vector a",
            _of_s_and_a(lambda s, a: jacobian_of(s) @ a),
            "`J @ a` adds up the columns and leaves a vector. Scaling the columns keeps the matrix: `J * a`, or "
            "`J @ np.diag(a)`.",
            where=small,
        ),
        Specimen(
            "It is the derivative with respect to a",
            lambda z, a: softmax_jacobian(a * z) * z,
            "u_j = a_j z_j has the derivative z_j with respect to a_j, and a_j with respect to z_j. Asked is for the "
            "second.",
            where=small,
        ),
        Specimen(
            "a stands beside delta only",
            _of_s_and_a(lambda s, a: np.diag(s * a) - np.outer(s, s)),
            "a_j multiplies the whole parenthesis, delta_ij - s_j: both terms.",
            where=small,
        ),
        Specimen(
            "a stands beside the second term only",
            _of_s_and_a(lambda s, a: np.diag(s) - np.outer(s, s) * a),
            "a_j multiplies the whole parenthesis, delta_ij - s_j: both terms.",
            where=small,
        ),
        Specimen(
            "The probabilities are scaled",
            lambda z, a: softmax_jacobian(z) * a[:, None],
            "This is the Jacobian of a * softmax(z), where the factors come after the softmax. Here they come before: "
            "softmax(a * z).",
            where=small,
        ),
        Specimen(
            "+ in place of -",
            _of_s_and_a(lambda s, a: (np.diag(s) + np.outer(s, s)) * a),
            "The second term comes from the denominator, and the quotient rule subtracts it.",
            where=small,
        ),
        Specimen(
            "s (1 - s) a on the diagonal, and 0 elsewhere",
            _of_s_and_a(lambda s, a: np.diag(s * (1 - s) * a)),
            SHORTCUT + "The factors a do not change that.",
            where=small,
        ),
        Specimen(
            "s (1 - s) a, as a vector",
            _of_s_and_a(lambda s, a: s * (1 - s) * a),
            SHORTCUT + "The result has shape (C, C).",
            where=small,
        ),
        Specimen(
            "The sign of the whole matrix is wrong",
            _of_s_and_a(lambda s, a: -jacobian_of(s) * a),
            "Where a_i is positive, raising z_i raises s_i: the diagonal is s_i (1 - s_i) a_i, with no minus before.",
            where=small,
        ),
        Specimen(
            "a is added to the logits",
            lambda z, a: softmax_jacobian(a + z) * a,
            ADDED,
            where=small,
        ),
        Specimen(
            "a is added to the logits, and the factor is missing",
            lambda z, a: softmax_jacobian(a + z),
            ADDED,
            where=small,
        ),
        Specimen(
            "A vector is subtracted from each row",
            _of_s_and_a(lambda s, a: (np.diag(s) - s * s) * a),
            "`s * (np.eye(len(s)) - s)` gives s_j squared in every row of column j. " + OUTER,
            where=small,
        ),
        Specimen(
            "The maximum is subtracted before a multiplies",
            lambda z, a: jacobian_of(_naive(a * (z - z.max()))) * a,
            "`a * (z - z.max())` takes another number off each logit, a_j times the maximum. A shift is the same for "
            "all: `u = a * z`, then `u - u.max()`.",
        ),
        Specimen(
            "The shift is the maximum of z",
            lambda z, a: jacobian_of(_shifted_by(z.max(), a * z)) * a,
            "The logits of this softmax are u = a * z, and their maximum may lie far from that of z. Then `np.exp` "
            "overflows, or all exponentials are 0. Subtract `u.max()`.",
        ),
        Specimen("It overflows", lambda z, a: jacobian_of(_naive(a * z)) * a, OVERFLOW),
        Specimen("nan is replaced by 0", lambda z, a: np.nan_to_num(jacobian_of(_naive(a * z))) * a, HIDDEN_NAN),
        Specimen("The logits are clipped", lambda z, a: jacobian_of(_clipped(a * z)) * a, CLIPPED),
        Specimen(
            "The shift is the largest absolute value",
            lambda z, a: jacobian_of(_shifted_by(np.abs(a * z).max(), a * z)) * a,
            LARGEST_SIZE,
        ),
    ],
)


# --- 03.4 ---------------------------------------------------------------------------------------------------------


def softmax_vjp(s, g, axis):
    """The gradient with respect to the logits: s * (g - sum(g * s)) along axis; s and g of any, the same, shape."""
    return s * (g - (g * s).sum(axis=axis, keepdims=True))


def _several(s, g, axis):
    """With one class alone, everything is 0."""
    return s.shape[axis] > 1


def _matrix(s, g, axis):
    return s.ndim == 2


PAIR, PAIR_G = np.array([0.75, 0.25]), np.array([2.0, -1.0])
TWO, TWO_G = np.array([[0.75, 0.25], [0.4, 0.6]]), np.array([[2.0, -1.0], [0.5, 3.0]])
TWO_DOWN = np.array([[0.75, 0.4], [0.25, 0.6]])  # each column adds up to 1
LONG, LONG_G = np.array([[0.1, 0.2, 0.3, 0.4]]), np.array([[1.0, -2.0, 0.5, 3.0]])  # axis 0 has size 1 and must stay
WIDE_S, WIDE_G = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]]), np.array([[1.0, -2.0, 0.5], [0.25, 2.0, -1.0]])
TALL_S, TALL_G = WIDE_S.T.copy(), WIDE_G.T.copy()
STACK = np.array([[[0.5, 0.1], [0.3, 0.2], [0.2, 0.7]], [[0.25, 0.6], [0.25, 0.3], [0.5, 0.1]]])
STACK_G = np.array([[[1.0, 0.25], [-2.0, 2.0], [0.5, -1.0]], [[3.0, 1.5], [-0.5, 0.0], [1.0, -2.0]]])

AXIS_UNUSED = "The argument `axis` is not used. Hand it on to `sum`."
CHANGE = "A logit moves the other probabilities too, and the sum of g * s is their share."

OF_A_BATCH = (
    "For a vector this is right. But of an array with more axes `np.outer` makes one long vector first, in which all "
    "examples stand one after the other. s * (g - sum(g * s)) needs no matrix and works for every shape."
)

EXERCISE_4 = Exercise(
    id="03.4",
    title="The VJP of softmax",
    see="A batch, along any axis",
    solution=softmax_vjp,
    probes=[
        (np.array([1.0]), np.array([3.0]), 0),
        (PAIR, PAIR_G, 0),
        (np.array([0.5, 0.25, 0.25]), np.array([1.0, -2.0, 3.0]), 0),
        (TWO, TWO_G, 1),
        (TWO_DOWN, TWO_G, 0),
        (LONG, LONG_G, 1),
        (WIDE_S, WIDE_G, 1),
        (TALL_S, TALL_G, 0),
        (WIDE_S, WIDE_G, -1),
        (STACK, STACK_G, 1),
    ],
    specimens=[
        Specimen(
            "s (1 - s) g, the diagonal alone",
            lambda s, g, axis: s * (1 - s) * g,
            "This uses the diagonal of the Jacobian and forgets the rest. " + CHANGE + " s * (g - g * s) is the same "
            "mistake: g * s must be summed over the classes first.",
            where=_several,
        ),
        Specimen(
            "The sum is not subtracted",
            lambda s, g, axis: s * g,
            "This is the first of two terms. Subtract the sum of g * s from g before the multiplication with s. "
            + CHANGE,
            where=_several,
        ),
        Specimen(
            "The factor s is missing",
            lambda s, g, axis: g - total(g * s, axis),
            "g minus its mean weighted with s: that is the parenthesis. It is still to be multiplied with s.",
            where=_several,
        ),
        Specimen(
            "s multiplies g alone",
            lambda s, g, axis: s * g - total(g * s, axis),
            "s * g - sum(g * s): the factor s is missing before the sum. It multiplies the whole parenthesis: "
            "s * (g - sum(g * s)).",
            where=_several,
        ),
        Specimen(
            "The own term is subtracted twice",
            lambda s, g, axis: s * (1 - s) * g - s * total(g * s, axis),
            "s (1 - s) g holds the term of i = j already, and the sum over all classes subtracts it again. Either sum "
            "over the other classes, or begin with s * g.",
            where=_several,
        ),
        Specimen(
            "sum(s) in place of sum(g * s)",
            lambda s, g, axis: s * (g - total(s, axis)),
            "The probabilities add up to 1, so this is s * (g - 1). The sum is the mean of g weighted with the "
            "probabilities: sum(g * s).",
            where=_several,
        ),
        Specimen(
            "s and g are exchanged",
            lambda s, g, axis: g * (s - total(g * s, axis)),
            "The factor before the parenthesis is s, and g stands inside: s * (g - sum(g * s)).",
            where=_several,
        ),
        Specimen(
            "sum(g) in place of sum(g * s)",
            lambda s, g, axis: s * (g - total(g, axis)),
            "The sum is the mean of g weighted with the probabilities, so it contains s: sum(g * s).",
            where=_several,
        ),
        Specimen(
            "It is the VJP of the logarithm of softmax",
            lambda s, g, axis: g - s * total(g, axis),
            "g - s * sum(g) belongs to log-softmax, the subject of chapter 04. That of softmax is s * (g - sum(g * "
            "s)).",
            where=_several,
        ),
        Specimen(
            "g - sum(g)",
            lambda s, g, axis: g - total(g, axis),
            "s is missing twice: inside the sum, and as a factor of the whole.",
            where=_several,
        ),
        Specimen(
            "mean in place of sum",
            lambda s, g, axis: s * (g - (g * s).mean(axis=axis, keepdims=True)),
            "The weights s add up to 1, so sum(g * s) is a weighted mean already. `mean` divides by C once more.",
            where=_several,
        ),
        Specimen(
            "The plain mean of g is subtracted",
            lambda s, g, axis: s * (g - g.mean(axis=axis, keepdims=True)),
            "The mean must be weighted with the probabilities: sum(g * s). The two agree only where all classes are "
            "equally probable.",
            where=_several,
        ),
        Specimen(
            "s is subtracted from g",
            lambda s, g, axis: s * (g - s),
            "From g its weighted mean is subtracted, the sum of g * s; not the probabilities themselves.",
            where=_several,
        ),
        Specimen(
            "+ in place of -",
            lambda s, g, axis: s * (g + total(g * s, axis)),
            "The sum enters with a minus: s * (g - sum(g * s)). Then the results add up to 0.",
            where=_several,
        ),
        Specimen(
            "The sign is wrong",
            lambda s, g, axis: -softmax_vjp(s, g, axis),
            "The parenthesis is reversed. A class whose g is above the mean has a positive gradient: g - sum(g * s).",
            where=_several,
        ),
        Specimen(
            "s is taken for logits",
            lambda s, g, axis: softmax_vjp(softmax(s, axis), g, axis),
            "The argument `s` holds probabilities already: softmax has been applied. Use it as it is.",
            where=_several,
        ),
        Specimen(
            "The sum runs along the other axis",
            lambda s, g, axis: s * (g - total(g * s, 1 - axis % 2)),
            "The sum must run over the classes, along `axis`. Along the other axis it mixes the examples.",
            where=_matrix,
        ),
        Specimen(
            "The sum runs over the whole array",
            lambda s, g, axis: s * (g - (g * s).sum()),
            "One number serves all examples. Each example needs a sum of its own: "
            "`(g * s).sum(axis=axis, keepdims=True)`.",
            where=_several,
        ),
        Specimen(
            "keepdims is forgotten",
            lambda s, g, axis: s * (g - (g * s).sum(axis=axis)),
            KEEPDIMS.format(what="sums", one="sum"),
            where=_several,
        ),
        Specimen(
            "The sum gets its axis back at the end",
            lambda s, g, axis: s * (g - (g * s).sum(axis=axis)[..., None]),
            "`[..., None]` and `np.expand_dims(..., -1)` put the new axis last. The one summed over is `axis`: "
            "there it must come back: `keepdims=True`, or `np.expand_dims(..., axis)`.",
        ),
        Specimen(
            "The last axis is used, whatever axis says",
            lambda s, g, axis: softmax_vjp(s, g, -1),
            AXIS_UNUSED,
        ),
        Specimen(
            "Axis 0 is used, whatever axis says",
            lambda s, g, axis: softmax_vjp(s, g, 0),
            AXIS_UNUSED,
        ),
        Specimen(
            "Axis 1 is used, whatever axis says",
            lambda s, g, axis: softmax_vjp(s, g, 1),
            AXIS_UNUSED + " A vector has no axis 1.",
        ),
        Specimen(
            "It is the formula for one example",
            lambda s, g, axis: (np.diag(s) - np.outer(s, s)) @ g,
            "For a vector this is right. But `np.diag` of an array with two axes takes its diagonal out, and "
            "`np.outer` strings all rows together. s * (g - sum(g * s)) needs no matrix and works for every shape.",
        ),
        Specimen(
            "It is the formula for one example, with g on the left",
            lambda s, g, axis: g @ (np.diag(s) - np.outer(s, s)),
            OF_A_BATCH,
        ),
        Specimen("The outer product is taken of a batch", lambda s, g, axis: s * g - g @ np.outer(s, s), OF_A_BATCH),
    ],
)


# --- 03.5 ---------------------------------------------------------------------------------------------------------


def batch_jacobian(s):
    """The Jacobian of each example: s (N, C) gives (N, C, C), with s_ni (delta_ij - s_nj) at [n, i, j]."""
    return s[:, :, None] * (np.eye(s.shape[1]) - s[:, None, :])


def _outer(s):
    """s_ni s_nj at [n, i, j]."""
    return s[:, :, None] * s[:, None, :]


def _diagonal(s):
    """s_ni at [n, i, i], and 0 elsewhere."""
    return s[:, :, None] * np.eye(s.shape[1])


def _each_with_each(s):
    """The derivatives of every output by every input of the batch: (N, C, N, C)."""
    return np.einsum("nm,nij->nimj", np.eye(len(s)), batch_jacobian(s))


MIXED = (
    "In `einsum` a letter that stands in both operands runs once for both. The example needs the same letter in each: "
    '`np.einsum("ni,nj->nij", s, s)`. '
)

FIRST_ALONE = (
    "Every example has a matrix of its own: (N, C, C). Look for a `[0]` too many, or a `return` that is indented as "
    "deep as the loop's body, so that the loop ends in its first round."
)


def _others_are_0(s):
    J = batch_jacobian(s)
    J[1:] = 0
    return J


EXERCISE_5 = Exercise(
    id="03.5",
    title="A Jacobian for each example",
    see="A matrix for each example",
    solution=batch_jacobian,
    probes=[
        (np.array([[0.75, 0.25], [0.4, 0.6]]),),  # before the batch of one, where mistakes of shape hardly show
        (np.full((1, 4), 0.25),),
        (WIDE_S,),
        (np.array([[0.75, 0.25], [0.4, 0.6], [0.1, 0.9]]),),
        (np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.25, 0.25, 0.5]]),),
    ],
    specimens=[
        Specimen(
            "The identity has the size of the batch",
            lambda s: s[:, :, None] * (np.eye(len(s)) - s[:, None, :]),
            "For one example `len(s)` is C; for a batch it is N, and so are `s.shape[0]` and `len(z)`. Where N equals "
            "C everything fits and is right. A batch of one example fits too, because an identity of size 1 is "
            "repeated, and is wrong. The other shapes stop. delta_ij is about classes: `np.eye(s.shape[1])`.",
        ),
        Specimen(
            "It is the formula for one example",
            lambda s: np.diag(s) - np.outer(s, s),
            "`np.diag` makes a matrix of a vector, but of a matrix it takes the diagonal out; and `np.outer` strings "
            "all rows together. With broadcasting, `s[:, :, None] * s[:, None, :]` has an outer product for each row.",
        ),
        Specimen(
            "+ in place of -",
            lambda s: _diagonal(s) + _outer(s),
            "The second term comes from the denominator, and the quotient rule subtracts it.",
        ),
        Specimen(
            "The sign is wrong",
            lambda s: -batch_jacobian(s),
            "Raising a logit raises its own probability, so each diagonal is positive: delta_ij - s_j.",
        ),
        Specimen(
            "Off the diagonal the sign is wrong",
            lambda s: _diagonal(s * (1 - s)) + _outer(s) * (1 - np.eye(s.shape[1])),
            "What one class gains, the others lose: for i != j the derivative is -s_i s_j, with a minus.",
        ),
        Specimen("It is the first example alone", lambda s: batch_jacobian(s)[0], FIRST_ALONE),
        Specimen("It is a batch of the first example alone", lambda s: batch_jacobian(s)[:1], FIRST_ALONE),
        Specimen("Only the first example has its matrix, the others 0", _others_are_0, FIRST_ALONE),
        Specimen(
            "The examples stand along the rows of the identity",
            lambda s: s[:, :, None] * (np.eye(s.shape[1]) - s),
            "`np.eye(s.shape[1]) - s` lines example n up with row n of the identity. Right for one example; for "
            "a square batch it is wrong, and nothing stops. The s that is subtracted needs an axis for i: "
            "`s[:, None, :]`.",
        ),
        Specimen(
            "Softmax is applied again",
            lambda s: batch_jacobian(softmax(s)),
            "The argument `s` holds probabilities already: softmax has been applied. Use it as it is.",
        ),
        Specimen(
            "The examples are on axis 1",
            lambda s: np.moveaxis(batch_jacobian(s), 0, 1),
            "The shape is (C, N, C), as from `np.stack(..., axis=1)`. The example comes first, (N, C, C): "
            "`np.stack(matrices)`.",
        ),
        Specimen(
            "The examples are added up",
            lambda s: batch_jacobian(s).sum(axis=0),
            "The result has one matrix (C, C) for the whole batch. That comes from `s.T @ s`, or from an `einsum` "
            "without n in its result. Each example has a matrix of its own: (N, C, C).",
        ),
        Specimen(
            "The mean over the examples",
            lambda s: batch_jacobian(s).mean(axis=0),
            "The result has one matrix (C, C) for the whole batch. Each example has a matrix of its own: (N, C, C).",
        ),
        Specimen(
            "The first probability is summed over the batch",
            lambda s: _diagonal(s) - s.sum(axis=0)[:, None] * s[:, None, :],
            MIXED + 'In `np.einsum("mi,nj->nij", s, s)` m is a letter of its own, and everything is summed over it.',
        ),
        Specimen(
            "The second probability is summed over the batch",
            lambda s: _diagonal(s) - s[:, :, None] * s.sum(axis=0),
            MIXED + 'In `np.einsum("ni,mj->nij", s, s)` m is a letter of its own, and everything is summed over it.',
        ),
        Specimen(
            "Each example with each",
            _each_with_each,
            "This is every derivative in the batch, (N, C, N, C). An example's probabilities do not depend on another "
            "one's logits, so most of it is 0. Keep the part in which both examples are the same: (N, C, C).",
        ),
        Specimen(
            "The examples are on the last axis",
            lambda s: np.moveaxis(batch_jacobian(s), 0, -1),
            "The shape is (C, C, N). The example comes first: (N, C, C).",
        ),
        Specimen(
            "s (1 - s), as in s itself",
            lambda s: s * (1 - s),
            SHORTCUT + "Each example has C outputs and C inputs: (N, C, C).",
        ),
        Specimen(
            "s (1 - s) on each diagonal, and 0 elsewhere",
            lambda s: _diagonal(s * (1 - s)),
            SHORTCUT + "So the places off the diagonal are not 0.",
        ),
        Specimen(
            "The first term is missing",
            lambda s: -_outer(s),
            "-s_i s_j is the whole derivative only for i != j. On each diagonal s_i is added.",
        ),
        Specimen(
            "It is the outer products alone",
            _outer,
            "s_i s_j enters with a minus sign, and on each diagonal s_i is added.",
        ),
        Specimen(
            "The second term is missing",
            _diagonal,
            "The sum in the denominator contains every logit, so s_i s_j is subtracted in every place.",
        ),
        Specimen(
            "A 1 in place of delta",
            lambda s: s[:, :, None] * (1 - s[:, None, :]),
            "delta is 1 for i = j and 0 elsewhere: `np.eye(s.shape[1])`.",
        ),
        Specimen(
            "The factor s is missing",
            lambda s: np.eye(s.shape[1]) - s[:, None, :],
            "This is the parenthesis delta_ij - s_j. Each row i is still to be multiplied with s_i: `s[:, :, None]`.",
        ),
        Specimen(
            "The first term lacks s",
            lambda s: np.eye(s.shape[1]) - _outer(s),
            "delta stands beside s_i: the first term is s_i on each diagonal, and not a 1.",
        ),
        Specimen(
            "Both factors stand along the rows",
            lambda s: s[:, None, :] * (np.eye(s.shape[1]) - s[:, None, :]),
            "Off the diagonal this is minus s_j squared. One of the two factors needs the shape (N, C, 1), "
            "`s[:, :, None]`, and the other (N, 1, C), `s[:, None, :]`.",
        ),
        Specimen(
            "Both factors stand along the columns",
            lambda s: s[:, :, None] * (np.eye(s.shape[1]) - s[:, :, None]),
            "Off the diagonal this is minus s_i squared. One of the two factors needs the shape (N, C, 1), "
            "`s[:, :, None]`, and the other (N, 1, C), `s[:, None, :]`.",
        ),
    ],
)

EXERCISES = [EXERCISE_1, EXERCISE_2, EXERCISE_3, EXERCISE_4, EXERCISE_5]
