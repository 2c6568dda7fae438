"""Train a digit classifier in a terminal: python -m mnist_autograd --help"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import data, nn, optim
from .training import Classifier, Trainer


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="python -m mnist_autograd",
        description="Train a 784-256-10 tanh network on all 60,000 training images and print its test accuracy.",
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
        "--checkpoint", type=Path, help="file to save to after each epoch, and to go on from if it exists"
    )
    return parser.parse_args(argv)


def main(argv=None) -> int:
    options = parse(argv)
    try:
        if options.download:
            data.download(options.dataset, options.root)
        train, test = (data.load(options.dataset, split, options.root) for split in ("train", "test"))
        net = nn.Sequential(
            nn.Linear(784, options.hidden, rng=[options.seed, 0]),
            nn.Tanh(),
            nn.Linear(options.hidden, 10, rng=[options.seed, 1]),
        )
        optimizer = optim.SGD(net.parameters(), lr=options.lr, momentum=options.momentum)
        trainer = Trainer(Classifier(net), optimizer, options.epochs, options.batch_size, options.seed)
        if options.checkpoint and options.checkpoint.exists():
            trainer.load(options.checkpoint)
        trainer.fit(data.to_inputs(train.images), train.labels, checkpoint=options.checkpoint)
        result = trainer.evaluate(data.to_inputs(test.images), test.labels)
    except (OSError, ValueError, ImportError, FloatingPointError) as error:
        print(f"error: {error}", file=sys.stderr)
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
    epochs = "1 epoch" if trainer.epoch == 1 else f"{trainer.epoch} epochs"
    print(f"Test accuracy on {len(test):,} images after {epochs}: {result['accuracy']:.2%}")
    return 0 if trainer.epoch >= options.epochs else 130


if __name__ == "__main__":
    sys.exit(main())
