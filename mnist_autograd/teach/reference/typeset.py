"""NumPy code of a rule, typeset as a formula."""

from __future__ import annotations

import ast

SUM, PRODUCT, POWER, ATOM = range(4)  # how tightly the outermost part of a formula binds
WORDS = {
    "maximum": r"\max",
    "new": r"\text{new}",
    "old": r"\text{old}",
    "one_hot": r"\text{one-hot}",
    "reshape": r"\text{reshape}",
}
WORDS |= {name: rf"\text{{{name}}}" for name in ("where", "concatenate", "stack", "sign")}
PREFIXES = {"total": r"\sum", "every": r"\sum_{n,k}", "over_n": r"\sum_n", "log": r"\log", "tanh": r"\tanh"}


def latex(code: str) -> str:
    """NumPy code of a rule as a formula: "s * (g - total(g * s))" gives s \\, ( g - \\sum g \\, s )."""
    return _typeset(ast.parse(code, mode="eval").body)[0]


def _typeset(node) -> tuple[str, int]:
    """A formula, and how tightly it binds."""
    if isinstance(node, ast.Name):
        return WORDS.get(node.id, node.id), ATOM
    if isinstance(node, ast.Constant):
        return str(node.value), ATOM
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return f"-{_inside(node.operand, PRODUCT)}", SUM
    if isinstance(node, ast.BinOp):
        return _operator(node)
    if isinstance(node, ast.Compare):  # 1 where it holds, else 0
        sign = {ast.Gt: ">", ast.Eq: "="}[type(node.ops[0])]
        return f"[{_inside(node.left, SUM)} {sign} {_inside(node.comparators[0], SUM)}]", ATOM
    if isinstance(node, ast.Subscript):
        return f"{_inside(node.value, ATOM)}_{{{_inside(node.slice, SUM)}}}", ATOM
    if isinstance(node, ast.Slice):
        return ":".join(_inside(end, SUM) if end else "" for end in (node.lower, node.upper)), ATOM
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return f"{_inside(node.value, ATOM)}^T", POWER
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _function(node.func.id, node.args)
    raise ValueError(f"latex: cannot typeset {ast.unparse(node)}")


def _inside(node, least: int) -> str:
    """The formula of a part, in brackets where it binds less tightly than is needed."""
    formula, binds = _typeset(node)
    return formula if binds >= least else rf"\left( {formula} \right)"


def _operator(node) -> tuple[str, int]:
    left, right = node.left, node.right
    if isinstance(node.op, ast.Div):
        return rf"\dfrac{{{_inside(left, SUM)}}}{{{_inside(right, SUM)}}}", ATOM
    if isinstance(node.op, ast.Pow):
        return f"{_inside(left, ATOM)}^{{{_inside(right, SUM)}}}", POWER
    if isinstance(node.op, ast.MatMult):
        return f"{_inside(left, ATOM if _is_open(left) else PRODUCT)} {_inside(right, PRODUCT)}", PRODUCT
    if isinstance(node.op, ast.Mult):
        first = _inside(left, PRODUCT)
        if _is_open(left):  # whatever follows would stand under the sum
            first = rf"\left( {first} \right)"
        return rf"{first} \, {_inside(right, PRODUCT)}", PRODUCT
    sign, least = ("+", SUM) if isinstance(node.op, ast.Add) else ("-", PRODUCT)
    return f"{_inside(left, SUM)} {sign} {_inside(right, least)}", SUM


def _is_open(node) -> bool:
    """Whether a formula ends in a sum, a logarithm or the like, which would take in a factor that follows."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.MatMult)):
        return _is_open(node.right)
    return isinstance(node, ast.Call) and ast.unparse(node.func) in (*PREFIXES, "largest")


def _function(name: str, arguments) -> tuple[str, int]:
    if name == "exp":
        return f"e^{{{_inside(arguments[0], SUM)}}}", POWER
    if name == "ones":
        return r"\mathbf{1}", ATOM
    if name == "sqrt":
        return rf"\sqrt{{{_inside(arguments[0], SUM)}}}", ATOM
    if name == "abs":
        return rf"\lvert {_inside(arguments[0], SUM)} \rvert", ATOM
    if name in PREFIXES:
        return f"{PREFIXES[name]} {_inside(arguments[0], PRODUCT)}", PRODUCT
    if isinstance(arguments[0], ast.List):
        arguments = arguments[0].elts
    inside = ", ".join(_inside(argument, SUM) for argument in arguments)
    if name == "largest":
        return rf"\max {inside}", PRODUCT
    if name in WORDS:
        return f"{WORDS[name]}({inside})", ATOM
    raise ValueError(f"latex: cannot typeset the function {name}; give it an entry in WORDS or PREFIXES")
