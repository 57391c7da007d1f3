"""Dead letters put back from the admin: what waits, who may ask, what becomes of it."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from parsel import Selector

from gigscrapy import broker
from gigscrapy.broker import QUEUE, TASK_QUEUE, depths
from schema.messages import Refused
from schema.models import DeadLetters
from schema.store import Store
from tests.admin import listed, page, signed_in, text_of
from tests.admin.conftest import current
from tests.schema.letters import Letter
from tests.services import free_ports

REPLAY = "/admin/deadletters/replay/"
LIST = "/admin/deadletters/"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where :func:`tests.admin.conftest.app` has its spool."""
    return tmp_path / "var"


@pytest.fixture
def refuse(app: Flask, home: Path) -> Callable[..., None]:
    """``refuse(body, …)`` sends them, and has them refused."""

    async def send(bodies: tuple[bytes, ...]) -> None:
        publisher = broker.publisher(None, home, owner="test")
        await publisher.open()
        for number, body in enumerate(bodies):
            await publisher.publish(str(number), body)
        await publisher.close()

    def refuse(*bodies: bytes) -> None:
        asyncio.run(send(bodies))
        source = broker.receiver(None, home)
        taken = source.receive(len(bodies), 5)
        for delivery, refusal in Store(current()).store(taken).refused:
            source.refuse(delivery, refusal.reason, refusal.detail)
        source.close()

    return refuse


def token(client: FlaskClient, address: str = LIST) -> str:
    found = page(client, address).xpath("//form[@method='post']/input[@name='csrf_token']/@value").get()
    assert found
    return found


def ask(client: FlaskClient, **said: object) -> Selector:
    """Press a button of the list; what is shown then."""
    answer = client.post(REPLAY, data={"csrf_token": token(client), **said})
    assert (answer.status_code, answer.headers["Location"]) == (303, LIST)
    return page(client, LIST)


def waits(home: Path) -> tuple[int, int]:
    found = depths(None, home)
    return found["odds"], found["odds.dead"]


def states(client: FlaskClient) -> dict[str, str]:
    """By the size of the body: no two here are as long."""
    return {row[3]: row[5] for row in listed(client, LIST)}


# -- what is replayed --------------------------------------------------------------------------------------------------


def test_all_of_a_reason(client: FlaskClient, refuse: Callable[..., None], home: Path) -> None:
    refuse(b"{", b"[1", b'{"schema_version": 7}')
    before = page(client, LIST)
    assert [" ".join(text_of(each).split()) for each in before.css(".work li")] == [
        "malformed illisible · en attente : 2, en route ou réglés : 0 Rejouer ce motif",
        "version version inconnue · en attente : 1, en route ou réglés : 0 Rejouer ce motif",
    ]
    after = ask(client, reason="malformed")
    assert text_of(after.css("p.note")[0]).startswith("Messages remis dans la file : 2")
    assert [text_of(each) for each in after.css(".work li")] == [
        "version version inconnue · en attente : 1, en route ou réglés : 0 Rejouer ce motif",
        "malformed illisible · en attente : 0, en route ou réglés : 2",
    ]
    assert states(client) == {"1": "en route ou réglé", "2": "en route ou réglé", "21": "en attente"}
    assert waits(home) == (2, 1)
    assert not page(client, LIST).css("p.note"), "it is said once"


def test_those_that_are_ticked(client: FlaskClient, refuse: Callable[..., None], home: Path) -> None:
    refuse(b"{", b"[1", b"[22")
    boxes = page(client, LIST).xpath("//tbody//input[@type='checkbox'][@form='replay']")
    assert boxes.xpath("./@name").getall() == ["id"] * 3
    meant = [letter.id for letter in DeadLetters.select() if letter.size in (1, 3)]
    ask(client, chosen="1", id=meant)
    assert states(client) == {"1": "en route ou réglé", "2": "en attente", "3": "en route ou réglé"}
    assert waits(home) == (2, 1)


def test_enter_in_a_box_presses_the_harmless_button(client: FlaskClient, refuse: Callable[..., None]) -> None:
    """A browser submits with the first button of the form; another would replay a whole reason."""
    refuse(b"{")
    buttons = page(client, LIST).xpath("//form[@id='replay']//button")
    assert text_of(buttons[0]) == "Rejouer les messages cochés"
    assert len(buttons) == 3


def test_one_from_its_own_page(client: FlaskClient, refuse: Callable[..., None], home: Path) -> None:
    refuse(b"{", b"[1")
    number = DeadLetters.get(DeadLetters.size == 2).id
    address = f"{LIST}details/?id={number}"
    shown = page(client, address)
    button = shown.xpath("//form[@method='post'][@action=$replay]//button", replay=REPLAY)
    assert (button.attrib["name"], button.attrib["value"]) == ("id", str(number))
    assert client.post(REPLAY, data={"csrf_token": token(client, address), "id": number}).status_code == 303
    assert states(client) == {"1": "en attente", "2": "en route ou réglé"}
    assert waits(home) == (1, 1)


def test_all(client: FlaskClient, refuse: Callable[..., None], home: Path) -> None:
    refuse(b"{", b'{"schema_version": 7}')
    ask(client, all="1")
    assert waits(home) == (2, 0)


def test_a_task_goes_back_to_the_tasks(client: FlaskClient, refuse: Callable[..., None], home: Path) -> None:
    refuse(b"{")
    Store(current()).bury(Letter(b"[1"), Refused("malformed", "not JSON"), TASK_QUEUE)
    assert [row[3] for row in listed(client, f"{LIST}?queue={TASK_QUEUE}")] == ["2"]
    assert [row[3] for row in listed(client, f"{LIST}?queue=odds")] == ["1"]
    assert TASK_QUEUE in listed(client, f"{LIST}?queue={TASK_QUEUE}")[0]
    ask(client, all="1")
    assert depths(None, home, [QUEUE, TASK_QUEUE]) == {QUEUE: 1, TASK_QUEUE: 1, "outbox": 0}


@pytest.mark.parametrize("said", [{}, {"chosen": "1"}, {"id": ["x", "-1", "9" * 30, "1 OR 1=1"]}, {"reason": ""}])
def test_nothing_chosen_replays_nothing(
    client: FlaskClient, refuse: Callable[..., None], home: Path, said: dict[str, object]
) -> None:
    refuse(b"{")
    assert "Aucun message n'était choisi" in text_of(ask(client, **said).css("p.note")[0])
    assert waits(home) == (0, 1)


def test_a_part_of_a_body_is_said(client: FlaskClient, refuse: Callable[..., None]) -> None:
    refuse(b"?" * 65_536)
    app_home = client.application.config["QUEUES"].home
    source = broker.receiver(None, app_home, queue="odds.dead")
    source.ack(source.receive(1, 5))
    source.close()
    assert "Incomplets, et sans copie dans la file : 1." in text_of(ask(client, all="1").css("p.note")[0])


def test_numbers_that_no_letter_has_are_said(client: FlaskClient, refuse: Callable[..., None]) -> None:
    refuse(b"{")
    told = text_of(ask(client, chosen="1", id=[1, 77, 99]).css("p.note")[0])
    assert told.startswith("Messages remis dans la file : 1")
    assert told.endswith("Aucun message ne porte ces numéros : 77, 99.")


def test_a_queue_that_is_away_is_a_sentence(
    client: FlaskClient, refuse: Callable[..., None], home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refuse(b"{")
    (port,) = free_ports(1)
    queues = client.application.config["QUEUES"]
    object.__setattr__(queues, "rabbit_url", f"amqp://guest:s3cret@127.0.0.1:{port}/")
    shown = ask(client, all="1")
    assert "La file ne répond pas" in text_of(shown.css("p.note")[0])
    assert "s3cret" not in shown.get() + caplog.text
    assert states(client) == {"1": "en attente"}


def test_a_replay_is_logged_with_who_asked(
    client: FlaskClient, refuse: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    refuse(b"{")
    with caplog.at_level(logging.INFO, "admin"):
        ask(client, reason="malformed")
    assert "reason='malformed', run_id=None) is asked for by admin" in caplog.text
    assert "put back 1 letters" in caplog.text


# -- who may ask -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [None, "", "x", "20990101000000##0123456789abcdef0123456789abcdef01234567"])
def test_without_a_token_of_ours_nothing_happens(
    client: FlaskClient, refuse: Callable[..., None], home: Path, sent: str | None
) -> None:
    refuse(b"{")
    token(client)
    answer = client.post(REPLAY, data={"all": "1"} | ({} if sent is None else {"csrf_token": sent}))
    assert answer.status_code == 400
    assert "rechargez la liste" in answer.text
    assert waits(home) == (0, 1)


def test_a_token_of_another_browser_is_none_of_ours(app: Flask, refuse: Callable[..., None], home: Path) -> None:
    refuse(b"{")
    theirs = token(signed_in(app))
    mine = signed_in(app)
    token(mine)
    assert mine.post(REPLAY, data={"all": "1", "csrf_token": theirs}).status_code == 400
    assert signed_in(app).post(REPLAY, data={"all": "1", "csrf_token": theirs}).status_code == 400
    assert waits(home) == (0, 1)


def test_a_foreign_name_is_not_answered(client: FlaskClient, refuse: Callable[..., None], home: Path) -> None:
    refuse(b"{")
    told = {"all": "1", "csrf_token": token(client)}
    assert client.post(REPLAY, data=told, headers={"Host": "evil.example"}).status_code == 400
    assert waits(home) == (0, 1)


def test_the_cookie_goes_nowhere_else(client: FlaskClient, refuse: Callable[..., None]) -> None:
    refuse(b"{")
    parts = client.get(LIST).headers["Set-Cookie"].split("; ")
    assert parts[0].startswith("gigscrapy=")
    assert {"HttpOnly", "SameSite=Lax"} <= set(parts)


def test_a_question_replays_nothing(client: FlaskClient, refuse: Callable[..., None], home: Path) -> None:
    refuse(b"{")
    assert client.get(f"{REPLAY}?all=1&csrf_token={token(client)}").status_code == 405
    assert waits(home) == (0, 1)


def test_what_no_page_can_show_is_spelt_out(client: FlaskClient, fill: Callable[..., None]) -> None:
    fill("{\n\t\x00\x1b[2J\u202e".encode())
    shown = page(client, f"{LIST}details/?id=1").xpath("string(//pre)").get()
    assert shown == "{\n\t\\x00\\x1b[2J\\u202e"
