from datetime import UTC, datetime

import pytest

from gigscrapy.pages.kickoff import from_day_and_time, from_french, from_iso, from_seconds

AUTUMN = datetime(2025, 10, 20, 12, tzinfo=UTC)


def told(instant):
    return instant and instant.strftime("%Y-%m-%d %H:%M %Z")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-10-25T20:45:00+02:00", "2025-10-25 18:45 UTC"),
        ("2025-10-26T20:45:00+01:00", "2025-10-26 19:45 UTC"),
        ("2025-10-25T18:45:00Z", "2025-10-25 18:45 UTC"),
        (" 2025-10-25T20:45+02:00\n", "2025-10-25 18:45 UTC"),
        ("2025-10-25T20:45:00", "2025-10-25 18:45 UTC"),
        ("2025-10-25", None),
        ("2025-02-30T20:45:00+01:00", None),
        ("0001-01-01T00:00:00+02:00", None),
        ("9999-12-31T23:00:00-02:00", None),
        ("1970-01-01T00:00:00+00:00", None),
        ("20:45", None),
        ("", None),
    ],
)
def test_iso(text, expected):
    assert told(from_iso(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1761417900", "2025-10-25 18:45 UTC"),
        (" 1761417900 ", "2025-10-25 18:45 UTC"),
        ("1761417900000", None),
        ("0", None),
        ("-1761417900", None),
        ("1761417900.5", None),
        ("١٧٦١٤١٧٩٠٠", None),
        ("9" * 5000, None),
        ("", None),
    ],
)
def test_seconds(text, expected):
    assert told(from_seconds(text)) == expected


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("25/10 20:45", AUTUMN, "2025-10-25 18:45 UTC"),
        ("26/10 20:45", AUTUMN, "2025-10-26 19:45 UTC"),
        ("25/10 20h45", AUTUMN, "2025-10-25 18:45 UTC"),
        ("sam. 25/10 20:45 direct", AUTUMN, "2025-10-25 18:45 UTC"),
        ("02/01 15:00", datetime(2025, 12, 30, tzinfo=UTC), "2026-01-02 14:00 UTC"),
        ("30/12 15:00", datetime(2026, 1, 2, tzinfo=UTC), "2025-12-30 14:00 UTC"),
        ("01/01 00:30", datetime(2025, 12, 31, 23, 45, tzinfo=UTC), "2025-12-31 23:30 UTC"),
        ("20/04 15:00", AUTUMN, "2026-04-20 13:00 UTC"),
        ("22/04 15:00", AUTUMN, "2025-04-22 13:00 UTC"),
        ("29/02 15:00", datetime(2028, 2, 1, tzinfo=UTC), "2028-02-29 14:00 UTC"),
        ("29/02 15:00", datetime(2027, 12, 20, tzinfo=UTC), "2028-02-29 14:00 UTC"),
        ("29/02 15:00", datetime(2029, 1, 10, tzinfo=UTC), "2028-02-29 14:00 UTC"),
        ("29/02 15:00", datetime(2026, 2, 1, tzinfo=UTC), None),
        ("30/02 15:00", AUTUMN, None),
        ("25/13 15:00", AUTUMN, None),
        ("25/10 24:00", AUTUMN, None),
        ("25/1020:45", AUTUMN, None),
        ("125/10 20:45", AUTUMN, None),
        ("25/10/2025 20:45", AUTUMN, None),
        ("EN DIRECT", AUTUMN, None),
        ("", AUTUMN, None),
    ],
)
def test_day_and_time(text, now, expected):
    assert told(from_day_and_time(text, now)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("25 octobre 2025 à 20:45", "2025-10-25 18:45 UTC"),
        ("samedi 25\n octobre\u00a02025 à 20:45", "2025-10-25 18:45 UTC"),
        ("1 février 2026 à 21:00", "2026-02-01 20:00 UTC"),
        ("1er Février 2026 à 21h00", "2026-02-01 20:00 UTC"),
        ("1 fe\u0301vrier 2026 à 21:00", "2026-02-01 20:00 UTC"),
        ("15 AOÛT 2026 À 21:00", "2026-08-15 19:00 UTC"),
        ("24 décembre 2025 à 9:05", "2025-12-24 08:05 UTC"),
        ("24 déc. 2025 à 09:05", "2025-12-24 08:05 UTC"),
        ("3 janv. 2026 à 20:00", "2026-01-03 19:00 UTC"),
        ("3 févr. 2026 à 20:00", "2026-02-03 19:00 UTC"),
        ("3 mars 2026 à 20:00", "2026-03-03 19:00 UTC"),
        ("3 avr. 2026 à 20:00", "2026-04-03 18:00 UTC"),
        ("3 mai 2026 à 20:00", "2026-05-03 18:00 UTC"),
        ("3 juin 2026 à 20:00", "2026-06-03 18:00 UTC"),
        ("3 juil. 2026 à 20:00", "2026-07-03 18:00 UTC"),
        ("3 sept. 2026 à 20:00", "2026-09-03 18:00 UTC"),
        ("3 nov. 2026 à 20:00", "2026-11-03 19:00 UTC"),
        ("3 janvier à 20:00", "2026-01-03 19:00 UTC"),
        ("3 jui 2026 à 20:00", None),
        ("3 brumaire 2026 à 20:00", None),
        ("31 novembre 2026 à 20:00", None),
        ("25 octobre 2025", None),
        ("25 octobre 1025 à 20:45", None),
        ("", None),
    ],
)
def test_french(text, expected):
    assert told(from_french(text, AUTUMN)) == expected
