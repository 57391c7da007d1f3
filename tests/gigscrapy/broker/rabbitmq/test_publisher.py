import asyncio
import errno
import logging
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from gigscrapy import broker
from gigscrapy.broker import DEAD_QUEUE, QUEUE, BrokerError, Publisher
from gigscrapy.broker.rabbitmq import link, publisher
from gigscrapy.broker.rabbitmq.outbox import Outbox
from tests.gigscrapy.broker.helpers import (
    channel,
    drain,
    kill9,
    names,
    publish,
    publish_with,
    read_lines,
    spawn,
    until,
)
from tests.services import free_ports
from tests.services.proxy import TO_CLIENT, TO_SERVER, Proxy
from tests.services.rabbitmq import RabbitMQ

pytestmark = pytest.mark.server


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 60))


async def opened(url: str, home: Path, owner: str = "run", queue_type: str = "quorum") -> Publisher:
    made = broker.publisher(url, home, owner=owner, queue_type=queue_type)
    await made.open()
    return made


def through(proxy: Proxy, rabbitmq: RabbitMQ, url: str, **options: object) -> str:
    """The same virtual host, behind the proxy."""
    query = "&".join(f"{key}={value}" for key, value in options.items())
    return rabbitmq.url(url.rpartition("/")[2], port=proxy.port) + (f"?{query}" if query else "")


def test_what_is_on_the_wire(rabbit_url: str, tmp_path: Path) -> None:
    publish(rabbit_url, tmp_path, ["one"])
    with channel(rabbit_url) as rabbit:
        method, properties, body = rabbit.basic_get(QUEUE, auto_ack=True)
    assert (method.exchange, method.routing_key, body) == ("", QUEUE, b"one")
    assert abs(properties.timestamp - time.time()) < 10
    ours = {key: value for key, value in vars(properties).items() if value is not None}
    assert ours | {"timestamp": ..., "headers": ...} == {
        "timestamp": ...,
        "headers": ...,  # a quorum queue counts deliveries there
        "content_type": "application/json",
        "delivery_mode": 2,
        "message_id": "one",
        "type": "odds.v1",
        "app_id": "gigscrapy",
    }


def test_more_than_a_window(rabbit_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never more than the window is under way, and all arrive, in order, once."""
    monkeypatch.setattr(publisher, "WINDOW", 40)
    monkeypatch.setattr(publisher, "STRIDE", 10)
    most = 0
    send_some = publisher.RabbitPublisher._send_some

    async def watched(self: Any, link: Any, trip: Any) -> None:
        nonlocal most
        await send_some(self, link, trip)
        most = max(most, trip.under_way)

    monkeypatch.setattr(publisher.RabbitPublisher, "_send_some", watched)
    publish(rabbit_url, tmp_path, sorted(names("m", 500)))
    assert drain(rabbit_url) == sorted(names("m", 500))
    assert 20 < most <= 40


def test_on_scrapy_s_reactor(rabbit_url: str, tmp_path: Path) -> None:
    process = spawn("crawl_reactor.py", rabbit_url, tmp_path)
    assert process.communicate(timeout=30)[0] == "500\n"
    assert process.returncode == 0
    assert sorted(drain(rabbit_url)) == sorted(names("m", 500))


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (("guest@", "s3cret@"), "correct RABBIT_URL"),
        (("/test", "/nowhere"), "create the virtual host"),
    ],
)
def test_what_waiting_would_not_mend_is_said_at_once(
    rabbit_url: str, tmp_path: Path, wrong: tuple[str, str], what: str
) -> None:
    with pytest.raises(BrokerError, match=what) as caught:
        publish(rabbit_url.replace(*wrong), tmp_path, ["one"])
    assert "s3cret" not in str(caught.value)
    assert not list((tmp_path / "outbox").iterdir())


@pytest.mark.parametrize("wrong", [{"owner": "a/b"}, {"queue_type": "stream"}])
def test_a_wrong_setting_is_said_at_once(rabbit_url: str, tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(BrokerError, match=next(iter(wrong.values()))):
        publish(rabbit_url, tmp_path, ["one"], **wrong)


def test_a_broker_that_comes_later_gets_all(
    rabbitmq: RabbitMQ, rabbit_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (port,) = free_ports(1)
    url = rabbitmq.url(rabbit_url.rpartition("/")[2], port=port)

    async def scenario() -> None:
        publisher = await opened(url, tmp_path)
        await publish_with(publisher, names("m", 2500))
        assert publisher.counts() == {"published": 2500, "confirmed": 0, "waiting": 2500, "adopted": 0}
        with Proxy(rabbitmq.port, port):
            await until(lambda: not publisher.counts()["waiting"])
            await publisher.close()
        assert publisher.counts()["confirmed"] == 2500

    with caplog.at_level(logging.INFO, "gigscrapy"):
        run(scenario())
    assert sorted(drain(rabbit_url)) == sorted(names("m", 2500))
    where = f"amqp://guest@127.0.0.1:{port}/{rabbit_url.rpartition('/')[2]}"
    outbox = tmp_path / "outbox" / "run.sqlite3"
    assert [record.getMessage() for record in caplog.records] == [
        f"{where} is away (Connection refused): messages wait in {outbox} and are sent as soon as it takes them",
        f"queue odds (quorum) is made at {where}",
        f"{where} is back: 2500 messages are sent on",
    ]
    assert not list((tmp_path / "outbox").iterdir())


def test_what_the_broker_did_not_take_waits_for_the_next_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        publisher = await opened("amqp://127.0.0.1:1/", tmp_path)
        await publish_with(publisher, names("m", 20))
        began = time.monotonic()
        await publisher.close(patience=0.5)
        assert time.monotonic() - began < 2

    run(scenario())
    assert broker.depths(None, tmp_path)["outbox"] == 20
    assert caplog.records[-1].getMessage() == (
        f"20 messages wait in {tmp_path}/outbox/run.sqlite3: the next run sends them"
    )


def test_a_confirm_that_is_lost_makes_a_message_come_twice_not_never(
    rabbitmq: RabbitMQ, rabbit_url: str, tmp_path: Path
) -> None:
    async def scenario() -> None:
        with Proxy(rabbitmq.port) as proxy:
            publisher = await opened(through(proxy, rabbitmq, rabbit_url), tmp_path)
            proxy.swallow(TO_CLIENT)
            await publish_with(publisher, names("m", 50))
            await asyncio.sleep(0.3)
            assert publisher.counts()["confirmed"] == 0
            proxy.swallow()
            proxy.cut()
            await until(lambda: publisher.counts()["confirmed"] == 50)
            await publisher.close()

    run(scenario())
    assert sorted(drain(rabbit_url)) == sorted([*names("m", 50), *names("m", 50)])


def test_a_line_gone_silent_is_given_up(rabbitmq: RabbitMQ, rabbit_url: str, tmp_path: Path) -> None:
    """Half open: nothing comes, nothing is refused. Heartbeats notice."""

    async def scenario() -> None:
        with Proxy(rabbitmq.port) as proxy:
            publisher = await opened(through(proxy, rabbitmq, rabbit_url, heartbeat=1), tmp_path)
            proxy.swallow(TO_CLIENT, TO_SERVER)
            await publish_with(publisher, names("m", 50))
            await until(lambda: publisher._is_away, 8)  # type: ignore[attr-defined]
            proxy.swallow()
            await until(lambda: publisher.counts()["confirmed"] == 50)
            await publisher.close()

    run(scenario())
    assert sorted(drain(rabbit_url)) == sorted(names("m", 50))


def test_a_broker_that_confirms_nothing_is_tried_over_another_line(
    rabbitmq: RabbitMQ,
    rabbit_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As a queue does that hangs: the line lives, for the heartbeat, half a minute here, sees nothing."""
    monkeypatch.setattr(publisher, "PATIENCE_SECONDS", 0.3)

    async def scenario() -> None:
        with Proxy(rabbitmq.port) as proxy:
            publisher = await opened(through(proxy, rabbitmq, rabbit_url), tmp_path)
            await publish_with(publisher, names("before", 10))
            await until(lambda: publisher.counts()["confirmed"] == 10)
            await asyncio.sleep(0.5)  # nothing is due, so nothing is missed
            assert not publisher._is_away  # type: ignore[attr-defined]
            proxy.swallow(TO_CLIENT)
            while not publisher._is_away:  # type: ignore[attr-defined]
                await publisher.publish(name := f"m{len(published):05}", name.encode())
                published.add(name)
                await asyncio.sleep(0.02)  # the crawl goes on, and must not pass for news
                assert len(published) < 200
            proxy.swallow()
            await until(lambda: not publisher.counts()["waiting"])
            await publisher.close()

    published: set[str] = set()
    monkeypatch.setattr(link, "LEAVE_SECONDS", 0.2)
    run(scenario())
    assert "is away (nothing was confirmed for 0.3 s)" in caplog.records[0].getMessage()
    assert set(drain(rabbit_url)) == names("before", 10) | published


def test_a_queue_deleted_meanwhile_is_made_anew(rabbit_url: str, tmp_path: Path) -> None:
    """What comes back without a queue is also confirmed: believing that would lose it."""

    async def scenario() -> None:
        publisher = await opened(rabbit_url, tmp_path)
        await publish_with(publisher, names("before", 10))
        await until(lambda: publisher.counts()["confirmed"] == 10)
        with channel(rabbit_url) as rabbit:
            rabbit.queue_delete(QUEUE)
        await publish_with(publisher, names("after", 300))
        await publisher.close()
        assert publisher.counts()["confirmed"] == 310

    run(scenario())
    assert set(drain(rabbit_url)) == names("after", 300)


def test_a_full_queue_keeps_the_rest_waiting(rabbit_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        with channel(rabbit_url) as rabbit:
            rabbit.queue_declare(QUEUE, durable=True, arguments={"x-max-length": 10, "x-overflow": "reject-publish"})
        publisher = await opened(rabbit_url, tmp_path)
        await publish_with(publisher, names("m", 40))
        await until(lambda: publisher.counts()["confirmed"] >= 10)
        await asyncio.sleep(1)
        assert publisher.counts()["waiting"] >= 29  # RabbitMQ's limit is soft by one
        while publisher.counts()["waiting"]:
            got.extend(await asyncio.to_thread(drain, rabbit_url))
        await publisher.close()
        got.extend(drain(rabbit_url))

    got: list[str] = []
    with caplog.at_level(logging.INFO, "gigscrapy"):
        run(scenario())
    assert sorted(got) == sorted(names("m", 40))
    said = [record.getMessage() for record in caplog.records[1:]]
    assert "refuses messages (is queue odds full?)" in said[0]
    assert "takes messages again" in said[-1]
    assert len(said) <= 8


def test_an_alarm_holds_up_the_messages_and_not_the_crawl(
    rabbitmq: RabbitMQ,
    rabbit_url: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publisher, "PATIENCE_SECONDS", 0.5)
    alarm = "{{resource_limit, memory, node()}, []}"

    async def scenario() -> None:
        publisher = await opened(f"{rabbit_url}?heartbeat=1", tmp_path)
        await publish_with(publisher, names("before", 10))
        rabbitmq.eval(f"rabbit_alarm:set_alarm({alarm})")
        try:
            await publish_with(publisher, names("during", 100))
            await asyncio.sleep(3.2)  # more than three heartbeats: being held up is not being dead
            assert publisher.counts()["published"] == 110
            assert publisher.counts()["waiting"] >= 90
        finally:
            rabbitmq.eval(f"rabbit_alarm:clear_alarm({alarm.replace(', []}', '}')[1:-1]})")
        await publisher.close()
        assert publisher.counts()["confirmed"] == 110

    with caplog.at_level(logging.WARNING, "gigscrapy"):
        run(scenario())
    assert sorted(drain(rabbit_url)) == sorted(names("before", 10) | names("during", 100))
    assert [record.getMessage().partition(" takes")[2] for record in caplog.records] == [
        " no messages for now (an alarm of memory or disk): they wait"
    ]


def test_a_broker_that_hangs_does_not_keep_the_crawl_from_ending(
    rabbitmq: RabbitMQ, rabbit_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "LEAVE_SECONDS", 0.5)

    async def scenario() -> None:
        publisher = await opened(rabbit_url, tmp_path, "first")
        rabbitmq.pause()
        await publish_with(publisher, names("m", 30))
        began = time.monotonic()
        await publisher.close(patience=0.5)
        assert time.monotonic() - began < 2
        assert publisher.counts()["waiting"] == 30
        rabbitmq.resume()
        await asyncio.sleep(0.5)  # now it answers the goodbye

    run(scenario())
    publish(rabbit_url, tmp_path, names("n", 5), owner="second")
    assert set(drain(rabbit_url)) == names("m", 30) | names("n", 5)
    assert not list((tmp_path / "outbox").iterdir())


def test_a_killed_run_s_outbox_is_sent_by_the_next_and_a_living_one_s_left(
    rabbitmq: RabbitMQ, rabbit_url: str, tmp_path: Path
) -> None:
    """The broker is away all the time of the first two, so that whatever arrives came through the third."""
    killed = spawn("publish_for_ever.py", "amqp://127.0.0.1:1/", tmp_path, "killed")
    alive = spawn("publish_for_ever.py", "amqp://127.0.0.1:1/", tmp_path, "alive")
    said = set(read_lines(killed, 200))
    read_lines(alive, 200)
    said |= set(kill9(killed))

    async def scenario() -> None:
        publisher = await opened(rabbit_url, tmp_path, "third")
        assert publisher.counts()["adopted"] >= len(said)
        await publisher.publish("third", b"third")
        await publisher.close()
        counts = publisher.counts()
        assert counts["confirmed"] == counts["adopted"] + counts["published"]
        assert counts["published"] == 1

    try:
        run(scenario())
        assert (tmp_path / "outbox" / "alive.sqlite3").exists()
        assert not (tmp_path / "outbox" / "killed.sqlite3").exists()
    finally:
        kill9(alive)
    got = drain(rabbit_url)
    assert said <= set(got)
    assert len(got) == len(set(got))
    assert not [name for name in got if name.startswith("alive")]


def test_a_disk_that_forgets_nothing_keeps_no_message_back(
    rabbitmq: RabbitMQ,
    rabbit_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Over two links, the second of which finds more in the outbox that is sent already than it reads at once."""

    async def full(self: Outbox, ids: object) -> None:
        raise OSError(errno.ENOSPC, "database or disk is full")

    async def scenario() -> None:
        with Proxy(rabbitmq.port) as proxy:
            publisher = await opened(through(proxy, rabbitmq, rabbit_url), tmp_path)
            await publish_with(publisher, names("before", 100))
            await until(lambda: publisher.counts()["confirmed"] == 100)
            proxy.cut()
            await publish_with(publisher, names("after", 100))
            await publisher.close()
            assert publisher.counts() == {"published": 200, "confirmed": 200, "waiting": 0, "adopted": 0}

    with monkeypatch.context() as patched:
        patched.setattr(publisher, "WINDOW", 40)
        patched.setattr(publisher, "STRIDE", 10)
        patched.setattr(Outbox, "remove", full)
        run(scenario())
    assert sorted(drain(rabbit_url)) == sorted(names("before", 100) | names("after", 100))
    assert sum("cannot be written (database or disk is full)" in record.getMessage() for record in caplog.records) == 1
    publish(rabbit_url, tmp_path, [], owner="next")
    assert set(drain(rabbit_url)) == names("before", 100) | names("after", 100)


def test_a_password_changed_meanwhile_leaves_the_messages_waiting(
    rabbitmq: RabbitMQ, rabbit_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rabbitmq.eval('rabbit_auth_backend_internal:add_user(<<"gig">>, <<"old">>, <<"test">>)')
    vhost = rabbit_url.rpartition("/")[2]
    rabbitmq.eval(
        f'rabbit_auth_backend_internal:set_permissions(<<"gig">>, <<"{vhost}">>, <<".*">>, <<".*">>, <<".*">>, <<"test">>)'
    )

    async def scenario() -> None:
        with Proxy(rabbitmq.port) as proxy:
            url = rabbitmq.url(vhost, user="gig", password="old", port=proxy.port)
            publisher = await opened(url, tmp_path)
            rabbitmq.eval('rabbit_auth_backend_internal:change_password(<<"gig">>, <<"new">>, <<"test">>)')
            proxy.cut()
            await publish_with(publisher, names("m", 10))
            await asyncio.sleep(1.5)
            assert publisher.counts()["waiting"] == 10
            rabbitmq.eval('rabbit_auth_backend_internal:change_password(<<"gig">>, <<"old">>, <<"test">>)')
            await until(lambda: not publisher.counts()["waiting"])
            await publisher.close()

    run(scenario())
    assert set(drain(rabbit_url)) == names("m", 10)
    assert not any("old" in record.getMessage().split() for record in caplog.records)


def test_our_own_mistake_is_shown_and_costs_no_message(
    rabbit_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(row: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(publisher, "_properties", broken)

    async def scenario() -> None:
        publisher = await opened(rabbit_url, tmp_path)
        await publisher.publish("one", b"one")
        await asyncio.sleep(0.2)
        await publisher.publish("two", b"two")
        await publisher.close()

    run(scenario())
    assert [record.getMessage() for record in caplog.records if record.exc_info] == [
        "messages are no longer sent on, they stay in the outbox"
    ]
    assert broker.depths(rabbit_url, tmp_path) == {QUEUE: 0, DEAD_QUEUE: 0, "outbox": 2}
