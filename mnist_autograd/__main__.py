"""Train a digit classifier in a terminal: python -m mnist_autograd --help"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import data, files, optim, recipe
from .training import Classifier, Trainer


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m mnist_autograd",
        description="Train a 784-256-10 tanh network on all 60,000 training images and print its test accuracy. With "
        "--recipe: the training of chapter 08 that reaches 98.7 %, on the first 55,000.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--dataset", choices=sorted(data.SOURCES), default="mnist")
    parser.add_argument("--root", help=f"folder that holds the data set's folder (or set {data.ROOT_VARIABLE})")
    parser.add_argument("--download", action="store_true", help="fetch the data set first if it is not there")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--hidden", type=int, default=256, help="units of the hidden layer")
    parser.add_argument("--lr", type=float, default=0.1, help="learning rate")
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--checkpoint",
        type=files.expanded,
        help="file to save to after each epoch, and to go on from if it "
        "exists: with the same options, though --epochs may grow without --recipe",
    )
    parser.add_argument(
        "--recipe",
        action="store_true",
        help="one-pixel shifts and a learning rate that falls along a cosine; other settings are then by default "
        f"--epochs {recipe.EPOCHS} --lr {recipe.LEARNING_RATE}, and the last {recipe.HELD_OUT:,} training images are "
        "held out and measured",
    )
    parser.add_argument("--weights", type=files.expanded, help="file to write the trained weights to, as float16")
    if parser.parse_args(argv).recipe:
        parser.set_defaults(epochs=recipe.EPOCHS, lr=recipe.LEARNING_RATE)
    return parser.parse_args(argv)


def trainer_of(options: argparse.Namespace, model: Classifier) -> Trainer:
    settings = options.lr, options.momentum
    if options.recipe:
        return recipe.trainer(model, options.epochs, *settings, options.batch_size, options.seed)
    optimizer = optim.SGD(model.parameters(), *settings)
    return Trainer(model, optimizer, options.epochs, options.batch_size, options.seed)


def assert_writable(checkpoint: Path | None, weights: Path | None) -> None:
    """Raise OSError or ValueError now if the files could not be written later, after all the work."""
    paths = [Path(os.path.realpath(files.regular(path))) for path in (checkpoint, weights) if path]
    if len(paths) > len(set(paths)):
        raise ValueError(
            f"--checkpoint and --weights both name {weights}, and one would overwrite the other; name two files"
        )
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    try:
        assert_writable(options.checkpoint, options.weights)
        if options.download:
            data.download(options.dataset, options.root)
        train, test = (data.load(options.dataset, split, options.root) for split in ("train", "test"))
        model = recipe.mlp(options.hidden, seed=options.seed)
        trainer = trainer_of(options, model)
        X, y = data.to_inputs(train.images), train.labels
        assert y is not None and test.labels is not None  # only Kaggle's files may have none
        n = len(X) - recipe.HELD_OUT if options.recipe else len(X)
        if options.checkpoint and options.checkpoint.exists():
            trainer.load(options.checkpoint)
            if trainer.examples not in (0, n):  # 0: saved before any training
                raise ValueError(
                    f"{options.checkpoint} was trained on {trainer.examples:,} images, now there are {n:,}"
                )
        trainer.fit(X[:n], y[:n], checkpoint=options.checkpoint)
        held_out = trainer.evaluate(X[n:], y[n:]) if n < len(X) else None
        result = trainer.evaluate(data.to_inputs(test.images), test.labels)
        if options.weights and trainer.epoch >= options.epochs:
            recipe.save_weights(model, options.weights)
    except (OSError, ValueError, ImportError, FloatingPointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (MemoryError, OverflowError) as error:
        print(f"error: this needs more memory than there is; choose a smaller --hidden ({error})", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    if trainer.epoch < options.epochs:
        print(
            f"The same command goes on from {options.checkpoint}."
            if options.checkpoint
            else "Not saved: name a file by --checkpoint to be able to go on.",
            file=sys.stderr,
        )
        if options.weights:
            print(f"{options.weights} is not written before the training is complete.", file=sys.stderr)
    epochs = "1 epoch" if trainer.epoch == 1 else f"{trainer.epoch} epochs"
    if held_out:
        print(f"Validation accuracy on {len(X) - n:,} images held out: {held_out['accuracy']:.2%}")
    print(f"Test accuracy on {len(test):,} images after {epochs}: {result['accuracy']:.2%}")
    return 0 if trainer.epoch >= options.epochs else 130


if __name__ == "__main__":
    sys.exit(main())
