"""Outcomes by the names that programs use, and as they are printed in France: ``home`` is ``1``, ``draw`` is ``N``."""

from collections.abc import Mapping, Sequence

from admin.api.problems import Problem

OUTCOMES: Mapping[str, str] = {
    "1": "home",
    "X": "draw",
    "2": "away",
    "1X": "home_or_draw",
    "X2": "draw_or_away",
    "12": "home_or_away",
}
"""By our own codes."""
LABELS: Mapping[str, str] = {"X": "N", "1X": "1N", "X2": "N2"}
"""Of those that are printed otherwise than we write them."""
_CODES = {name: code for code, name in OUTCOMES.items()}


def codes(asked: Sequence[str]) -> set[str]:
    """Our codes of these names. :raises Problem: 400 for one that is none."""
    unknown = [name for name in asked if name.lower() not in _CODES]
    if unknown:
        known = f"there are: {', '.join(_CODES)}"
        raise Problem(400, "impossible", f"outcome: no such outcome: {', '.join(unknown)}", errors={"outcome": [known]})
    return {_CODES[name.lower()] for name in asked}
