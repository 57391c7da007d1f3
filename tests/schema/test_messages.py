import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.messages import Message, OddsItem, Refused, RunReport, decode, encode
from tests.schema.letters import NOON, QUOTE, REPORT, prices, quote

GOLDEN_FOLDER = Path(__file__).parent / "golden"

GOLDEN: dict[str, OddsItem | RunReport] = {
    "gig-benchmark": OddsItem(
        sport="football",
        league="Ligue 1",
        home="PSG",
        away="OM",
        bookmaker="Pmu",
        prices=prices("2.100", "3.400", "3.500"),
        kickoff=datetime(2025, 11, 10, 19, 45, tzinfo=UTC),
        scraped_at=NOON,
        source="gig-benchmark",
        parser="gig-benchmark",
        bare=True,
    ),
    "gig-benchmark-tennis": OddsItem(
        sport="tennis",
        league="ATP Paris",
        home="MEDVEDEV D.",
        away="NADAL R.",
        bookmaker="Winamax",
        prices=prices("1.740", "2.100", outcomes="12"),
        market="12",
        scraped_at=NOON,
        source="gig-benchmark",
        parser="gig-benchmark",
        bare=True,
    ),
    "v1-football": QUOTE,
    "v1-tennis": replace(
        QUOTE,
        sport="tennis",
        league="ATP Paris",
        country=None,
        home="Medvedev D.",
        away="Nadal R.",
        match_id="99",
        kickoff=None,
        market="12",
        prices=prices("1.740", "2.100", outcomes="12"),
        published_trj=None,
        run_id=None,
    ),
    "v1-double-chance": replace(
        QUOTE,
        home="Saint - Étienne",
        market="DC",
        prices={"1X": Decimal("2.800"), "X2": Decimal("1.090"), "12": Decimal("1.180")},
        published_trj=None,
    ),
    "v1-list": replace(
        QUOTE, prices={"1": Decimal("7.500")}, partial=True, published_trj=Decimal("98.31"), parser="list-D"
    ),
    "v1-suspect": replace(
        QUOTE,
        prices=prices("70.000", "4.750", "1.420"),
        published_trj=None,
        page="0123456789abcdef0123456789abcdef",
        suspect="far-from-panel",
    ),
    "v1-line": replace(QUOTE, market="DNB", line=Decimal("-2.25"), prices=prices("4.500", None, outcomes="12")),
    "v1-run": replace(
        REPORT,
        state="finished",
        finished_at=NOON + timedelta(minutes=3),
        reported_at=NOON + timedelta(minutes=3),
        verdict="complete",
        exit_code=0,
        sentence="9 matches, 132 quotes: nothing is missing",
        arguments="days=2",
        counts={"discovered": 9, "yielded": 132, "published": 132},
    ),
}


def golden(name: str) -> bytes:
    return (GOLDEN_FOLDER / f"{name}.json").read_bytes().strip()


class TestGolden:
    """Bodies as they were sent once: whatever changes, they are understood."""

    @pytest.mark.parametrize("name", GOLDEN)
    def test_is_read(self, name: str) -> None:
        assert decode(golden(name), NOON) == GOLDEN[name]

    @pytest.mark.parametrize("name", [name for name in GOLDEN if name.startswith("v1")])
    def test_is_written(self, name: str) -> None:
        assert encode(GOLDEN[name]) == golden(name)

    def test_each_file_is_tested(self) -> None:
        assert {path.stem for path in GOLDEN_FOLDER.iterdir()} == GOLDEN.keys()


class TestForGigBenchmark:
    """What its own consumer reads of our messages, by its own rules."""

    def sent(self, item: OddsItem) -> dict[str, Any]:
        return json.loads(encode(item))

    def test_result_of_a_match(self) -> None:
        sent = self.sent(QUOTE)
        assert sent["match"] == "Le Havre - Paris SG"
        assert sent["match_date"] == "2025-10-17 20:45:00"
        assert sent["cotes"] == {"cote_1": 7.0, "cote_N": 4.75, "cote_2": 1.42}
        assert (sent["bookmaker"], sent["league"], sent["sport"], sent["trj"]) == (
            "Winamax",
            "Ligue 1",
            "football",
            94.55,
        )

    def test_a_team_with_a_dash_does_not_split_in_three(self) -> None:
        assert self.sent(quote(home="Saint - Étienne"))["match"].split(" - ") == ["Saint-Étienne", "Paris SG"]

    def test_another_market_is_not_taken_for_the_result(self) -> None:
        item = quote(market="DC", prices={"1X": Decimal("2.8"), "X2": Decimal("1.09"), "12": Decimal("1.18")})
        assert self.sent(item)["cotes"] == {}

    def test_two_outcomes(self) -> None:
        item = quote(sport="tennis", market="12", prices=prices("1.74", "2.1", outcomes="12"))
        assert self.sent(item)["cotes"] == {"cote_1": 1.74, "cote_N": None, "cote_2": 2.1}


class TestFromGigBenchmark:
    def body(self, **changes: Any) -> bytes:
        return json.dumps(json.loads(golden("gig-benchmark")) | changes).encode()

    def read(self, received_at: datetime = NOON, **changes: Any) -> OddsItem:
        message = decode(self.body(**changes), received_at)
        assert isinstance(message, OddsItem)
        return message

    @pytest.mark.parametrize(
        "printed, instant",
        [
            ("2025-07-14 20:45:00", "2025-07-14T18:45"),
            ("2025-01-14 20:45:00", "2025-01-14T19:45"),
            ("2025-10-26 02:30:00", "2025-10-26T00:30"),  # occurs twice: the first
            ("2025-03-30 02:30:00", "2025-03-30T01:30"),  # does not occur
            ("lundi 10 novembre 2025 à 20h45", "2025-11-10T19:45"),  # as it was sent at first
            ("10 novembre à 20:45", "2025-11-10T19:45"),  # of the year it was received in
        ],
    )
    def test_kickoff_is_paris_time(self, printed: str, instant: str) -> None:
        assert self.read(match_date=printed).kickoff == datetime.fromisoformat(instant).replace(tzinfo=UTC)

    def test_unknown_kickoff_stays_unknown(self) -> None:
        assert self.read(match_date=None).kickoff is None

    def test_a_missing_price_is_kept_missing(self) -> None:
        item = self.read(cotes={"cote_1": 2.1, "cote_N": None, "cote_2": 3.5}, sport="rugby")
        assert item.market == "1X2"
        assert item.prices == prices("2.100", None, "3.500")
        assert item.trj is None

    @pytest.mark.parametrize("price", [None, 0, 1.0, "-", "0,00"])
    def test_a_draw_without_a_price_is_no_draw(self, price: Any) -> None:
        item = self.read(cotes={"cote_1": 1.74, "cote_N": price, "cote_2": 2.1}, sport="tennis")
        assert (item.market, item.prices) == ("12", prices("1.740", "2.100", outcomes="12"))

    def test_a_draw_with_a_price_is_one(self) -> None:
        item = self.read(cotes={"cote_1": 1.74, "cote_N": "15,5", "cote_2": 2.1}, sport="tennis")
        assert item.market == "1X2"

    def test_one_of_ours_that_says_it_is_bare_is_not(self) -> None:
        ours = quote(parser="gig-benchmark", source="gig-benchmark")
        assert decode(encode(ours), NOON) == ours
        assert (self.read().bare, ours.bare) == (True, False)

    def test_defaults(self) -> None:
        fields = json.loads(golden("gig-benchmark"))
        del fields["league"], fields["sport"]
        item = decode(json.dumps(fields).encode(), NOON)
        assert isinstance(item, OddsItem)
        assert (item.league, item.sport) == ("Ligue 1", "football")

    def test_a_sport_it_never_had_is_itself(self) -> None:
        assert self.read(sport="handball").sport == "handball"

    def test_is_dated_by_its_reception(self) -> None:
        """To the microsecond: what waited in a queue is received in one burst, and each is an observation."""
        received = datetime(2025, 11, 10, 12, 0, 59, 987_654, UTC)
        assert self.read(received).scraped_at == received

    @pytest.mark.parametrize(
        "changes, reason",
        [
            ({"match": None}, "missing"),
            ({"match": ""}, "missing"),
            ({"match": 7}, "wrong-type"),
            ({"bookmaker": None}, "missing"),
            ({"cotes": None}, "missing"),
            ({"cotes": {}}, "missing"),
            ({"cotes": {"cote_1": None, "cote_N": None, "cote_2": None}}, "no-price"),
            ({"match": "SAINT - ETIENNE - PSG"}, "teams"),
            ({"match": "PSG"}, "teams"),
            ({"match": "PSG - psg"}, "teams"),
            ({"match_date": "demain 20h"}, "value"),
            ({"match_date": "2025-02-30 20:45:00"}, "value"),
            ({"match_date": "1925-02-03 20:45:00"}, "value"),
            ({"match_date": 1_762_803_900}, "wrong-type"),
            ({"sport": "golf"}, "sport"),
            ({"sport": ["football"]}, "sport"),
        ],
    )
    def test_refused(self, changes: dict[str, Any], reason: str) -> None:
        with pytest.raises(Refused) as refusal:
            decode(self.body(**changes), NOON)
        assert refusal.value.reason == reason


def changed(**changes: Any) -> bytes:
    return json.dumps(json.loads(encode(QUOTE)) | changes).encode()


def priced(price: Any) -> bytes:
    return changed(outcomes={"1": price, "X": "4.75", "2": "1.42"})


class TestRefused:
    """What cannot be kept says why; nothing comes through that the tables would not hold."""

    @pytest.mark.parametrize(
        "body, reason",
        [
            (b"", "malformed"),
            (b"not json", "malformed"),
            (b"\xff\xfe", "malformed"),
            ("\ufeff{}".encode(), "malformed"),
            (b"[]", "malformed"),
            (b"null", "malformed"),
            (b'{"schema_version": NaN}', "malformed"),
            (b'{"schema_version": -Infinity}', "malformed"),
            (b'{"schema_version": 1e9999999999999999999}', "malformed"),
            (b'{"match": "A - B", "match": "C - D"}', "malformed"),
            (b'{"cotes": {"cote_1": 2, "cote_1": 3}}', "malformed"),
            (b"[" * 60_000, "malformed"),
            (b'{"schema_version": ' + b"9" * 5_000 + b"}", "malformed"),
            (b" " * (64 * 1024 + 1), "too-large"),
            (changed(schema_version=2), "version"),
            (changed(schema_version=True), "version"),
            (changed(schema_version="1"), "version"),
            (changed(market="OU"), "market"),
            (changed(market=None), "missing"),
            (changed(market=["1X2"]), "wrong-type"),
            (changed(outcomes={"1": "2.1", "N": "3.4"}), "outcome"),
            (changed(outcomes=None), "missing"),
            (changed(outcomes={}), "no-price"),
            (changed(outcomes={"1": None}), "no-price"),
            (priced("2,35 "), None),
            (priced("2,3,5"), "price"),
            (priced("N/A"), "price"),
            (priced("2."), "price"),
            (priced("٢"), "price"),
            (priced("abc"), "price"),
            (priced("nan"), "price"),
            (priced("1e3"), "price"),
            (priced("-2.1"), "price"),
            (priced(True), "wrong-type"),
            (priced([2.1]), "wrong-type"),
            (priced(-1), "price"),
            (priced(1e9), "price"),
            (priced("1000000000"), "price"),
            (priced(10**4000), "price"),
            (priced(0), None),
            (priced(1), None),
            (changed(sport="golf"), "sport"),
            (changed(sport=None), "sport"),
            (changed(home=""), "missing"),
            (changed(home="   "), "name"),
            (changed(home=7), "wrong-type"),
            (changed(home="PSG\x00"), "name"),
            (changed(home="PSG\nERROR admin logged in"), None),  # white space is white space
            (changed(home="PSG\x1b[31m"), "name"),
            (changed(home="\ud800"), "name"),
            (changed(home="A" * 100), None),
            (changed(home="A" * 101), "name"),
            (changed(home="ﷺ" * 50), "name"),  # 18 letters each, written out
            (changed(home="Paris SG"), "teams"),
            (changed(home="PARIS  sg"), "teams"),
            (changed(bookmaker="B" * 101), "name"),
            (changed(match_id="1" * 33), "value"),
            (changed(match_id="15 "), "value"),
            (changed(match_id=15), "wrong-type"),
            (changed(run_id="\ud800"), "value"),
            (changed(url="https://" + "a" * 500), "value"),
            (changed(url="javascript:alert(1)\n"), "value"),
            (changed(line="half"), "value"),
            (changed(line="2.333"), "value"),
            (changed(line="NaN"), "value"),
            (changed(line="1000"), "value"),
            (changed(line=2.5), "wrong-type"),
            (changed(published_trj="-1"), "value"),
            (changed(published_trj="1e30"), "value"),
            (changed(bookmaker_id="33"), "wrong-type"),
            (changed(bookmaker_id=True), "wrong-type"),
            (changed(bookmaker_id=2**31), "wrong-type"),
            (changed(scraped_at=None), "missing"),
            (changed(scraped_at="2025-10-17 12:00:00"), "value"),  # whose noon?
            (changed(scraped_at="2025-13-17T12:00:00Z"), "value"),
            (changed(scraped_at="0001-01-01T00:00:00Z"), "value"),
            (changed(scraped_at="2025-10-18T12:00:01Z"), "future"),
            (changed(scraped_at="2025-10-18T12:00:00Z"), None),
            (changed(kickoff="2125-01-01T00:00:00Z"), "value"),
            (changed(kickoff="9999-12-31T23:59:59-12:00"), "value"),
        ],
    )
    def test_reason(self, body: bytes, reason: str | None) -> None:
        if reason is None:
            decode(body, NOON)
            return
        with pytest.raises(Refused) as refusal:
            decode(body, NOON)
        assert refusal.value.reason == reason
        assert len(refusal.value.detail) <= 500

    @pytest.mark.parametrize(
        "changes, reason",
        [
            ({"state": "paused"}, "value"),
            ({"state": None}, "value"),
            ({"run_id": None}, "missing"),
            ({"counts": {"pages": -1}}, "wrong-type"),
            ({"counts": {"pages": True}}, "wrong-type"),
            ({"counts": [1]}, "wrong-type"),
            ({"reported_at": "yesterday"}, "value"),
            ({"exit_code": "0"}, "wrong-type"),
        ],
    )
    def test_reason_of_a_report(self, changes: dict[str, Any], reason: str) -> None:
        body = json.dumps(json.loads(encode(REPORT)) | changes).encode()
        with pytest.raises(Refused) as refusal:
            decode(body, NOON)
        assert refusal.value.reason == reason

    def test_the_run_is_told_where_it_can_be_read(self) -> None:
        with pytest.raises(Refused) as refusal:
            decode(changed(sport="golf"), NOON)
        assert refusal.value.run_id == "run-1"
        with pytest.raises(Refused) as refusal:
            decode(changed(sport="golf", run_id=["run-1"]), NOON)
        assert refusal.value.run_id is None

    @given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
    def test_anything_else_is_refused_too(self, body: bytes) -> None:
        with pytest.raises(Refused):
            decode(body, NOON)

    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    )

    @pytest.mark.parametrize("message", [QUOTE, REPORT], ids=["quote", "report"])
    @given(st.data())
    def test_any_field_may_hold_anything(self, message: OddsItem | RunReport, data: st.DataObject) -> None:
        fields = json.loads(encode(message))
        key = data.draw(st.sampled_from(sorted(fields)))
        fields[key] = data.draw(self.json_values)
        try:
            decode(json.dumps(fields).encode(), NOON)
        except Refused as refusal:
            assert refusal.detail


class TestKept:
    @pytest.mark.parametrize(
        "price, kept", [("2,35", "2.350"), ("2.35", "2.350"), (2.35, "2.350"), (" 3.40 ", "3.400")]
    )
    def test_prices_as_sites_write_them(self, price: Any, kept: str) -> None:
        item = decode(priced(price), NOON)
        assert isinstance(item, OddsItem)
        assert str(item.prices["1"]) == kept

    @pytest.mark.parametrize(
        "price", ["", "-", "–", "—", " ", "0", "0.00", "0,00", "0.000", "0.5", "1.00", "1,00", 0, 0.5, 1, 1.0, None]
    )
    def test_how_sites_write_no_price(self, price: Any) -> None:
        item = decode(priced(price), NOON)
        assert isinstance(item, OddsItem)
        assert item.prices["1"] is None
        assert item.trj is None

    @pytest.mark.parametrize("name", ["Étoile", "Straße", "مولودية", "⚽ FC", "Ａ．Ｃ．Milan", "O'Higgins", "a\u200db"])
    def test_names(self, name: str) -> None:
        item = decode(encode(quote(home=name)), NOON)
        assert isinstance(item, OddsItem)
        assert item.home == name

    def test_minus_zero_is_zero(self) -> None:
        assert str(decode(changed(line="-0"), NOON).line) == "0"  # type: ignore[union-attr]

    def test_unknown_keys_are_passed_over(self) -> None:
        assert decode(changed(colour="red"), NOON) == QUOTE


price_values = st.decimals("1.001", "99999", places=3)


class TestRoundTrip:
    @given(
        st.fixed_dictionaries(
            {
                "prices": st.fixed_dictionaries({"1": price_values, "X": st.none() | price_values, "2": price_values}),
                "line": st.none() | st.decimals(-999, 999, places=2).map(lambda line: line + 0),
                "partial": st.booleans(),
                "scraped_at": st.datetimes(datetime(2000, 1, 1), datetime(2025, 10, 18), timezones=st.just(UTC)),
                "kickoff": st.none() | st.datetimes(datetime(2000, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)),
                "match_id": st.none() | st.integers(0).map(lambda number: str(number)[:32]),
            }
        )
    )
    def test_what_is_sent_is_received(self, changes: dict[str, Any]) -> None:
        item = replace(QUOTE, **changes)
        received = decode(encode(item), NOON)
        assert received == item
        assert received.message_id == item.message_id

    @pytest.mark.parametrize(
        "text, kept",
        [
            ("nothing\nis\u00a0missing\r\n", "nothing is missing"),
            ("", None),
            (" \t\n", None),
            ("\ud800x\x00\u200b", "x"),
            ("a" * 5000, "a" * 5000),
            ("é " * 2500, "é " * 2500),
        ],
    )
    def test_what_a_report_says_is_cut_and_made_printable(self, text: str, kept: str | None) -> None:
        sent = replace(REPORT, sentence=text, arguments=text, site=text, current=text)
        received = decode(encode(sent), NOON)
        assert isinstance(received, RunReport)
        limits = ((received.sentence, 2000), (received.arguments, 500), (received.site, 500), (received.current, 200))
        for said, limit in limits:
            assert said == (kept and kept[:limit].strip())

    @given(st.text(st.characters(codec=None), max_size=600))
    def test_any_text_of_a_report_and_any_address_is_received(self, text: str) -> None:
        sent: list[Message] = [replace(REPORT, sentence=text, arguments=text, site=text), replace(QUOTE, url=text)]
        for message in sent:
            assert decode(encode(message), NOON).message_id == message.message_id

    @pytest.mark.parametrize("url", ["https://" + "a" * 493, "", "https://a/\u00a0", " https://a"])
    def test_a_quote_with_an_address_that_cannot_be_kept_keeps_its_prices(self, url: str) -> None:
        assert decode(encode(replace(QUOTE, url=url)), NOON) == replace(QUOTE, url=None)

    def test_an_address_as_long_as_may_be(self) -> None:
        long = replace(QUOTE, url="https://" + "a" * 492)
        assert decode(encode(long), NOON) == long


class TestMessageId:
    def test_is_the_same_for_the_same_observation(self) -> None:
        assert QUOTE.message_id == quote().message_id == decode(encode(QUOTE), NOON).message_id

    def test_does_not_depend_on_how_numbers_and_names_are_written(self) -> None:
        same = quote(bookmaker="WINAMAX", prices={"2": Decimal("1.42"), "1": Decimal(7), "X": Decimal("4.75")})
        assert same.message_id == QUOTE.message_id

    @pytest.mark.parametrize(
        "changes",
        [
            {"after": 0.000001},
            {"match_id": "1548777"},
            {"bookmaker": "Betclic"},
            {"market": "1X2H1"},
            {"line": Decimal(0)},
            {"prices": prices("7.001", "4.75", "1.42")},
            {"prices": prices("7", "4.75", None)},
            {"kickoff": None},
            {"source": "elsewhere"},
            {"league": "Ligue 2"},
            {"home": "Le Havre AC"},
            {"home": "Paris SG", "away": "Le Havre"},
            {"partial": True},
            {"published_trj": None},
            {"run_id": "run-2"},
            {"url": None},
        ],
    )
    def test_is_another_for_another(self, changes: dict[str, Any]) -> None:
        assert quote(**changes).message_id != QUOTE.message_id

    def test_of_reports(self) -> None:
        later = replace(REPORT, reported_at=NOON + timedelta(seconds=1))
        finished = replace(REPORT, state="finished")
        assert len({REPORT.message_id, later.message_id, finished.message_id}) == 3

    def test_ids_stand_in_the_order_of_time(self):
        """So the ledger grows at its end, and what is looked up lately lies close together."""
        ids = [quote(after=seconds).message_id for seconds in (0, 1, 60, 86_400, 10_000_000)]
        assert ids == sorted(ids)
        assert {len(one) for one in ids} == {32}
