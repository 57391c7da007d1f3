from datetime import UTC, datetime
from decimal import Decimal

import pytest

from admin import formats


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [("1.85", "1,85", "1.85"), ("1.850", "1,85", "1.85"), ("1.909", "1,909", "1.909"), ("11", "11,00", "11.00"),
     ("1001", "1001,00", "1001.00"), (None, "–", "–")],
)  # fmt: skip
def test_a_price(value: str | None, french: str, english: str) -> None:
    price = None if value is None else Decimal(value)
    assert (formats.price(price, "fr"), formats.price(price, "en")) == (french, english)


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [("92.4", "92,40\xa0%", "92.40%"), ("94.625", "94,62\xa0%", "94.62%"), ("101.5", "101,50\xa0%", "101.50%"),
     (None, "–", "–")],
)  # fmt: skip
def test_a_percentage(value: str | None, french: str, english: str) -> None:
    percent = None if value is None else Decimal(value)
    assert (formats.percent(percent, "fr"), formats.percent(percent, "en")) == (french, english)


@pytest.mark.parametrize(("value", "french"), [("2.50", "2,5"), ("-1.00", "-1"), ("0.25", "0,25")])
def test_a_line(value: str, french: str) -> None:
    assert formats.decimal(Decimal(value), "fr") == french


def test_a_whole_number() -> None:
    assert formats.whole(1_234_567, "fr") == "1\u202f234\u202f567"
    assert formats.whole(1_234_567, "en") == "1,234,567"
    assert formats.whole(None, "fr") == "–"


@pytest.mark.parametrize(
    ("instant", "french", "english"),
    [
        (datetime(2026, 11, 21, 19, 45, tzinfo=UTC), "sam. 21/11/2026 20:45", "Sat 21/11/2026 20:45"),
        (datetime(2026, 7, 14, 22, 30), "mer. 15/07/2026 00:30", "Wed 15/07/2026 00:30"),
        (None, "–", "–"),
    ],
)
def test_an_instant_is_that_of_paris(instant: datetime | None, french: str, english: str) -> None:
    assert (formats.moment(instant, "fr"), formats.moment(instant, "en")) == (french, english)


def test_a_kick_off_without_its_year() -> None:
    assert formats.moment(datetime(2025, 10, 17, 18, 45), "fr", year=False) == "ven. 17/10 20:45"
