"""What is written is sent: at least once, in order, with waits, and never twice without saying so."""

import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from peewee import Database

from admin.alerting import outbox as outbox_module
from admin.alerting.messages import Composer
from admin.alerting.outbox import Outbox
from admin.alerting.sending import Result, Sender
from admin.alerting.vault import FILE, BadKey, Vault
from schema import alerts
from schema.alerts import CLAIM, WAITS, Note
from schema.models import AlertEvents, Channels, Deliveries
from tests.admin.alerting.sinks import WebHook
from tests.admin.alerting.world import RULES, START, add_channel, add_rule

KEY = Fernet.generate_key().decode()


@dataclass
class Recorder:
    """Sends nothing, and says what it is told to say."""

    answers: list[Result | BaseException] = field(default_factory=list)
    sent: list[tuple[str, str, str]] = field(default_factory=list)

    def send(self, url: str, title: str, body: str) -> Result:
        self.sent.append((url, title, body))
        answer = self.answers.pop(0) if self.answers else Result(ok=True, took=12)
        if isinstance(answer, BaseException):
            raise answer
        return answer


def at(minutes: float = 0) -> Callable[[], datetime]:
    return lambda: START + timedelta(minutes=minutes)


def write(database: Database, vault: Vault, url: str = "json://hook.example/", *kinds: str) -> Deliveries:
    """An event that opened, and messages about it. :returns: the first."""
    channel = add_channel(database, f"hook {Channels.select().count(database)}", secret=vault.lock(url))
    row = add_rule(database, RULES["price"], channel)
    told = [each for each in Channels.select().execute(database) if each.id == channel]
    values = {"opened_at": START, "value": 2, "told_value": 2, "told_at": START, "details": "{}", "age": 60}
    note = Note("1/1X2/0.00/1", None, values, kinds or (alerts.OPENED,))
    assert alerts.record(database, row, [note], told=told, compose=Composer("http://a").of(row), at=START)
    found: Deliveries = Deliveries.select().order_by(Deliveries.id).get(database)
    return found


def states(database: Database) -> list[str]:
    return [row.state for row in Deliveries.select().order_by(Deliveries.id).execute(database)]


def test_a_message_is_sent_once_with_its_number(database: Database, tmp_path: Path) -> None:
    vault, recorder = Vault(KEY, tmp_path), Recorder()
    written = write(database, vault)
    outbox = Outbox(database, vault, recorder)
    assert outbox.step(at()) == 1
    assert outbox.step(at(5)) == 0
    [(url, title, body)] = recorder.sent
    assert (url, title) == ("json://hook.example/", written.title)
    assert body.endswith(f"[{written.delivery_id}]")
    done = Deliveries.get_by_id(written.id)
    assert (done.state, done.attempts, done.took, done.sent_at) == (alerts.SENT, 1, 12, START)


def test_what_fails_is_tried_again_with_waits_and_then_given_up_with_its_reason(
    embedded: Database, tmp_path: Path
) -> None:
    vault = Vault(KEY, tmp_path)
    recorder = Recorder(answers=[Result(ok=False, why="answered 503")] * 9)
    write(embedded, vault)
    outbox, minutes = Outbox(embedded, vault, recorder), 0.0
    for wait in WAITS:
        assert outbox.step(at(minutes)) == 1
        assert outbox.step(at(minutes + wait.total_seconds() / 60 - 0.01)) == 0
        minutes += wait.total_seconds() / 60
    assert states(embedded) == [alerts.DUE]
    assert outbox.step(at(minutes)) == 1
    assert outbox.step(at(minutes + 10_000)) == 0
    [given_up] = Deliveries.select().execute(embedded)
    assert (given_up.state, given_up.attempts, given_up.note) == (alerts.FAILED, 5, "answered 503")


def test_what_is_refused_is_not_tried_again(embedded: Database, tmp_path: Path) -> None:
    vault = Vault(KEY, tmp_path)
    write(embedded, vault)
    Outbox(embedded, vault, Recorder([Result(ok=False, why="refused", for_good=True)])).step(at())
    assert states(embedded) == [alerts.FAILED]


def test_a_service_that_is_away_holds_up_none_of_the_others(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many messages wait behind those that it did not take."""
    monkeypatch.setattr(outbox_module, "AT_ONCE", 2)
    vault = Vault(KEY, tmp_path)
    for number in range(4):
        write(database, vault, f"json://{'other' if number == 3 else 'away'}.example/", alerts.OPENED, alerts.CLOSED)
        if number < 3:
            recorder = Recorder([Result(ok=False, why="answered 503")])
            assert Outbox(database, vault, recorder).step(at(number / 100)) == 1
    recorder = Recorder()
    assert Outbox(database, vault, recorder).step(at(0.04)) == 1
    assert [url for url, _, _ in recorder.sent] == ["json://other.example/"]


def test_messages_about_one_thing_keep_their_order(database: Database, tmp_path: Path) -> None:
    vault = Vault(KEY, tmp_path)
    write(database, vault, "json://hook.example/", alerts.OPENED, alerts.CLOSED)
    recorder = Recorder([Result(ok=False, why="answered 500")])
    outbox = Outbox(database, vault, recorder)
    assert outbox.step(at()) == 1
    assert outbox.step(at(0.1)) == 0
    assert outbox.step(at(1)) == 1
    assert outbox.step(at(1)) == 1
    titles = [title for _, title, _ in recorder.sent]
    assert titles[0] == titles[1] != titles[2]


class Crash(BaseException):
    """The process is killed."""


@pytest.mark.parametrize("sent", [True, False])
def test_a_crash_between_sending_and_noting_sends_again_and_says_so(
    database: Database, tmp_path: Path, *, sent: bool
) -> None:
    """Nobody can tell whether it arrived: it is sent again, under the same number, and with a word."""
    vault = Vault(KEY, tmp_path)
    with WebHook() as hook:
        written = write(database, vault, hook.url)
        sender = Sender(hook.allowed)

        class Killed:
            def send(self, *message: str) -> Result:
                if sent:
                    assert sender.send(*message).ok
                raise Crash

        try:
            with pytest.raises(Crash):
                Outbox(database, vault, Killed()).step(at())
            assert states(database) == [alerts.SENDING]
            after = Outbox(database, vault, sender)
            assert after.step(at(1)) == 0
            assert after.step(at(CLAIM.total_seconds() / 60)) == 1
        finally:
            sender.close()
        bodies = [message["message"] for message in hook.received]
    assert len(bodies) == 1 + sent
    assert all(f"[{written.delivery_id}]" in body for body in bodies)
    assert ["Renvoi" in body for body in bodies] == [False] * sent + [True]
    assert states(database) == [alerts.SENT]


def test_two_processes_do_not_send_one_message(database: Database, tmp_path: Path) -> None:
    delivery = write(database, Vault(KEY, tmp_path))
    assert alerts.claim(database, delivery, START)
    assert not alerts.claim(database, delivery, START)


def test_an_event_is_written_once_however_often_it_is_recorded(database: Database, tmp_path: Path) -> None:
    write(database, Vault(KEY, tmp_path))
    row = alerts.rules(database)[0]
    values = {"opened_at": START, "value": 2, "told_value": 2, "details": "{}"}
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        alerts.record(
            database,
            row,
            [Note("1/1X2/0.00/1", None, values, (alerts.OPENED,))],
            told=(),
            compose=Composer("http://a").of(row),
            at=START,
        )
    assert AlertEvents.select().count(database) == 1
    assert alerts.active_count(database) == 1


def test_a_rule_that_was_changed_meanwhile_notes_nothing(embedded: Database, tmp_path: Path) -> None:
    write(embedded, Vault(KEY, tmp_path))
    row = alerts.rules(embedded)[0]
    assert alerts.change_rule(embedded, row.id, {"threshold": 3}, at=START + timedelta(seconds=1))
    values = {"opened_at": START, "value": 2, "told_value": 2, "details": "{}"}
    compose = Composer("http://a").of(row)
    note = Note("2/1X2/0.00/1", None, values)
    assert not alerts.record(embedded, row, [note], told=(), compose=compose, at=START)
    [event] = AlertEvents.select().execute(embedded)
    assert (event.closed_because, event.open_key) == (alerts.CHANGED, None)
    assert alerts.active_count(embedded) == 0


class TestVault:
    def test_the_key_is_made_once_and_is_its_owners(self, tmp_path: Path) -> None:
        secret = Vault(None, tmp_path).lock("json://user:s3cret@hook.example/")
        assert b"s3cret" not in secret
        assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
        assert Vault(None, tmp_path).unlock(secret) == "json://user:s3cret@hook.example/"

    def test_another_key_says_what_to_do(self, tmp_path: Path) -> None:
        secret = Vault(None, tmp_path).lock("json://hook.example/")
        with pytest.raises(BadKey, match="another key than that of ALERTS_KEY: enter it anew"):
            Vault(KEY, tmp_path).unlock(secret)
        with pytest.raises(BadKey, match="ALERTS_KEY is no key"):
            Vault("short", tmp_path)

    def test_a_channel_whose_key_is_gone_is_given_up_and_the_others_go_on(
        self, embedded: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        write(embedded, Vault(Fernet.generate_key().decode(), tmp_path), "json://user:s3cret@hook.example/")
        Outbox(embedded, Vault(KEY, tmp_path), Recorder()).step(at())
        assert states(embedded) == [alerts.FAILED]
        assert "another key" in caplog.text
        assert "s3cret" not in caplog.text
