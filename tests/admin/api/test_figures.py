"""History, TRJ, movements and surebets: each figure beside one that is computed from plain Odds."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from itertools import groupby, product
from operator import add
from random import Random
from statistics import mean, pstdev
from time import sleep
from typing import Any

import pytest

from admin.api.names import Names
from admin.api.pricing import line_told
from admin.api.rooms import trj
from analytics.benchmark import Cell, Sums
from schema.instants import to_paris
from schema.models import Bookmakers, LatestOdds, Leagues, MarketNames, Matches, Odds
from tests.admin import counted, season
from tests.admin.api.test_conventions import problem
from tests.admin.api.test_reading import OUTCOMES, z
from tests.schema.letters import prices

CENT = Decimal("0.01")


def plain(weekend, *where):
    """Rows of Odds with the names of all they refer to, by time."""
    with weekend.database.connection_context():
        query = (
            Odds.select(
                *(Odds.match, Odds.outcome, Odds.odd_value, Odds.trj, Odds.scraped_at, Odds.suspect),
                *(Matches.match_date, MarketNames.code.alias("market"), Bookmakers.code.alias("book")),
            )
            .join_from(Odds, Matches)
            .join_from(Odds, MarketNames)
            .join_from(Odds, Bookmakers)
            .join_from(Matches, Leagues)
            .where(*where)
            .order_by(Odds.scraped_at)
            .dicts()
        )
        return [{**row, "book": row["book"].lower()} for row in query]


class TestHistory:
    def rows(self, weekend, **asked):
        answer = weekend.program.get(f"/matches/{weekend.match('700')}/history", **asked)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()

    def test_every_observation_part_by_part(self, weekend):
        expected = sorted(
            (row["book"], OUTCOMES[row["outcome"]], row["scraped_at"].isoformat() + "Z", row["odd_value"], row["trj"])
            for row in plain(weekend, Matches.site_id == "700")
        )
        seen, asked = [], {"limit": 50}
        while True:
            answer = self.rows(weekend, **asked)
            seen += answer["data"]
            if not answer["has_more"]:
                break
            asked["cursor"] = answer["next_cursor"]
        told = [
            (row["bookmaker"], row["outcome"], row["scraped_at"], Decimal(row["price"]), Decimal(row["trj"]))
            for row in seen
        ]
        assert sorted(told) == expected
        series = [key for key, _ in groupby(seen, key=lambda row: (row["bookmaker"], row["outcome"]))]
        assert len(series) == len(set(series))

    @pytest.mark.parametrize(("step", "seconds"), [("5m", 300), ("1h", 3600)])
    def test_the_last_of_each_step(self, weekend, step, seconds):
        last = {}
        for row in plain(weekend, Matches.site_id == "700"):
            number = int(row["scraped_at"].replace(tzinfo=UTC).timestamp()) // seconds
            last[row["book"], OUTCOMES[row["outcome"]], number] = row["odd_value"]
        found = [
            (row["bookmaker"], row["outcome"], Decimal(row["price"]))
            for row in self.rows(weekend, step=step, limit=1000)["data"]
        ]
        assert sorted(found) == sorted((book, outcome, price) for (book, outcome, _), price in last.items())

    def test_of_an_outcome_a_bookmaker_and_a_range(self, weekend):
        since = weekend.at - timedelta(minutes=50)
        found = self.rows(weekend, outcome="draw", bookmaker="unibet", **{"from": z(since)})["data"]
        assert len(found) == 4 and {row["label"] for row in found} == {"N"}
        reason = self.rows(weekend, until="2020-01-01T00:00:00Z")["reason"]
        assert reason["code"] == "out_of_range" and "the first of these prices is of" in reason["detail"]
        assert self.rows(weekend, market="dnb")["reason"]["code"] == "not_offered"
        problem(weekend.program.get(f"/matches/{weekend.match('700')}/history", outcome="goal"), 422, "invalid")


def endings(weekend):
    """What each bookmaker ended on, of football matches that have a kick-off: by match and bookmaker."""
    found = defaultdict(dict)
    for row in plain(weekend, MarketNames.code == "1X2", Odds.suspect.is_null()):
        if row["scraped_at"] <= row["match_date"]:
            found[row["match"], row["book"]][row["outcome"]] = row
    return found


def expected_trj(weekend, first: date, last: date):
    """Means, spreads and shares by bookmaker, over kick-offs of these days in Paris."""
    quotes, matches = defaultdict(list), defaultdict(dict)
    for (match, book), prices_of in endings(weekend).items():
        kickoff = next(iter(prices_of.values()))["match_date"].replace(tzinfo=UTC)
        if first <= to_paris(kickoff).date() <= last:
            quotes[book].append(prices_of["1"]["trj"])
            matches[match][book] = prices_of
    alone, weight, tied, whole = defaultdict(int), defaultdict(Fraction), defaultdict(int), Fraction(0)
    for books in matches.values():
        newest = max(row["scraped_at"] for prices_of in books.values() for row in prices_of.values())
        fresh = {book: one for book, one in books.items() if newest - one["1"]["scraped_at"] <= timedelta(hours=24)}
        for outcome in "1X2":
            highest = max(one[outcome]["odd_value"] for one in fresh.values())
            having = [book for book, one in fresh.items() if one[outcome]["odd_value"] == highest]
            for book in having:
                weight[book] += Fraction(1, len(having))
                alone[book] += len(having) == 1
                tied[book] += len(having) > 1
            whole += 1
    return {
        book: (
            *(len(trj), round(float(mean(trj)), 2), round(pstdev(map(float, trj)), 2)),
            *(round(float(100 * weight[book] / whole), 2), round(100 * alone[book] / float(whole), 2)),
            *(alone[book], tied[book]),
        )
        for book, trj in quotes.items()
    }


def told_trj(rows):
    return {
        row["group"]: (
            *(row["quotes"], float(row["trj"]), float(row["spread"])),
            *(float(row["best_share_pct"]), float(row["alone_share_pct"]), row["best_alone"], row["best_tied"]),
        )
        for row in rows
    }


def approximately(expected):
    return {book: pytest.approx(figures, abs=0.011) for book, figures in expected.items()}


class TestTrj:
    def test_by_bookmaker_with_the_period_before(self, weekend):
        last = to_paris(weekend.at).date() - timedelta(days=1)
        first = last - timedelta(days=9)
        asked = {"from": f"{first}T12:00:00Z", "until": f"{last + timedelta(days=1)}T12:00:00Z", "sport": "football"}
        answer = weekend.program.get("/trj", **asked).get_json()
        assert (answer["first_day"], answer["last_day"]) == (str(first), str(last))
        assert {row["market"] for row in answer["data"]} == {"football_1x2"}
        expected = expected_trj(weekend, first, last)
        assert told_trj(answer["data"]) == approximately(expected) and len(expected) == 3
        before = expected_trj(weekend, first - timedelta(days=10), first - timedelta(days=1))
        for row in answer["data"]:
            assert float(row["previous_trj"]) == pytest.approx(before[row["group"]][1], abs=0.011)
            assert abs(Decimal(row["change"]) - (Decimal(row["trj"]) - Decimal(row["previous_trj"]))) <= CENT
            assert row["matches"] == 10 and row["few"]
        assert answer["tally"] == {"waiting": 0, "behind_since": None, "whole": True}

    def test_with_as_of_the_same_where_all_was_known(self, weekend):
        last = to_paris(weekend.at).date() - timedelta(days=1)
        asked = {"from": f"{last - timedelta(days=9)}T12:00:00Z", "until": f"{last + timedelta(days=1)}T12:00:00Z"}
        counted_rows = weekend.program.data("/trj", **asked)
        computed = weekend.program.get("/trj", **asked, as_of=z(datetime.now(UTC))).get_json()
        assert computed["data"] == counted_rows and computed["tally"] is None
        with weekend.database.connection_context():
            Odds.update(stored_at=None).where(
                Odds.match.in_(Matches.select(Matches.id).where(Matches.site_id == "905"))
            ).execute()
        early = weekend.program.data("/trj", **asked, as_of=z(weekend.at - timedelta(days=5)))
        assert {row["quotes"] for row in early} == {1}

    def test_by_league_day_week_month_sport_and_market(self, weekend):
        span = {"from": z(weekend.at - timedelta(days=40)), "until": z(weekend.at), "sport": "football"}
        [of_league] = weekend.program.data("/trj", group="league", **span)
        [of_sport] = weekend.program.data("/trj", group="sport", **span)
        [of_market] = weekend.program.data("/trj", group="market", **span)
        assert of_league["group"] == "football_ligue-1" and of_sport["group"] == "football"
        assert of_market["group"] == "football_1x2"
        assert of_league["trj"] == of_sport["trj"] == of_market["trj"]
        assert of_league["best_share_pct"] is None and of_league["matches"] is None
        days = weekend.program.data("/trj", group="day", **span)
        assert sum(day["quotes"] for day in days) == of_league["quotes"]
        assert (days[1]["previous_trj"] == days[0]["trj"] and days[0]["previous_trj"] is not None) or len(days) >= 39
        weeks = weekend.program.data("/trj", group="bookmaker", step="week", **span)
        assert {date.fromisoformat(row["period"]).weekday() for row in weeks} == {0}
        months = weekend.program.data("/trj", group="day", step="month", **span)
        assert sum(row["quotes"] for row in months) == of_league["quotes"]
        parts, asked = [], {"group": "bookmaker", "step": "day", "limit": 37, **span}
        while True:
            answer = weekend.program.get("/trj", **asked).get_json()
            parts += answer["data"]
            if not answer["has_more"]:
                break
            asked["cursor"] = answer["next_cursor"]
        assert parts == weekend.program.data("/trj", group="bookmaker", step="day", limit=1000, **span)

    def test_shares_are_of_all_bookmakers_whichever_are_asked_for(self, weekend):
        span = {"from": z(weekend.at - timedelta(days=20)), "until": z(weekend.at), "sport": "football"}
        of_all = {row["group"]: row["best_share_pct"] for row in weekend.program.data("/trj", **span)}
        [one] = weekend.program.data("/trj", bookmaker="unibet", **span)
        assert one["best_share_pct"] == of_all["unibet"]
        assert sum(map(Decimal, of_all.values())) == pytest.approx(100, abs=Decimal("0.02"))

    def test_refused_and_empty(self, weekend):
        problem(weekend.program.get("/trj", **{"from": "2020-01-01T00:00:00Z"}), 400, "impossible")
        far = {"from": "2031-01-01T00:00:00Z", "until": "2031-02-01T00:00:00Z"}
        reason = weekend.program.get("/trj", **far).get_json()["reason"]
        assert reason["code"] == "out_of_range" and "there are days from" in reason["detail"]
        assert weekend.program.get("/trj", market="dnb").get_json()["reason"]["code"] == "not_offered"
        assert weekend.program.get("/trj", bookmaker="zebet").get_json()["reason"]["code"] == "filtered"

    def test_shares_and_steps_before_are_of_all_that_belongs_there(self):
        """On random sums: shares are of the group's own best prices; a step before counts whole, also where it began
        before the period did.
        """
        chance = Random(6)
        for group, step in product(("bookmaker", "league", "market", "day"), (None, "week", "month")):
            first = date(2025, 10, 15)
            asked = trj.OfTrj.model_validate({"group": group, "step": step})
            question = trj._Question(asked, Names({}, {}, {}, {}), first, date(2025, 11, 20), [1], [], [7])
            days = [
                question.before + timedelta(days=number) for number in range((question.until - question.before).days)
            ]
            cells = [
                Cell(1, day, league, book, Sums(quotes=1, trj_sum=chance.randrange(9000, 9999), best_weight=weight))
                for day, league, book, weight in (
                    (chance.choice(days), chance.choice((1, 2)), chance.choice((7, 8)), chance.randrange(1, 9))
                    for _ in range(200)
                )
            ]
            found = trj._grouped(cells, question)
            assert found

            def summed(those: Any) -> Sums:
                return reduce(add, (one.sums for one in those), Sums())

            for (_, number, period), row in found.items():
                here = [one for one in cells if question.period(one.day) == period]
                own = [
                    one
                    for one in here
                    if one.day >= first and (group == "bookmaker" or question.group_of(one) == number)
                ]
                assert row.all == summed(own), (group, step)
                assert row.now == summed(one for one in own if one.bookmaker == 7)
                earlier = [one for one in cells if question.period(one.day) == question.step_before(period)]
                if step is None and group != "day":
                    earlier = [one for one in cells if one.day < first]
                assert row.before == summed(
                    one for one in earlier if one.bookmaker == 7 and question.group_of(one) == number
                ), (group, step, period)


def test_a_line_is_told_as_a_number():
    assert [line_told(Decimal(line)) for line in ("2.50", "10.00", "-20.00", "170.00", "0.00")] == [
        *("2.5", "10", "-20", "170", None),
    ]


def test_movements_stay_in_their_places(weekend):
    """A part that follows goes on after what was told, whatever has come before it meanwhile."""
    asked = {"since": z(weekend.at - timedelta(hours=2)), "limit": 5}
    first = weekend.program.get("/movements", **asked).get_json()
    rest = weekend.program.get("/movements", **asked, cursor=first["next_cursor"]).get_json()["data"]
    with weekend.database.connection_context():
        last = Odds.select().order_by(Odds.id.desc()).limit(1).get()
    kickoff = weekend.at + timedelta(hours=2)
    for hours, price in ((3, "2.0"), (0, "5.0")):
        one = season.quote(weekend.at, 11, 0, "Metz", "Lens", kickoff, "Unibet", prices(price, "3.5", "3.8"))
        seen = weekend.at - timedelta(hours=hours, minutes=1)
        weekend.store(replace(one, match_id="790", scraped_at=seen, run_id=f"wide-{hours}"))
    assert weekend.program.data("/movements", **asked)[0]["price"] == "5.00"
    same = weekend.program.get("/movements", **asked, cursor=first["next_cursor"]).get_json()["data"]
    told = [[(row["match"], row["bookmaker"], row["outcome"]) for row in rows] for rows in (rest, same)]
    assert told[0] == told[1]
    with weekend.database.connection_context():
        for table in (Odds, LatestOdds):
            table.delete().where(table.match.in_(Matches.select(Matches.id).where(Matches.site_id == "790"))).execute()
        assert Odds.select().where(Odds.id > last.id).count() == 0


@pytest.mark.parametrize("path", ["/movements", "/surebets"])
def test_what_only_grew_older_is_not_sent_again(weekend, path):
    first = weekend.program.get(path)
    sleep(1.1)
    assert weekend.program.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_movements(weekend):
    since = weekend.at - timedelta(hours=2)
    rows = weekend.program.data("/movements", since=z(since), limit=40)
    expected = {}
    for row in plain(weekend, Matches.match_date > weekend.at.replace(tzinfo=None), Odds.suspect.is_null()):
        expected.setdefault((row["match"], row["book"], row["outcome"]), []).append(row)
    assert rows
    for row in rows:
        code = {name: code for code, name in OUTCOMES.items()}[row["outcome"]]
        series = expected[row["match"], row["bookmaker"], code]
        earlier = [one for one in series if one["scraped_at"] <= since.replace(tzinfo=None)]
        before, now = (earlier or series[:1])[-1]["odd_value"], series[-1]["odd_value"]
        assert (Decimal(row["before"]), Decimal(row["price"])) == (before, now)
        assert Decimal(row["change_pct"]) == (100 * (now / before - 1)).quantize(CENT, "ROUND_HALF_UP")
    sizes = [abs(Decimal(row["change_pct"])) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    downs = weekend.program.data("/movements", since=z(since), direction="down", min_pct="2", sport="football")
    assert downs and all(Decimal(row["change_pct"]) <= -2 for row in downs)
    reason = weekend.program.get("/movements", since=z(since), min_pct="90").get_json()["reason"]
    assert reason["code"] == "filtered" and "nothing moved by 90 %" in reason["detail"]
    problem(weekend.program.get("/movements", since="2020-01-01T00:00:00Z"), 400, "impossible")


def test_surebets(weekend):
    assert weekend.program.get("/surebets").get_json()["reason"]["code"] == "none"
    kickoff = weekend.at + timedelta(hours=9)
    seen = weekend.at - timedelta(minutes=2)

    def told(book, values, before=0, match="780"):
        one = season.quote(weekend.at, 11, 0, "Brest", "Lens", kickoff, book, prices(*values))
        return replace(one, match_id=match, scraped_at=seen - timedelta(minutes=before), run_id=f"sure-{before}")

    weekend.store(told("Unibet", ("2.20", "3.9", "3.0")), told("Betclic", ("2.0", "3.5", "4.4")))
    [one] = weekend.program.data("/surebets")
    sums = 1 / Decimal("2.20") + 1 / Decimal("3.9") + 1 / Decimal("4.4")
    assert one["market_trj"] == str((100 / sums).quantize(CENT)) and one["confidence"] == "seen_once"
    assert [(leg["outcome"], leg["price"], leg["bookmakers"]) for leg in one["legs"]] == [
        *(("home", "2.20", ["unibet"]), ("draw", "3.90", ["unibet"]), ("away", "4.40", ["betclic"])),
    ]
    assert [Decimal(leg["stake_pct"]) for leg in one["legs"]] == [
        (100 / Decimal(price) / sums).quantize(CENT) for price in ("2.20", "3.9", "4.4")
    ]
    weekend.store(told("Unibet", ("2.20", "3.9", "3.0"), 15), told("Betclic", ("2.0", "3.5", "4.4"), 15))
    assert [one["confidence"] for one in weekend.program.data("/surebets")] == ["confirmed"]
    answer = weekend.program.get("/surebets", max_age=30).get_json()
    assert answer["left_out"] == 1 and answer["reason"]["code"] == "too_old"
    assert weekend.program.get("/surebets", sport="tennis").get_json()["reason"]["code"] == "filtered"
    weekend.store(
        told("Unibet", ("2.10", "3.9", "3.0"), match="781"), told("Betclic", ("2.0", "3.5", "4.4"), match="781")
    )
    first = weekend.program.get("/surebets", limit=1).get_json()
    assert [row["match"] for row in first["data"]] == [weekend.match("780")]
    # A better one comes before the second part is asked for: nothing is told twice.
    weekend.store(
        told("Unibet", ("2.90", "3.9", "3.0"), match="782"), told("Betclic", ("2.0", "3.5", "4.4"), match="782")
    )
    second = weekend.program.get("/surebets", limit=1, cursor=first["next_cursor"]).get_json()
    assert [row["match"] for row in second["data"]] == [weekend.match("781")] and not second["has_more"]


def test_five_queries_at_most(weekend):
    match, then = weekend.match("700"), z(weekend.at)
    for path, query in (
        *((f"/matches/{match}/history", {}), (f"/matches/{match}/history", {"market": "dnb"}), ("/trj", {})),
        *(
            ("/trj", {"market": "dnb"}),
            ("/trj", {"as_of": then, "group": "day"}),
            ("/movements", {}),
            ("/surebets", {}),
        ),
    ):
        with counted(weekend.database) as asked:
            assert weekend.program.get(path, **query).status_code == 200, path
        own = [sql for sql in asked if "ApiKeys" not in sql]
        assert len(own) <= 5, (path, own)
