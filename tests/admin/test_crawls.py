"""The page of the crawls: what goes on, asking for more, stopping it, what is due, what became of it, the log."""

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
from schema.models import Firings, Runs, Schedules, now
from schema.runs import OPEN
from schema.store import Store
from tests.admin import counted, page, signed_in, text_of
from tests.admin.conftest import current
from tests.admin.crowd import SCRIPT
from tests.schema.letters import NOON, REPORT, letters, quote
from tests.services import free_ports


def test_the_newest_runs_come_first_whatever_their_ids(client: FlaskClient, fill: Callable[..., None]) -> None:
    hours = {"a-newest": 16, "b-oldest": 9, "c-middle": 12}
    fill(
        *(replace(REPORT, run_id=name, spider=name, started_at=NOON.replace(hour=hour)) for name, hour in hours.items())
    )
    shown = client.get("/crawls/").text
    assert sorted(hours, key=shown.index) == ["a-newest", "c-middle", "b-oldest"]


# -- what goes on ------------------------------------------------------------------------------------------------------


def cards(client: FlaskClient) -> list[dict[str, str]]:
    """What goes on: of each its name, its bar, and what is said of it by its label."""
    return [
        {"name": text_of(card.css("h3")[0]), "bar": text_of(card.css(".bar")[0])}
        | {text_of(pair.css("dt")[0]): text_of(pair.css("dd")[0]) for pair in card.css("dl > div")}
        for card in page(client, "/crawls/").css("#going-on article")
    ]


def test_a_fresh_installation_says_what_comes_next(client: FlaskClient) -> None:
    shown = page(client, "/crawls/")
    assert text_of(shown.css("#going-on .nothing")[0]) == "Aucun relevé n'est en cours. Lancer un relevé"
    assert text_of(shown.css("#latest .nothing")[0]) == "Aucun relevé encore. Lancer un relevé"
    assert text_of(shown.css("#letters .nothing")[0]) == "Aucun message n'a été refusé."
    assert "every six hours" in text_of(shown.css("#schedules")[0])
    parts = {text_of(part.css("strong")[0]): text_of(part.css("span:not(.sign)")[0]) for part in shown.css(".parts li")}
    assert parts["✓ Ordonnanceur"] == "aucun au travail, et aucune planification n'est active (scrapy scheduler)"
    assert parts["✓ Consommateur"] == "aucun n'est vu au travail, et rien ne l'attend (scrapy consume)"
    assert set(parts) == {"✓ Ordonnanceur", "✓ Worker", "✓ Consommateur", "✓ File", "✓ Base de données", "✓ Scrapyd"}


def test_what_nobody_heeds_is_told(client: FlaskClient) -> None:
    Schedules.update(enabled=True).execute()
    shown = page(client, "/crawls/")
    [bad] = shown.css(".parts li.bad")
    assert text_of(bad.css("strong")[0]) == "✕ Ordonnanceur"
    assert "planifications actives : 1, et personne ne les suit ; lancez scrapy scheduler" in text_of(bad).replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert "vu ainsi depuis" in text_of(bad)


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
    shown = page(client, "/crawls/")
    first, second = cards(client)
    assert (first["name"], first["bar"], first["État"]) == ("ligue1", "300 / 1 200 matchs", "en cours")
    assert re.fullmatch(r"(29 min 5\d|30 min 0\d) s", first["Reste environ"])
    assert (first["Pages"], first["Demandé par"]) == ("320 (32 /min)", "admin")
    assert (first["Match en cours"], first["Nœud"]) == (f"Le Havre - {SCRIPT}", "http://127.0.0.1:6800")
    assert (second["bar"], second["État"]) == ("–", "confié à un nœud")
    bar = shown.css("#going-on progress")
    assert (bar.attrib["value"], bar.attrib["max"], bar.attrib["aria-label"]) == ("300", "1200", "Avancement")
    assert "/static/live.js" in shown.xpath("//script/@src").getall()
    assert shown.xpath("//noscript/meta/@content").get() == "30"
    assert SCRIPT not in shown.get()


def test_what_waits_says_why(client: FlaskClient) -> None:
    at = now()
    running = {"state": "running", "started_at": at, "reported_at": at}
    queued = {"state": "queued", "requested_at": at}
    reasons = lambda: [  # noqa: E731
        text_of(row.xpath("./td")[1]).replace("\N{NO-BREAK SPACE}", " ")
        for row in page(client, "/crawls/").css("#going-on tbody tr")
    ]
    Runs.create(run_id="a", spider="nba", requested_by="schedule Nuit", **queued)
    assert reasons() == ["attend qu'un worker le prenne (scrapy worker)"]
    [asked_by] = page(client, "/crawls/").css("#going-on tbody tr td:nth-child(4)")
    assert text_of(asked_by).replace("\N{NO-BREAK SPACE}", " ") == "planification « Nuit »"
    Runs.create(run_id="b", spider="ligue1", **running)
    Runs.create(run_id="c", spider="ligue1", **queued)
    Runs.create(run_id="d", spider="top14", attempts=2, not_before=at + timedelta(minutes=1), **queued)
    Runs.create(run_id="e", spider="atp", cancel_asked_at=at, **queued)
    assert reasons()[:2] == ["d'autres relevés passent avant", "un autre relevé de cette ligue est en cours"]
    assert reasons()[2].startswith("aucun nœud ne l'a pris (2 fois) ; prochain essai ")
    assert reasons()[3] == "son arrêt est demandé"


def test_one_that_is_silent_says_so(client: FlaskClient) -> None:
    ago = now() - timedelta(minutes=7)
    Runs.create(run_id="r", spider="nba", state="running", started_at=ago, reported_at=ago, discovered=4, parsed=1)
    [card] = cards(client)
    assert re.fullmatch(r"1 / 4 matchs, muet depuis 7 min 0\d s", card["bar"])
    assert card["Reste environ"] == "–", "nobody can tell how long it takes"


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


def test_the_page_is_whole_on_either_database(crowded: FlaskClient) -> None:
    shown = page(crowded, "/crawls/")
    assert [text_of(head) for head in shown.css("h2")] == [
        *("En cours (0)", "Lancer un relevé", "Planifications", "Derniers relevés", "Messages refusés"),
        "Écart à la clôture",
    ]
    assert shown.xpath("count(//section[@id='latest']//tbody/tr)").get() == "20.0"
    assert SCRIPT not in shown.get()


def test_a_handful_of_queries(crowded: FlaskClient) -> None:
    page(crowded, "/crawls/")  # what is kept for a while is found out
    with counted(current()) as asked:
        page(crowded, "/crawls/")
    own = [sql for sql in asked if "User" not in sql and "Session" not in sql]
    assert len(own) <= 5, own


# -- what became of it -------------------------------------------------------------------------------------------------


def test_the_last_times_of_a_schedule_are_marks_that_lead_to_their_runs(client: FlaskClient) -> None:
    Schedules.delete().execute()
    schedule = Schedules.create(name="Le soir", what="ligue1", every_minutes=15, enabled=True)
    begin = now() - timedelta(hours=6)
    told = [
        *(("finished", "complete", 100),) * 4,
        ("finished", "complete", 60),
        ("finished", "incomplete", 90),
        ("failed", "no-node", 0),
        ("cancelled", None, 0),
        ("running", None, 5),
        *("missed", "skipped", "sent"),
    ]
    for number, what in enumerate(told):
        at = begin + timedelta(minutes=15 * number)
        state = what if isinstance(what, str) else "sent"
        task = f"t-{number}" if state == "sent" else None
        Firings.create(schedule=schedule, due_at=at, state=state, task_id=task)
        if not isinstance(what, str):
            run_state, verdict, stored = what
            said = {"state": run_state, "verdict": verdict, "stored": stored, "started_at": at, "finished_at": at}
            Runs.create(run_id=f"r-{number}", spider="ligue1", task_id=task, requested_at=at, **said)
    shown = page(client, "/crawls/")
    marks = shown.css(".strip a")
    assert "".join(text_of(mark) for mark in marks) == "●●●●▲▲✕■◔◌–○"
    assert [mark.attrib["class"].split()[1] for mark in marks[3:7]] == ["good", "odd", "odd", "bad"]
    first = Runs.get(Runs.run_id == "r-0")
    assert marks[0].attrib["href"] == f"/crawls/{first.id}/"
    assert marks[0].attrib["aria-label"].replace("\N{NO-BREAK SPACE}", " ").endswith(" : complet (cotes : 100)")
    assert marks[9].attrib["href"].startswith("/admin/firings/details/")
    [row] = shown.css("#schedules tbody tr")
    cells = [text_of(cell) for cell in row.xpath("./td")]
    assert cells[4:6] == ["100", "✓ oui"]
    assert re.search(r"\d\d/\d\d \d\d:\d\d · dans (\d+ min|\d+ s)$", cells[2])
    assert len(shown.css(".legend .shape")) == 8


def test_a_run_that_brought_much_less_than_usual_is_marked(client: FlaskClient) -> None:
    for number, stored in enumerate((100, 110, 90, 55)):
        at = now() - timedelta(hours=9 - number)
        told = {"state": "finished", "verdict": "complete", "started_at": at, "finished_at": at, "stored": stored}
        run = Runs.create(run_id=f"r-{number}", spider="ligue1", exit_code=0, **told)
    rows = [[text_of(cell) for cell in row.xpath("./td")] for row in page(client, "/crawls/").css("#latest tbody tr")]
    assert rows[0][1:2] + rows[0][6:7] == ["✓ complet", "⚠ −45 % (médiane 100)"]
    assert rows[1][6] == "trop peu pour comparer"
    assert "⚠ −45 % (médiane 100)" in text_of(page(client, f"/crawls/{run.id}/").css("#state")[0])


def test_dead_letters_wait_by_reason_and_are_replayed(client: FlaskClient, fill: Callable[..., None]) -> None:
    fill(b"{", b"[", b'{"match": 1}')
    [first, second] = page(client, "/crawls/").css("#letters tbody tr")
    assert {text_of(row.xpath("./th")[0]): text_of(row.xpath("./td")[0]) for row in (first, second)} == {
        "malformed illisible": "2",
        "wrong-type champ d'une autre sorte": "1",
    }
    answer = client.post("/crawls/replay", data={"csrf_token": token(client), "reason": "malformed"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/crawls/#letters")
    shown = page(client, "/crawls/")
    assert "Messages remis dans la file : 2" in text_of(shown.css("p.note")[1]).replace("\N{NO-BREAK SPACE}", " ")
    rows = {text_of(row.xpath("./th")[0]): text_of(row.xpath("./td")[0]) for row in shown.css("#letters tbody tr")}
    assert rows == {"malformed illisible": "0", "wrong-type champ d'une autre sorte": "1"}


# -- the log -----------------------------------------------------------------------------------------------------------


def write_log(client: FlaskClient, run: Runs, text: bytes) -> None:
    path = (
        client.application.config["QUEUES"].home / "scrapyd" / "logs" / "gigscrapy" / run.spider / f"{run.run_id}.log"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)


def test_the_log_comes_piece_by_piece_and_whole(client: FlaskClient) -> None:
    run = Runs.create(run_id="r-1", spider="nba", state="running", started_at=now(), reported_at=now())
    nothing = client.get(f"/crawls/{run.id}/log").get_json()
    assert (nothing["text"], nothing["over"], nothing["said"]) == ("", True, "Ce relevé n'a pas de journal ici.")
    write_log(client, run, "INFO: première\nERROR: \x1b[31mrouge\n".encode() + "é".encode()[:1])
    first = client.get(f"/crawls/{run.id}/log").get_json()
    assert (first["text"], first["whole"]) == ("INFO: première\nERROR: \\x1b[31mrouge\n", True)
    write_log(client, run, "INFO: première\nERROR: \x1b[31mrouge\né\n".encode())
    second = client.get(f"/crawls/{run.id}/log?from={first['next']}").get_json()
    assert (second["text"], second["over"]) == ("é\n", False)
    last = client.get(f"/crawls/{run.id}/log?from=-4").get_json()
    assert (last["text"], last["whole"]) == ("\né\n", False)
    Runs.update(state="finished").execute()
    assert client.get(f"/crawls/{run.id}/log?from={second['next']}").get_json()["over"] is True
    whole = client.get(f"/crawls/{run.id}/log.txt")
    assert whole.text.startswith("INFO: première\n")
    assert whole.headers["Content-Disposition"] == f"attachment; filename=nba-{run.id}.log"


def test_a_name_that_is_no_file_s_is_no_way_out(client: FlaskClient) -> None:
    run = Runs.create(run_id="../../../../etc/passwd", spider="..", state="running", started_at=now())
    assert client.get(f"/crawls/{run.id}/log").get_json()["text"] == ""
    assert client.get(f"/crawls/{run.id}/log.txt").status_code == 404


def test_who_only_reads_runs_nothing_stops_nothing_and_reads_no_log(
    client: FlaskClient, as_role: Callable[[str], FlaskClient]
) -> None:
    run = Runs.create(run_id="r", spider="nba", state="running", started_at=now(), reported_at=now())
    viewer = as_role("viewer")
    for address in ("/crawls/", f"/crawls/{run.id}/"):
        shown = page(viewer, address)
        assert not shown.css("main button")
        assert not shown.css("main form input:not([type=hidden])")
    assert [viewer.get(f"/crawls/{run.id}/{name}").status_code for name in ("log", "log.txt")] == [403, 403]
    said = {"csrf_token": token(viewer, "/crawls/"), "what": "nba"}
    for address in ("/crawls/ask", "/crawls/replay", f"/crawls/{run.id}/cancel"):
        assert viewer.post(address, data=said).status_code == 403
    assert waiting(client) == []


# -- asking ------------------------------------------------------------------------------------------------------------


def token(client: FlaskClient, address: str = "/crawls/") -> str:
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
    return client.post("/crawls/ask", data={"csrf_token": token(client), **said})


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
    assert (answer.status_code, answer.headers["Location"]) == (303, "/crawls/")
    assert said in text_of(page(client, "/crawls/").css("p.note:not([hidden])")[0])
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


def test_a_schedule_is_asked_for_at_once_with_its_arguments(client: FlaskClient) -> None:
    schedule = Schedules.create(name="Le soir", what="ligue1", every_minutes=15, arguments="depth=list")
    [button] = page(client, "/crawls/").xpath("//button[@aria-label='Relever maintenant Le soir']")
    answer = client.post(button.attrib["formaction"], data={"csrf_token": token(client)})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/crawls/")
    [task] = waiting(client)
    assert ([league.name for league in task.leagues], task.arguments) == (["ligue1"], {"depth": "list"})
    assert client.post("/crawls/schedules/999/ask", data={"csrf_token": token(client)}).status_code == 404
    Schedules.update(what="a league of old").where(Schedules.id == schedule.id).execute()
    assert client.post(button.attrib["formaction"], data={"csrf_token": token(client)}).status_code == 422


def test_a_queue_that_is_away_is_a_sentence(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    (port,) = free_ports(1)
    queues = client.application.config["QUEUES"]
    object.__setattr__(queues, "rabbit_url", f"amqp://guest:s3cret@127.0.0.1:{port}/")
    answer = ask(client, what="ligue1")
    assert answer.status_code == 422
    assert "La file ne répond pas" in answer.text
    assert "s3cret" not in answer.text + caplog.text


@pytest.mark.parametrize("sent", [None, "", "x"])
@pytest.mark.parametrize("address", ["/crawls/ask", "/admin/runs/cancel/", "/crawls/1/cancel"])
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
    return client.post(f"/crawls/{number}/cancel", data={"csrf_token": token(client)})


def test_a_run_that_waits_is_cancelled(client: FlaskClient) -> None:
    run = Runs.create(run_id="r", spider="nba", state="queued", requested_at=now())
    answer = stop(client, run.id)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/crawls/{run.id}/")
    shown = page(client, answer.headers["Location"])
    assert text_of(shown.css("p.note[role=status]:not([hidden])")[0]) == "Le relevé nba est arrêté."
    assert Runs.get_by_id(run.id).state == "cancelled"


def test_one_that_nobody_can_ask_about_is_not_said_to_have_stopped(client: FlaskClient) -> None:
    (port,) = free_ports(1)
    client.application.config["SETTINGS"].set("SCRAPYD_URLS", f"http://somebody:s3cret@127.0.0.1:{port}")
    run = Runs.create(run_id="r", spider="nba", state="running", started_at=now(), node=f"http://127.0.0.1:{port}")
    shown = page(client, stop(client, run.id).headers["Location"])
    assert "personne ne peut le dire" in text_of(shown.css("p.note:not([hidden])")[0])
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


# -- how close prices come ---------------------------------------------------------------------------------------------


def test_how_close_the_last_prices_came(client: FlaskClient) -> None:
    at = datetime.now(UTC)
    played = {"match_id": "1", "kickoff": at - timedelta(hours=3), "scraped_at": at - timedelta(hours=3, minutes=4)}
    late = {"match_id": "2", "kickoff": at - timedelta(days=3), "scraped_at": at - timedelta(days=2)}
    assert "Aucun match depuis sept jours." in text_of(page(client, "/crawls/").css("#closing")[0])
    fresh = signed_in(create_app(home=client.application.config["QUEUES"].home))
    Store(current()).store(letters(*(replace(quote(), **each) for each in (played, late)), received_at=at))
    [row] = page(fresh, "/crawls/").css("#closing tbody tr")
    assert [text_of(cell) for cell in row.xpath("./td")] == [
        *("Ligue 1 (Football)", "4 min 00 s", "0 % (0 / 1)"),
        *("4 min 00 s", "50 % (1 / 2)"),
    ]
    current().close()
