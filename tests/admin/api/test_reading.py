"""Who and what there is, and prices as they are now: each row beside one that is computed from plain Odds."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from statistics import median

import pytest

from schema.models import Bookmakers, Leagues, MarketNames, Matches, Odds
from tests.admin import counted
from tests.admin.api.test_conventions import problem

KINDS = ("sports", "leagues", "teams", "bookmakers", "markets")


def z(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("kind", KINDS)
def test_each_by_id_and_slug(weekend, kind):
    rows = weekend.program.data(f"/{kind}", limit=1000)
    assert len({row["slug"] for row in rows}) == len(rows) > 1
    for row in (rows[0], rows[-1]):
        assert weekend.program.data(f"/{kind}/{row['slug']}") == row == weekend.program.data(f"/{kind}/{row['id']}")
    problem(weekend.program.get(f"/{kind}/nobody"), 404, f"unknown_{kind[:-1]}")


def test_teams_of_a_league_go_on(weekend):
    first = weekend.program.get("/teams", league="football_ligue-1", limit=5).get_json()
    rest = weekend.program.data("/teams", league="football_ligue-1", limit=5, cursor=first["next_cursor"])
    slugs = [team["slug"] for team in [*first["data"], *rest]]
    assert len(slugs) == len(set(slugs)) == 8
    assert "football_ligue-1_etoile-rouge" in slugs
    assert {team["slug"] for team in weekend.program.data("/teams", sport="tennis")} == {
        "tennis_atp_moutet",
        "tennis_atp_fils",
    }


def test_outcomes_have_names_and_labels(weekend):
    market = weekend.program.data("/markets/football_1x2")
    assert (market["outcomes"], market["labels"]) == (["home", "draw", "away"], ["1", "N", "2"])


class TestMatches:
    def test_by_kickoff_part_by_part(self, weekend):
        seen, asked = [], {"limit": 7}
        while True:
            answer = weekend.program.get("/matches", **asked).get_json()
            seen += answer["data"]
            if not answer["has_more"]:
                break
            asked["cursor"] = answer["next_cursor"]
        with weekend.database.connection_context():
            expected = list(
                Matches.select(Matches.match_key).order_by(Matches.match_date, Matches.id).tuples().execute()
            )
        assert [(match["match_key"],) for match in seen] == expected

    def test_by_league_team_range_and_status(self, weekend):
        coming = weekend.program.data("/matches", **{"from": z(weekend.at)}, league="football_ligue-1")
        assert [match["home"]["name"] for match in coming] == ["PSG", "Lyon", "Étoile Rouge", "Rennes"]
        [match] = weekend.program.data("/matches", team="tennis_atp_fils", status="scheduled,live")
        assert match["sport"]["slug"] == "tennis" and match["commence_time"] == z(weekend.at + timedelta(hours=5))
        assert weekend.program.data(f"/matches/{match['id']}") == match
        problem(weekend.program.get("/matches/999999999999"), 404, "unknown_match")

    @pytest.mark.parametrize(
        ("asked", "code", "said"),
        [
            ({"from": "2031-01-01T00:00:00Z"}, "out_of_range", "the last one did on"),
            ({"until": "2001-01-01T00:00:00Z"}, "out_of_range", "the next one does on"),
            ({"status": "postponed"}, "filtered", "with the status postponed"),
            ({"updated_since": "2031-01-01T00:00:00Z"}, "filtered", "seen or changed since 2031"),
            ({"sport": "handball"}, "never_crawled", "no match of handball"),
            ({"undated": "true"}, "undated", "it is known when they kick off"),
        ],
    )
    def test_why_there_is_none(self, weekend, asked, code, said):
        answer = weekend.program.get("/matches", **asked).get_json()
        assert not answer["data"] and answer["reason"]["code"] == code
        assert said in answer["reason"]["detail"]


# -- prices ------------------------------------------------------------------------------------------------------------


def observations(weekend, since: datetime):
    """Everything that was ever seen of the matches from then on, by what it is a price of."""
    names = dict.fromkeys((), "")
    with weekend.database.connection_context():
        query = (
            Odds.select(Odds, Matches.site_id, MarketNames.code.alias("market_code"), Bookmakers.code.alias("book"))
            .join_from(Odds, Matches)
            .join_from(Odds, MarketNames)
            .join_from(Odds, Bookmakers)
            .join_from(Matches, Leagues)
            .where(Matches.match_date >= since.replace(tzinfo=None))
            .order_by(Odds.scraped_at)
            .dicts()
        )
        rows = list(query)
    found = defaultdict(list)
    for row in rows:
        found[row["match"], row["market_code"], row["book"].lower(), row["outcome"]].append(row)
    return found | names


OUTCOMES = {"1": "home", "X": "draw", "2": "away"}


def test_the_latest_price_of_each(weekend):
    expected = {
        (match, f"{'tennis' if market == '12' else 'football'}_{market.lower()}", book, OUTCOMES[outcome]): rows[-1]
        for (match, market, book, outcome), rows in observations(weekend, weekend.at).items()
    }
    answer = weekend.program.get("/odds", limit=1000).get_json()
    told = {(row["match"], row["market"], row["bookmaker"], row["outcome"]): row for row in answer["data"]}
    assert told.keys() == expected.keys() and len(told) == len(answer["data"])
    for key, row in told.items():
        last = expected[key]
        assert Decimal(row["price"]) == last["odd_value"] and Decimal(row["trj"]) == last["trj"]
        assert row["scraped_at"] == last["scraped_at"].isoformat() + "Z"
        assert row["age_seconds"] == pytest.approx(
            (datetime.now(UTC).replace(tzinfo=None) - last["scraped_at"]).total_seconds(), abs=30
        )
        # Bwin was seen once, and is far from the others; Vbet was in the first of twelve crawls only.
        assert row["suspect"] == ("far-from-panel" if row["bookmaker"] == "bwin" else None)
        assert row["stale"] == (row["bookmaker"] == "vbet")
        assert row["label"] == {"home": "1", "draw": "N", "away": "2"}[row["outcome"]]
        assert row["page"].startswith("https://www.coteur.com/")


def test_part_by_part_the_same(weekend):
    whole = weekend.program.data("/odds", limit=1000)
    seen, asked = [], {"limit": 17}
    while True:
        answer = weekend.program.get("/odds", **asked).get_json()
        assert len(answer["data"]) <= 17
        seen += answer["data"]
        if not answer["has_more"]:
            break
        asked["cursor"] = answer["next_cursor"]
    key = ("match", "market", "bookmaker", "outcome", "price")
    assert [[row[name] for name in key] for row in seen] == [[row[name] for name in key] for row in whole]


def test_filters_of_prices(weekend):
    program = weekend.program
    assert {row["sport"] for row in program.data("/odds", sport="tennis", limit=1000)} == {"tennis"}
    assert {row["market"] for row in program.data("/odds", market="1x2")} == {"football_1x2"}
    assert {row["bookmaker"] for row in program.data("/odds", bookmaker="vbet,bwin")} == {"vbet", "bwin"}
    match = weekend.match("702")
    assert {row["match"] for row in program.data("/odds", match=match)} == {match}
    past = weekend.match("905")
    assert len(program.data("/odds", match=past)) == 9
    assert program.data("/odds", league="football_ligue-1", line="0", limit=3)
    american = program.data("/odds", match=past, bookmaker="unibet", odds_format="american", fields="price")
    assert all(row["price"][0] in "+-" for row in american)


def test_old_prices_are_left_out_and_counted(weekend):
    answer = weekend.program.get("/odds", max_age=3600, limit=1000).get_json()
    assert answer["left_out"] == {"too_old": 3, "withdrawn": 0}
    assert "vbet" not in {row["bookmaker"] for row in answer["data"]}
    answer = weekend.program.get("/odds", max_age=5).get_json()
    newest = z(weekend.at - timedelta(minutes=3))
    assert answer["reason"] == {
        "code": "too_old",
        "detail": f"all {answer['left_out']['too_old']} prices are older than 5 s; the newest is of {newest}",
    }


def test_one_match_nested(weekend):
    match = weekend.match("700")
    nested = weekend.program.data(f"/matches/{match}/odds")
    flat = {
        (book["key"], market["key"], one["name"]): (one["price"], one["scraped_at"], one["stale"], market["trj"])
        for book in nested["bookmakers"]
        for market in book["markets"]
        for one in market["outcomes"]
    }
    rows = weekend.program.data("/odds", match=match, limit=1000)
    assert flat == {
        (row["bookmaker"], row["market"], row["outcome"]): (row["price"], row["scraped_at"], row["stale"], row["trj"])
        for row in rows
    }
    assert [one["label"] for one in nested["bookmakers"][0]["markets"][0]["outcomes"]] == ["1", "N", "2"]


def test_best_prices(weekend):
    """Neither Bwin's (in doubt) nor Vbet's (left behind) counts."""
    expected = {}
    found = sorted(observations(weekend, weekend.at).items())
    for (match, market), series in groupby(found, key=lambda each: each[0][:2]):
        counting = [(key, rows) for key, rows in series if key[2] not in ("bwin", "vbet")]
        best = {}
        for (_, _, book, outcome), rows in counting:
            best.setdefault(outcome, []).append((rows[-1]["odd_value"], book, rows[0]["odd_value"]))
        highest = {outcome: max(offers)[0] for outcome, offers in best.items()}
        trj = 100 / sum(1 / price for price in highest.values())
        for outcome, offers in best.items():
            books = sorted(book for price, book, _ in offers if price == highest[outcome])
            opening = max(opening for _, _, opening in offers)
            expected[match, OUTCOMES[outcome]] = (
                *(highest[outcome], books, len(books) == 1, round(trj, 2), opening),
                round(100 * (highest[outcome] / opening - 1), 2),
            )
        assert market in {"1X2", "12"}
    rows = weekend.program.data("/best-prices", limit=100)
    assert {
        (row["match"], row["outcome"]): (
            *(Decimal(row["price"]), row["bookmakers"], row["alone"], Decimal(row["market_trj"])),
            *(Decimal(row["opening"]), Decimal(row["change_pct"])),
        )
        for row in rows
    } == expected
    assert any(not row["alone"] for row in rows) and any(row["alone"] for row in rows)


def test_the_period_of_a_market_tells_what_is_stale(weekend):
    found = observations(weekend, weekend.at)
    gaps = [
        (later["scraped_at"] - earlier["scraped_at"]).total_seconds()
        for (_, _, _, outcome), rows in found.items()
        if outcome == "1" and len(rows) > 1
        for earlier, later in [rows[-2:]]
    ]
    assert median(gaps) == 900


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ({"market": "dnb"}, "not_offered", "no price in football_dnb"),
        ({"bookmaker": "pmu", "sport": "tennis"}, "not_offered", "at pmu"),
        ({"sport": "handball"}, "never_crawled", "no match of handball"),
        ({"from": "2031-01-01T00:00:00Z"}, "out_of_range", "the last one did on"),
        ({"as_of": "2020-01-01T00:00:00Z", "match": "1"}, "not_known_yet", "the first price of these matches is of"),
    ],
)
@pytest.mark.parametrize("path", ["/odds", "/best-prices"])
def test_why_there_is_no_price(weekend, path, asked, code, said):
    answer = weekend.program.get(path, **asked).get_json()
    assert not answer["data"] and answer["reason"]["code"] == code, answer
    assert said in answer["reason"]["detail"]


@pytest.mark.parametrize("narrow", [{}, {"line": "0"}, {"market": "1x2"}, {"market": "1x2,dc", "line": "0"}])
def test_one_statement_serves_all_questions_of_its_shape(weekend, narrow):
    """What the first of a shape asked for does not stay in it."""
    numbers = [row["id"] for row in weekend.program.data("/matches", limit=1000)]
    together = weekend.program.data("/odds", limit=1000, match=",".join(map(str, numbers)), withdrawn="true", **narrow)
    alone = [
        row
        for number in sorted(numbers)
        for row in weekend.program.data("/odds", limit=1000, match=number, withdrawn="true", **narrow)
    ]
    ageless = [[{**row, "age_seconds": 0} for row in rows] for rows in (together, alone)]
    assert ageless[0] == ageless[1] and len({row["match"] for row in together}) > 2


def test_another_name_is_told_at_once(weekend):
    """Whoever changed it, and how: here nobody of this program."""
    [book] = [row for row in weekend.program.data("/bookmakers") if row["slug"] == "pmu"]
    told = []
    for name in ("PMU.fr", book["name"]):
        with weekend.database.connection_context():
            Bookmakers.update(name=name).where(Bookmakers.id == book["id"]).execute()
        told.append(weekend.program.data("/bookmakers/pmu")["name"])
    assert told == ["PMU.fr", book["name"]]


def test_five_queries_at_most(weekend):
    match = weekend.match("700")
    then = z(weekend.at)
    for path, query in (
        *(("/sports", {}), ("/teams/football_ligue-1_psg", {}), ("/matches", {"team": "football_ligue-1_psg"})),
        *((f"/matches/{match}", {}), ("/odds", {}), ("/odds", {"max_age": 1}), ("/odds", {"market": "dnb"})),
        *(("/odds", {"sport": "handball"}), (f"/matches/{match}/odds", {}), ("/best-prices", {})),
        *(("/odds", {"as_of": then}), ("/best-prices", {"as_of": then}), ("/odds", {"updated_since": then})),
    ):
        with counted(weekend.database) as asked:
            assert weekend.program.get(path, **query).status_code == 200, path
        own = [sql for sql in asked if "ApiKeys" not in sql]
        assert len(own) <= 5, (path, own)
