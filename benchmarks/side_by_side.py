"""Two trainings side by side against one: how many times as long they take when each has as many threads as it likes.

usage: python benchmarks/side_by_side.py [--contestants trainer loop numpy] [--rounds 3]

Two processes that share the machine have half of it each, so about 2 is right where one alone uses all cores, and
less where it does not. Far more means that their threads wait for each other. Contestants are those of epoch.py.
"""

import argparse
from pathlib import Path

from measuring import answer, environment, machine, progress, start, table

EPOCH = Path(__file__).with_name("epoch.py")


def seconds(name, processes, threads, rows):
    """Until the last of so many processes, begun at once, has trained its epochs."""
    arguments = ("--one", name, "--rows", rows)
    running = [start(EPOCH, *arguments, env=environment(threads)) for _ in range(processes)]
    return max(sum(answer(process)["seconds"]) for process in running)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contestants", nargs="+", default=["trainer", "loop", "numpy"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=60_000, help=argparse.SUPPRESS)
    options = parser.parse_args()

    rows = []
    for name in options.contestants:
        shortest = {}
        for r in range(options.rounds):
            progress(f"{name}: round {r + 1} of {options.rounds}")
            for setting in ((1, "all"), (2, "all"), (1, "one"), (2, "one")):
                shortest[setting] = min(shortest.get(setting, float("inf")), seconds(name, *setting, options.rows))
        ratios = (shortest[2, threads] / shortest[1, threads] for threads in ("all", "one"))
        rows.append([name, *(f"{ratio:.2f}" for ratio in ratios)])
    print(f"{machine()}\n\nTime of two trainings at once / one alone (shortest of {options.rounds})\n")
    print(table(["", "all threads", "one thread each"], rows))


if __name__ == "__main__":
    main()
