"""The command as a person starts it, with the embedded queue."""

import json
import random
import re
import subprocess
import time
from pathlib import Path

import pytest

from gigscrapy.broker import QUEUE, TASK_QUEUE, Receiver, depths, receiver
from gigscrapy.commands.dead import Command, indented, shown
from schema.database import connect, hang_up
from schema.messages import Refused, encode
from schema.store import Store
from tests import scrapy
from tests.gigscrapy.commands.in_process import asking
from tests.gigscrapy.commands.test_consume import put_in_the_spool, start
from tests.schema.laid import lay
from tests.schema.letters import Letter, quote
from tests.services import free_ports

pytestmark = pytest.mark.slow

UNKNOWN = encode(quote()).replace(b'"sport":"football"', b'"sport":"curling"')


def lines(text: str) -> list[list[str]]:
    return [re.split(r" {2,}", line.strip()) for line in text.splitlines()]


def refuse(home: Path, *bodies: bytes) -> None:
    put_in_the_spool(home, bodies)
    assert scrapy("consume", "--drain", home=home).returncode == 0


@pytest.mark.slow
def test_the_list_and_its_counts(tmp_path: Path) -> None:
    refuse(tmp_path, b"{", b"[1", UNKNOWN)
    told = scrapy("dead", home=tmp_path)
    assert told.returncode == 0, told.stderr
    head, *rows = lines(told.stdout)
    assert head == ["id", "last seen", "state", "queue", "reason", "times", "replays", "run", "detail"]
    assert sorted(row[4] for row in rows[:3]) == ["malformed", "malformed", "sport"]
    [sport] = [row for row in rows[:3] if row[4] == "sport"]
    assert sport[2:8] == ["waiting", "odds", "sport", "1", "0", "run-1"]
    assert sport[8].startswith("sport 'curling' is not one of")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", sport[1])
    assert told.stdout.splitlines()[4:] == [
        "malformed: 2 waiting, 0 on its way or settled",
        "sport: 1 waiting, 0 on its way or settled",
        "3 dead letters: 3 waiting, 0 on its way or settled (replayed, and not come back)",
    ]
    of_run = lines(scrapy("dead", "--run", "run-1", home=tmp_path).stdout)
    assert [row[4] for row in of_run if len(row) == 9][1:] == ["sport"]
    newest = lines(scrapy("dead", "--reason", "malformed", "--limit", "1", home=tmp_path).stdout)
    assert [row[4] for row in newest if len(row) > 6][1:] == ["malformed"]


@pytest.mark.slow
def test_one_of_them(tmp_path: Path) -> None:
    refuse(tmp_path, UNKNOWN)
    told = scrapy("dead", "show", "1", home=tmp_path)
    assert told.returncode == 0, told.stderr
    facts = dict(line.split(": ", 1) for line in told.stdout.splitlines()[:12])
    assert facts["state"] == "waiting"
    assert facts["reason"] == "sport"
    assert facts["run"] == "run-1"
    assert facts["replayed"] == "never"
    assert facts["body"] == f"{len(UNKNOWN)} bytes"
    body = told.stdout.split("\n", 12)[12]
    assert json.loads(body) == json.loads(UNKNOWN)
    assert '\n  "sport": "curling",\n' in body
    missing = scrapy("dead", "show", "7", home=tmp_path)
    assert (missing.returncode, missing.stdout) == (1, "there is no dead letter 7\n")


@pytest.mark.slow
def test_replay(tmp_path: Path) -> None:
    refuse(tmp_path, b"{", b"[1", UNKNOWN)
    done = scrapy("dead", "replay", "--reason", "malformed", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 dead letters are back in the queue")
    assert depths(None, tmp_path) == {"odds": 2, "odds.dead": 1, "outbox": 0}
    counted = scrapy("dead", home=tmp_path).stdout.splitlines()[-3:]
    assert counted[:2] == [
        "sport: 1 waiting, 0 on its way or settled",
        "malformed: 0 waiting, 2 on its way or settled",
    ]
    assert scrapy("consume", "--drain", home=tmp_path).returncode == 0
    assert scrapy("dead", home=tmp_path).stdout.splitlines()[-1].startswith("3 dead letters: 3 waiting, 0 on")
    assert scrapy("dead", "replay", "--all", home=tmp_path).stdout.startswith("3 dead letters")
    some = scrapy("dead", "replay", "1", "99", home=tmp_path)
    assert some.returncode == 1
    assert some.stdout.splitlines()[0] == "there is no dead letter 99"
    none = scrapy("dead", "replay", "99", home=tmp_path)
    assert none.stdout.splitlines()[-1] == "0 dead letters are back in the queue: nothing to replay"


@pytest.mark.slow
def test_replay_of_one_run(tmp_path: Path) -> None:
    refuse(tmp_path, UNKNOWN, UNKNOWN.replace(b'"run-1"', b'"run-2"'), b'{"run_id": "run-2", ')
    done = scrapy("dead", "replay", "--run", "run-2", "--reason", "sport", home=tmp_path)
    assert done.stdout.startswith("1 dead letters are back"), done.stderr
    done = scrapy("dead", "replay", "--run", "run-2", home=tmp_path)
    assert done.stdout.startswith("1 dead letters are back"), done.stderr
    assert depths(None, tmp_path) == {"odds": 2, "odds.dead": 1, "outbox": 0}


@pytest.mark.slow
@pytest.mark.parametrize("action", [[], ["replay"]])
def test_what_no_letter_has_is_said(action: list[str], tmp_path: Path) -> None:
    assert "there are no dead letters" in scrapy("dead", *action, "--reason", "sport", home=tmp_path).stdout
    refuse(tmp_path, b"{", UNKNOWN)
    told = scrapy("dead", *action, "--reason", "spotr", "--run", "run-9", home=tmp_path)
    assert told.returncode == 1
    assert "no dead letter has the reason spotr; there are: malformed, sport\n" in told.stdout
    assert "no dead letter is of the run run-9\n" in told.stdout
    assert depths(None, tmp_path) == {"odds": 0, "odds.dead": 2, "outbox": 0}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["replay"], "takes numbers, or --queue QUEUE"),
        (["replay", "1", "--all"], "takes numbers, or --queue QUEUE"),
        (["replay", "--all", "--reason", "sport"], "takes numbers, or --queue QUEUE"),
        (
            ["replay", "--all", "--run", "run-1"],
            "takes numbers, or --queue QUEUE, --reason REASON, --run RUN or several, or --all",
        ),
        (["replay", "1", "--run", "run-1"], "takes numbers, or --queue QUEUE"),
        (["replay", "--all", "--limit", "9"], "replay takes no --limit"),
        (["--all"], "the list takes no --all"),
        (["show", "1", "--run", "run-1", "--limit", "0"], "show takes no --run and no --limit"),
        (["--limit", "0"], "--limit takes 1 to 10,000"),
        (["--limit", "-1"], "--limit takes 1 to 10,000"),
        (["--limit", "99999999999999999999"], "--limit takes 1 to 10,000"),
        (["replay", "one"], "'one' is no number"),
        (["replay", "-s", "A=1", "9999999999"], "is no number"),
        (["show"], "scrapy dead show ID"),
        (["delete", "1"], "scrapy dead show ID"),
        (["edit", "1"], "scrapy dead show ID"),
    ],
)
def test_what_makes_no_sense(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    done = scrapy("dead", *arguments, home=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_broker_that_is_away(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    environment = {"RABBIT_URL": f"amqp://gig:s3cret@127.0.0.1:{port}/"}
    done = scrapy("dead", "replay", "--all", home=tmp_path, environment=environment)
    assert done.returncode == 2
    assert "nothing is lost" in done.stdout + done.stderr
    assert "s3cret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_where_it_was(tmp_path: Path) -> None:
    number, chance = 1500, random.Random(5)
    bodies = [b"%d" % count for count in range(number)]
    put_in_the_spool(tmp_path, bodies)
    bury_all(tmp_path)
    for _ in range(3):
        before = depths(None, tmp_path)["odds"]
        replaying = start("dead", "replay", "--all", home=tmp_path)
        wait_for_more(tmp_path, before, replaying)
        time.sleep(chance.random() / 20)
        replaying.kill()
        replaying.communicate()
    done = scrapy("dead", "replay", "--all", home=tmp_path)
    assert done.returncode == 0, done.stderr
    found = depths(None, tmp_path)
    assert found["odds.dead"] == 0
    assert found["odds"] >= number
    source = receiver_of(tmp_path)
    taken = source.receive(found["odds"], 5)
    assert {delivery.body for delivery in taken} == set(bodies)
    source.close()
    database = connect(None, tmp_path)
    rows = database.execute_sql("SELECT COUNT(*) FROM DeadLetters WHERE last_seen >= replayed_at OR replays = 0")
    assert rows.fetchone() == (0,)
    hang_up(database)


def wait_for_more(home: Path, before: int, running: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 60
    while depths(None, home)["odds"] == before and running.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def receiver_of(home: Path) -> Receiver:
    return receiver(None, home)


def bury_all(home: Path) -> None:
    """Refuse them, however many: a consumer would halt."""
    database = connect(None, home)
    lay(database)
    store, source = Store(database), receiver_of(home)
    while taken := source.receive(500, 0.1):
        for delivery, refusal in store.store(taken).refused:
            source.refuse(delivery, refusal.reason, refusal.detail)
    source.close()
    hang_up(database)


# -- what a terminal is shown ------------------------------------------------------------------------------------------


def test_no_character_moves_the_cursor() -> None:
    assert shown(b"\x1b]0;title\x07\xff") == "\\x1b]0;title\\x07\\xff"
    assert shown('{"a": "\x7f\u009b"}'.encode()) == '{\n  "a": "\\x7f\\x9b"\n}'


def test_json_is_indented_and_each_value_written_as_it_came() -> None:
    text = '{"a":[1.10,"x, {y}: \\"z\\""],"a":{},"b":null}'
    assert indented(text) == (
        '{\n  "a": [\n    1.10,\n    "x, {y}: \\"z\\""\n  ],\n  "a": {\n    \n  },\n  "b": null\n}'
    )
    assert json.loads(indented(text)) == json.loads(text)


def test_what_is_no_json_is_shown_as_it_is() -> None:
    assert shown(b"{\n1") == "{\\n1"
    assert shown(b"[" * 100_000) == "[" * 100_000


def test_tasks_are_a_queue_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask = asking(Command, capsys)
    database = connect(None, tmp_path)
    lay(database)
    Store(database).store([Letter(b"{")])
    Store(database).bury(Letter(b"["), Refused("malformed", "not JSON"), TASK_QUEUE)
    hang_up(database)
    listed = [row for row in lines(ask("--queue", TASK_QUEUE, home=tmp_path).stdout) if len(row) > 6]
    assert [row[3] for row in listed] == ["queue", TASK_QUEUE]
    assert f"queue: {TASK_QUEUE}\n" in ask("show", "2", home=tmp_path).stdout
    assert ask("replay", "--queue", TASK_QUEUE, home=tmp_path).stdout.startswith("1 dead letters are back in the queue")
    assert depths(None, tmp_path, [QUEUE, TASK_QUEUE]) == {QUEUE: 0, TASK_QUEUE: 1, "outbox": 0}
    assert "show takes no --queue" in ask("show", "2", "--queue", TASK_QUEUE, home=tmp_path).stderr
