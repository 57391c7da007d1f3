"""``as_of``: what was known then stays what was known then, whatever comes, is corrected, or comes late."""

from dataclasses import replace
from datetime import UTC, timedelta
from time import sleep

import pytest

from schema.models import Odds, ReplacedOdds, now
from schema.pruning import thin, thinned_before
from tests.admin import season
from tests.admin.api.test_conventions import problem
from tests.schema.letters import prices


def quoted(weekend, after: float, book: str, home: str, **changes):
    """One quote of Rennes against Nantes, so many seconds after the weekend's last crawl."""
    kickoff = weekend.at + timedelta(hours=2 + 24 * 3)
    one = season.quote(weekend.at, season.CRAWLS - 1, 3, *season.TEAMS[3], kickoff, book, prices(home, "3.5", "3.8"))
    told = {"scraped_at": one.scraped_at + timedelta(seconds=after), "run_id": f"late-{after}"} | changes
    return replace(one, **told)


def instant() -> str:
    """This one, after all that was stored and before all that comes."""
    sleep(0.002)
    told = now().isoformat() + "Z"
    sleep(0.002)
    return told


PATHS = ("/odds", "/best-prices", "/matches/{match}/odds")


def test_it_stays_whatever_comes_later(weekend):
    match = weekend.match("703")
    asked = {"match": match, "limit": 1000}

    def known(at: str) -> list[str]:
        answers = []
        for path in PATHS:
            narrowed = {"as_of": at} if "{" in path else asked | {"as_of": at}
            answer = weekend.program.get(path.format(match=match), **narrowed)
            assert answer.status_code == 200
            told = answer.get_json()
            if "{" in path:
                told["data"].pop("seen_at")  # of the match, as it is today
            answers.append(repr(told))
        return answers

    # One in doubt, which nothing confirms yet.
    weekend.store(quoted(weekend, 10, "Betsson", "9.00", suspect="far-from-panel"))
    first = instant()
    before = known(first)
    weekend.store(quoted(weekend, 60, "Unibet", "2.41"))  # later
    second = instant()
    between = known(second)
    weekend.store(quoted(weekend, 30, "Unibet", "2.43"))  # seen before, comes late
    weekend.store(quoted(weekend, -7200, "Zebet", "2.44"))  # a bookmaker that nobody knew
    weekend.store(quoted(weekend, 60, "Unibet", "2.47", run_id="other"))  # contradicts, and ranks higher
    weekend.store(quoted(weekend, 10 - 900, "Betsson", "9.00", run_id="again"))  # confirms what was in doubt
    third = instant()
    after = known(third)
    assert known(first) == before and known(second) == between and known(third) == after
    assert len({before[0], between[0], after[0]}) == 3
    assert len({before[1], between[1], after[1]}) == 3

    def of(told: list, book: str) -> list:
        return [(row["price"], row["suspect"]) for row in told if (row["bookmaker"], row["outcome"]) == (book, "home")]

    prices_then = [weekend.program.data("/odds", **asked, as_of=at) for at in (first, second, third)]
    assert [of(told, "unibet")[0][0] for told in prices_then][1:] == ["2.41", "2.47"]
    assert [of(told, "betsson") for told in prices_then] == [
        *([("9.00", "far-from-panel")], [("9.00", "far-from-panel")], [("9.00", None)]),
    ]
    assert [of(told, "zebet") for told in prices_then][:2] == [[], []] and of(prices_then[2], "zebet")
    current = weekend.program.data("/odds", **asked)
    assert [{**row, "age_seconds": 0, "stale": 0} for row in current] == [
        {**row, "age_seconds": 0, "stale": 0} for row in prices_then[2]
    ]
    with weekend.database.connection_context():
        assert ReplacedOdds.select().count() >= 1


def test_what_was_stored_before_is_known_since_it_was_seen(weekend):
    match = weekend.match("905")
    with weekend.database.connection_context():
        seen = Odds.select(Odds.scraped_at).where(Odds.match == match).order_by(Odds.scraped_at).limit(1).scalar()
        Odds.update(stored_at=None).where(Odds.match == match).execute()
    at = (seen + timedelta(seconds=1)).isoformat() + "Z"
    rows = weekend.program.data("/odds", match=match, as_of=at)
    assert {row["scraped_at"] for row in rows} == {seen.isoformat() + "Z"}


def test_what_comes_late_was_not_known_when_it_was_seen(weekend):
    match = weekend.match("906")
    with weekend.database.connection_context():
        first = Odds.select(Odds.stored_at).where(Odds.match == match).order_by(Odds.stored_at).limit(1).scalar()
    then = (weekend.at - timedelta(days=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = weekend.program.get("/odds", match=match, as_of=then).get_json()
    assert answer["reason"] == {
        "code": "not_known_yet",
        "detail": f"nothing was known then: the first price of these matches is of {first.isoformat()}Z",
    }


def test_nobody_knows_the_future(weekend):
    problem(weekend.program.get("/odds", as_of="2031-01-01T00:00:00Z"), 400, "impossible")


@pytest.mark.parametrize("path", ["/odds", "/best-prices", "/trj"])
def test_before_there_was_anything_nothing_was_known(weekend, path):
    for instant in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+05:00"):
        answer = weekend.program.get(path, as_of=instant)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert not answer.get_json()["data"] and answer.get_json()["reason"]


def test_at_the_ends_of_the_calendar_nothing_is_found(weekend):
    first, last = "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"
    assert {match["id"] for match in weekend.program.data("/matches", **{"from": first, "until": last})}
    for asked in ({"until": first}, {"from": last}):
        assert not weekend.program.data("/matches", **asked)
        assert weekend.program.get("/trj", **asked).status_code in (200, 400)


class TestChanges:
    def test_only_what_was_stored_since_also_what_came_late(self, weekend):
        since = instant()
        weekend.store(quoted(weekend, 90, "Winamax", "2.51"), quoted(weekend, -9000, "Genybet", "2.52"))
        rows = weekend.program.data("/odds", updated_since=since)
        assert {(row["bookmaker"], row["price"]) for row in rows if row["outcome"] == "home"} == {
            ("winamax", "2.51"),
            ("genybet", "2.52"),
        }
        assert weekend.program.get("/odds", updated_since=instant()).get_json()["reason"]["code"] == "unchanged"

    def test_a_price_that_was_withdrawn_is_told(self, weekend):
        since = instant()
        weekend.store(quoted(weekend, 120, "Betclic", "2.6", prices=prices("2.6", None, "3.9")))
        rows = [row for row in weekend.program.data("/odds", updated_since=since) if row["bookmaker"] == "betclic"]
        assert {row["outcome"]: row["withdrawn"] for row in rows} == {"home": False, "draw": True, "away": False}
        match = weekend.match("703")
        plain = weekend.program.get("/odds", match=match, bookmaker="betclic").get_json()
        assert {row["outcome"] for row in plain["data"]} == {"home", "away"}
        assert plain["left_out"]["withdrawn"] == 1
        told = weekend.program.data("/odds", match=match, bookmaker="betclic", withdrawn="true")
        assert {row["outcome"] for row in told} == {"home", "draw", "away"}

    @pytest.mark.parametrize("since", ["2020-01-01T00:00:00Z"])
    def test_too_long_ago(self, weekend, since):
        problem(weekend.program.get("/odds", updated_since=since), 400, "impossible")


def test_where_old_prices_were_thinned_the_answer_says_so(weekend):
    """Of what was known then the ages may be too great now: nothing is left out in silence."""
    match, at = weekend.match("703"), now()
    then = instant()
    with weekend.database.connection_context():
        assert thinned_before(weekend.database) is None
        *_, figures = thin(weekend.database, at.replace(tzinfo=UTC))
        assert figures.thinned and thinned_before(weekend.database) == at
        for _ in thin(weekend.database, at.replace(tzinfo=UTC) - timedelta(days=1)):
            pass
        assert thinned_before(weekend.database) == at, "it is never set back"
    for path in (*(path.format(match=match) for path in PATHS), "/trj"):
        assert weekend.program.get(path, as_of=then).get_json()["thinned_before"] == at.isoformat() + "Z", path
        assert weekend.program.get(path).get_json()["thinned_before"] is None, path
    for path in PATHS[:2]:
        empty = weekend.program.get(path, match=match, as_of=then, max_age=1).get_json()
        assert not empty["data"] and empty["reason"]["code"] == "pruned", path
        assert at.isoformat() in empty["reason"]["detail"]
    far = weekend.program.get(
        "/trj", **{"as_of": then, "from": "2025-01-01T00:00:00Z", "until": "2025-01-03T00:00:00Z"}
    )
    assert far.get_json()["reason"]["code"] == "pruned"


def test_an_answer_that_only_grew_older_is_not_sent_again(weekend):
    first = weekend.program.get("/odds")
    sleep(1.1)
    again = weekend.program.get("/odds", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    weekend.store(quoted(weekend, 150, "Winamax", "2.52"))
    assert weekend.program.get("/odds", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
