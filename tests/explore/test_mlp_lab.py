"""The MLP lab: it trains as the Trainer does, in slices; nothing a reader does breaks it or keeps it running."""

import asyncio
import functools
import gc
import re
import sys
import time
import weakref

import ipywidgets as widgets
import numpy as np
import pytest
from explorers import NO_WARNINGS, every_control_redraws_and_leads_back, shows_its_state, texts

from mnist_autograd import data, nn, optim, recipe
from mnist_autograd.teach import explore
from mnist_autograd.teach.explore.mlp_lab import LEARNING_RATES, PAUSE, Lab
from mnist_autograd.teach.explore.mlp_run import ACTIVATIONS, Settings
from mnist_autograd.training import Trainer

pytestmark = NO_WARNINGS


@pytest.fixture(scope="module")
def digits():
    """(X, y, X_validation, y_validation): 1,000 and 300 training images."""
    mnist = data.load("mnist", "train")
    X, y = data.to_inputs(mnist.images[:1300]), mnist.labels[:1300]
    return X[:1000], y[:1000], X[1000:], y[1000:]


@pytest.fixture
def new(digits):
    return lambda **settings: explore.MlpLabState(*digits, **({"hidden": 16, "batch_size": 64} | settings))


def run(state, epochs):
    """As far as so many epochs, by steps; it need not stop there by itself."""
    state.start()
    while state.running and state.epoch < epochs:
        state.advance(steps=1)
    return state


def said(state):
    return " ".join(filter(None, texts(state.view())))


# --- Training ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("activation", "shifts"), [("tanh", 0), ("ReLU", 0), ("tanh", 2)])
def test_it_trains_as_the_trainer_does(digits, new, activation, shifts):
    settings = {"lr": 0.2, "momentum": 0.5, "weight_decay": 1e-3}
    state = new(activation=activation, epochs=2, shifts=shifts, **settings)
    state.train(progress=False)
    model = recipe.mlp(16, ACTIVATIONS[activation])
    trainer = Trainer(model, optim.SGD(model.parameters(), *settings.values()), 2, 64, progress=False)
    trainer.augment = functools.partial(data.random_shifts, reach=shifts) if shifts else None
    trainer.fit(*digits[:2], validation=digits[2:])
    for p, q in zip(state.model.parameters(), model.parameters()):
        np.testing.assert_array_equal(p.data, q.data)
    for name in ("validation_loss", "validation_accuracy"):
        assert [getattr(r, name) for r in state.run.records if r.epoch in (1, 2)] == trainer.history[name]
    assert (state.epoch, state.steps, state.running) == (2, 32, False)
    assert "Finished: epoch 2.00 of 2" in state.describe()


def test_the_training_figures_are_means_since_the_last_record(digits, new):
    state = new(lr=1e-12, epochs=1)  # a network that stands still, so that the mean of all quarters is that of all
    state.train(progress=False)
    still = Trainer(state.model, state.optimizer, progress=False).evaluate(*digits[:2])
    records = state.run.records
    assert [record.epoch for record in records] == [0.256, 0.512, 0.768, 1]  # batches of 64 reach each quarter
    weights = np.diff([0, *(record.epoch for record in records)])
    assert np.dot(weights, [r.train_loss for r in records]) == pytest.approx(still["loss"], rel=1e-5)
    assert np.dot(weights, [r.train_accuracy for r in records]) == pytest.approx(still["accuracy"])


def test_slices_and_pauses_change_nothing(new):
    whole = new(shifts=1, epochs=2)
    whole.train(progress=False)
    state = new(shifts=1, epochs=2)
    taken = 0
    while state.epoch < 2:
        state.start()
        taken += state.advance(steps=5)
        state.pause()
        assert state.advance(steps=5) == 0
    assert taken == whole.steps == state.steps
    assert state.run.records == whole.run.records
    for p, q in zip(state.model.parameters(), whole.model.parameters()):
        np.testing.assert_array_equal(p.data, q.data)


def test_a_slice_takes_about_its_time_and_at_least_a_step(new):
    state = new(epochs=20)
    state.start()
    assert state.advance(seconds=0) == 1
    begin = time.monotonic()
    state.step_before, state._step = state._step, lambda: (time.sleep(0.01), state.step_before())
    assert state.advance(seconds=0.05) < 7 and time.monotonic() - begin >= 0.05


def test_moves_on_the_way_act_at_the_next_step_and_keep_what_is_learned(new):
    state = run(new(), 1)
    records, weights = list(state.run.records), state.model.net[0].weight
    state.set(lr=0.001, momentum=0.5, weight_decay=0.1, batch_size=1000, shifts=2)
    assert state.running and state.run.records == records and state.model.net[0].weight is weights
    state.advance(steps=1)
    optimizer = state.optimizer
    assert (optimizer.lr, optimizer.momentum, optimizer.weight_decay) == (0.001, 0.5, 0.1)
    assert state.epoch == 2  # one batch of 1,000
    state.reset()
    assert "moved on the way" in state.earlier[0].words() and "moved" not in state.describe().partition("Before")[0]


@pytest.mark.parametrize("other", [{"hidden": 4}, {"activation": "ReLU"}])
def test_another_network_begins_anew_says_so_and_keeps_the_old_curve(new, other):
    state = run(new(), 1)
    records = state.run.records
    state.set(**other)
    assert not state.running and state.steps == 0 and state.run.records == [] and state.earlier[0].records == records
    assert "That is another network" in said(state) and "run 1" in said(state) and "run 2" in said(state)
    assert state.model.net[0].weight.shape == (784, other.get("hidden", 16))
    assert isinstance(state.model.net[1], nn.ReLU) == (state.settings.activation == "ReLU")
    state.set(hidden=64)  # a slider that is dragged on
    assert "That is another network" in said(state)
    state.start()
    assert "another network" not in said(state)


def test_only_the_last_runs_are_kept(new):
    state = new(epochs=1)
    for _ in range(5):
        state.train(progress=False)
        state.reset()
    assert [run.number for run in state.earlier] == [5, 4] and state.run.number == 6
    state.reset()  # without a curve there is nothing to keep
    assert [run.number for run in state.earlier] == [5, 4] and state.run.number == 6


def test_after_all_epochs_it_can_be_given_more(new):
    state = new(epochs=1)
    state.train(progress=False)
    state.start()
    assert not state.running and "give it more" in said(state)
    state.set(epochs=2)
    state.start()
    assert state.running
    while state.advance():
        pass
    assert state.epoch == 2


@pytest.mark.parametrize("epochs", [0, 1])
def test_an_end_that_is_over_already_stops_at_once(new, epochs):
    state = run(new(epochs=10), 1)
    state.advance(steps=1)
    state.set(epochs=epochs)
    assert not state.running and state.advance() == 0 and f"Finished: epoch 1.06 of {epochs}" in said(state)
    state.set(epochs=2)
    assert not state.running
    state.start()
    state.advance()
    assert state.epoch == 2


def test_a_failure_is_said_in_words_and_start_begins_anew(new):
    state = run(new(activation="ReLU"), 1)
    state.model.net[0].weight.data[:] = np.inf
    state.advance(steps=1)
    assert not state.running and state.advance(steps=1) == 0
    assert re.search(
        r"Training stopped\. FloatingPointError: the loss is \w+\. .* too high \(it is 0\.1\)", said(state)
    )
    assert "Press start to begin anew." in said(state)
    state.start()
    assert state.running and state.steps == 0 and "stopped" not in said(state)
    assert len(state.earlier) == 1


@pytest.mark.parametrize("lr", LEARNING_RATES)
@pytest.mark.parametrize("activation", ["tanh", "ReLU"])
def test_every_learning_rate_leaves_a_figure(new, lr, activation):
    state = new(lr=lr, activation=activation, epochs=2, momentum=0.99)
    state.train(progress=False)
    assert said(state) and state.describe() and state.table()


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"lr": 0.05}, ValueError, "slider of learning rate has no stop at 0.05; it stops at 0.001, 0.003, 0.01"),
        ({"epochs": 3}, ValueError, "slider of stop after has no stop at 3; it stops at 1, 2, 5"),
        ({"activation": "sigmoid"}, ValueError, "activation is 'sigmoid'; expected one of tanh, ReLU"),
        ({"learning_rate": 0.1}, TypeError, "there is no setting learning_rate; expected hidden, activation, lr"),
        ({"lr": -1}, ValueError, "lr is -1; expected a positive number"),
        ({"lr": "a"}, ValueError, "lr is 'a'; expected a positive number"),
        ({"hidden": 1.5}, ValueError, "hidden is 1.5; expected a whole number, 1 or more"),
        ({"hidden": np.inf}, ValueError, "hidden is inf; expected a whole number, 1 or more"),
        ({"batch_size": 0}, ValueError, "batch_size is 0; expected a whole number, 1 or more"),
        ({"momentum": 1}, ValueError, "momentum is 1; expected a number from 0 to below 1"),
        ({"weight_decay": np.nan}, ValueError, "weight_decay is nan; expected a number, 0 or more"),
        ({"shifts": -1}, ValueError, "shifts is -1; expected a whole number, 0 or more"),
        ({"epochs": -1}, ValueError, "epochs is -1; expected 0 or more"),
        ({"seed": -1}, ValueError, "seed is -1; expected a whole number, at least 0"),
    ],
)
def test_what_cannot_be_set_is_said_at_once(digits, given, error, words):
    with pytest.raises(error, match=re.escape(words)):
        explore.mlp_lab(*digits, **given)


@pytest.mark.parametrize("at", [1, 3])
def test_examples_and_labels_must_match(digits, at):
    given = list(digits)
    given[at] = given[at][:-1]
    with pytest.raises(ValueError, match=r"MLP lab.*expected as many labels as examples"):
        explore.mlp_lab(*given)


# --- What it says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hidden", "parameters"), [(4, 3190), (256, 203_530)])
def test_the_number_of_parameters_is_the_networks(new, hidden, parameters):
    state = new(hidden=hidden)
    assert state.settings.parameters() == sum(p.size for p in state.model.parameters()) == parameters
    assert f"784-{hidden}-10, tanh: {parameters:,} parameters" in texts(state.view())


def test_saturation_and_histogram_of_tanh(new):
    state = new(hidden=4)
    state.model.net[0].weight.data[:] = 0
    state.model.net[0].bias.data[:] = [0, 0.2, -20, 3]  # tanh: 0, 0.197, -1, 0.995
    assert state.saturation()[0] == 0.5 and "50% of the hidden values saturated" in said(state)
    names, shares = state.histogram()
    found = {name: share for name, share in zip(names, shares) if share}
    assert found == {"-1 to -0.97": 0.25, "-0.5 to 0": 0.25, "0 to 0.5": 0.25, "0.97 to 1": 0.25}


def test_dead_units_and_histogram_of_relu(new):
    state = new(hidden=4, activation="ReLU")
    state.model.net[0].weight.data[:] = 0
    state.model.net[0].bias.data[:] = [-1, 0.2, 3, 10]
    assert state.saturation()[0] == 0.25 and "25% of the units dead" in said(state)
    names, shares = state.histogram()
    assert {n: s for n, s in zip(names, shares) if s} == {"0": 0.25, "0 to 0.5": 0.25, "2 to 4": 0.25, "above 4": 0.25}


def test_all_hidden_values_are_in_the_histogram(new):
    for activation in ("tanh", "ReLU"):
        assert sum(run(new(activation=activation), 1).histogram()[1]) == pytest.approx(1)


def test_weights_are_pictures_of_the_first_units(new):
    state = new(hidden=64)
    assert state.weights().shape == (16, 28, 28)
    np.testing.assert_array_equal(state.weights()[3].ravel(), state.model.net[0].weight.data[:, 3])
    assert new(hidden=4).weights().shape == (4, 28, 28)
    assert state.view().count("<image") == 16


def test_table_and_history_hold_the_records(new):
    state = new(epochs=2)
    state.train(progress=False)
    lines = state.table(decimals=3).splitlines()
    record = state.run.records[-1]
    assert len(lines) == 3 and lines[2].split()[:3] == [
        "2",
        f"{record.train_loss:.3f}",
        f"{record.validation_loss:.3f}",
    ]
    assert lines[2].split()[3:] == [f"{record.train_accuracy:.2%}", f"{record.validation_accuracy:.2%}"]
    history = state.history()
    assert history["validation_accuracy"][-1] == record.validation_accuracy and len(history["epoch"]) == 8


def test_a_figure_and_its_sentence_need_the_hidden_values_once(new):
    state, calls = new(), []
    values = state.hidden_values
    state.hidden_values = lambda: calls.append(1) or values()
    assert state.figure_and_sentence() == (state.view(), state.describe())
    assert len(calls) == 3


def test_a_change_of_a_control_computes_the_hidden_values_once(lab):
    calls, values = [], lab.state.hidden_values
    lab.state.hidden_values = lambda: calls.append(1) or values()
    lab.controls["lr"].value = 0.2
    assert len(calls) == 1


def test_while_it_runs_it_says_what_stops_it(new):
    state = new()
    state.start()
    assert "Running: epoch 0.00 of 10; only pause stops it." in said(state)


def test_settings_in_words_differ_where_they_differ():
    words = {Settings(**change).training() for change in ({}, {"lr": 0.2}, {"momentum": 0.5}, {"batch_size": 64})}
    words |= {Settings(**change).training() for change in ({"weight_decay": 1e-5}, {"shifts": 1}, {"shifts": 2})}
    assert len(words) == 7


# --- Live -------------------------------------------------------------------------------------------------------


@pytest.fixture
def lab(digits, monkeypatch):
    """A small network, of which a slice is one step: so that there is time for a reader to come in between."""
    monkeypatch.setattr(sys.modules[Lab.__module__], "SLICE", 0)
    monkeypatch.setattr(sys.modules[Lab.__module__], "FRAME", 0.05)
    lab = explore.mlp_lab(*digits, hidden=16, batch_size=64, epochs=5)
    yield lab
    lab.close()


def in_a_loop(task):
    """Run a coroutine as a kernel would, and then find nothing that still runs."""

    async def main():
        await asyncio.wait_for(task, 60)
        await asyncio.sleep(3 * PAUSE)
        return [other for other in asyncio.all_tasks() if other is not asyncio.current_task()]

    assert asyncio.run(main()) == []


async def until(condition):
    while not condition():
        await asyncio.sleep(0.005)


@pytest.mark.slow
def test_every_control_redraws_and_leads_back(lab):
    assert every_control_redraws_and_leads_back(lab, home="reset")
    assert "Start works in a notebook" not in lab.figure.value


def test_start_without_a_kernel_says_so(lab):
    lab.controls["start"].click()
    assert "Start works in a notebook" in lab.figure.value and not lab.state.running


def test_the_settings_it_starts_with_are_on_the_sliders(lab):
    read = {name: c.value for name, c in lab.controls.items() if not isinstance(c, widgets.Button)}
    assert read == vars(lab.state.settings) | {"epochs": 5}
    assert lab._repr_mimebundle_()["text/plain"].startswith("MLP lab explorer: move its sliders")


@pytest.mark.slow
def test_start_trains_to_the_end_and_stops(lab):
    async def reader():
        start, tasks = lab.figure.value, len(asyncio.all_tasks())
        lab.controls["start"].click()
        lab.controls["start"].click()  # a second press starts no second task
        assert len(asyncio.all_tasks()) == tasks + 1
        await until(lambda: not lab.state.running)
        await lab.task
        assert lab.figure.value != start and shows_its_state(lab)

    in_a_loop(reader())
    assert lab.state.epoch == 5 and "Finished" in lab.figure.value


@pytest.mark.slow
def test_pause_stands_still_and_start_goes_on(lab, new):
    async def reader():
        lab.controls["start"].click()
        await until(lambda: lab.state.run.records)
        lab.controls["pause"].click()
        steps, figure = lab.state.steps, lab.figure.value
        await asyncio.sleep(0.3)
        assert (lab.state.steps, lab.figure.value) == (steps, figure) and "Paused" in figure
        lab.controls["start"].click()
        await until(lambda: not lab.state.running)

    in_a_loop(reader())
    whole = new(epochs=5)
    whole.train(progress=False)
    assert lab.state.run.records == whole.run.records


def test_a_slider_gets_through_while_it_runs(lab):
    async def reader():
        lab.controls["epochs"].value = 20
        lab.controls["start"].click()
        await until(lambda: lab.state.steps > 3)
        lab.controls["lr"].value = 0.001
        assert "Learning rate 0.001" in lab.figure.value and lab.state.running
        steps = lab.state.steps
        await until(lambda: lab.state.steps > steps)
        assert lab.state.optimizer.lr == 0.001
        lab.controls["hidden"].value = 64
        assert "another network" in lab.figure.value
        await until(lambda: lab.task.done())
        assert lab.state.steps == 0

    in_a_loop(reader())


@pytest.mark.slow
def test_reset_while_it_runs_and_start_at_once_trains_one_network(lab):
    async def reader():
        tasks = len(asyncio.all_tasks())
        lab.controls["start"].click()
        await until(lambda: lab.state.run.records)
        lab.controls["reset"].click()
        assert "Not started" in lab.figure.value and lab.state.earlier
        lab.controls["start"].click()
        assert len(asyncio.all_tasks()) == tasks + 1
        await until(lambda: not lab.state.running)

    in_a_loop(reader())
    assert lab.state.epoch == 5


def test_closing_it_or_making_another_ends_the_training(digits, lab):
    async def reader():
        lab.controls["start"].click()
        await until(lambda: lab.state.steps > 0)
        other = explore.mlp_lab(*digits, hidden=16, epochs=20)
        assert not lab.state.running
        lab.start()
        assert not lab.state.running
        other.controls["start"].click()
        await until(lambda: other.state.steps > 0)
        other.close()
        assert not other.state.running

    in_a_loop(reader())


@pytest.mark.parametrize("where", ["model", "view"])
def test_an_exception_in_the_background_is_said_in_the_figure(lab, where):
    async def reader():
        lab.controls["start"].click()
        await until(lambda: lab.state.steps > 0)
        if where == "model":
            lab.state.model = None
        else:
            original, calls = lab.state.figure_and_sentence, []
            lab.state.figure_and_sentence = lambda: 1 / 0 if not calls.append(1) and len(calls) == 1 else original()
        await until(lambda: lab.task.done())

    model = lab.state.model
    in_a_loop(reader())
    lab.state.model = model
    name = {"model": "TypeError", "view": "ZeroDivisionError"}[where]
    assert f"Training stopped. {name}" in lab.state.describe() and not lab.state.running


def test_a_cell_that_is_run_again_frees_the_network_of_the_former_lab(digits):
    former = weakref.ref(explore.mlp_lab(*digits, hidden=16).state.model)
    another = explore.mlp_lab(*digits, hidden=16)
    gc.collect()
    assert Lab.latest() is another and former() is None
    another.close()
