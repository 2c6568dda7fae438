"""The pad of chapter 08: what its figure says of a drawing and a model, live and still, without a browser."""

import math

import ipywidgets as widgets
import numpy as np
import pytest
import strokes
from explorers import NO_WARNINGS, RAISING, every_control_redraws_and_leads_back, raises, shows_its_state, texts
from traitlets import TraitError

from mnist_autograd import functional as F
from mnist_autograd.teach import explore
from mnist_autograd.teach.explore.draw_digit import DIGIT_TEMPERATURES, STEPS
from mnist_autograd.teach.explore.pad import Pad
from mnist_autograd.teach.pictures.numbers import hedged_percent
from mnist_autograd.teach.topics import digits, pretrained

# The oldest anywidget asks traitlets in a way that has a newer one.
pytestmark = pytest.mark.filterwarnings(*NO_WARNINGS.args, "ignore:Deprecated in traitlets 4.1:DeprecationWarning")
nan, inf = math.nan, math.inf
THREE = strokes.ALL["3 upright"][1]


@pytest.fixture(scope="module")
def model():
    return pretrained.mlp()


def said(state):
    """All that a state says, in each of its forms."""
    return [" ".join(texts(state.view())), state.describe(), state.table().replace("\n", " ")]


class Model:
    """A model whose logits are what a function makes of the row (1, 784)."""

    def __init__(self, logits):
        self.logits = logits


# --- A drawing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", strokes.ALL)
def test_the_probabilities_are_the_models(name, model):
    _, drawing = strokes.ALL[name]
    found = explore.DigitState(model, drawing).reading()
    X = digits.inputs(found.steps.centred)
    np.testing.assert_allclose(found.with_steps, model.probabilities(X)[0], atol=1e-6)
    X = digits.inputs(digits.shrunk(digits.drawn(drawing)))
    np.testing.assert_allclose(found.without, model.probabilities(X)[0], atol=1e-6)


@pytest.mark.parametrize("T", DIGIT_TEMPERATURES)
def test_the_temperature_divides_the_logits(T, model):
    drawing = strokes.ALL["1 slanted"][1]
    state = explore.DigitState(model, drawing, temperature=T)
    found = state.reading()
    z = model.logits(digits.inputs(found.steps.centred))[0].astype(float)
    np.testing.assert_allclose(found.with_steps, F.softmax(z / T).data)
    for form in said(state):
        assert f"Temperature T = {T:g}." in form and found.answer.split(",")[0] == str(z.argmax())
    assert hedged_percent(found.with_steps.max()) in said(state)[0]


def test_the_figure_names_each_step_with_its_size(model):
    figure = texts(explore.DigitState(model, [[(0.2, 0.2), (0.2, 0.6)]]).view())
    ink = digits.cropped(digits.drawn([[(0.2, 0.2), (0.2, 0.6)]])).shape
    narrow = round(20 * ink[1] / ink[0])
    steps = ["drawn 140 × 140", f"cropped {ink[0]} × {ink[1]}", f"scaled 20 × {narrow}", "centred 28 × 28"]
    assert [word for word in figure if "×" in word and not word.startswith(("Temp", "pad", "to"))][:4] == steps


def test_an_answer_is_said_in_each_form(model):
    state = explore.DigitState(model, THREE)
    figure, sentence, table = said(state)
    assert "It reads 3, > 99 %" in figure and sentence.startswith("It reads 3, > 99 %; then ")
    assert "3              > 99 %" in table
    for form in (figure, sentence, table):
        assert "Without the steps" in form
    assert repr(state) == sentence


def test_an_empty_pad_says_what_to_do(model):
    for drawing in ([], [[]], [[(2, 2)]]):
        state = explore.DigitState(model, drawing)
        figure, sentence, table = said(state)
        assert "Nothing is drawn yet" in figure and sentence.startswith("The pad is empty. Draw a digit on the pad")
        assert table == sentence and "It reads" not in figure and state.reading().answer == ""


def test_the_figure_has_one_size_whatever_is_drawn(model):
    views = [explore.DigitState(model, drawing).view() for drawing in ([], THREE)]
    views.append(explore.DigitState(Model(raises(ValueError("no"))), THREE).view())
    boxes = [view.split('viewBox="')[1].split('"')[0].split()[2] for view in views]
    assert len(set(boxes)) == 1


@pytest.mark.parametrize("drawing", strokes.STRANGE.values(), ids=strokes.STRANGE)
@pytest.mark.parametrize("T", [DIGIT_TEMPERATURES[0], DIGIT_TEMPERATURES[-1]])
def test_no_drawing_breaks_it(drawing, T, model):
    assert all(said(explore.DigitState(model, drawing, T)))


def test_percentages_claim_no_certainty():
    shares = {0: "0 %", 1e-9: "< 1 %", 0.0049: "< 1 %", 0.006: "1 %", 0.123: "12 %", 0.5: "50 %"}
    shares |= {0.994: "99 %", 0.995: "> 99 %", 0.9999: "> 99 %", 1: "100 %"}
    assert {p: hedged_percent(p) for p in shares} == shares


# --- A model that may do anything -------------------------------------------------------------------------------

ZEROS = np.zeros((1, 10))
HOSTILE = {
    **{words.replace("your function", "the model"): Model(function) for words, function in RAISING.items()},
    "the model raised AttributeError: 'int' object has no attribute 'logits'": 3,
    "the model raised TypeError": Model(None),
    "the model raised ValueError: your function": Model(raises(ValueError("your function"))),
    "the model returned NoneType, expected an array of shape (1, 10)": Model(lambda X: None),
    "the model returned shape (10,), expected (1, 10)": Model(lambda X: ZEROS[0]),
    "the model returned shape (1, 784), expected (1, 10)": Model(lambda X: X),
    "the model gave logits that are not finite": Model(lambda X: ZEROS + nan),
}


@pytest.mark.parametrize("problem", HOSTILE)
def test_the_figure_says_what_is_wrong_with_a_model_and_recovers(problem, model):
    state = explore.DigitState(HOSTILE[problem], THREE)
    figure, sentence, table = said(state)
    assert f"There is no answer: {problem}" in sentence and sentence == table
    assert " ".join(problem.split()[:4]) in figure
    explorer = explore.draw_digit(HOSTILE[problem])
    explorer.pad.draw(THREE)
    assert shows_its_state(explorer) and explorer.pad.answer == ""
    state.model = model
    assert state.view() == explore.DigitState(model, THREE).view()


@pytest.mark.parametrize("logits", [ZEROS, ZEROS + 1e308, np.eye(10)[:1] * 1e308, np.eye(10)[:1].astype(np.float16)])
@pytest.mark.parametrize("T", [0.1, 10])
def test_no_finite_logits_break_it(logits, T):
    state = explore.DigitState(Model(lambda X: logits), THREE, T)
    assert state.reading().answer.startswith("0, ")
    assert all(said(state))


@pytest.mark.parametrize("T", [0, -1, nan])
def test_a_temperature_that_is_none_is_said_in_words(T, model):
    state = explore.DigitState(model, THREE, T)
    assert f"There is no answer: the temperature is {T}, and not a positive number" in state.describe()
    assert all(said(state)) and state.reading().answer == ""


# --- Live -------------------------------------------------------------------------------------------------------


def test_every_control_redraws_and_leads_back(model):
    explorer = explore.draw_digit(model)
    assert every_control_redraws_and_leads_back(explorer)
    assert list(explorer.controls) == ["temperature"]
    assert isinstance(explorer.controls["temperature"], widgets.SelectionSlider)


def test_the_figure_follows_the_pad(model):
    explorer = explore.draw_digit(model)
    empty = explorer.figure.value
    for digit, drawing in (strokes.ALL["3 upright"], strokes.ALL["7 slanted"]):
        explorer.pad.draw(drawing)
        assert shows_its_state(explorer) and explorer.state.describe().startswith(f"It reads {digit}")
        assert explorer.pad.answer.startswith(f"{digit}, ")
    explorer.pad.strokes = []
    assert explorer.figure.value == empty and explorer.pad.answer == ""
    assert explorer.state.describe().startswith("The pad is empty")


def test_a_change_asks_the_model_once_with_the_steps_and_once_without():
    asked = []
    explorer = explore.draw_digit(Model(lambda X: asked.append(X) or ZEROS))
    for change in (lambda: explorer.pad.draw(THREE), lambda: setattr(explorer.controls["temperature"], "value", 5)):
        asked.clear()
        change()
        assert len(asked) == 2 and explorer.pad.answer == "0, 10 %"


def test_the_pad_takes_what_the_browser_sends(model):
    """Whole numbers at the edges, among floats, as JSON has them."""
    explorer = explore.draw_digit(model)
    explorer.pad.set_state({"strokes": [[[0.5, 0], [0.5, 1]], [[1, 1]], []]})
    assert explorer.pad.strokes == [[[0.5, 0.0], [0.5, 1.0]], [[1.0, 1.0]], []]
    assert shows_its_state(explorer)


def test_the_pad_refuses_what_are_no_strokes():
    pad = Pad()
    for wrong in (3, [3], [[3]], [[["a", "b"]]], None):
        with pytest.raises(TraitError):
            pad.strokes = wrong
    assert pad.strokes == []


def test_the_pad_needs_no_network_and_has_the_pen_of_digits():
    pad = Pad()
    with pytest.raises(TraitError, match="read-only"):  # for digits.drawn would not follow
        pad.pen = 0.5
    assert pad.pen == pad.get_state()["pen"] == digits.PEN
    assert not [word for word in ("http:", "https:", "import(", "url(") if word in pad._esm + pad._css]


def test_a_page_without_widgets_says_where_the_pad_is(model):
    words = explore.draw_digit(model)._repr_mimebundle_()["text/plain"]
    assert words == "Draw a digit: a pad that needs JupyterLab. The figure below shows its steps for a drawn 3."
    assert repr(Pad()) == "Pad with 0 strokes"


def test_a_drawing_in_another_cell_is_another_pad(model):
    one, other = explore.draw_digit(model), explore.draw_digit(model)
    one.pad.draw(THREE)
    assert other.pad.strokes == [] and other.state.reading().is_empty


def test_the_steps_have_names():
    assert digits.Steps._fields == STEPS
