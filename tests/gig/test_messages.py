"""The queue ``odds``, both ways: each field and each rule of gig-benchmark's contract, what it did and what we do."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schema.messages import OddsItem, Refused, decode, encode
from schema.reference import bookmakers
from tests import shared_rows
from tests.gig.programs import SEEDED, consume, odds_message
from tests.schema.letters import NOON, QUOTE, REPORT, prices, quote

RECEIVED = datetime(2025, 11, 9, 12, tzinfo=UTC)
MESSAGE = odds_message("PSG - OM", "Pmu", (2.1, 3.4, 3.5))
assert MESSAGE


def body(**changes: Any) -> bytes:
    """As its scraper sends it: keys that are given as ``...`` are left out."""
    said = {key: value for key, value in (MESSAGE | changes).items() if value is not ...}
    return json.dumps(said).encode()


def theirs(sent: bytes) -> list[str]:
    """What its consumer makes of it, in short."""
    rows = consume(sent, RECEIVED)
    return [
        f"{one.sport} {one.league} {one.kickoff:%d %H:%M} {one.bookmaker} {one.outcome} {one.value}" for one in rows[:1]
    ]


def ours(sent: bytes) -> str:
    """What we make of it, or why not."""
    try:
        item = decode(sent, RECEIVED)
    except Refused as refusal:
        return refusal.reason
    assert isinstance(item, OddsItem)
    kickoff = f"{item.kickoff:%d %H:%M}" if item.kickoff else "unknown"
    return f"{item.sport} {item.market} {item.league}: {item.home}, {item.away} {kickoff} {item.bookmaker} {item.trj}"


THEIRS = "FOOT LIGUE_1 10 20:45 PMU 1 2.1"

TABLE = [
    # 4.1, fields
    ("a message as it is sent", {}, THEIRS, "football 1X2 Ligue 1: PSG, OM 10 19:45 Pmu 94.69"),
    ("match_date null", {"match_date": None}, "FOOT LIGUE_1 10 20:00 PMU 1 2.1", "unknown"),
    ("match_date that no calendar has", {"match_date": "2025-02-30 20:45:00"}, "FOOT LIGUE_1 10 20:00 PMU 1 2.1", "value"),
    ("match_date in French, as it was at first", {"match_date": "lundi 10 novembre 2025 à 20h45"}, "FOOT LIGUE_1 10 20:00 PMU 1 2.1", "10 19:45"),
    ("match_date in summer", {"match_date": "2025-07-14 20:45:00"}, "FOOT LIGUE_1 14 20:45 PMU 1 2.1", "14 18:45"),
    ("prices as text, as they were at first", {"cotes": {"cote_1": "2,10", "cote_N": "3.40", "cote_2": "3.5"}}, None, "Pmu 94.69"),
    ("trj null, computed anew", {"trj": None}, THEIRS, "Pmu 94.69"),
    ("trj that the prices do not give", {"trj": 12.5}, THEIRS, "Pmu 94.69"),
    ("a key that nobody knows", {"schema": "x"}, THEIRS, "Pmu 94.69"),
    ("basketball", {"sport": "basketball", "league": "NBA", "cotes": {"cote_1": 1.4, "cote_N": None, "cote_2": 2.75}}, "BASK NBA 10 20:45 PMU 1 1.4", "basketball 12 NBA: PSG, OM 10 19:45 Pmu 92.77"),
    ("rugby", {"sport": "rugby", "league": "Top 14"}, "RUGB TOP14 10 20:45 PMU 1 2.1", "rugby 1X2 Top 14: PSG, OM 10 19:45 Pmu 94.69"),
    # 4.1, rules of its consumer
    ("1: no JSON", b"{", None, "malformed"),
    ("1: no object", b"[]", None, "malformed"),
    ("2: match missing", {"match": ...}, None, "missing"),
    ("2: match empty", {"match": ""}, None, "missing"),
    ("2: bookmaker missing", {"bookmaker": ...}, None, "missing"),
    ("2: cotes empty", {"cotes": {}}, None, "missing"),
    ("2: no league, no sport", {"league": ..., "sport": ...}, THEIRS, "football 1X2 Ligue 1: PSG, OM 10 19:45 Pmu 94.69"),
    ("3: handball", {"sport": "handball", "league": "Starligue"}, "FOOT STARLIGUE 10 20:45 PMU 1 2.1", "handball 1X2 Starligue"),
    ("3: a sport that nobody knows", {"sport": "golf"}, THEIRS, "sport"),
    ("4: Ligue 2", {"league": "Ligue 2"}, "FOOT LIGUE2 10 20:45 PMU 1 2.1", "football 1X2 Ligue 2"),
    ("4: Serie B", {"league": "Serie B"}, "FOOT SERIEB 10 20:45 PMU 1 2.1", "football 1X2 Serie B"),
    ("4: UEFA Conference League", {"league": "UEFA Conference League"}, "FOOT UEFACONFERENCELEAGUE 10 20:45 PMU 1 2.1", "UEFA Conference League"),
    ("4: Pro D2", {"league": "Pro D2", "sport": "rugby"}, "RUGB PROD2 10 20:45 PMU 1 2.1", "rugby 1X2 Pro D2"),
    ("5: three names", {"match": "SAINT - ETIENNE - PSG"}, None, "teams"),
    ("5: one name", {"match": "PSG"}, None, "teams"),
    ("5: accents", {"match": "SAINT-ÉTIENNE - BÉZIERS"}, THEIRS, "SAINT-ÉTIENNE, BÉZIERS"),
    ("8: a bookmaker that was not seeded", {"bookmaker": "BarrièreBet"}, None, "BarrièreBet"),
    ("8: Pokerstars Sport", {"bookmaker": "Pokerstars Sport"}, "FOOT LIGUE_1 10 20:45 POKERSTARS 1 2.1", "Pokerstars Sport"),
    ("9: a price missing", {"cotes": {"cote_1": 2.1, "cote_N": None, "cote_2": 3.5}, "trj": None}, THEIRS, "Pmu None"),
    ("9: no price at all", {"cotes": {"cote_1": None, "cote_N": None, "cote_2": None}}, None, "no-price"),
    ("9: 1.00 for no price", {"cotes": {"cote_1": 1.0, "cote_N": 3.4, "cote_2": 3.5}}, "FOOT LIGUE_1 10 20:45 PMU 1 1.0", "Pmu None"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "made", "kept"), [pytest.param(*row[1:], id=row[0]) for row in TABLE])
def test_what_its_scrapers_send(changes: Any, made: str | None, kept: str) -> None:
    sent = changes if isinstance(changes, bytes) else body(**changes)
    assert theirs(sent) == ([made] if made else [])
    assert kept in ours(sent)


@pytest.mark.parametrize("row", shared_rows("bookmakers.csv"), ids=lambda row: row["data_name"])
def test_each_bookmaker_of_the_site_is_kept(row: dict[str, str]) -> None:
    """Seeded with gig-benchmark or not."""
    assert row["data_name"] in ours(body(bookmaker=row["data_name"]))


# -- from us to its consumer -------------------------------------------------------------------------------------------

SEVEN = ["match", "match_date", "bookmaker", "cotes", "trj", "league", "sport"]


@pytest.mark.parametrize(
    ("item", "rows"),
    [
        (QUOTE, ["1 7.0", "X 4.75", "2 1.42"]),
        (quote(home="Saint - Étienne"), ["1 7.0", "X 4.75", "2 1.42"]),
        (quote(prices=prices("7", None, "1.42")), ["1 7.0", "2 1.42"]),
        (quote(sport="tennis", market="12", prices=prices("1.74", "2.1", outcomes="12")), ["1 1.74", "2 2.1"]),
        (quote(market="DNB", prices=prices("5.1", "1.14", outcomes="12")), []),
        (quote(market="1X2H1", prices=prices("6.5", "2.4", "1.9")), []),
        (quote(line=Decimal("0.5")), ["1 7.0", "X 4.75", "2 1.42"]),
    ],
)
def test_what_we_send_its_consumer_reads(item: OddsItem, rows: list[str]) -> None:
    sent = encode(item)
    said = json.loads(sent)
    assert list(said)[:7] == SEVEN  # keys are only added
    assert sent.isascii()
    made = consume(sent, NOON)
    assert [f"{one.outcome} {one.value}" for one in made] == rows
    assert {(one.kickoff, one.bookmaker, one.league) for one in made} <= {
        (datetime(2025, 10, 17, 20, 45), "WINAMAX", "LIGUE_1")
    }
    assert {one.trj for one in made} <= {None if item.trj is None else float(item.trj)}


def test_an_unknown_kick_off_is_null() -> None:
    """Which its consumer makes tomorrow 20:00 of, as ever."""
    [first, *_] = consume(encode(quote(kickoff=None)), NOON)
    assert first.kickoff == (NOON + timedelta(days=1)).replace(hour=20)


def test_what_a_crawl_says_of_itself_is_nothing_to_it() -> None:
    assert consume(encode(REPORT), NOON) == []


def test_its_seeds_are_known_here() -> None:
    assert {one.code for one in bookmakers()} >= SEEDED
