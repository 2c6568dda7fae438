"""Numbers in few digits, so that a figure reads the same on machines whose arithmetic differs in the last bit."""

from __future__ import annotations

import math


def number(value: float) -> str:
    """At most four significant digits; infinity and nan in words."""
    value = settled(value)
    if math.isnan(value):
        return "nan: not a number"
    if math.isinf(value):
        return "inf: too large" if value > 0 else "-inf: minus infinity"
    return f"{value:.4g}"


def settled(value: float) -> float:
    """value without the digits in which machines differ, which could tip a later rounding; -0 becomes 0."""
    return float(f"{float(value):.10g}") + 0.0


def rounded_up(value: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, 50, ..., and of 0.5, 0.2, 0.1, ..., that is not below a positive value."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))


def whole_percent(share: float) -> str:
    """Whole percent, and <1 for what is less than half of one."""
    percent = round(100 * settled(share))
    return f"{percent}" if percent or share < 1e-6 else "<1"


def percent(share: float, digits: int = 1) -> str:
    """A share from 0 to 1 in percent, rounded; a dash where there is none."""
    if math.isnan(share):
        return "–"
    rounded = round(settled(100 * share), digits) + 0.0
    return f"{rounded:.{digits}f}"


def hedged_percent(p: float) -> str:
    """A probability in words: '98 %'. Not '100 %' of what is less than certain, and not '0 %' of what is possible."""
    if 0.995 <= p < 1:
        return "> 99 %"
    if 0 < p < 0.005:
        return "< 1 %"
    return f"{100 * p:.0f} %"
