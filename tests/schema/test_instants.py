from datetime import UTC, datetime, timedelta, timezone

import pytest

from schema.instants import from_paris, in_utc, iso, naive, read_iso, to_paris


@pytest.mark.parametrize(
    "local, instant",
    [
        (datetime(2025, 7, 14, 20, 45), datetime(2025, 7, 14, 18, 45, tzinfo=UTC)),
        (datetime(2025, 1, 14, 20, 45), datetime(2025, 1, 14, 19, 45, tzinfo=UTC)),
        (datetime(2025, 10, 26, 1, 59), datetime(2025, 10, 25, 23, 59, tzinfo=UTC)),
        (datetime(2025, 10, 26, 2, 30), datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),  # occurs twice
        (datetime(2025, 10, 26, 3, 0), datetime(2025, 10, 26, 2, 0, tzinfo=UTC)),
        (datetime(2025, 3, 30, 2, 30), datetime(2025, 3, 30, 1, 30, tzinfo=UTC)),  # does not occur
    ],
)
def test_from_paris(local: datetime, instant: datetime) -> None:
    assert from_paris(local) == instant


def test_to_paris() -> None:
    assert to_paris(datetime(2025, 7, 14, 22, 30, tzinfo=UTC)).isoformat() == "2025-07-15T00:30:00+02:00"


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=30))])
def test_iso(zone: timezone) -> None:
    instant = datetime(2025, 10, 17, 18, 45, 0, 7, UTC).astimezone(zone)
    assert iso(instant) == "2025-10-17T18:45:00.000007Z"
    assert read_iso(iso(instant)) == instant
    assert naive(instant) == datetime(2025, 10, 17, 18, 45, 0, 7)


BEYOND = ("0001-01-01T00:00:00+05:00", "9999-12-31T23:59:00-05:00")


def test_what_has_no_year_in_utc_is_no_instant() -> None:
    with pytest.raises(ValueError, match="beyond the calendar"):
        from_paris(datetime(1, 1, 1))
    with pytest.raises(ValueError, match="beyond the calendar"):
        in_utc(datetime.fromisoformat(BEYOND[0]))


@pytest.mark.parametrize("text", ["2025-10-17T18:45:00", "2025-10-17", "2025-02-30T00:00:00Z", "soon", "", *BEYOND])
def test_what_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError):
        read_iso(text)


def test_read_iso_takes_any_zone() -> None:
    assert read_iso("2025-10-17T20:45:00+02:00").isoformat() == "2025-10-17T18:45:00+00:00"
