"""The training loop on the real images: learning, interruption, checkpoints, the command line."""

import functools
import json
import signal
import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from mnist_autograd import __main__, data, nn, optim, recipe
from mnist_autograd.teach.topics import pretrained
from mnist_autograd.training import Classifier, Trainer, blas_threads


@pytest.fixture(scope="module")
def digits():
    """(X, y) of 2,000 training images and of 1,000 test images."""
    pairs = []
    for split, n in (("train", 2000), ("test", 1000)):
        mnist = data.load("mnist", split)
        pairs.append((data.to_inputs(mnist.images[:n]), mnist.labels[:n]))
    return pairs


def new_trainer(max_epochs=3, adam=False, **settings):
    net = nn.Sequential(nn.Linear(784, 32, rng=0), nn.Tanh(), nn.Linear(32, 10, rng=1))
    make = optim.Adam if adam else lambda p: optim.SGD(p, lr=0.1, momentum=0.9)
    return Trainer(Classifier(net), make(net.parameters()), max_epochs, batch_size=128, progress=False, **settings)


def assert_same_run(a, b):
    for p, q in zip(a.model.parameters(), b.model.parameters()):
        np.testing.assert_array_equal(p.data, q.data)
    assert a.history == b.history
    assert (a.epoch, a.step) == (b.epoch, b.step)


def test_fit_learns_and_keeps_its_history(digits):
    (X, y), (X_test, y_test) = digits
    trainer = new_trainer(max_epochs=5)
    seen = []
    history = trainer.fit(X, y, validation=(X_test, y_test), on_epoch_end=lambda trainer: seen.append(trainer.epoch))
    assert history is trainer.history and seen == history["epoch"] == [1, 2, 3, 4, 5]
    assert history["train_loss"][-1] < history["train_loss"][0] / 2
    result = trainer.evaluate(X_test, y_test)
    assert result["accuracy"] == history["validation_accuracy"][-1] > 0.8
    assert result["loss"] == history["validation_loss"][-1]
    predicted = trainer.predict(X_test)
    assert (predicted.shape, (predicted == y_test).mean()) == ((1000,), result["accuracy"])
    p = trainer.model.probabilities(X_test[:3], temperature=2)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    assert p.dtype == np.float32


def test_the_training_figures_are_means_over_all_examples(digits):
    (X, y), _ = digits
    trainer = new_trainer(max_epochs=1)
    trainer.optimizer.lr = 1e-12  # a model that stands still, so that both ways of measuring must agree
    history = trainer.fit(X, y)
    still = trainer.evaluate(X, y)
    assert history["train_accuracy"][0] == pytest.approx(still["accuracy"], abs=1e-12)
    assert history["train_loss"][0] == pytest.approx(still["loss"], rel=1e-5)


def test_the_same_seed_gives_the_same_run(digits):
    (X, y), _ = digits
    a, b, c = new_trainer(), new_trainer(), new_trainer(seed=1)
    for trainer in (a, b, c):
        trainer.fit(X, y)
    assert_same_run(a, b)
    assert a.history != c.history


@pytest.mark.parametrize("adam", [False, True])
def test_a_resumed_run_is_bit_for_bit_the_uninterrupted_one(digits, tmp_path, adam):
    (X, y), validation = digits
    whole = new_trainer(4, adam)
    whole.fit(X, y, validation)
    first = new_trainer(2, adam)
    first.fit(X, y, validation, checkpoint=tmp_path / "run.npz")
    second = new_trainer(4, adam)
    second.load(tmp_path / "run.npz")
    assert_same_run(first, second)
    second.fit(X, y, validation)
    assert_same_run(whole, second)


class InterruptsAtStep:
    """An optimizer that is interrupted once, before its step n + 1, when the gradients are there, as by Ctrl-C."""

    def __init__(self, optimizer, n):
        self.__dict__.update(optimizer=optimizer, n=n)

    def __getattr__(self, name):
        return getattr(self.optimizer, name)

    def __setattr__(self, name, value):
        setattr(self.optimizer, name, value)  # a schedule sets lr

    def step(self):
        if self.optimizer.steps == self.n:
            self.__dict__["n"] = None
            raise KeyboardInterrupt
        self.optimizer.step()


def test_ctrl_c_keeps_model_and_history_and_training_goes_on_where_it_stopped(digits, tmp_path, capsys):
    (X, y), validation = digits
    whole = new_trainer(3)
    whole.fit(X, y, validation)
    trainer = new_trainer(3)
    trainer.optimizer = InterruptsAtStep(trainer.optimizer, 20)  # an epoch has 16 steps
    trainer.fit(X, y, validation, checkpoint=tmp_path / "run.npz")
    assert "1 of 3 epochs and 4 steps" in capsys.readouterr().out
    assert trainer.history["epoch"] == [1] and (trainer.epoch, trainer.step) == (1, 4)
    assert trainer.evaluate(*validation)["accuracy"] > 0.5

    resumed = new_trainer(3)
    resumed.load(tmp_path / "run.npz")
    for again in (trainer, resumed):
        again.fit(X, y, validation)
        assert_same_run(whole, again)


def test_a_real_sigint_ends_training_gracefully(digits):
    """As from the keyboard: the signal arrives between two bytecodes of the training loop."""
    (X, y), _ = digits
    trainer = new_trainer(max_epochs=20)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore the signal
    try:
        trainer.fit(X, y, on_epoch_end=lambda trainer: trainer.epoch == 2 and signal.raise_signal(signal.SIGINT))
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(trainer.history["epoch"]) == 2 and trainer.step <= 1
    assert np.isfinite(trainer.evaluate(X, y)["loss"])


def test_checkpoints_contain_no_pickle(digits, tmp_path):
    trainer = new_trainer(1)
    trainer.fit(*digits[0])
    trainer.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz", allow_pickle=False) as file:
        assert all(file[name].dtype.kind in "fiU" for name in file.files)


def test_a_checkpoint_that_does_not_fit_changes_nothing(digits, tmp_path):
    trainer = new_trainer(1)
    trainer.fit(*digits[0], checkpoint=tmp_path / "run.npz")
    content = (tmp_path / "run.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(content[: len(content) // 2])
    (tmp_path / "empty.npz").write_bytes(b"")
    (tmp_path / "text.npz").write_text("hello")
    np.savez(tmp_path / "other.npz", a=np.ones(2))
    np.savez(tmp_path / "pickled.npz", trainer=np.array([{}], dtype=object))
    adam = new_trainer(1, adam=True)
    before = adam.model.state_dict()
    for name, words in [("run", "another model or optimizer"), ("cut", ""), ("empty", ""), ("text", "")] + [
        ("other", "no checkpoint"),
        ("pickled", "no .npz file of plain arrays"),
    ]:
        with pytest.raises(ValueError, match=rf"{name}\.npz.*{words}"):
            adam.load(tmp_path / f"{name}.npz")
    assert all((before[name] == a).all() for name, a in adam.model.state_dict().items())
    assert adam.epoch == 0
    with pytest.raises(FileNotFoundError):
        adam.load(tmp_path / "none.npz")


@pytest.mark.parametrize(
    "settings",
    [{"seed": 1}, {"batch_size": 64}, {"augment": data.random_shifts}, {"schedule": lambda step, steps: 0.1}],
)
def test_a_run_is_resumed_with_its_own_settings_or_not_at_all(digits, tmp_path, settings):
    plain, other = new_trainer(1), new_trainer(1)
    other.__dict__ |= settings
    (name, value) = next(iter(settings.items()))
    for one, another, has in ((plain, other, True if callable(value) else value), (other, plain, "")):
        one.save(tmp_path / "run.npz")
        with pytest.raises(ValueError, match=f"made with {name} .*this Trainer has {has}"):
            another.load(tmp_path / "run.npz")


def test_a_run_under_a_schedule_keeps_its_end(tmp_path):
    schedule = functools.partial(optim.cosine, lr=0.1)
    new_trainer(1, schedule=schedule).save(tmp_path / "run.npz")
    new_trainer(1, schedule=schedule).load(tmp_path / "run.npz")
    with pytest.raises(ValueError, match="made with max_epochs 1, this Trainer has 2"):
        new_trainer(2, schedule=schedule).load(tmp_path / "run.npz")


def test_a_checkpoint_without_its_settings_is_refused(tmp_path):
    new_trainer(1).save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as file:
        arrays = dict(file)
    position = json.loads(arrays["position"].item())
    del position["settings"]
    np.savez(tmp_path / "run.npz", **(arrays | {"position": np.array(json.dumps(position))}))
    with pytest.raises(ValueError, match="does not say with which settings it was made; begin anew"):
        new_trainer(1).load(tmp_path / "run.npz")


def test_an_epoch_is_finished_with_the_data_it_was_begun_with(digits):
    (X, y), _ = digits
    trainer = new_trainer(1)
    trainer.optimizer = InterruptsAtStep(trainer.optimizer, 4)
    trainer.fit(X, y)
    with pytest.raises(ValueError, match="begun with 2000 examples, now there are 500"):
        trainer.fit(X[:500], y[:500])


def test_damage_of_any_kind_is_one_error_and_changes_nothing(digits, tmp_path):
    trainer = new_trainer(1)
    trainer.fit(*digits[0], checkpoint=tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as file:
        good = dict(file)
    wrong = {
        "history/epoch": [np.array(1.0), np.array([np.nan]), np.array([1.0, 2.0])],
        "position": [np.array("[]"), np.array("{}"), np.array("x"), np.array('{"epoch": -1}'), np.array(1.0)],
        "optimizer/velocity.0": [np.full((784, 32), "a"), np.zeros(3)],
        "model/net.layers.0.bias": [np.full(32, "a"), np.zeros(3)],
    }
    fresh = new_trainer(1)
    before = fresh.model.state_dict()
    for name, values in wrong.items():
        for value in values:
            np.savez(tmp_path / "wrong.npz", **(good | {name: value}))
            with pytest.raises(ValueError, match="wrong.npz"):
                fresh.load(tmp_path / "wrong.npz")
            assert (fresh.epoch, fresh.history["epoch"], fresh.optimizer.steps) == (0, [], 0)
            assert all((before[name] == a).all() for name, a in fresh.model.state_dict().items())
    content = (tmp_path / "run.npz").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(100):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] ^= 1 << rng.integers(8)
        (tmp_path / "wrong.npz").write_bytes(damaged)
        try:
            fresh.load(tmp_path / "wrong.npz")  # a flip may hit a byte that means nothing
        except ValueError as error:
            assert "wrong.npz" in str(error)  # noqa: PT017


def test_ctrl_c_never_leaves_a_step_half_done(digits):
    """The signal arrives while the optimizer is half way through the parameters."""
    (X, y), _ = digits
    whole, trainer = new_trainer(2), new_trainer(2)
    whole.fit(X, y)
    update, presses = trainer.optimizer.update, []

    def pressed_in_between(p, g, *memory):
        update(p, g, *memory)
        if trainer.optimizer.steps == 5 and not presses:
            presses.append(signal.raise_signal(signal.SIGINT))

    trainer.optimizer.update = pressed_in_between
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        trainer.fit(X, y)
        assert (presses, trainer.step) == ([None], 5)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    trainer.fit(X, y)
    assert_same_run(whole, trainer)


# --- Slips, answered before anything is trained -----------------------------------------------------------------


def test_an_optimizer_of_another_model_is_an_error_before_training(digits):
    trainer, stale = new_trainer(), new_trainer().optimizer
    before = trainer.model.state_dict()
    words = "4 of the optimizer's 4 parameters are not in the model.* make the optimizer again too"
    with pytest.raises(ValueError, match=words):
        Trainer(trainer.model, stale)
    trainer.optimizer = stale
    with pytest.raises(ValueError, match=words):
        trainer.fit(*digits[0])
    assert all((before[name] == a).all() for name, a in trainer.model.state_dict().items())


def test_a_network_of_which_half_was_made_again_is_an_error_too():
    old, new = nn.Linear(784, 10), nn.Linear(784, 784)
    optimizer = optim.SGD(nn.Sequential(nn.Linear(784, 784), old).parameters(), lr=0.1)
    with pytest.raises(ValueError, match="2 of the optimizer's 4 parameters are not in the model"):
        Trainer(Classifier(nn.Sequential(new, old)), optimizer)


def test_some_layers_alone_may_be_trained(digits):
    (X, y), _ = digits
    net = nn.Sequential(nn.Linear(784, 32, rng=0), nn.Tanh(), nn.Linear(32, 10, rng=1))
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    for p in net[0].parameters():
        p.requires_grad = False  # after the optimizer was made
    before = net.state_dict()
    for each in (optimizer, optim.SGD(net[2].parameters(), lr=0.1)):
        history = Trainer(Classifier(net), each, 2, progress=False).fit(X, y)
        assert history["train_loss"][1] < history["train_loss"][0]
    moved = [name for name, a in net.state_dict().items() if (a != before[name]).any()]
    assert moved == ["layers.2.weight", "layers.2.bias"]


def test_a_run_of_a_frozen_model_is_resumed_with_its_frozen_parameters(digits, tmp_path):
    (X, y), validation = digits

    def frozen_trainer(epochs, seed):
        net = nn.Sequential(nn.Linear(784, 32, rng=seed), nn.Tanh(), nn.Linear(32, 10, rng=1))
        for p in net[0].parameters():
            p.requires_grad = False
        return Trainer(Classifier(net), optim.SGD(net.parameters(), 0.1, 0.9), epochs, progress=False)

    whole, first, second = frozen_trainer(2, 0), frozen_trainer(1, 0), frozen_trainer(2, 5)
    whole.fit(X, y, validation)
    first.fit(X, y, validation, checkpoint=tmp_path / "run.npz")
    second.load(tmp_path / "run.npz")
    second.fit(X, y, validation)
    assert_same_run(whole, second)
    for name, a in whole.model.state_dict().items():
        np.testing.assert_array_equal(a, second.model.state_dict()[name])


@pytest.mark.parametrize("X", ["uint8", "int64", "float32"])
def test_pixels_that_are_not_scaled_are_remarked_upon(X):
    mnist = data.load("mnist", "test")
    images = mnist.images[:200].reshape(200, 784).astype(X)
    with pytest.warns(UserWarning, match=r"fit: X goes up to 255; .* data\.to_inputs\(images\) scales") as caught:
        new_trainer(1).fit(images, mnist.labels[:200])
    assert caught[0].filename == __file__  # the line that is at fault


def test_scaled_pixels_and_indices_are_not_remarked_upon(digits, recwarn):
    (X, y), _ = digits
    new_trainer(1).fit(X[:200], y[:200])
    net = nn.Sequential(nn.Embedding(300, 4), nn.Flatten(), nn.Linear(8, 10))
    Trainer(Classifier(net), optim.SGD(net.parameters(), 0.1), 1, progress=False).fit([[250, 299]] * 3, [0, 1, 2])
    assert not recwarn.list


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_found_in_the_inputs_before_training(digits, wrong):
    (X, y), _ = digits
    broken = X.copy()
    broken[1234, 5] = wrong
    trainer = new_trainer()
    for call in (
        lambda: trainer.fit(broken, y),
        lambda: trainer.evaluate(broken, y),
        lambda: trainer.fit(X, y, validation=(broken, y)),
    ):
        with pytest.raises(ValueError, match="X holds nan or infinity, first in example 1234; expected finite numbers"):
            call()
    assert trainer.step == 0


def test_finite_inputs_whose_sum_overflows_are_finite():
    X = np.full((3, 784), 6e4, np.float16)
    with pytest.warns(UserWarning, match="X goes up to 60000"):
        new_trainer(0).fit(X, [0, 1, 2])


def test_fit_after_the_last_epoch_says_so_and_trains_nothing(digits, capsys):
    trainer = new_trainer(2)
    trainer.fit(*digits[0])
    assert capsys.readouterr().out == ""
    before = trainer.model.state_dict()
    trainer.fit(*digits[0])
    assert "max_epochs = 2 is reached. To go on, raise it: trainer.max_epochs = 4." in capsys.readouterr().out
    assert all((before[name] == a).all() for name, a in trainer.model.state_dict().items())
    trainer.max_epochs = 4
    assert trainer.fit(*digits[0])["epoch"] == [1, 2, 3, 4]


def settings_after(**settings):
    return lambda digits: new_trainer(1, **settings).fit(*digits)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda d: Trainer(nn.Linear(784, 10), new_trainer().optimizer),
            TypeError,
            r"of type Linear; .*Classifier\(net\)",
        ),
        (
            lambda d: Trainer(new_trainer().optimizer, new_trainer().model),
            TypeError,
            "of type SGD; .*model comes first",
        ),
        (lambda d: Trainer(Classifier, new_trainer().optimizer), TypeError, "model is the class Classifier"),
        (lambda d: Trainer(new_trainer().model, optim.SGD), TypeError, r"is the class SGD; .*optim.SGD\(model"),
        (lambda d: Trainer(new_trainer().model, "sgd"), TypeError, "optimizer is of type str; expected an optimizer"),
        (lambda d: Trainer(new_trainer().model, new_trainer().model.parameters()), TypeError, "of type list"),
        (lambda d: Classifier(nn.Tanh), TypeError, "net is the class Tanh"),
        (lambda d: Classifier([nn.Linear(784, 10)]), TypeError, "net is of type list; expected a layer"),
        (settings_after(threads=0), ValueError, "threads is 0; expected a whole number, at least 1"),
        (settings_after(threads="all"), TypeError, "threads is 'all'"),
        (settings_after(seed=1.5), TypeError, "seed is 1.5; expected a whole number, at least 0"),
        (lambda d: new_trainer("10"), TypeError, "max_epochs is '10'; expected a whole number"),
        (lambda d: new_trainer(None), TypeError, "max_epochs is None"),
        (lambda d: new_trainer(-1), ValueError, "max_epochs is -1"),
        (settings_after(schedule=optim.cosine(0, 10, 0.1)), TypeError, "schedule is of type float; .*partial"),
        (settings_after(schedule=optim.cosine), TypeError, "missing a required argument: 'lr'.*partial"),
        (settings_after(schedule=lambda step: 0.1), TypeError, r"too many positional .*function of \(step, steps\)"),
        (settings_after(schedule=lambda step, steps: "0.1"), ValueError, "step 0 of 16 is '0.1'; expected a finite"),
        (settings_after(schedule=lambda step, steps: None), ValueError, "step 0 of 16 is None; expected a finite"),
        (settings_after(augment=np.ones(3)), TypeError, "augment is of type ndarray; .*data.random_shifts"),
        (settings_after(augment=lambda X: X), TypeError, r"augment cannot be called: .*function of \(X, rng\)"),
        (settings_after(augment=lambda X, rng: None), ValueError, r"returned shape \(\) for a batch of 128"),
        (settings_after(augment=lambda X, rng: X[:3]), ValueError, r"returned shape \(3, 784\) for a batch of 128"),
        (lambda d: new_trainer().fit(*d, 10), TypeError, r"validation is of type int; .*max_epochs=10"),
        (lambda d: new_trainer().fit(*d, *d), TypeError, r"of type ndarray; expected a pair, validation=\(X_val"),
        (lambda d: new_trainer().fit(*d, validation=(*d, 3)), TypeError, "of type tuple; expected a pair"),
        (
            lambda d: new_trainer().fit(*d, checkpoint=True),
            TypeError,
            "checkpoint is of type bool; expected the name",
        ),
        (lambda d: new_trainer().fit(*d, on_epoch_end="print"), TypeError, "on_epoch_end is of type str; .*function"),
        (lambda d: new_trainer().fit(*d, on_epoch_end=lambda: 0), TypeError, r"on_epoch_end cannot be .*\(trainer\)"),
        (lambda d: new_trainer().fit(d[1], d[0]), ValueError, r"X has shape \(2000,\), y \(2000, 784\); .*swapped"),
        (lambda d: new_trainer().fit(d[0].T, d[1]), ValueError, r"y \(2000,\); .*: X\.T"),
        (
            lambda d: new_trainer().fit(data.load("mnist", "test"), d[1]),
            TypeError,
            r"type Dataset.*to_inputs\(images\)",
        ),
        (
            lambda d: new_trainer().fit(d[0], list(map(str, d[1]))),
            TypeError,
            "y is of type list, of dtype <U1; expected",
        ),
        (lambda d: new_trainer().fit([[1, 2], [3]], [0, 1]), TypeError, "X is of type list, but no regular array"),
        (lambda d: new_trainer().predict(d[0][0]), ValueError, r"gave logits of shape \(10,\); .*X\[:1\]"),
        (lambda d: new_trainer().model.accuracy(d[1], d[0]), ValueError, r"swapped: accuracy\(logits, y\)"),
        (lambda d: new_trainer().model.accuracy(d[1], d[1]), ValueError, r"\(predicted == y\)\.mean\(\)"),
        (lambda d: new_trainer().model.accuracy(np.eye(3), np.eye(3)), ValueError, r"one-hot y: y\.argmax\(axis=-1\)"),
        (lambda d: new_trainer().model.accuracy([[1, 2], [3, 4]], [1]), ValueError, r"shape \(2, 2\), y \(1,\)"),
        (
            lambda d: new_trainer().model.probabilities(d[0], "hot"),
            ValueError,
            "temperature is 'hot'; expected a positive",
        ),
    ],
)
def test_slips_are_answered_with_what_was_given_and_what_was_expected(digits, call, error, words):
    with pytest.raises(error, match=words):
        call(digits[0])


def test_a_classifier_without_its_network_says_what_to_write():
    class Forgetful(Classifier):
        def __init__(self):
            self.other = nn.Linear(784, 10)

    with pytest.raises(AttributeError, match=r"'Forgetful' object has no attribute 'net'; .*super\(\).__init__\(net\)"):
        Forgetful().predict(np.ones((1, 784)))


def test_one_hot_labels_are_refused_before_anything_is_trained(digits):
    (X, y), _ = digits
    trainer = new_trainer()
    before = trainer.model.state_dict()
    with pytest.raises(ValueError, match=r"accuracy: logits have shape \(128, 10\), y \(128, 10\)"):
        trainer.fit(X, np.eye(10)[y])
    assert all((before[name] == a).all() for name, a in trainer.model.state_dict().items())


@pytest.mark.parametrize("temperature", [0, -1, np.nan])
def test_temperature_must_be_positive(digits, temperature):
    with pytest.raises(ValueError, match="temperature is .* positive"):
        new_trainer().model.probabilities(digits[0][0][:2], temperature)


@pytest.mark.parametrize("temperature", [1e-46, 1e-320])
def test_no_temperature_is_too_small(digits, temperature):
    model, X = new_trainer().model, digits[0][0][:2]
    np.testing.assert_array_equal(model.probabilities(X, temperature), np.eye(10)[model.predict(X)])


def test_divergence_is_an_error_that_names_the_learning_rate(digits):
    (X, y), _ = digits
    trainer = new_trainer()
    trainer.optimizer.lr = 1e39
    with (
        np.errstate(all="ignore"),
        pytest.raises(FloatingPointError, match=r"epoch 1, step \d+.*it is 1e\+39.*new model"),
    ):
        trainer.fit(X, y)


@pytest.mark.parametrize(("X", "y"), [(np.ones((3, 784)), [1, 2]), (np.ones((0, 784)), [])])
def test_examples_and_labels_must_match(X, y):
    for method in (new_trainer().fit, new_trainer().evaluate):
        with pytest.raises(ValueError, match=rf"X has shape \({len(X)}, 784\), y \({len(y)},\)"):
            method(X, y)


def test_progress_is_shown_on_standard_error(digits, capsys):
    trainer = new_trainer(1)
    trainer.progress = True
    trainer.fit(*digits[0])
    captured = capsys.readouterr()
    assert "16/16" in captured.err and captured.out == ""


def run_command(*arguments):
    command = [sys.executable, "-m", "mnist_autograd", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
def test_command_line_trains_on_all_images_and_resumes(tmp_path):
    checkpoint = str(tmp_path / "run.npz")
    result = run_command("--epochs", "1", "--checkpoint", checkpoint)
    assert result.returncode == 0 and "Training: 100%" in result.stderr
    assert "10,000 images after 1 epoch: 9" in result.stdout
    resumed = run_command("--epochs", "2", "--checkpoint", checkpoint)
    assert "after 2 epochs" in resumed.stdout
    assert run_command("--epochs", "2").stdout == resumed.stdout
    refused = run_command("--recipe", "--epochs", "3", "--checkpoint", checkpoint)  # it has seen the images held out
    assert refused.returncode == 1 and "made with augment False, this Trainer has True" in refused.stderr
    assert refused.stdout == ""


def test_command_line_refuses_a_checkpoint_of_other_images(tmp_path, capsys):
    path, options = tmp_path / "run.npz", __main__.parse(["--epochs", "1"])
    trainer = __main__.trainer_of(options, recipe.mlp())
    trainer.examples = 55_000
    trainer.save(path)
    assert __main__.main(["--epochs", "1", "--checkpoint", str(path)]) == 1
    assert "was trained on 55,000 images, now there are 60,000" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["--root", "nowhere"],
        ["--lr", "0"],
        ["--lr", "1e39"],
        ["--epochs", "-1"],
        ["--batch-size", "0"],
        ["--hidden", "0"],
        ["--seed", "-1"],
        ["--checkpoint", "/dev/null/run.npz"],
    ],
)
def test_command_line_errors_are_one_sentence(arguments):
    result = run_command(*arguments)
    assert result.returncode == 1
    assert "error: " in result.stderr and "Traceback" not in result.stderr
    assert "non-negative" not in result.stderr  # NumPy's words
    assert "2/2350" not in result.stderr  # nothing was trained that would be lost


@pytest.mark.slow
def test_the_plain_network_reaches_97_5_percent_within_10_epochs():
    result = run_command()
    accuracy = float(result.stdout.split()[-1].rstrip("%"))
    assert accuracy >= 97.5


# --- Threads ----------------------------------------------------------------------------------------------------


def threads_now():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


@pytest.mark.skipif(not threads_now(), reason="threadpoolctl does not know this NumPy's BLAS")
def test_matrix_products_of_a_training_take_as_many_threads_as_the_trainer_says(digits):
    (X, y), _ = digits
    with threadpool_limits(2, user_api="blas"):
        before = threads_now()
        for threads, expected in ((None, before), (1, [1] * len(before))):
            seen = []
            new_trainer(1, threads=threads).fit(
                X, y, on_epoch_end=lambda trainer, seen=seen: seen.append(threads_now())
            )
            assert seen == [expected]
        with pytest.raises(ZeroDivisionError):
            new_trainer(1).fit(X, y, on_epoch_end=lambda trainer: 1 / 0)
        assert threads_now() == before


@pytest.mark.skipif(not threads_now(), reason="threadpoolctl does not know this NumPy's BLAS")
def test_limits_that_overlap_leave_the_threads_as_they_were():
    with threadpool_limits(2, user_api="blas"):
        before = threads_now()
        first, second = blas_threads(1), blas_threads(1)
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert threads_now() == [1] * len(before)
        second.__exit__(None, None, None)
        assert threads_now() == before


# --- Augmentation and schedule ----------------------------------------------------------------------------------


def test_the_learning_rate_of_each_step_is_the_schedules(digits):
    (X, y), _ = digits
    trainer = new_trainer(2, schedule=lambda step, steps: 0.1 * (1 - step / steps))
    rates, step = [], trainer.optimizer.step
    trainer.optimizer.step = lambda: (rates.append(trainer.optimizer.lr), step())
    trainer.fit(X, y)
    np.testing.assert_allclose(rates, 0.1 * (1 - np.arange(32) / 32))


@pytest.mark.parametrize("lr", [-1, np.nan, np.inf])
def test_a_schedule_cannot_lead_uphill(digits, lr):
    trainer = new_trainer(1, schedule=lambda step, steps: lr if step == 3 else 0.1)
    with pytest.raises(ValueError, match=rf"schedule's learning rate for step 3 of 16 is {lr}; expected a finite"):
        trainer.fit(*digits[0])
    assert trainer.step == 3


def test_each_mini_batch_is_augmented_by_another_generator(digits):
    (X, y), _ = digits
    seen = []

    def noted(X, rng):
        seen.append((X.shape, rng.integers(2**60)))
        return X

    plain, trainer = new_trainer(2), new_trainer(2, augment=noted)
    for each in (plain, trainer):
        each.fit(X, y)
    assert_same_run(plain, trainer)  # an augmentation that changes nothing is as none
    assert [shape for shape, _ in seen] == 2 * [*15 * [(128, 784)], (80, 784)]
    drawn = [number for _, number in seen] + [np.random.default_rng([0, epoch]).integers(2**60) for epoch in (0, 1)]
    assert len(set(drawn)) == 34  # nor the one that the order of the epoch is drawn from


def test_a_resumed_run_with_augmentation_and_schedule_is_bit_for_bit_the_uninterrupted_one(digits, tmp_path):
    (X, y), validation = digits
    settings = {"augment": data.random_shifts, "schedule": functools.partial(optim.cosine, lr=0.1)}
    whole, plain = new_trainer(3, **settings), new_trainer(3)
    whole.fit(X, y, validation)
    plain.fit(X, y, validation)
    assert whole.history != plain.history
    trainer = new_trainer(3, **settings)
    trainer.optimizer = InterruptsAtStep(trainer.optimizer, 20)  # an epoch has 16 steps
    trainer.fit(X, y, validation, checkpoint=tmp_path / "run.npz")
    resumed = new_trainer(3, **settings)
    resumed.load(tmp_path / "run.npz")
    assert (resumed.epoch, resumed.step) == (1, 4)
    for again in (trainer, resumed):
        again.fit(X, y, validation)
        assert_same_run(whole, again)


# --- The recipe of chapter 08 -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def test_images():
    mnist = data.load("mnist", "test")
    return data.to_inputs(mnist.images), mnist.labels


def percents(output):
    return [float(line.split()[-1].rstrip("%")) for line in output.splitlines()]


def test_the_stored_weights_reach_98_7_percent(test_images):
    model = pretrained.mlp()
    X, y = test_images
    assert sum(p.size for p in model.parameters()) == 203_530
    assert model.accuracy(model.logits(X), y) >= 0.987
    with np.load(pretrained.WEIGHTS, allow_pickle=False) as file:
        assert {file[name].dtype for name in file.files} == {np.dtype(np.float16)}
        assert {name: file[name].shape for name in file.files} == {
            name: p.shape for name, p in recipe.mlp().named_parameters().items()
        }
    assert pretrained.WEIGHTS.stat().st_size < 500_000


@pytest.mark.slow
def test_the_recipe_holds_5000_images_out_and_writes_its_weights(tmp_path, test_images):
    path = tmp_path / "new" / "weights.npz"
    result = run_command("--recipe", "--epochs", "1", "--weights", str(path))
    assert "215/215" in result.stderr  # 55,000 images in batches of 256
    assert "5,000 images held out: 9" in result.stdout and "10,000 images after 1 epoch: 9" in result.stdout
    model, (X, y) = recipe.mlp(seed=5), test_images
    recipe.load_weights(model, path)
    assert 100 * model.accuracy(model.logits(X), y) == pytest.approx(percents(result.stdout)[1], abs=0.05)


def test_the_weights_of_an_interrupted_run_are_not_written_and_it_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(__main__.Trainer, "fit", lambda *_, **__: None)  # as if interrupted before its first step
    path = tmp_path / "weights.npz"
    assert __main__.main(["--epochs", "1", "--weights", str(path)]) == 130
    assert f"{path} is not written before the training is complete." in capsys.readouterr().err
    assert not path.exists()


def test_weights_come_back_as_they_were_saved_in_float16(tmp_path):
    model, again = recipe.mlp(4), recipe.mlp(4, seed=1)
    recipe.save_weights(model, tmp_path / "weights.npz")
    recipe.load_weights(again, tmp_path / "weights.npz")
    for p, q in zip(model.parameters(), again.parameters()):
        np.testing.assert_array_equal(p.data.astype(np.float16), q.data)


@pytest.mark.slow
def test_weights_that_cannot_be_written_are_an_error_before_training(tmp_path):
    for path in ("/dev/null/weights.npz", str(tmp_path)):
        result = run_command("--recipe", "--weights", path)
        assert result.returncode == 1 and "error: " in result.stderr and "Training" not in result.stderr


@pytest.mark.slow
def test_the_whole_recipe_reaches_98_7_percent_and_makes_the_stored_weights(tmp_path, test_images):
    result = run_command("--recipe", "--weights", str(tmp_path / "weights.npz"))
    validation, accuracy = percents(result.stdout)
    assert accuracy >= 98.7 and validation >= 98.7
    assert accuracy == pytest.approx(100 * recipe.RECORDED[0], abs=0.15)
    X, y = test_images
    stored, made = pretrained.mlp(), recipe.mlp()
    recipe.load_weights(made, tmp_path / "weights.npz")
    assert stored.accuracy(stored.logits(X), y) == pytest.approx(made.accuracy(made.logits(X), y), abs=0.0015)
    assert (stored.predict(X) == made.predict(X)).mean() > 0.985
