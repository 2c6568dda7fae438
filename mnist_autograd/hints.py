"""Messages that teach: checks of what nn and training are given, and what to write where other libraries differ."""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

NO_MODES = "leave it out: no layer here works differently in training and in evaluation"
NO_DEVICES = "leave it out: the arrays are NumPy's and stay in the computer's memory"
INSTEAD_OF_METHOD = {
    **dict.fromkeys(("train", "eval"), NO_MODES),
    **dict.fromkeys(("to", "cuda", "cpu"), NO_DEVICES),
    **dict.fromkeys(("float", "half", "double"), "leave it out: parameters are float32"),
    **dict.fromkeys(("fit", "compile"), "Trainer(Classifier(net), optimizer).fit(X, y)"),
    **dict.fromkeys(("predict", "evaluate"), "Classifier(net).predict(X); a Trainer evaluates: trainer.evaluate(X, y)"),
    **dict.fromkeys(("append", "add"), "nn.Sequential(*net, layer)"),
    **dict.fromkeys(("add_module", "register_buffer", "register_parameter"), "an attribute: self.name = value"),
    "zero_grad": "optimizer.zero_grad()",
    "step": "optimizer.step()",
    "backward": "backward() of the loss: F.cross_entropy(net(X), y).backward()",
    "requires_grad_": "for p in net.parameters(): p.requires_grad = False",
    "save": "np.savez(path, **net.state_dict())",
    "load": "net.load_state_dict(np.load(path))",
    "summary": "print(net); the shapes: {name: p.shape for name, p in net.named_parameters().items()}",
    "net": "self.net = net in __init__ (in a Classifier: super().__init__(net)), or a forward() of its own",
}
INSTEAD_OF_LAYER = {
    **dict.fromkeys(("Softmax", "LogSoftmax"), "end a network with logits, for F.cross_entropy"),
    **dict.fromkeys(("ModuleList", "ModuleDict", "ParameterList"), "a list or dictionary in an attribute"),
    **dict.fromkeys(
        ("LeakyReLU", "GELU", "SiLU"), "a function: nn.Sequential(nn.Linear(3, 2), lambda x: x * F.sigmoid(x))"
    ),
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d"), "nn.LayerNorm(features)"),
    **dict.fromkeys(("Conv1d", "Conv2d", "MaxPool2d", "AvgPool2d"), "a library with convolutions, such as PyTorch"),
    "CrossEntropyLoss": "F.cross_entropy(logits, y)",
    "NLLLoss": "F.nll_loss(F.log_softmax(logits), y)",
    "MSELoss": "((predicted - y) ** 2).mean()",
    "Parameter": "Tensor(array, requires_grad=True)",
    "Dropout": "weight_decay= of the optimizer or augment= of the Trainer",
    "Dense": "nn.Linear(in_features, out_features)",
    "functional": "from mnist_autograd import functional as F",
    "init": "layer.weight.data[...] = array",
}


def missing(owner: str, name: str, instead: Mapping[str, str], obj: object) -> AttributeError:
    """The error for an attribute that is not there, with what to write instead if the table has it."""
    advice = f"; instead: {instead[name]}" if name in instead else ""
    return AttributeError(f"{owner} has no attribute {name!r}{advice}", name=name, obj=obj)


def kind(value: object) -> str:
    """What a value is, for a message: 'the class Tanh', 'None', 'of type list'."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return "None" if value is None else f"of type {type(value).__name__}"


def whole_number(where: str, name: str, value: Any, least: int) -> int:
    """value as an int; an error in the name of where if it is no whole number (10.0 is a float), or less than least."""
    expected = f"expected a whole number, at least {least}"
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{where}: {name} is {value!r:.80}; {expected}") from None
    if number < least:
        raise ValueError(f"{where}: {name} is {number}; {expected}")
    return number


def generator(where: str, rng: Any) -> np.random.Generator:
    """np.random.default_rng(rng), where True and False are no seeds."""
    hint = "; a layer without bias is made by bias=False" if isinstance(rng, bool) else ""
    try:
        if hint:
            raise TypeError
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise TypeError(
            f"{where}: rng is {rng!r:.80}; expected a seed (a whole number from 0), a NumPy Generator or None{hint}"
        ) from None


def check_layer(where: str, layer: object) -> None:
    """A TypeError unless layer is a Module or another function of a Tensor."""
    if isinstance(layer, type):
        raise TypeError(f"{where} is {kind(layer)}; expected a layer: {layer.__name__}(...), with its brackets")
    if callable(layer):
        return
    hint = ""
    if isinstance(layer, (list, tuple)):
        hint = ": nn.Sequential(a, b), or nn.Sequential(*layers) for those in a list"
    elif hasattr(layer, "forward"):
        hint = f": let the class {type(layer).__name__} inherit from nn.Module"
    raise TypeError(f"{where} is {kind(layer)}; expected a layer{hint}")


def check_function(where: str, function: Any, arguments: tuple[str, ...], example: str) -> None:
    """A TypeError unless function can be called with so many arguments; None is no function and all right."""
    if function is None:
        return
    call = f"expected a function of ({', '.join(arguments)}), for example {example}"
    if not callable(function):
        raise TypeError(f"{where} is {kind(function)}; {call}")
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError as error:
        raise TypeError(f"{where} cannot be called: {error}; {call}") from None
    except ValueError:  # some functions written in C do not say what they take
        return


def misfit(shape: tuple[int, ...], features: int) -> str:
    """What is wrong with the shape of x where a layer needs (..., features)."""
    hint = ""
    if math.prod(shape[1:]) == features:
        hint = "; nn.Flatten() makes rows of images"
    elif math.prod(shape) == features:
        hint = "; a single example goes in as a batch of one, x.reshape(1, -1)"
    elif shape[:1] == (features,):
        hint = "; the examples are to be rows: X.T"
    return f"x has shape {shape}; expected (..., {features}){hint}"
