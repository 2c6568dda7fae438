"""What the benchmarks share: contestants in processes of their own, the machine in words, tables to paste."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# Whoever limits threads or names a kernel outside must not decide what a benchmark measures.
BLAS_VARIABLES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
# OpenBLAS, OpenMP (PyTorch), MKL (PyTorch on Intel's), Accelerate (macOS), XLA (JAX).
THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NPROC")


def environment(threads: str = "all", kernel: str = "own") -> dict[str, str]:
    """The environment of a contestant: threads "one" or "all", OpenBLAS's kernel "own" or "Haswell"."""
    chosen = {name: value for name, value in os.environ.items() if name not in (*BLAS_VARIABLES, *THREAD_VARIABLES)}
    if threads == "one":
        chosen |= dict.fromkeys(THREAD_VARIABLES, "1")
    if kernel != "own":
        chosen["OPENBLAS_CORETYPE"] = kernel
    return chosen


def start(script, *arguments, env=None) -> subprocess.Popen:
    """The script in a process of its own; answer() waits for what it prints."""
    command = [sys.executable, *map(str, (script, *arguments))]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=env or environment(), text=True)


def answer(process: subprocess.Popen) -> dict:
    """The JSON object in the last line that the process prints. SystemExit if it fails; it has said why on stderr."""
    output, _ = process.communicate()
    if process.returncode:
        sys.exit(f"failed: {' '.join(process.args)}")
    return json.loads(output.splitlines()[-1])


def blas() -> str:
    """The kernel that NumPy's matrix products run on in this process, if threadpoolctl is there to ask."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return "unknown without threadpoolctl"
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return next((library.get("architecture", library["internal_api"]) for library in libraries), "unknown")


def machine(*packages: str) -> str:
    """Processor, system, Python, NumPy and the packages, in one line."""
    versions = []
    for package in ("numpy", *packages):
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} not installed")
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{_processor()}, {os.cpu_count()} cores, {system}, {', '.join(versions)}"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or "unknown processor")


def table(header, rows) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def progress(text: str) -> None:
    """One line on stderr, so that stdout holds the tables only."""
    print(text, file=sys.stderr, flush=True)
