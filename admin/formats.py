"""Numbers and instants as people write them: ``1,85``, ``92,40 %``, ``sam. 21/11/2026 20:45`` in Paris time.

Every function takes the language (``fr`` or ``en``) and returns plain text; ``None`` is a dash. The same few thousand
figures stand on one page after another: what was written is remembered.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache

from babel.dates import get_day_names
from babel.numbers import format_decimal, format_percent

from schema.instants import PARIS

DASH = "\N{EN DASH}"

_remembered = lru_cache(maxsize=8192)


@_remembered
def price(value: Decimal | None, language: str) -> str:
    """Decimal odds: two decimals, a third only where there is one."""
    return DASH if value is None else format_decimal(value, "0.00#", locale=language)


@_remembered
def percent(value: Decimal | None, language: str) -> str:
    """A TRJ in percent, two decimals; a no-break space before the sign in French."""
    if value is None:
        return DASH
    return format_decimal(value, "0.00", locale=language) + ("\N{NO-BREAK SPACE}%" if language == "fr" else "%")


@_remembered
def share(value: float, language: str) -> str:
    """A share, 0 to 1, as a percentage without decimals."""
    return format_percent(value, "0%" if language == "en" else "0\N{NO-BREAK SPACE}%", locale=language)


@_remembered
def decimal(value: Decimal | None, language: str) -> str:
    """Any other decimal number, such as a line, without trailing zeros."""
    return DASH if value is None else format_decimal(value, "0.###", locale=language)


@_remembered
def whole(value: int | None, language: str) -> str:
    """A whole number with its thousands apart."""
    return DASH if value is None else format_decimal(value, "#,##0", locale=language)


def lasting(seconds: float | None, language: str) -> str:
    """A length of time in its two largest units: ``45 s``, ``2 min 05 s``, ``1 h 02 min``, ``3 j 4 h``."""
    if seconds is None:
        return DASH
    whole = round(seconds)
    day = "j" if language == "fr" else "d"
    for unit, size, below, lesser in ((day, 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // lesser
            return f"{whole // size} {unit} {rest:02} {below}"
    return f"{whole} s"


def often(period: timedelta, language: str) -> str:
    """How often something comes, in one unit where one will do (``15 min``, ``6 h``), else as :func:`lasting`."""
    seconds = round(period.total_seconds())
    one = (f"{seconds // size} {unit}" for unit, size in _UNITS[language] if seconds >= size and not seconds % size)
    return next(one, None) or lasting(seconds, language)


def before(minutes: int) -> str:
    """How long before a kick-off: ``T-15m``, ``T-24h``."""
    return f"T-{minutes // 60}h" if minutes % 60 == 0 else f"T-{minutes}m"


@_remembered
def moment(value: datetime | None, language: str, *, year: bool = True) -> str:
    """An instant (aware, or naive UTC as the database keeps it) in Paris time."""
    if value is None:
        return DASH
    instant = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    there = instant.astimezone(PARIS)
    return f"{_days(language)[there.weekday()]} {there:%d/%m}{f'/{there.year}' if year else ''} {there:%H:%M}"


@cache
def _days(language: str) -> Mapping[int, str]:
    """``sam.``, by the number Python gives a day."""
    return dict(get_day_names("abbreviated", locale=language))


@_remembered
def change(value: Decimal | None, language: str, *, places: int = 2) -> str:
    """A difference, always with its sign: ``+0,05``, or a minus sign (not a hyphen)."""
    if value is None:
        return DASH
    digits = "0." + "0" * places if places else "0"
    said = format_decimal(abs(value), digits, locale=language)
    return said if value == 0 else ("+" if value > 0 else "\N{MINUS SIGN}") + said


def ago(value: datetime | None, language: str, *, now: datetime | None = None) -> str:
    """How long ago an instant was, or in how long it will be: ``il y a 3 min``, ``dans 2 h``; its largest unit only.

    :param now: ``None``: this instant.
    """
    if value is None:
        return DASH
    instant = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    until = (instant - (now or datetime.now(UTC))).total_seconds()
    said = next(
        (f"{int(abs(until)) // size} {unit}" for unit, size in _UNITS[language] if abs(until) >= size),
        f"{int(abs(until))} s",
    )
    before, after = _AROUND[language][until > 0]
    return f"{before}{said}{after}"


_UNITS = {language: ((day, 86_400), ("h", 3600), ("min", 60)) for language, day in (("fr", "j"), ("en", "d"))}
_AROUND = {"fr": (("il y a ", ""), ("dans ", "")), "en": (("", " ago"), ("in ", ""))}
