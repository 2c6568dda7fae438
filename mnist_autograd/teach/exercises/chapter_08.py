"""The exercises of chapter 08: an MLP on MNIST. For each the solution, the probes and the known mistakes.

Shapes: image (H, W) and images (N, H, W), numbers from 0 (paper) upwards (ink); step, steps and lr are numbers.
"""

from __future__ import annotations

import math

import numpy as np

from .task import Exercise, Specimen

# --- 08.1 ---------------------------------------------------------------------------------------------------------


def cosine_rate(step, steps, lr):
    """The learning rate of a step, 0 to steps: it falls from lr to 0 along half a wave of the cosine."""
    return lr * (1 + math.cos(math.pi * step / steps)) / 2


def _cos(part, steps, waves=0.5):
    """cos, of which so many waves fill the run."""
    return math.cos(2 * math.pi * waves * part / steps)


EXERCISE_1 = Exercise(
    id="08.1",
    title="A cosine learning rate",
    see="A learning rate that falls",
    solution=cosine_rate,
    probes=[
        (0, 4, 1.0),
        (1, 4, 1.0),
        (2, 4, 1.0),
        (3, 4, 1.0),
        (4, 4, 1.0),
        (0, 3, 0.2),
        (1, 3, 0.2),
        (2, 3, 0.2),
        (3, 3, 0.2),
        (5, 12, 0.4),
        (700, 1000, 2.0),
    ],
    specimens=[
        Specimen(
            "The division by 2 is missing",
            lambda step, steps, lr: lr * (1 + _cos(step, steps)),
            "The cosine goes from 1 to -1, so 1 + cos goes from 2 to 0. The run would begin with twice the learning "
            "rate that was asked for. Divide by 2.",
        ),
        Specimen(
            "The 1 before the cosine is missing, and the division by 2",
            lambda step, steps, lr: lr * _cos(step, steps),
            "A cosine alone goes down to -1: in the second half of the run the learning rate is negative, and every "
            "step goes uphill. `(1 + cos) / 2` stays between 0 and 1.",
        ),
        Specimen(
            "The 1 before the cosine is missing",
            lambda step, steps, lr: lr * _cos(step, steps) / 2,
            "A cosine goes down to -1: in the second half of the run the learning rate is negative, and every step "
            "goes uphill. `(1 + cos) / 2` stays between 0 and 1.",
        ),
        Specimen(
            "It is a quarter of a wave",
            lambda step, steps, lr: lr * _cos(step, steps, 0.25),
            "With pi / 2 in place of pi, the cosine goes from 1 to 0 with a steep end. Half a wave, `(1 + cos(pi * "
            "step / steps)) / 2`, is flat at both ends: long near lr, and long near 0.",
        ),
        Specimen(
            "It is a quarter of a wave, and ends at half",
            lambda step, steps, lr: lr * (1 + _cos(step, steps, 0.25)) / 2,
            "With pi / 2 in place of pi, the cosine ends at 0, and the learning rate at lr / 2. At pi it is -1.",
        ),
        *(
            Specimen(
                name,
                rate,
                "The cosine is negative in the second half of the run, and this hides it. Asked for is the whole half "
                "wave, lifted and halved: `(1 + cos) / 2` falls all the way from 1 to 0.",
            )
            for name, rate in (
                ("The sign of the cosine is dropped", lambda step, steps, lr: lr * abs(_cos(step, steps))),
                ("Below 0 the cosine is cut off", lambda step, steps, lr: lr * max(_cos(step, steps), 0)),
            )
        ),
        Specimen(
            "It is a whole wave, and the division by 2 is missing",
            lambda step, steps, lr: lr * (1 + _cos(step, steps, 1)),
            "With 2 pi the cosine is back at 1 at the end: half a wave, pi. And 1 + cos goes from 2 on: divide by 2.",
        ),
        Specimen(
            "It is a whole wave",
            lambda step, steps, lr: lr * (1 + _cos(step, steps, 1)) / 2,
            "With 2 pi the cosine is back at 1 at the end, and the learning rate at lr. It shall end at 0: half a "
            "wave, pi.",
        ),
        Specimen(
            "pi is missing",
            lambda step, steps, lr: lr * (1 + math.cos(step / steps)) / 2,
            "Without pi the angle goes from 0 to 1, and the cosine only down to 0.54. At pi it reaches -1, and the "
            "learning rate 0.",
        ),
        Specimen(
            "The angle is in degrees",
            lambda step, steps, lr: lr * (1 + math.cos(180 * step / steps)) / 2,
            "`math.cos` and `np.cos` take radians. Half a wave is pi, not 180.",
        ),
        Specimen(
            "Sine in place of cosine",
            lambda step, steps, lr: lr * (1 + math.sin(math.pi * step / steps)) / 2,
            "The sine of 0 is 0: the run would begin with lr / 2, rise to lr, and fall back. The cosine begins at 1.",
        ),
        Specimen(
            "It rises",
            lambda step, steps, lr: lr * (1 - _cos(step, steps)) / 2,
            "With the sign turned the learning rate goes from 0 to lr. At the end of a run the steps shall be small.",
        ),
        Specimen(
            "It falls along a straight line",
            lambda step, steps, lr: lr * (1 - step / steps),
            "A straight line also goes from lr to 0, and is a schedule that people use. Asked for is the cosine, "
            "which keeps near lr at first, and near 0 at last.",
        ),
        Specimen(
            "It falls by a constant factor",
            lambda step, steps, lr: lr * math.exp(-step / steps),
            "An exponential falls, but never to 0: at the end, a third of lr is left. Asked for is the cosine.",
        ),
        Specimen(
            "The quotient is outside of the cosine",
            lambda step, steps, lr: lr * (1 + math.cos(math.pi) * step / steps) / 2,
            "`cos(pi) * step / steps` takes the cosine of pi, which is -1, and the rest is a straight line. The whole "
            "angle belongs into the brackets: `cos(pi * step / steps)`.",
        ),
        *(
            Specimen(
                f"It ends at {floor:g}",
                lambda step, steps, lr, floor=floor: floor + (lr - floor) * (1 + _cos(step, steps)) / 2,
                "Many libraries let a schedule end at a small learning rate of their own choice. Here it ends at 0.",
            )
            for floor in (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
        ),
        Specimen(
            "The last step begins anew",
            lambda step, steps, lr: lr * (1 + _cos(step % steps, steps)) / 2,
            "`step % steps` is 0 again when the run is over, and the learning rate is lr. Asked for is 0 there.",
        ),
        Specimen(
            "The quotient is cut to a whole number",
            lambda step, steps, lr: lr * (1 + math.cos(math.pi * (step // steps))) / 2,
            "`//` drops the decimals: 1 // 4 is 0, and the learning rate stays at lr until the last step. `/` keeps "
            "them.",
        ),
        Specimen(
            "lr is forgotten",
            lambda step, steps, lr: (1 + _cos(step, steps)) / 2,
            "This is the factor, from 1 to 0. The learning rate is lr times the factor. With lr = 1 nobody would "
            "notice.",
        ),
        Specimen(
            "lr multiplies the 1 only",
            lambda step, steps, lr: (lr + _cos(step, steps)) / 2,
            "`lr * 1 + cos` is not `lr * (1 + cos)`: the brackets decide what lr multiplies.",
        ),
        Specimen(
            "lr multiplies the 1 only, and 2 divides the cosine only",
            lambda step, steps, lr: lr + _cos(step, steps) / 2,
            "`lr * 1 + cos / 2` is not `lr * (1 + cos) / 2`: the brackets decide what `*` and `/` work on.",
        ),
        Specimen(
            "lr multiplies the cosine only",
            lambda step, steps, lr: (1 + lr * _cos(step, steps)) / 2,
            "`1 + lr * cos` is not `lr * (1 + cos)`: the brackets decide what lr multiplies.",
        ),
        Specimen(
            "Only the cosine is halved",
            lambda step, steps, lr: lr * (1 + _cos(step, steps) / 2),
            "`1 + cos / 2` goes from 1.5 to 0.5. The division by 2 belongs to the whole: `(1 + cos) / 2`.",
        ),
        Specimen(
            "It counts to steps - 1",
            lambda step, steps, lr: lr * (1 + _cos(step, steps - 1)) / 2,
            "Divided by `steps - 1` the last step itself has the learning rate 0, and moves nothing. Here 0 belongs "
            "to the moment after the last step, `step = steps`.",
        ),
        Specimen(
            "It is a step ahead",
            lambda step, steps, lr: lr * (1 + _cos(step + 1, steps)) / 2,
            "Steps count from 0, and step 0 has the full learning rate lr.",
        ),
        Specimen(
            "step and steps are swapped",
            lambda step, steps, lr: lr * (1 + _cos(steps, step)) / 2,
            "The part of the run that is over is `step / steps`: it goes from 0 to 1.",
            where=lambda step, steps, lr: step > 0,
        ),
        Specimen(
            "steps and lr are swapped",
            lambda step, steps, lr: cosine_rate(step, lr, steps),
            "The order of the arguments is `step, steps, lr`: the second is the number of steps, the third the "
            "learning rate.",
        ),
    ],
)


# --- 08.2 ---------------------------------------------------------------------------------------------------------


def shift(images, down, right):
    """Images (N, H, W), moved by whole pixels, negative ones up and left; what enters at an edge is 0."""
    _, H, W = images.shape
    r = max(abs(down), abs(right))
    framed = np.pad(images, ((0, 0), (r, r), (r, r)))
    return framed[:, r - down : r - down + H, r - right : r - right + W]


def _rolled(images, down, right):
    return np.roll(images, (down, right), axis=(1, 2))


def _framed_with(images, down, right, **how):
    """As the solution, with a frame of another kind."""
    _, H, W = images.shape
    r = max(abs(down), abs(right))
    framed = np.pad(images, ((0, 0), (r, r), (r, r)), **how)
    return framed[:, r - down : r - down + H, r - right : r - right + W]


def _left_behind(images, down, right):
    """Moved, but where nothing enters the old pixels stay."""
    arrived = shift(np.ones_like(images), down, right)
    return np.where(arrived > 0, shift(images, down, right), images)


def _along_batch_and_rows(images, down, right):
    return shift(np.moveaxis(images, 2, 0), down, right).transpose(1, 2, 0)


def _strips(images, down, right, edges):
    """Rolled, then strips of |down| rows and |right| columns made 0 at the first edges, the last, or both."""
    new = _rolled(images, down, right)
    a, b = abs(down), abs(right)
    _, H, W = images.shape
    if edges in ("first", "both"):
        new[:, :a], new[:, :, :b] = 0, 0
    if edges in ("last", "both"):
        new[:, H - a :], new[:, :, W - b :] = 0, 0
    return new


def _strip_on_the_wrong_side(images, down, right):
    new = _rolled(images, down, right)
    _, H, W = images.shape
    rows = slice(H - down, H) if down > 0 else slice(0, -down)
    columns = slice(W - right, W) if right > 0 else slice(0, -right)
    new[:, rows], new[:, :, columns] = 0, 0
    return new


def _as_one_row(images, down, right):
    """Moved in the row of all pixels: what leaves at the right enters a row below at the left."""
    N, H, W = images.shape
    return shift(images.reshape(N, 1, H * W), 0, down * W + right).reshape(N, H, W)


def _slices_to_minus(images, down, right):
    new = np.zeros_like(images)
    new[:, down:, right:] = images[:, :-down, :-right]
    return new


def _slices_without_lengths(images, down, right):
    _, H, W = images.shape
    new = np.zeros_like(images)
    new[:, down:, right:] = images[:, : H - down, : W - right]
    return new


def _cleared_if_positive(images, down, right):
    new = _rolled(images, down, right)
    new[:, : max(down, 0)], new[:, :, : max(right, 0)] = 0, 0
    return new


def _cleared_to_a_negative_end(images, down, right):
    new = _rolled(images, down, right)
    new[:, :down], new[:, :, :right] = 0, 0
    return new


def _frame_of_one(images, down, right):
    _, H, W = images.shape
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    return framed[:, 1 - down : 1 - down + H, 1 - right : 1 - right + W]


def _window_off_by(by, images, down, right):
    _, H, W = images.shape
    r = max(abs(down), abs(right))
    framed = np.pad(images, ((0, 0), (r, r), (r, r)))
    row, column = r - down + by, r - right + by
    return framed[:, row : row + H, column : column + W]


def _batch_framed(images, down, right):
    _, H, W = images.shape
    r = max(abs(down), abs(right))
    return np.pad(images, r)[:, r - down : r - down + H, r - right : r - right + W]


def _windows_of_28(images, down, right):
    r = max(abs(down), abs(right))
    framed = np.pad(images, ((0, 0), (r, r), (r, r)))
    return framed[:, r - down : r - down + 28, r - right : r - right + 28]


def _several_images(images, down, right):
    return len(images) > 1


def _grown(images, down, right):
    rows, columns = ((max(by, 0), max(-by, 0)) for by in (down, right))
    return np.pad(images, ((0, 0), rows, columns))


def _cut(images, down, right):
    _, H, W = images.shape
    return images[:, max(-down, 0) : H - max(down, 0), max(-right, 0) : W - max(right, 0)]


def _moves(images, down, right):
    """Whether there is anything to do."""
    return down != 0 or right != 0


CORNER = np.array([[[1.0, 2.0], [3.0, 4.0]]])
TWO = np.arange(1.0, 19.0).reshape(2, 3, 3)
FLAT = np.arange(1.0, 13.0).reshape(2, 2, 3)

EXERCISE_2 = Exercise(
    id="08.2",
    title="Shift images",
    see="One-pixel shifts",
    solution=shift,
    probes=[
        (np.array([[[1.0, 2.0]]]), 0, 0),
        (np.array([[[1.0, 2.0]]]), 0, 1),
        (np.array([[[1.0], [2.0]]]), 1, 0),
        (np.array([[[0.5, 0.25]]]), 0, 1),
        (CORNER, 0, 1),
        (CORNER, 1, 0),
        (CORNER, 0, -1),
        (CORNER, -1, 0),
        (CORNER, 1, 1),
        (FLAT, 1, 1),
        (FLAT, 0, -1),
        (FLAT, -1, 2),
        (TWO, 1, 1),
        (TWO, 2, -1),
        (TWO, -1, -2),
        (TWO, 0, 2),
        (TWO, -2, 0),
    ],
    specimens=[
        Specimen(
            "What leaves at one edge enters at the other",
            _rolled,
            "`np.roll` goes round: the pixels that leave at the bottom come back at the top. A digit that touches the "
            "edge would be torn. What enters must be paper, 0.",
        ),
        Specimen(
            "The direction is turned round",
            lambda images, down, right: shift(images, -down, -right),
            "It moves up for a positive `down`, and left for a positive `right`. Row i of the result comes from row "
            "`i - down`: a window of the framed image that begins *higher* shows the image *lower*.",
        ),
        Specimen(
            "down is turned round",
            lambda images, down, right: shift(images, -down, right),
            "`right` is right, but a positive `down` moves up. Row 0 is the top row: down is towards larger row "
            "numbers.",
        ),
        Specimen(
            "right is turned round",
            lambda images, down, right: shift(images, down, -right),
            "`down` is right, but a positive `right` moves left: to the right is towards larger column numbers.",
        ),
        Specimen(
            "down and right are swapped",
            lambda images, down, right: shift(images, right, down),
            "Axis 1 counts the rows, from the top down; axis 2 counts the columns, to the right.",
        ),
        Specimen(
            "The batch axis is shifted",
            _along_batch_and_rows,
            "Axis 0 counts the images: moved along it, an image takes the place of another, and its label no longer "
            "fits. Rows are axis 1, columns axis 2.",
            where=_several_images,
        ),
        Specimen(
            "The batch axis is rolled",
            lambda images, down, right: np.roll(images, (down, right), axis=(0, 1)),
            "Axis 0 counts the images: moved along it, an image takes the place of another, and its label no longer "
            "fits. Rows are axis 1, columns axis 2. And `np.roll` goes round: what enters must be 0.",
            where=_several_images,
        ),
        *(
            Specimen(
                f"It goes round, and {name}",
                lambda images, down, right, order=order: _rolled(images, *order(down, right)),
                f"{text} And `np.roll` goes round: what leaves at one edge comes back at the other, where paper, 0, "
                "must enter.",
            )
            for name, order, text in (
                (
                    "the direction is turned round",
                    lambda down, right: (-down, -right),
                    "A positive `down` moves up here, and a positive `right` to the left.",
                ),
                (
                    "down and right are swapped",
                    lambda down, right: (right, down),
                    "Axis 1 counts the rows, from the top down; axis 2 counts the columns, to the right.",
                ),
            )
        ),
        Specimen(
            "np.roll without an axis",
            lambda images, down, right: np.roll(images, (down, right)),
            "Without `axis`, `np.roll` lays all pixels of all images in one row and turns that. Rows are axis 1, "
            "columns axis 2. And even with axes it goes round, where 0 must enter.",
        ),
        Specimen(
            "The edge is repeated",
            lambda images, down, right: _framed_with(images, down, right, mode="edge"),
            "What enters at an edge is paper, 0. A copy of the outermost pixels would draw a stroke that touches the "
            "edge longer than it is.",
        ),
        Specimen(
            "Old pixels are left behind at the edge",
            _left_behind,
            "The picture is moved, but on top of a copy of the old one, whose pixels stay where nothing new arrives. "
            "Begin with zeros: `np.zeros_like(images)`.",
        ),
        Specimen(
            "Old columns are left behind",
            lambda images, down, right: _left_behind(shift(images, down, 0), 0, right),
            "The rows are right. But when the columns are copied within the new array, the columns that they leave "
            "keep what was there. Copy them into a second array of zeros, or clear them.",
        ),
        Specimen(
            "What enters is 255",
            lambda images, down, right: _framed_with(images, down, right, constant_values=255),
            "255 is ink. Paper is 0 in these images.",
        ),
        Specimen(
            "What enters is 1",
            lambda images, down, right: _framed_with(images, down, right, constant_values=1),
            "1 is ink, once the images are divided by 255. Paper is 0.",
        ),
        Specimen(
            "What enters is nan",
            lambda images, down, right: _framed_with(images, down, right, constant_values=np.nan),
            "`nan` spreads: after one step of training every weight would be `nan`. What enters is paper, 0.",
        ),
        Specimen(
            "Greys are cut to whole numbers",
            lambda images, down, right: shift(images, down, right).astype(int),
            "Inputs go from 0 to 1, and in an array of integers every grey between becomes 0. Take the kind of numbers "
            "that came in: `np.zeros_like(images)`, or `np.zeros(images.shape)`.",
        ),
        Specimen(
            "Strips are cleared at the top and at the left, whatever the direction",
            lambda images, down, right: _strips(images, down, right, "first"),
            "Right for positive shifts. Where the image moves up, the strip that must be cleared is at the bottom, and "
            "where it moves left, at the right.",
        ),
        Specimen(
            "What comes round is cleared at the top and at the left only",
            _cleared_if_positive,
            "Right for positive shifts. With a negative `down`, what `np.roll` brings round lies at the bottom, in the "
            "last `-down` rows, and with a negative `right` in the last columns. Clear it there.",
        ),
        Specimen(
            "With a negative end it clears too much",
            _cleared_to_a_negative_end,
            "Right for positive shifts. But `new[:, :-1]` is all rows except the last. With a negative `down` the "
            "strip to clear is the last one, `new[:, down:]`.",
        ),
        Specimen(
            "Strips are cleared at both ends",
            lambda images, down, right: _strips(images, down, right, "both"),
            "Only the strip that the image has moved away from is empty. At the other end there are pixels of the "
            "image, and clearing them loses ink.",
        ),
        Specimen(
            "The strips are cleared on the wrong side",
            _strip_on_the_wrong_side,
            "After `np.roll`, what came round lies where the image has moved away from: at the top if it moved down. "
            "That strip must be 0; the one at the bottom belongs to the image.",
        ),
        Specimen(
            "Pixels run on into the next row",
            _as_one_row,
            "In a row of all pixels the last of one line stands beside the first of the next. Moved to the right "
            "there, it enters one line below at the left. Shift along two axes.",
        ),
        Specimen(
            "Pixels go round in the row of all pixels",
            lambda images, down, right: np.roll(
                images.reshape(len(images), -1), images.shape[2] * down + right, axis=1
            ).reshape(images.shape),
            "In a row of all pixels the last of one line stands beside the first of the next, and `np.roll` goes "
            "round. Shift along two axes, and let 0 enter.",
        ),
        Specimen(
            "A slice that ends at -0 is empty",
            _slices_to_minus,
            "`images[:, :-down]` is right for positive shifts. For 0 it is `images[:, :0]`, which is empty, and for "
            "negative ones it takes the wrong rows. `: H - down` would be right for 0, too.",
        ),
        Specimen(
            "A negative start counts from the end",
            _slices_without_lengths,
            "Right for positive shifts. But `new[:, -1:]` is the last row alone, and the rest does not fit into it. A "
            "negative `down` moves up: rows from `-down` on go to rows from 0 on.",
        ),
        Specimen(
            "The frame is too thin",
            _frame_of_one,
            "Right for shifts of one pixel. Of two, the window begins outside of a frame that is one pixel wide, and a "
            "negative start counts from the end. The frame must be as wide as the largest shift.",
        ),
        Specimen(
            "The batch is framed, too",
            _batch_framed,
            "`np.pad(images, r)` puts a frame on all three axes, and the one on axis 0 is made of black, empty images. "
            "`((0, 0), (r, r), (r, r))` leaves the batch axis alone.",
            where=_moves,
        ),
        Specimen(
            "Only images of 28 by 28 will do",
            _windows_of_28,
            "28 is the size of MNIST. Take H and W from `images.shape`, and it works for every size.",
            where=_moves,
        ),
        Specimen(
            "The image has grown",
            _grown,
            "A frame on one side makes the image larger. What leaves at the opposite side must be cut off, so that the "
            "shape stays (N, H, W).",
            where=_moves,
        ),
        Specimen(
            "The image has shrunk",
            _cut,
            "What leaves is cut off, but nothing has entered at the other side: the shape must stay (N, H, W).",
            where=_moves,
        ),
        Specimen(
            "It moves down only",
            lambda images, down, right: shift(images, down, 0),
            "`right` is never used.",
        ),
        Specimen(
            "It moves right only",
            lambda images, down, right: shift(images, 0, right),
            "`down` is never used.",
        ),
        Specimen(
            "It moves by one pixel, however many were asked for",
            lambda images, down, right: shift(images, int(np.sign(down)), int(np.sign(right))),
            "`down` and `right` say how many pixels, not only in which direction.",
        ),
        *(
            Specimen(
                name,
                moves,
                "For `down = 0` and `right = 0` the image stays where it is: pixel (i, j) comes from pixel (i - down, "
                "j - right), and a window onto the frame begins in row `r - down`.",
            )
            for name, moves in (
                ("It moves by one pixel too much", lambda images, down, right: shift(images, down + 1, right + 1)),
                ("It moves by one pixel too little", lambda images, down, right: shift(images, down - 1, right - 1)),
                ("The window begins a pixel too late", lambda *given: _window_off_by(1, *given)),
                ("The window begins a pixel too early", lambda *given: _window_off_by(-1, *given)),
            )
        ),
        Specimen(
            "Negative shifts move down and to the right, too",
            lambda images, down, right: shift(images, abs(down), abs(right)),
            "The sign says the direction: a negative `down` moves up, a negative `right` to the left. `abs` is for the "
            "width of the frame only.",
        ),
        Specimen(
            "Nothing is moved",
            lambda images, down, right: images,
            "The images come back as they were. Some NumPy functions, such as `np.roll`, return a new array and leave "
            "the old one as it was: the result must be used.",
        ),
        Specimen(
            "All images are the first one",
            lambda images, down, right: np.repeat(shift(images, down, right)[:1], len(images), axis=0),
            "Every image must be moved, not only the first.",
        ),
    ],
)


# --- 08.3 ---------------------------------------------------------------------------------------------------------


def centre_of_mass(image):
    """Row and column, counted from 0, of the centre of mass of an image (H, W): (2,). Without ink, the middle."""
    total = image.sum()
    if total == 0:
        return (np.array(image.shape) - 1) / 2
    rows, columns = np.indices(image.shape)
    return np.array([(rows * image).sum(), (columns * image).sum()]) / total


def _inked(image):
    """Whether there is ink. What a mistake does with an empty image is another mistake."""
    return bool(image.any())


def _several(image):
    """Whether there is ink, on several rows and columns: elsewhere it depends on the wording what fits."""
    return _inked(image) and min(image.shape) > 1


def _sums(image):
    """The places, weighted with the ink, added up: rows and columns (2,)."""
    rows, columns = np.indices(image.shape)
    return np.array([(rows * image).sum(), (columns * image).sum()])


def _middle(image):
    return (np.array(image.shape) - 1) / 2


def _in_bytes(image, sums, total):
    """Products in the image's own kind of number (in uint8, 255 + 1 is 0), and, if asked, their sums and the total."""
    rows, columns = (places.astype(image.dtype) for places in np.indices(image.shape))
    row, column = ((image * by).sum(dtype=image.dtype if sums else None) for by in (rows, columns))
    return np.array([row, column]) / image.sum(dtype=image.dtype if total else None)


def _is_bytes(image):
    return image.dtype == np.uint8


def _with_row_sums_across(image):
    rows, columns = (np.arange(size) for size in image.shape)
    return np.array([rows @ image.sum(axis=0), columns @ image.sum(axis=1)]) / image.sum()


def _rows_along_columns(image):
    return np.array([(np.arange(size) * image).sum() for size in image.shape]) / image.sum()


def _of_the_box(image):
    places = np.argwhere(image > 0)
    return (places.min(axis=0) + places.max(axis=0)) / 2


def _in_one_row(image):
    place = np.arange(image.size) @ image.ravel() / image.sum()
    return np.array([place // image.shape[1], place % image.shape[1]])


EXERCISE_3 = Exercise(
    id="08.3",
    title="The centre of mass",
    see="Prepared as MNIST is",
    solution=centre_of_mass,
    probes=[
        (np.array([[1.0, 3.0]]),),
        (np.array([[2.0], [6.0]]),),
        (np.array([[0.0, 0.0, 0.0]]),),
        (np.array([[0.0, 8.0], [0.0, 0.0]]),),
        (np.array([[0.0, 0.0], [2.0, 6.0]]),),
        (np.array([[0.0, 0.0], [0.0, 0.0]]),),
        (np.array([[0.0, 0.0], [0.5, 0.0]]),),
        (np.array([[0.0, 1.0, 1.0], [0.0, 0.0, 2.0]]),),
        (np.array([[0.0, 0.0], [0.0, 4.0], [0.0, 1.0], [3.0, 0.0]]),),
        (np.array([[255.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 128.0, 127.0]]),),
        (np.array([[0.0, 0.0, 0.0, 0.0], [0.0, 9.0, 1.0, 0.0], [0.0, 0.0, 2.0, 8.0]]),),
        (np.array([[0, 0, 50, 100], [0, 0, 0, 90], [0, 120, 0, 200]], np.uint8),),  # as the files of MNIST have them
    ],
    specimens=[
        Specimen(
            "Row and column are swapped",
            lambda image: centre_of_mass(image)[::-1],
            "The first number must be the row, which says how far down, and the second the column, how far to the "
            "right. That is the order of `image[row, column]` and of `image.shape`; a point (x, y) has the other. And "
            "`image.sum(axis=0)` has one number for each column, so it gives the column.",
            where=_inked,
        ),
        Specimen(
            "Rows are weighted with the sums of columns",
            _with_row_sums_across,
            "`image.sum(axis=0)` adds up over the rows and leaves one number for each column, shape (W,). The weight "
            "of a row is `image.sum(axis=1)`, shape (H,). On a square image nothing stops, but row and column are "
            'swapped. `np.meshgrid` does the same unless it is told `indexing="ij"`.',
            where=_several,
        ),
        Specimen(
            "An empty image divides 0 by 0",
            lambda image: _sums(image) / image.sum(),
            "Right wherever there is ink. Of an empty pad the sum is 0, and `0 / 0` is `nan`: look at the sum first.",
        ),
        Specimen(
            "An empty image gives row 0, column 0",
            lambda image: _sums(image) / (image.sum() or 1),
            "Right wherever there is ink. Of an empty image the middle is asked for, so that a shift of its centre to "
            "the middle moves nothing. (0, 0) is its top left corner.",
        ),
        *(
            Specimen(
                name,
                lambda image, middle=middle: centre_of_mass(image) if image.any() else np.array(middle(*image.shape)),
                f"Right wherever there is ink. {text}",
            )
            for name, middle, text in (
                (
                    "The middle of an empty image is half a pixel off",
                    lambda H, W: (H / 2, W / 2),
                    "Rows count from 0: of 3 rows, 0, 1 and 2, the middle one is 1, which is (3 - 1) / 2, not 3 / 2.",
                ),
                (
                    "The middle of an empty image is H // 2",
                    lambda H, W: (H // 2, W // 2),
                    "But of 2 rows, 0 and 1, the middle is 0.5, between them: (H - 1) / 2.",
                ),
                (
                    "The middle of an empty image is cut to whole numbers",
                    lambda H, W: ((H - 1) // 2, (W - 1) // 2),
                    "But `//` drops what stands behind the point. Of 2 rows, 0 and 1, the middle is 0.5.",
                ),
                (
                    "The middle of an empty image is always 13.5",
                    lambda H, W: (13.5, 13.5),
                    "13.5 is the middle of 28 rows. The check tries other sizes: take (H - 1) / 2 and (W - 1) / 2.",
                ),
                (
                    "The middle of an empty image has row and column swapped",
                    lambda H, W: ((W - 1) / 2, (H - 1) / 2),
                    "But the first number is the row, and the middle row is (H - 1) / 2.",
                ),
            )
        ),
        Specimen(
            "An image with little ink counts as empty",
            lambda image: centre_of_mass(image) if image.sum() >= 1 else _middle(image),
            "Right wherever there is much ink. But inputs go from 0 to 1, and a single grey pixel is ink, too: only a "
            "sum of 0 is an empty image.",
        ),
        *(
            Specimen(
                f"{what} overflow uint8",
                lambda image, sums=sums, total=total: _in_bytes(image, sums, total),
                "The images of MNIST have the type uint8, which ends at 255 and begins again at 0. In a loop over "
                "pixels NumPy stays in it. Begin with `image = image.astype(float)`, or let `.sum()` add up, which "
                "takes a wider type.",
                where=_is_bytes,
            )
            for what, sums, total in (
                ("All sums", True, True),
                ("The sums of the places", True, False),
                ("The products", False, False),
            )
        ),
        Specimen(
            "It is the darkest pixel",
            lambda image: np.array(np.unravel_index(image.argmax(), image.shape)),
            "`argmax` finds one pixel, the darkest. The centre of mass is a mean over all pixels, in which each "
            "counts as much as it has ink.",
            where=_inked,
        ),
        Specimen(
            "It is the darkest row and the darkest column",
            lambda image: np.array([image.sum(axis=1).argmax(), image.sum(axis=0).argmax()]),
            "`argmax` finds the row with the most ink, and drops the others. The centre of mass is a mean over all "
            "rows, in which each counts as much as it has ink: `rows @ image.sum(axis=1) / image.sum()`.",
            where=_inked,
        ),
        Specimen(
            "It is the middle of the bounding box",
            _of_the_box,
            "The middle between the first and the last row with ink does not ask how much ink there is. A 9, heavy at "
            "its top, has its centre of mass above the middle of its box.",
            where=_inked,
        ),
        Specimen(
            "It is the middle of the image, wherever the ink is",
            _middle,
            "This is where the centre of mass shall be brought. Where it is now depends on the ink: weight each row, "
            "and each column, with the ink in it.",
            where=_inked,
        ),
        Specimen(
            "Every pixel with ink counts the same",
            lambda image: np.argwhere(image > 0).mean(axis=0),
            "A light grey pixel at an edge counts as much as a black one here. Multiply each place by its grey value, "
            "and divide by the sum of the grey values.",
            where=_inked,
        ),
        Specimen(
            "It is the centre of the paper",
            lambda image: centre_of_mass(255 - image),
            "In MNIST 255 is ink and 0 is paper, so the image itself is the weight. `255 - image` weighs the paper.",
            where=_inked,
        ),
        Specimen(
            "The paper counts, and the darkest pixel does not",
            lambda image: centre_of_mass(image.max() - image),
            "The ink is the image itself: 0 is paper, and weighs nothing. `image.max() - image` weighs the paper.",
            where=lambda image: image.min() < image.max(),
        ),
        Specimen(
            "Only pixels above 127 count, and all the same",
            lambda image: centre_of_mass(image > 127),
            "Black or white is too coarse: a grey pixel counts as much as it has ink. Multiply each place by its grey "
            "value, and divide by the sum of the grey values.",
            where=lambda image: image.max() > 127,
        ),
        Specimen(
            "It divides by the sum of the places",
            lambda image: _sums(image) / np.indices(image.shape).sum(axis=(1, 2)),
            "A weighted mean divides by the sum of the weights. Here the ink is the weight: `image.sum()`.",
            where=_inked,
        ),
        Specimen(
            "The numbers of the rows lie along the columns",
            _rows_along_columns,
            "`np.arange(H)` has shape (H,), and NumPy lines it up with the *columns* of the image: an error, or the "
            "column in place of the row. As `np.arange(H)[:, None]`, of shape (H, 1), it lines up with the rows.",
            where=_several,
        ),
        Specimen(
            "Rows are counted from the bottom",
            lambda image: centre_of_mass(image[::-1]),
            "Row 0 is the top row, as in `image[0]`: down is towards larger numbers.",
            where=_inked,
        ),
        Specimen(
            "Row and column are swapped, and counted from 1",
            lambda image: centre_of_mass(image)[::-1] + 1,
            "The first number must be the row, how far down, and the second the column, how far to the right; and both "
            "count from 0.",
            where=_inked,
        ),
        Specimen(
            "It divides by the number of pixels",
            lambda image: _sums(image) / image.size,
            "This is what `.mean()` does, too. A weighted mean divides by the sum of the weights: `image.sum()`.",
            where=_inked,
        ),
        Specimen(
            "It divides by the number of pixels with ink",
            lambda image: _sums(image) / (image > 0).sum(),
            "The pixels are weighted with their ink, so the sum of the weights is `image.sum()`. Their number would "
            "be right if each had the weight 1.",
            where=_inked,
        ),
        Specimen(
            "It divides by 255",
            lambda image: _sums(image) / 255,
            "That makes the ink of a black pixel 1, and the result depends on how much ink there is. A weighted mean "
            "divides by the sum of the weights, `image.sum()`: then 255 would cancel.",
            where=_inked,
        ),
        Specimen(
            "It divides by the darkest grey",
            lambda image: _sums(image) / image.max(),
            "That makes the ink of the darkest pixel 1, and the result depends on how much ink there is. A weighted "
            "mean divides by the sum of the weights, `image.sum()`: then the maximum would cancel.",
            where=_inked,
        ),
        Specimen(
            "The sums are not divided",
            _sums,
            "Twice as much ink at the same places has the same centre of mass, but twice these sums. Divide them by "
            "`image.sum()`.",
            where=_inked,
        ),
        Specimen(
            "Rows and columns are counted from 1",
            lambda image: centre_of_mass(image) + 1,
            "Python counts from 0, and so does the check: ink in the first row alone has its centre in row 0.",
            where=_inked,
        ),
        Specimen(
            "Half a pixel is added",
            lambda image: centre_of_mass(image) + 0.5,
            "The middle of the first pixel is 0.5 pixels from the edge of the image. But here places are counted as "
            "rows and columns, from 0: ink in the first row alone has its centre in row 0.",
            where=_inked,
        ),
        Specimen(
            "It is rounded to a pixel",
            lambda image: np.round(centre_of_mass(image)),
            "The centre of mass may lie between two pixels. Round when you shift, not before.",
            where=_inked,
        ),
        Specimen(
            "It is cut to whole numbers",
            lambda image: centre_of_mass(image).astype(int),
            "`//`, `int` and an array of integers drop what stands behind the point. The centre of mass may lie "
            "between two pixels: divide with `/`, and keep floats.",
            where=_inked,
        ),
        Specimen(
            "It is measured from the middle of the image",
            lambda image: centre_of_mass(image) - _middle(image),
            "This is how far the centre of mass lies from the middle. Asked for is the place itself, counted from the "
            "top left pixel.",
            where=_inked,
        ),
        Specimen(
            "It is the shift that brings the centre to the middle",
            lambda image: _middle(image) - centre_of_mass(image),
            "This is the next step. Asked for is where the centre of mass is now, counted from the top left pixel.",
            where=_inked,
        ),
        Specimen(
            "It is the centre of all rows laid end to end",
            _in_one_row,
            "The mean place in the row of all pixels does not split into a row and a column: two pixels at the right "
            "edge of rows 0 and 1 have their mean in the middle of row 1. Take one mean for rows and one for columns.",
            where=_inked,
        ),
    ],
)

EXERCISES = [EXERCISE_1, EXERCISE_2, EXERCISE_3]
