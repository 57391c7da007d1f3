"""The first page: what goes on, asking for more, stopping it, what is due, how close prices come."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from parsel import Selector
from werkzeug.test import TestResponse

from admin import create_app
from gigscrapy.broker import TASK_QUEUE, receiver
from gigscrapy.leagues import load
from gigscrapy.tasks import Task, read_task
from schema.models import Runs, Schedules, now
from schema.runs import OPEN
from schema.store import Store
from tests.admin import page, signed_in, text_of
from tests.admin.conftest import current
from tests.admin.crowd import SCRIPT
from tests.schema.letters import NOON, REPORT, letters, quote
from tests.services import free_ports


def test_the_newest_runs_come_first_whatever_their_ids(client: FlaskClient, fill: Callable[..., None]) -> None:
    hours = {"a-newest": 16, "b-oldest": 9, "c-middle": 12}
    fill(
        *(replace(REPORT, run_id=name, spider=name, started_at=NOON.replace(hour=hour)) for name, hour in hours.items())
    )
    shown = client.get("/admin/").text
    assert sorted(hours, key=shown.index) == ["a-newest", "c-middle", "b-oldest"]


# -- what goes on ------------------------------------------------------------------------------------------------------


def going_on(client: FlaskClient) -> list[list[str]]:
    return [[text_of(cell) for cell in row.xpath("./td")] for row in page(client, "/admin/").css("#going-on tbody tr")]


def test_nothing_goes_on_and_nothing_is_refreshed(client: FlaskClient) -> None:
    shown = page(client, "/admin/")
    assert text_of(shown.css("#going-on .nothing")[0]) == "Aucun relevé n'est en cours."
    assert not shown.xpath("//script[not(@src='/static/shell.js')] | //meta[@http-equiv] | //*[@data-live]")


def test_what_runs_shows_how_far_it_is(client: FlaskClient, fill: Callable[..., None]) -> None:
    counts = {"discovered": 1200, "parsed": 300, "pages": 320}
    at = datetime.now(UTC)
    running = replace(
        REPORT,
        started_at=at - timedelta(minutes=10),
        reported_at=at,
        current=f"Le Havre - {SCRIPT}",
        counts=counts,
    )
    Store(current()).store(letters(running, received_at=at))
    Runs.update(requested_by="admin", node="http://127.0.0.1:6800").execute()
    Runs.create(run_id="r-2", spider="nba", state="scheduled", requested_at=now(), requested_by="scheduler")
    Runs.create(run_id="r-3", spider="top14", state="queued", requested_at=now())
    shown = page(client, "/admin/")
    first, second = going_on(client)
    assert first[1:5] == ["Arrêter", "en cours", "300 / 1 200 matchs", f"Le Havre - {SCRIPT}"]
    assert re.fullmatch(r"(29 min 5\d|30 min 0\d) s", first[5])
    assert first[6:] == ["32", "admin", "http://127.0.0.1:6800"]
    assert second[2:4] == ["confié à un nœud", "–"]
    bar = shown.css("#going-on progress")
    assert (bar.attrib["value"], bar.attrib["max"], bar.attrib["aria-label"]) == ("300", "1200", "Avancement")
    assert text_of(shown.css("#going-on .count")[0]) == "Relevés qui attendent leur tour : 1"
    assert shown.xpath("//script/@src").getall() == ["/static/shell.js", "/static/live.js"]
    assert shown.xpath("//noscript/meta/@content").get() == "30"
    assert SCRIPT not in shown.get()


def test_one_that_is_silent_says_so(client: FlaskClient) -> None:
    ago = now() - timedelta(minutes=7)
    Runs.create(run_id="r", spider="nba", state="running", started_at=ago, reported_at=ago, discovered=4, parsed=1)
    [row] = going_on(client)
    assert re.fullmatch(r"1 / 4 matchs, muet depuis 7 min 0\d s", row[3])
    assert row[5] == "–", "nobody can tell how long it takes"


@pytest.mark.parametrize(
    ("state", "label"),
    [
        ("queued", "attend son tour"),
        ("scheduled", "confié à un nœud"),
        ("running", "en cours"),
        ("finished", "terminé"),
        ("lost", "perdu de vue"),
        ("cancelled", "annulé"),
        ("failed", "pris par aucun nœud"),
    ],
)
def test_every_state_is_in_words(client: FlaskClient, state: str, label: str) -> None:
    run = Runs.create(run_id="r", spider="nba", state=state, requested_at=now(), discovered=4, parsed=1, task_id="t-1")
    shown = page(client, f"/admin/runs/details/?id={run.id}")
    facts = {text_of(row.xpath("./th")[0]): text_of(row.xpath("./td")[0]) for row in shown.css("table.details tr")}
    assert facts["État"] == label
    assert facts["Tâche"] == "t-1"
    assert facts["Avancement"] == ("–" if state in ("queued", "cancelled", "failed") else "1 / 4 matchs")
    assert bool(shown.xpath("//*[@data-live]")) == (state in ("queued", "scheduled", "running"))
    assert bool(shown.xpath("//form[@action='/admin/runs/cancel/']")) == (state in OPEN)


def test_the_first_page_is_whole_on_either_database(crowded: FlaskClient) -> None:
    shown = page(crowded, "/admin/")
    assert [text_of(head) for head in shown.css("h2")] == [
        *("En cours", "Lancer un relevé", "Derniers relevés", "Prochaines échéances", "Écart à la clôture", "Tables"),
    ]
    assert shown.xpath("count(//section[@id='latest']//tbody/tr)").get() == "8.0"
    assert SCRIPT not in shown.get()


# -- asking ------------------------------------------------------------------------------------------------------------


def token(client: FlaskClient, address: str = "/admin/") -> str:
    found = page(client, address).xpath("//form[@method='post']/input[@name='csrf_token']/@value").get()
    assert found
    return found


def waiting(client: FlaskClient) -> list[Task]:
    """The tasks in the queue."""
    source = receiver(None, client.application.config["QUEUES"].home, queue=TASK_QUEUE)
    taken = source.receive(100, 0)
    source.close()
    return [read_task(each.body) for each in taken]


def ask(client: FlaskClient, **said: str) -> TestResponse:
    return client.post("/admin/ask/", data={"csrf_token": token(client), **said})


@pytest.mark.parametrize(
    ("what", "count", "said"),
    [
        ("ligue1", 1, "Relevé demandé : Ligue 1. Le worker (scrapy worker) le lance."),
        ("Ligue 1, nba", 2, "Relevé demandé : Ligue 1, NBA. Le worker"),
        ("sport:tennis", None, " autres. Le worker"),
        ("all", len(load()), f" et {len(load()) - 5} autres. Le worker"),
    ],
)
def test_what_is_asked_for_is_in_the_queue_and_said(
    client: FlaskClient, what: str, count: int | None, said: str
) -> None:
    answer = ask(client, what=what, arguments="depth=list days=2")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/")
    assert said in text_of(page(client, "/admin/").css("p.note")[0])
    [task] = waiting(client)
    assert count is None or len(task.leagues) == count
    assert (task.arguments, task.requested_by) == ({"depth": "list", "days": "2"}, "admin")
    assert task.task_id


@pytest.mark.parametrize(
    ("what", "arguments", "field", "said"),
    [
        ("lige1", "", "what", "Rien ne s'appelle « lige1 ». Vouliez-vous dire ligue1"),
        ("nba, zzzzzz", "", "what", "Rien ne s'appelle « zzzzzz » : ni ligue, ni sport, ni pays."),
        (SCRIPT, "", "what", SCRIPT),
        ("", "", "what", "Dites quoi relever"),
        ("ligue1", "setting=FEED_URI", "arguments", "Le robot ne prend pas cela"),
        ("ligue1", "days=never", "arguments", "Le robot ne prend pas cela"),
    ],
)
def test_what_nobody_can_crawl_is_said_beside_its_field(
    client: FlaskClient, what: str, arguments: str, field: str, said: str
) -> None:
    answer = ask(client, what=what, arguments=arguments)
    assert answer.status_code == 422
    shown = Selector(answer.text)
    [wrong] = shown.css(".wrong")
    assert said in text_of(wrong).replace("\N{NO-BREAK SPACE}", " ")
    assert wrong.xpath("./ancestor::div[@class='field']//input/@name").get() == field
    assert shown.xpath("//input[@name='what']/@value").get("") == what
    assert SCRIPT not in answer.text
    assert waiting(client) == []


def test_a_queue_that_is_away_is_a_sentence(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    (port,) = free_ports(1)
    queues = client.application.config["QUEUES"]
    object.__setattr__(queues, "rabbit_url", f"amqp://guest:s3cret@127.0.0.1:{port}/")
    answer = ask(client, what="ligue1")
    assert answer.status_code == 422
    assert "La file ne répond pas" in answer.text
    assert "s3cret" not in answer.text + caplog.text


@pytest.mark.parametrize("sent", [None, "", "x"])
@pytest.mark.parametrize("address", ["/admin/ask/", "/admin/runs/cancel/"])
def test_without_a_token_nothing_happens(client: FlaskClient, address: str, sent: str | None) -> None:
    run = Runs.create(run_id="r", spider="nba", state="queued", requested_at=now())
    token(client)
    said = {"what": "ligue1", "id": run.id} | ({} if sent is None else {"csrf_token": sent})
    assert client.post(address, data=said).status_code == 400
    assert client.get(f"{address}?what=ligue1&id={run.id}").status_code == 405
    assert waiting(client) == []
    assert Runs.get_by_id(run.id).state == "queued"


# -- stopping ----------------------------------------------------------------------------------------------------------


def stop(client: FlaskClient, number: object) -> TestResponse:
    return client.post("/admin/runs/cancel/", data={"csrf_token": token(client), "id": number})


def test_a_run_that_waits_is_cancelled(client: FlaskClient) -> None:
    run = Runs.create(run_id="r", spider="nba", state="queued", requested_at=now())
    answer = stop(client, run.id)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/admin/runs/details/?id={run.id}")
    shown = page(client, answer.headers["Location"])
    assert text_of(shown.css("p.note")[0]) == "Le relevé nba est arrêté."
    assert Runs.get_by_id(run.id).state == "cancelled"


def test_one_that_nobody_can_ask_about_is_not_said_to_have_stopped(client: FlaskClient) -> None:
    (port,) = free_ports(1)
    client.application.config["SETTINGS"].set("SCRAPYD_URLS", f"http://somebody:s3cret@127.0.0.1:{port}")
    run = Runs.create(run_id="r", spider="nba", state="running", started_at=now(), node=f"http://127.0.0.1:{port}")
    shown = page(client, stop(client, run.id).headers["Location"])
    assert "personne ne peut le dire" in text_of(shown.css("p.note")[0])
    assert "s3cret" not in shown.get()
    kept = Runs.get_by_id(run.id)
    assert kept.state == "running"
    assert kept.cancel_asked_at is not None


def test_one_that_has_ended_is_left_alone(client: FlaskClient) -> None:
    client.application.config["SETTINGS"].set("SCRAPYD_URLS", "nowhere")
    run = Runs.create(run_id="r", spider="nba", state="finished", started_at=now(), verdict="complete")
    assert stop(client, run.id).status_code == 303
    assert Runs.get_by_id(run.id).state == "finished"


@pytest.mark.parametrize("number", ["", "7", "x", "9" * 30])
def test_an_unknown_number_is_not_found(client: FlaskClient, number: str) -> None:
    assert stop(client, number).status_code == 404


# -- what is due, and how close prices come ----------------------------------------------------------------------------


def test_what_is_due_next_comes_first(client: FlaskClient) -> None:
    assert "Aucune planification n'est active." in text_of(page(client, "/admin/").css("#due")[0])
    Schedules.create(name="weekly", what="all", every_minutes=7 * 24 * 60, enabled=True)
    Schedules.create(name="before", what="nba", kickoff="1h", enabled=True)
    Schedules.create(name=SCRIPT, what="ligue1", every_minutes=1, enabled=True)
    shown = page(client, "/admin/")
    rows = [[text_of(cell) for cell in row.xpath("./td")] for row in shown.css("#due tbody tr")]
    assert [row[0] for row in rows] == [SCRIPT, "weekly", "before"]
    assert rows[2][2:] == ["1h avant le coup d'envoi", "selon les matchs"]
    assert SCRIPT not in shown.get()


def test_how_close_the_last_prices_came(client: FlaskClient) -> None:
    at = datetime.now(UTC)
    played = {"match_id": "1", "kickoff": at - timedelta(hours=3), "scraped_at": at - timedelta(hours=3, minutes=4)}
    late = {"match_id": "2", "kickoff": at - timedelta(days=3), "scraped_at": at - timedelta(days=2)}
    assert "Aucun match depuis sept jours." in text_of(page(client, "/admin/").css("#closing")[0])
    fresh = signed_in(create_app(home=client.application.config["QUEUES"].home))
    Store(current()).store(letters(*(replace(quote(), **each) for each in (played, late)), received_at=at))
    [row] = page(fresh, "/admin/").css("#closing tbody tr")
    assert [text_of(cell) for cell in row.xpath("./td")] == [
        *("Ligue 1 (Football)", "4 min 00 s", "0 % (0 / 1)"),
        *("4 min 00 s", "50 % (1 / 2)"),
    ]
    current().close()
