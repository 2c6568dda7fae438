"""Messages that teach: what to write where other libraries differ, and checks of what nn and training are given."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# What to write here where a reader reaches for a name of another library.
ON_A_TENSOR = {
    **dict.fromkeys(("numpy", "cpu", "values"), "x.data"),
    **dict.fromkeys(("cuda", "mps"), "x as it is: everything runs on the CPU"),
    **dict.fromkeys(
        ("to", "type", "astype", "float", "double", "half"), "Tensor(x.data.astype(dtype)), a new leaf without a graph"
    ),
    **dict.fromkeys(("long", "int", "bool"), "x.data.astype(dtype), a plain array"),
    **dict.fromkeys(("clone", "copy"), "x.data.copy(), or x * 1 to keep the graph"),
    "tolist": "x.data.tolist()",
    **{name: f"x.data.{name}(axis), a plain array" for name in ("argmax", "argmin", "argsort", "any", "all", "cumsum")},
    **dict.fromkeys(("topk", "sort"), "np.sort(x.data), a plain array"),
    **dict.fromkeys(("view", "flatten", "ravel", "squeeze", "unsqueeze", "expand_dims"), "x.reshape(shape)"),
    **dict.fromkeys(("expand", "broadcast_to"), "x + np.zeros(shape, x.dtype): operators broadcast"),
    **dict.fromkeys(("repeat", "tile"), "functional.concatenate([x, x], axis)"),
    **dict.fromkeys(("permute", "swapaxes", "movedim"), "x.transpose(axes)"),
    "t": "x.T",
    **dict.fromkeys(("mm", "bmm", "matmul", "dot", "mv"), "x @ other"),
    **{name: f"x {sign} other" for name, sign in {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}.items()},
    **dict.fromkeys(("add_", "sub_", "mul_", "div_", "copy_", "fill_"), "x.data[...] = values, outside the graph"),
    "zero_": "x.data[...] = 0",
    **{name: f"functional.{name}(x, axis)" for name in ("softmax", "log_softmax", "logsumexp")},
    "min": "-(-x).max(axis)",
    "norm": "(x * x).sum(axis).sqrt()",
    "var": "((x - x.mean(axis, keepdims=True)) ** 2).mean(axis)",
    "std": "((x - x.mean(axis, keepdims=True)) ** 2).mean(axis).sqrt()",
    "prod": "x.log().sum(axis).exp() for positive x",
    "zero_grad": "x.grad = None, or an optimizer's zero_grad()",
    "requires_grad_": "x.requires_grad = True",
    "retain_grad": "x.grad: every Tensor behind backward() has one",
    **dict.fromkeys(("eval", "train"), "nothing: there are no modes; no_grad() computes without a graph"),
    "grad_fn": "x.operation and x.inputs",
    "is_leaf": "x.operation is None",
    "device": "nothing: everything runs on the CPU",
}
IN_FUNCTIONAL = {
    **dict.fromkeys(("conv1d", "conv2d", "max_pool2d", "avg_pool2d"), "PyTorch: convolutions are left out on purpose"),
    "dropout": "x * (rng.random(x.shape) >= p) / (1 - p)",
    "leaky_relu": "functional.maximum(x, 0.01 * x)",
    "layer_norm": "nn.LayerNorm(features)(x)",
    "mse_loss": "((x - y) ** 2).mean()",
    "l1_loss": "functional.absolute(x - y).mean()",
    **dict.fromkeys(
        ("binary_cross_entropy", "binary_cross_entropy_with_logits"), "cross_entropy with the logits (z, 0)"
    ),
    **dict.fromkeys(("cat", "hstack", "vstack"), "functional.concatenate(arrays, axis)"),
    **dict.fromkeys(("min", "minimum"), "-functional.max(-x), or -functional.maximum(-a, -b)"),
    **dict.fromkeys(("clip", "clamp"), "functional.maximum(x, low), and -functional.maximum(-x, -high)"),
    **dict.fromkeys(("squeeze", "expand_dims", "unsqueeze", "flatten"), "functional.reshape(x, shape)"),
    "abs": "functional.absolute(x)",
    **{name: ON_A_TENSOR[name] for name in ("var", "std", "argmax", "topk", "norm")},
}
OF_ARGUMENTS = {
    "dim": "axis=, as in NumPy",
    "keepdim": "keepdims=, as in NumPy",
    "label_smoothing": "smoothed probabilities as the target",
    "ignore_index": "cross_entropy(z[keep], y[keep]) with keep = y != index",
    "weight": 'reduction="none", and weigh the losses',
}
NO_MODES = "leave it out: no layer here works differently in training and in evaluation"
NO_DEVICES = "leave it out: the arrays are NumPy's and stay in the computer's memory"
ON_A_MODULE = {
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
    "requires_grad_": "for p in net.named_tensors().values(): p.requires_grad = False (or True again)",
    "save": "np.savez(path, **net.state_dict())",
    "load": "net.load_state_dict(np.load(path))",
    "summary": "print(net); the shapes: {name: p.shape for name, p in net.named_parameters().items()}",
    "net": "self.net = net in __init__ (in a Classifier: super().__init__(net)), or a forward() of its own",
}
IN_OPTIM = {
    "AdamW": "optim.Adam(parameters, weight_decay=...), which adds the decay to the gradient",
    **dict.fromkeys(("RMSprop", "Adagrad"), "optim.Adam(parameters)"),
    "LBFGS": "optim.SGD(parameters, lr, momentum=0.9)",
    "lr_scheduler": "schedule= of the Trainer, as in functools.partial(optim.cosine, lr=0.1); or optimizer.lr = 0.01",
}
IN_NN = {
    **dict.fromkeys(("Softmax", "LogSoftmax"), "end a network with logits, for F.cross_entropy"),
    **dict.fromkeys(("ModuleList", "ModuleDict", "ParameterList"), "a list or dictionary in an attribute"),
    "LeakyReLU": "a function: nn.Sequential(nn.Linear(3, 2), lambda x: F.maximum(x, 0.01 * x))",
    "GELU": "a function: lambda x: x * F.sigmoid(1.702 * x)",
    "SiLU": "a function: lambda x: x * F.sigmoid(x)",
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


def numpy_words(operation: Callable[P, R]) -> Callable[P, R]:
    """A decorator: PyTorch's names of arguments, such as dim=, give an error that says NumPy's."""

    @functools.wraps(operation)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return operation(*args, **kwargs)
        except TypeError as error:
            for name in kwargs.keys() & OF_ARGUMENTS.keys():
                error.add_note(f"{operation.__name__}: there is no {name}= here; write {OF_ARGUMENTS[name]}")
            raise

    return checked
