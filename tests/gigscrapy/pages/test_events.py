import json

import pytest

from gigscrapy.pages.events import Event, events
from gigscrapy.pages.markup import document
from tests.gigscrapy.pages import MATCH_URL, page, utc

MATCH = {
    "@type": "SportsEvent",
    "url": "/match/pronostic-avallon-beaune-101#cote",
    "startDate": "2025-10-25T20:45:00+02:00",
    "competitor": [{"name": "AVALLON"}, {"name": "BEAUNE"}],
}
READ = Event("101", ("AVALLON", "BEAUNE"), utc("2025-10-25", "18:45"))


def announced(*blocks):
    scripts = (f'<script type="application/ld+json">{block}</script>' for block in blocks)
    return events(document("".join(scripts), MATCH_URL))


def test_raw_newlines_in_a_string_are_read():
    assert announced(page("league-D").partition('ld+json">')[2].partition("</script>")[0]) == (READ,)


@pytest.mark.parametrize("around", ["{}", "[{}]", '[1, null, "x", [{}]]', '{{"@graph": [{}]}}', '{{"@graph": {}}}'])
def test_a_match_is_found_wherever_it_stands(around):
    text = json.dumps(MATCH)
    assert announced(around.replace("{{", "{").replace("}}", "}").replace("{}", text, 1)) == (READ,)


@pytest.mark.parametrize("broken", ["", "{", "null", "[" * 100_000, '{"a": 1e999}', "1" * 5000, "<b>"])
def test_a_broken_block_harms_no_other(broken):
    assert announced(broken, json.dumps(MATCH)) == (READ,)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"@type": ["Thing", "SportsEvent"]}, READ),
        ({"url": "https://site.test/cote/avallon-beaune-101/?a=b-7"}, READ),
        ({"url": None}, Event(None, READ.teams, READ.kickoff)),
        ({"url": "/match/pronostic"}, Event(None, READ.teams, READ.kickoff)),
        ({"url": "http://["}, Event(None, READ.teams, READ.kickoff)),
        ({"startDate": 5}, Event("101", READ.teams, None)),
        ({"startDate": "demain"}, Event("101", READ.teams, None)),
        ({"competitor": None, "name": "Cotes\n\tAVALLON\n\tvs\n\tBEAUNE"}, READ),
        ({"competitor": "AVALLON"}, Event("101", None, READ.kickoff)),
        ({"competitor": ["AVALLON", "BEAUNE"]}, Event("101", None, READ.kickoff)),
        ({"competitor": [{"name": "AVALLON"}, {"name": ""}]}, Event("101", None, READ.kickoff)),
        ({"competitor": [{"name": "AVALLON"}]}, Event("101", None, READ.kickoff)),
        (
            {"competitor": [{"name": "L&#039;ÉTOILE &amp; CO"}, {"name": "A\u00a0 B"}]},
            Event("101", ("L'ÉTOILE & CO", "A B"), READ.kickoff),
        ),
    ],
)
def test_what_one_announces(changes, expected):
    assert announced(json.dumps(MATCH | changes)) == (expected,)


def test_other_things_are_not_matches():
    assert announced('{"@type": "Organization", "name": "A vs B"}', '{"@type": 5}') == ()
