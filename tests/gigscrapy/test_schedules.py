"""What a schedule may say, and what is told where it may not."""

from datetime import datetime, timedelta

import pytest

from gigscrapy.leagues import load
from gigscrapy.planning import Manner
from gigscrapy.schedules import BadSchedule, Checked, check, in_paris, manner, next_due, period, when
from gigscrapy.tasks import select
from schema.models import Schedules

NOW = datetime(2026, 11, 27, 16)


def test_what_is_said_is_kept_in_one_spelling() -> None:
    said = check(name="  Nuit  d'hiver ", what="ligue1,  nba", cron=" 30 2  * * SUN ", kickoff="", arguments=" ")
    assert said == Checked("Nuit d'hiver", "ligue1, nba", "30 2 * * sun", None, None, None)
    said = check(name="x", what="all", kickoff="T-5m, T-1h 90m 24h", arguments="depth=list")
    assert said == Checked("x", "all", None, None, "24h 90m 1h 5m", "depth=list")
    assert check(name="x", what="nba", every_minutes=15).values == {
        "name": "x",
        "what": "nba",
        "cron": None,
        "every_minutes": 15,
        "kickoff": None,
        "arguments": None,
    }


@pytest.mark.parametrize(
    ("changes", "field", "why"),
    [
        ({"name": "  "}, "name", "the name is empty"),
        ({"name": "x" * 101}, "name", "longer than 100"),
        ({"what": ""}, "what", "no league is named"),
        ({"what": "ligue 9"}, "what", "did you mean"),
        ({"what": "ligue1," * 100}, "what", "takes 500 characters"),
        ({"every_minutes": None}, "cron", "it is never due: say when in one way"),
        ({"cron": "0 0 * * *"}, "cron", "say when in one way"),
        ({"kickoff": "5m"}, "cron", "say when in one way"),
        ({"every_minutes": 0}, "every_minutes", "1 to 10080 (a week), not 0"),
        ({"every_minutes": None, "cron": "0 0 * * 9"}, "cron", "'9' is no day of the week"),
        ({"every_minutes": None, "kickoff": "5 m"}, "kickoff", "'5' is no time before a kick-off; write 24h 6h"),
        ({"every_minutes": None, "kickoff": "15d"}, "kickoff", "each from 1m to 14d"),
        ({"every_minutes": None, "kickoff": "0m"}, "kickoff", "each from 1m to 14d"),
        ({"arguments": "depth"}, "arguments", "arguments are depth="),
        ({"arguments": "depth=all"}, "arguments", "depth is list or match, not 'all'"),
        ({"arguments": "setting=X"}, "arguments", "not 'setting'"),
        ({"arguments": "markets=over"}, "arguments", "the markets of Ligue 1 are"),
        ({"every_minutes": None, "kickoff": "5m", "arguments": "match=1"}, "arguments", "match= is not for"),
        ({"every_minutes": None, "kickoff": "5m", "arguments": "days=1"}, "arguments", "days= is not for"),
    ],
)
def test_what_cannot_stand_is_refused_with_its_column(changes: dict, field: str, why: str) -> None:
    said = {"name": "x", "what": "ligue1", "every_minutes": 5} | changes
    with pytest.raises(BadSchedule) as refused:
        check(**said)
    assert refused.value.field == field
    assert why in str(refused.value)


def schedule(**values: object) -> Schedules:
    return Schedules(**({"name": "x", "what": "nba", "enabled": True} | values))


def test_when_it_is_due_next() -> None:
    assert next_due(schedule(cron="0 18 * * *"), NOW) == datetime(2026, 11, 27, 17)
    assert next_due(schedule(every_minutes=45), NOW) == datetime(2026, 11, 27, 16, 30)
    assert next_due(schedule(every_minutes=45, enabled=False), NOW) is None
    assert next_due(schedule(kickoff="5m"), NOW) is None
    assert next_due(schedule(cron="somebody wrote this into the table"), NOW) is None
    assert period(schedule(cron="0 18 * * *"), NOW) == timedelta(days=1)
    assert period(schedule(every_minutes=45), NOW) == timedelta(minutes=45)
    assert period(schedule(kickoff="5m"), NOW) is None
    assert [when(schedule(cron="0 18 * * *")), when(schedule(every_minutes=5)), when(schedule(kickoff="1h 5m"))] == [
        "0 18 * * *",
        "every 5 min",
        "1h 5m before kick-off",
    ]
    assert in_paris(NOW) == "2026-11-27 17:00"


def test_how_its_crawls_go_about_it() -> None:
    assert manner(select("ligue1"), {}) == Manner(markets=1, reads_matches=True)
    assert manner(select("ligue1"), {"depth": "list", "markets": "1n2,DNB"}) == Manner(2, reads_matches=False)
    assert manner(select("ligue1"), {"markets": "DNB"}) == Manner(1, reads_matches=False)
    assert manner(load(), {}) == Manner(1, reads_matches=True)
