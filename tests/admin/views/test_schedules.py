"""Schedules from the admin: written as the command writes them, never without a token, never by a question."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from parsel import Selector
from werkzeug.test import TestResponse

from schema import schedules
from schema.models import Firings, Matches, Runs, Schedules, Tasks, Visits, now
from tests.admin import page, text_of
from tests.admin.conftest import current
from tests.admin.crowd import SCRIPT
from tests.schema.letters import quote

LIST = "/admin/schedules/"
SAID = {"name": "Le soir", "what": "ligue1, nba", "cron": "0 18 * * *", "arguments": "depth=list"}


def token(client: FlaskClient, address: str = LIST) -> str:
    found = page(client, address).xpath("//form[@method='post']/input[@name='csrf_token']/@value").get()
    assert found
    return found


def send(client: FlaskClient, address: str, **said: Any) -> TestResponse:
    return client.post(address, data={"csrf_token": token(client), **said})


def done(answer: TestResponse, client: FlaskClient) -> str:
    """What the list says once it is done."""
    assert (answer.status_code, answer.headers["Location"]) == (303, LIST), answer.text
    return text_of(page(client, LIST).css("p.note")[0])


def made(client: FlaskClient, **said: Any) -> Schedules:
    """A schedule as the form makes one."""
    done(send(client, f"{LIST}new/", **SAID, enabled="1", **said), client)
    return Schedules.get(Schedules.name == SAID["name"])


def facts(shown: Selector) -> dict[str, str]:
    return {text_of(row.xpath("./th")[0]): text_of(row.xpath("./td")[0]) for row in shown.css("table.details tr")}


def test_the_first_one_is_there_and_off(client: FlaskClient) -> None:
    [row] = page(client, LIST).xpath("//tbody/tr")
    assert [text_of(cell) for cell in row.xpath("./td")][1:7] == ["all", "0 */6 * * *", "–", "non", "–", "Activer"]


def test_a_new_one_is_kept_as_it_was_typed(client: FlaskClient) -> None:
    answer = send(client, f"{LIST}new/", **SAID, enabled="1")
    assert done(answer, client) == "La planification « Le soir » est enregistrée."
    kept = Schedules.get(Schedules.name == "Le soir")
    assert (kept.what, kept.cron, kept.every_minutes, kept.kickoff) == ("ligue1, nba", "0 18 * * *", None, None)
    assert (kept.arguments, kept.enabled) == ("depth=list", True)
    shown = facts(page(client, f"{LIST}details/?id={kept.id}"))
    assert shown["Quand"] == "0 18 * * *"
    assert shown["Prochaine fois"].endswith("18:00"), "in Paris"
    assert not page(client, LIST).css("p.note"), "it is said once"


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"name": ""}, "name", "le nom est vide"),
        ({"name": "every six hours"}, "name", "une autre planification porte ce nom"),
        ({"what": "lige1"}, "what", "vouliez-vous dire ligue1"),
        ({"what": ""}, "what", "aucune ligue n'est nommée"),
        ({"cron": "0 25 * * *"}, "cron", "n'est pas une expression cron"),
        ({"cron": ""}, "cron", "elle ne serait jamais due"),
        ({"every_minutes": "15"}, "cron", "d'une seule façon"),
        ({"cron": "", "every_minutes": "99999"}, "every_minutes", "99999"),
        ({"cron": "", "every_minutes": "-5"}, "every_minutes", "un nombre entier de minutes"),
        ({"cron": "", "kickoff": "yesterday"}, "kickoff", "n'est pas une durée"),
        ({"arguments": "setting=FEED_URI"}, "arguments", "setting"),
        ({"arguments": SCRIPT}, "arguments", "script"),
    ],
)
def test_what_cannot_stand_is_said_beside_its_field(
    client: FlaskClient, changes: dict[str, str], field: str, said: str
) -> None:
    answer = send(client, f"{LIST}new/", **(SAID | changes))
    assert answer.status_code == 422
    shown = Selector(answer.text)
    [wrong] = shown.css(".wrong")
    assert wrong.xpath("./ancestor::div[@class='field']//input/@name").get() == field
    assert said in text_of(wrong).replace("\N{NO-BREAK SPACE}", " ")
    assert shown.xpath("//input[@aria-invalid]/@name").getall() == [field]
    typed = SAID | changes
    assert {name: shown.xpath("//input[@name=$name]/@value", name=name).get("") for name in typed} == typed
    assert not shown.xpath("//script[not(@src)]")
    assert Schedules.select().count() == 1


def test_a_hostile_name_is_text_everywhere(client: FlaskClient) -> None:
    done(send(client, f"{LIST}new/", **(SAID | {"name": SCRIPT})), client)
    kept = Schedules.get(Schedules.name == SCRIPT)
    for address in ("", f"details/?id={kept.id}", f"change/?id={kept.id}", f"remove/?id={kept.id}"):
        assert SCRIPT not in client.get(LIST + address).text
    assert SCRIPT in text_of(page(client, f"{LIST}remove/?id={kept.id}").xpath("//main")[0])


def test_one_is_changed_and_decided_anew_from_now_on(client: FlaskClient) -> None:
    kept = made(client)
    form = page(client, f"{LIST}change/?id={kept.id}")
    assert form.xpath("//input[@name='cron']/@value").get() == "0 18 * * *"
    before = now()
    answer = send(client, f"{LIST}change/?id={kept.id}", name="Le matin", what="nba", every_minutes="30")
    assert done(answer, client) == "La planification « Le matin » est enregistrée."
    changed = Schedules.get_by_id(kept.id)
    assert (changed.name, changed.what, changed.cron, changed.every_minutes) == ("Le matin", "nba", None, 30)
    assert (changed.arguments, changed.enabled) == (None, True), "on or off is the button's business"
    assert changed.decided_until >= before


def test_on_and_off(client: FlaskClient) -> None:
    kept = made(client)
    assert done(send(client, f"{LIST}switch/", off=kept.id), client) == "« Le soir » est désactivée."
    assert not Schedules.get_by_id(kept.id).enabled
    button = page(client, f"{LIST}details/?id={kept.id}").xpath("//button[@form='switch']")
    assert (button.attrib["name"], button.attrib["value"]) == ("on", str(kept.id))
    assert done(send(client, f"{LIST}switch/", on=kept.id), client) == "« Le soir » est active."
    assert Schedules.get_by_id(kept.id).enabled


def test_removing_is_asked_first_and_takes_its_firings_along(client: FlaskClient) -> None:
    kept = made(client)
    Firings.create(schedule=kept, due_at=now(), state="sent")
    shown = page(client, f"{LIST}remove/?id={kept.id}")
    assert "échéances (1) et de ses passages (0)" in text_of(shown.xpath("//main")[0])
    assert Schedules.get_or_none(id=kept.id), "a question removes nothing"
    answer = send(client, f"{LIST}remove/?id={kept.id}")
    assert done(answer, client) == "La planification « Le soir » est supprimée."
    assert Schedules.get_or_none(id=kept.id) is None
    assert Firings.select().count() == 0


def test_its_page_tells_what_became_of_the_last_times(client: FlaskClient, fill: Callable[..., None]) -> None:
    fill(quote())
    kept = made(client)
    schedules.change(current(), kept.id, {"cron": None, "kickoff": "1h 15m"}, at=now())
    for number, (state, note) in enumerate(
        [("sent", None), ("missed", "nobody was there in time"), ("skipped", f"unheard of {SCRIPT}")]
    ):
        at = now() - timedelta(hours=number)
        Firings.create(schedule=kept, due_at=at, state=state, note=note, task_id="t-1" if state == "sent" else None)
    Visits.create(schedule=kept, match=Matches.get(), minutes=15, due_at=now(), state="sent", task_id="t-1")
    shown = page(client, f"{LIST}details/?id={kept.id}")
    firings, visits = shown.css("table.table:not(.details)")
    assert [[text_of(cell) for cell in row.xpath("./td")][1::2] for row in firings.xpath(".//tbody/tr")] == [
        ["envoyé", "–"],
        ["manqué", "personne n'était là à temps : scrapy scheduler ne tournait pas"],
        ["sauté", f"unheard of {SCRIPT}"],
    ]
    assert firings.xpath(".//a/@href").getall() == ["/admin/runs/?task=t-1"]
    assert text_of(visits.xpath(".//tbody/tr/td")[0]) == "Le Havre – Paris SG, T-15m"
    assert facts(shown)["Prochaine fois"] == "selon les matchs"


def test_one_that_cannot_be_followed_says_why(client: FlaskClient) -> None:
    kept = made(client)
    assert not page(client, f"{LIST}details/?id={kept.id}").css("p.note")
    Schedules.update(what="a league of old").execute()
    shown = page(client, f"{LIST}details/?id={kept.id}")
    assert "aucune ligue ne s'appelle 'a league of old'" in text_of(shown.css("p.note")[0])
    assert facts(shown)["Prochaine fois"] == "jamais : elle ne peut être suivie"
    assert "jamais : elle ne peut être suivie" in text_of(page(client, "/crawls/").css("#schedules")[0])


# -- who may write -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [None, "", "x"])
@pytest.mark.parametrize("address", ["new/", "change/?id=1", "remove/?id=1", "switch/"])
def test_without_a_token_nothing_happens(client: FlaskClient, address: str, sent: str | None) -> None:
    before = list(Schedules.select().dicts())
    token(client)
    answer = client.post(LIST + address, data={**SAID, "on": "1"} | ({} if sent is None else {"csrf_token": sent}))
    assert answer.status_code == 400
    assert list(Schedules.select().dicts()) == before


def test_a_question_changes_nothing(client: FlaskClient) -> None:
    before = list(Schedules.select().dicts())
    said = f"csrf_token={token(client)}&name=x&what=nba&every_minutes=5&on=1"
    for address in ("new/?", "change/?id=1&", "remove/?id=1&"):
        assert client.get(f"{LIST}{address}{said}").status_code == 200
    assert client.get(f"{LIST}switch/?{said}").status_code == 405
    assert list(Schedules.select().dicts()) == before


@pytest.mark.parametrize("number", ["", "7", "x", "-1", "9" * 30, "1 OR 1=1", "1%00"])
def test_an_unknown_number_is_not_found(client: FlaskClient, number: str) -> None:
    for address in ("change", "remove"):
        assert client.get(f"{LIST}{address}/?id={number}").status_code == 404
        assert send(client, f"{LIST}{address}/?id={number}", **SAID).status_code == 404
    assert send(client, f"{LIST}switch/", on=number).status_code == 404
    assert Schedules.select().count() == 1


def test_tasks_lead_to_the_runs_they_made(client: FlaskClient) -> None:
    Tasks.create(task_id="t-1", body_hash="", said=SCRIPT, received_at=now(), requested_by=SCRIPT)
    Runs.create(run_id="r-1", spider="ligue1", state="queued", task_id="t-1", requested_at=now())
    shown = page(client, "/admin/tasks/")
    assert SCRIPT not in shown.get()
    lead = shown.xpath("//td[@class='leads']/a[2]/@href").get()
    assert lead == "/admin/runs/?task=t-1"
    assert page(client, lead).xpath("count(//tbody/tr)").get() == "1.0"
