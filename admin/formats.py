"""Numbers and instants as people write them: ``1,85``, ``92,40 %``, ``sam. 21/11/2026 20:45`` in Paris time.

Every function takes the language (``fr`` or ``en``) and returns plain text; ``None`` is a dash.
"""

from datetime import UTC, datetime
from decimal import Decimal

from babel.dates import format_datetime
from babel.numbers import format_decimal, format_percent

from schema.instants import PARIS

DASH = "\N{EN DASH}"


def price(value: Decimal | None, language: str) -> str:
    """Decimal odds: two decimals, a third only where there is one."""
    return DASH if value is None else format_decimal(value, "0.00#", locale=language)


def percent(value: Decimal | None, language: str) -> str:
    """A TRJ in percent, two decimals; a no-break space before the sign in French."""
    if value is None:
        return DASH
    return format_decimal(value, "0.00", locale=language) + ("\N{NO-BREAK SPACE}%" if language == "fr" else "%")


def share(value: float, language: str) -> str:
    """A share, 0 to 1, as a percentage without decimals."""
    return format_percent(value, "0%" if language == "en" else "0\N{NO-BREAK SPACE}%", locale=language)


def decimal(value: Decimal | None, language: str) -> str:
    """Any other decimal number, such as a line, without trailing zeros."""
    return DASH if value is None else format_decimal(value, "0.###", locale=language)


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


def before(minutes: int) -> str:
    """How long before a kick-off: ``T-15m``, ``T-24h``."""
    return f"T-{minutes // 60}h" if minutes % 60 == 0 else f"T-{minutes}m"


def moment(value: datetime | None, language: str, *, year: bool = True) -> str:
    """An instant (aware, or naive UTC as the database keeps it) in Paris time."""
    if value is None:
        return DASH
    instant = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return format_datetime(instant, f"EEE dd/MM{'/yyyy' if year else ''} HH:mm", tzinfo=PARIS, locale=language)
