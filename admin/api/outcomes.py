"""Outcomes by the names that programs use, and as they are printed in France: ``home`` is ``1``, ``draw`` is ``N``."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from admin.api.asking import Commas

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

Outcomes = Annotated[
    list[Literal["home", "draw", "away", "home_or_draw", "draw_or_away", "home_or_away"]],
    Commas(f"({'|'.join(_CODES)})"),
]
"""Several of them, with commas between them."""


def codes(asked: Sequence[str]) -> set[str]:
    """Our codes of these names."""
    return {_CODES[name] for name in asked}
