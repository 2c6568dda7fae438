"""Imports run one way: there is no circle, and nothing imports what stands above it."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent.parent / "mnist_autograd"


def modules_of(package):
    """The source of each module of a package by its name, and whether the module is a package's __init__."""
    found = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        found[".".join(parts[:-1] if is_package else parts)] = path.read_text(encoding="utf-8"), is_package
    return found


def imports(node):
    """All imports under a node, in functions too, but for those that only a type checker makes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child
        elif not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from imports(child)


def imported(name, source, is_package, known):
    """Those known modules that a module imports: by "from .x import y" x.y, if that is one, and else x.

    That Python runs the __init__ of x before x.y is not counted: it would tie every package to all of its modules.
    """
    found = set()
    for node in imports(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            parents = name.split(".")
            above = parents[: len(parents) - node.level + is_package] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            inside = {f"{base}.{alias.name}" for alias in node.names}
            found |= {module if module in known else base for module in inside}
    return found & known - {name}


def arrows(modules):
    return {name: imported(name, *modules[name], modules.keys()) for name in modules}


def check_for_circles(found):
    TopologicalSorter(found).prepare()


ARROWS = arrows(modules_of(PACKAGE))
# What each part of teach/ may import beside itself, and beside what is outside teach/.
BELOW = {
    "teach": set(),
    "teach.pictures": set(),
    "teach.topics": set(),
    "teach.reference": {"teach.topics"},
    "teach.explore": {"teach.pictures", "teach.topics"},
    "teach.exercises": {"teach.topics"},
}


def part(name):
    """'teach.explore' of 'mnist_autograd.teach.explore.softmax'; '' of what is outside teach/."""
    words = name.split(".")[1:3]
    return ".".join(words) if words[:1] == ["teach"] else ""


def test_there_is_no_circle():
    check_for_circles(ARROWS)


@pytest.mark.parametrize("name", sorted(ARROWS))
def test_a_module_imports_only_what_is_below_it(name):
    assert {part(other) for other in ARROWS[name]} <= {"", part(name), *BELOW.get(part(name), set())}


def test_pictures_are_made_of_plain_numbers():
    pictures = [name for name in ARROWS if part(name) == "teach.pictures"]
    assert pictures and {part(other) for name in pictures for other in ARROWS[name]} == {"teach.pictures"}


def test_every_part_of_teach_has_its_place():
    assert {part(name) for name in ARROWS} == {"", *BELOW}


def test_an_import_in_any_form_is_found():
    modules = {
        "p": ("from . import a", True),
        "p.a": ("import p.b\ndef f():\n    from .d import x, e", False),
        "p.b": ("if TYPE_CHECKING:\n    from . import a\nimport p.c, numpy", False),
        "p.c": ("from p.d.e import f", False),
        "p.d": ("from .e import f\nfrom ..c import f", True),
        "p.d.e": ("from .. import b", False),
    }
    assert arrows(modules) == {
        "p": {"p.a"},
        "p.a": {"p.b", "p.d", "p.d.e"},
        "p.b": {"p.c"},
        "p.c": {"p.d.e"},
        "p.d": {"p.d.e", "p.c"},
        "p.d.e": {"p.b"},
    }
    with pytest.raises(CycleError):
        check_for_circles(arrows(modules))
