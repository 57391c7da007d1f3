"""Dead letters put back: from whichever queue, after any kill, and what the tables say of them then."""

import asyncio
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from gigscrapy import broker, deadletters
from gigscrapy.broker import DEAD_QUEUE, QUEUE, TASK_QUEUE, Delivery, Queues, Receiver, depths, send
from gigscrapy.deadletters import BATCH, REPLAYED, Chosen, Replayed, Tally, is_waiting, replay, tallies
from schema import messages
from schema.database import connect, hang_up
from schema.messages import Message, encode
from schema.models import BODY_LENGTH, DeadLetters, Runs, now
from schema.reference import sports
from schema.store import Store
from tests.schema.laid import lay
from tests.schema.letters import quote
from tests.services import free_ports

EVERYTHING = Chosen()


@dataclass
class Post:
    """A queue and a database, with a crawl and a consumer to use them."""

    queues: Queues
    database: Database

    def send(self, *bodies: Message | bytes) -> None:
        at = self.queues

        async def publish() -> None:
            publisher = broker.publisher(at.rabbit_url, at.home, owner="run", queue_type=at.queue_type)
            await publisher.open()
            for number, body in enumerate(bodies):
                await publisher.publish(f"{number}", body if isinstance(body, bytes) else encode(body))
            await publisher.close()

        asyncio.run(publish())

    def consume(self, number: int) -> None:
        """Store so many messages, or refuse them: as a consumer does, that halts at no number of refusals."""
        store = Store(self.database)
        with closing(self.receiver(QUEUE)) as source:
            for taken in batches(source, number):
                outcome = store.store(taken)
                refused = {id(delivery) for delivery, _ in outcome.refused}
                for delivery, refusal in outcome.refused:
                    source.refuse(delivery, refusal.reason, refusal.detail)
                source.ack([delivery for delivery in taken if id(delivery) not in refused])

    def take(self, queue: str, number: int) -> list[Delivery]:
        """So many messages, for good."""
        found = []
        with closing(self.receiver(queue)) as source:
            for taken in batches(source, number):
                found += taken
                source.ack(taken)
        return found

    def receiver(self, queue: str) -> Receiver:
        at = self.queues
        return broker.receiver(at.rabbit_url, at.home, queue=queue, queue_type=at.queue_type)

    def holds(self, odds: int, dead: int) -> None:
        """The queues hold so many, as soon as the broker has counted."""
        deadline = time.monotonic() + 20
        while True:
            found = depths(self.queues.rabbit_url, self.queues.home)
            if (found[QUEUE], found[DEAD_QUEUE]) == (odds, dead):
                return
            assert time.monotonic() < deadline, found
            time.sleep(0.05)

    def replay(self, chosen: Chosen = EVERYTHING) -> Replayed:
        return replay(self.database, self.queues, chosen)

    def letters(self) -> list[DeadLetters]:
        return list(DeadLetters.select().order_by(DeadLetters.id).execute(self.database))

    def letter(self) -> DeadLetters:
        [only] = self.letters()
        return only

    def run(self) -> tuple[int, int, int]:
        """Of run-1: quotes stored, letters refused that wait, duplicates."""
        [row] = Runs.select().where(Runs.run_id == "run-1").execute(self.database)
        return row.stored, row.refused, row.duplicates

    def observed(self) -> list[Any]:
        """The instants of which there are prices, three each."""
        query = "SELECT scraped_at, COUNT(*) FROM Odds GROUP BY scraped_at ORDER BY scraped_at"
        found = self.database.execute_sql(query).fetchall()
        assert {prices for _, prices in found} <= {3}
        return [str(instant) for instant, _ in found]


def batches(source: Receiver, number: int) -> Iterator[list[Delivery]]:
    """Until there were so many; a slow broker is waited for."""
    deadline = time.monotonic() + 60
    while number > 0:
        assert time.monotonic() < deadline, f"{number} did not come"
        try:
            taken = list(source.receive(200, 0.2))
        except ConnectionError:
            continue
        number -= len(taken)
        yield taken


@pytest.fixture(
    params=[
        "spool",
        pytest.param("quorum", marks=pytest.mark.server),
        pytest.param("classic", marks=pytest.mark.server),
    ]
)
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Post]:
    url = None if request.param == "spool" else request.getfixturevalue("rabbit_url")
    yield from open_post(Queues(url, tmp_path, "classic" if request.param == "classic" else "quorum"))


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Post]:
    yield from open_post(Queues(None, tmp_path))


def open_post(queues: Queues) -> Iterator[Post]:
    database = connect(None, queues.home)
    lay(database)
    yield Post(queues, database)
    hang_up(database)


@pytest.fixture
def learn(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A program that does not know football; called, it learns it: the fix after which letters are replayed."""
    known = dict(sports())
    monkeypatch.setattr(messages, "sports", lambda: {name: known[name] for name in known if name != "football"})
    return lambda: monkeypatch.setattr(messages, "sports", lambda: known)


# -- the whole way -----------------------------------------------------------------------------------------------------


def test_after_a_fix_a_letter_is_replayed_and_stored(post: Post, learn: Callable[[], None]) -> None:
    post.send(quote(), quote(60), b"{")
    post.consume(3)
    post.holds(odds=0, dead=3)
    assert post.run() == (0, 2, 0)
    learn()
    assert post.replay(Chosen(reason="sport")) == Replayed(letters=2)
    post.holds(odds=2, dead=1)
    assert post.run() == (0, 0, 0)
    post.consume(2)
    post.holds(odds=0, dead=1)
    assert post.observed() == ["2025-10-17 12:00:00", "2025-10-17 12:01:00"]
    assert post.run() == (2, 0, 0)
    assert tallies(post.database) == [Tally("malformed", 1, 0), Tally("sport", 0, 2)]
    assert {(letter.reason, letter.times, letter.replays) for letter in post.letters()} == {
        ("sport", 1, 1),
        ("malformed", 1, 0),
    }


def test_one_that_comes_back_waits_again(post: Post, learn: Callable[[], None]) -> None:
    post.send(quote())
    post.consume(1)
    for replays in (1, 2):
        assert post.replay() == Replayed(letters=1)
        assert not is_waiting(post.letter())
        assert post.run() == (0, 0, 0)
        post.consume(1)
        assert is_waiting(post.letter())
        assert (post.letter().times, post.letter().replays) == (1 + replays, replays)
        assert post.run() == (0, 1, 0)
        post.holds(odds=0, dead=1)
    learn()
    post.replay()
    post.consume(1)
    assert not is_waiting(post.letter())
    assert post.run() == (1, 0, 0)
    post.holds(odds=0, dead=0)


def test_one_that_comes_back_says_what_is_wrong_with_it_now(spool: Post, learn: Callable[[], None]) -> None:
    spool.send(quote(away="Le Havre"))
    spool.consume(1)
    assert spool.letter().reason == "sport"
    learn()
    spool.replay()
    spool.consume(1)
    assert (spool.letter().reason, spool.letter().detail) == ("teams", "'Le Havre' plays itself")
    assert spool.run() == (0, 1, 0)


def test_what_is_not_meant_stays_as_it_is(post: Post) -> None:
    """More of them than are held at once, so the queue is gone through in steps."""
    numbers = [b"%d" % number for number in range(2 * BATCH + 7)]
    post.send(*numbers)
    post.consume(len(numbers))
    post.holds(odds=0, dead=len(numbers))
    before = {bytes(letter.body): (letter.id, letter.reason, letter.times, letter.replays) for letter in post.letters()}
    assert post.replay(Chosen(ids=frozenset({before[b"205"][0]}))) == Replayed(letters=1)
    post.holds(odds=1, dead=len(numbers) - 1)
    assert [each.body for each in post.take(QUEUE, 1)] == [b"205"]
    left = post.take(DEAD_QUEUE, len(numbers) - 1)
    assert sorted(each.body for each in left) == sorted(set(numbers) - {b"205"})
    assert {each.headers["x-reason"] for each in left} == {"malformed"}
    assert all(each.headers["x-detail"] and each.headers["x-first-seen"] for each in left)
    after = {bytes(letter.body): (letter.id, letter.reason, letter.times, letter.replays) for letter in post.letters()}
    assert after == before | {b"205": (*before[b"205"][:3], 1)}


def test_what_is_replayed_is_marked_and_tells_no_reason_any_more(post: Post) -> None:
    post.send(b"{", b"[")
    post.consume(2)
    post.replay(Chosen(ids=frozenset({post.letters()[0].id})))  # from the queue
    (dead,) = post.take(DEAD_QUEUE, 1)
    assert REPLAYED not in dead.headers
    post.replay()  # from the table
    for sent in post.take(QUEUE, 2):
        assert {name for name in sent.headers if name.startswith("x-re") or name == "x-detail"} == {REPLAYED}


def test_those_of_a_run(post: Post) -> None:
    bodies = [b'{"run_id": "run-%d", %d' % (run, number) for run in (1, 2) for number in range(2)]
    golf = encode(quote()).replace(b'"football"', b'"golf"')  # of run-1
    post.send(*bodies, golf)
    post.consume(5)
    post.holds(odds=0, dead=5)
    assert post.replay(Chosen(run_id="run-3")) == Replayed()
    assert post.replay(Chosen(run_id="run-2")) == Replayed(letters=2)
    assert sorted(each.body for each in post.take(QUEUE, 2)) == bodies[2:]
    assert post.replay(Chosen(run_id="run-1", reason="sport")) == Replayed(letters=1)
    assert [each.body for each in post.take(QUEUE, 1)] == [golf]
    left = post.take(DEAD_QUEUE, 2)
    assert sorted(each.body for each in left) == bodies[:2]
    assert post.replay(Chosen(run_id="run-1")) == Replayed(letters=2), "also what only the table has"


def test_nobody_s_reason_and_no_number_mean_nothing(spool: Post) -> None:
    spool.send(b"{")
    spool.consume(1)
    assert spool.replay(Chosen(reason="sport")) == Replayed()
    assert spool.replay(Chosen(ids=frozenset())) == Replayed()
    assert spool.replay(Chosen(ids=frozenset({7, 9}))) == Replayed(unknown=[7, 9])
    spool.holds(odds=0, dead=1)
    assert is_waiting(spool.letter())


# -- bodies ------------------------------------------------------------------------------------------------------------


def test_the_queue_has_the_whole_of_a_body_that_the_table_cuts(post: Post) -> None:
    body = b"?" * (BODY_LENGTH + 1)
    post.send(body)
    post.consume(1)
    assert (len(post.letter().body), post.letter().size) == (BODY_LENGTH, len(body))
    assert post.replay() == Replayed(letters=1)
    assert [each.body for each in post.take(QUEUE, 1)] == [body]
    post.holds(odds=0, dead=0)


@pytest.mark.slow
@pytest.mark.parametrize("chosen", [EVERYTHING, Chosen(reason="sport")], ids=["all", "none of them"])
def test_large_bodies_are_not_in_memory_together(post: Post, chosen: Chosen) -> None:
    number, size = 18, 4 << 20
    for first in range(0, number, 6):
        post.send(*(b"%d" % (first + each) + b"?" * size for each in range(6)))
        post.consume(6)
    post.holds(odds=0, dead=number)
    tracemalloc.start()
    try:
        done = post.replay(chosen)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert done.letters == (number if chosen == EVERYTHING else 0)
    assert peak < number * size / 2


def test_after_a_large_body_that_this_database_does_not_know_they_come_one_by_one(
    spool: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    patiently, limits = deadletters._patiently, []

    def note(source: Receiver, limit: int) -> Any:
        limits.append(limit)
        return patiently(source, limit)

    monkeypatch.setattr(deadletters, "_patiently", note)
    monkeypatch.setattr(deadletters, "BATCH", 2)
    spool.send(b"{", b"?" * (9 << 20), b"[", b"[[")
    spool.consume(4)
    DeadLetters.delete().execute(spool.database)
    assert spool.replay() == Replayed(letters=4)
    assert limits == [2, 1, 1]


def test_a_body_that_no_queue_has_is_sent_from_the_table(post: Post) -> None:
    post.send(b"?" * BODY_LENGTH)
    post.consume(1)
    post.take(DEAD_QUEUE, 1)
    assert post.replay() == Replayed(letters=1)
    assert [each.body for each in post.take(QUEUE, 1)] == [b"?" * BODY_LENGTH]
    assert not is_waiting(post.letter())
    assert post.replay() == Replayed(), "it is settled; only who names it sends it again"
    assert post.replay(Chosen(ids=frozenset({post.letter().id}))) == Replayed(letters=1)
    assert post.letter().replays == 2


def test_a_part_of_a_body_is_not_sent(spool: Post) -> None:
    spool.send(b"?" * (BODY_LENGTH + 1))
    spool.consume(1)
    spool.take(DEAD_QUEUE, 1)
    number = spool.letter().id
    assert spool.replay() == spool.replay(Chosen(ids=frozenset({number}))) == Replayed(cut=[number])
    spool.holds(odds=0, dead=0)
    assert is_waiting(spool.letter())
    assert spool.letter().replays == 0


def test_a_copy_that_this_database_does_not_know_tells_its_reason_itself(post: Post) -> None:
    post.send(b"{", b"[")
    post.consume(2)
    DeadLetters.delete().execute(post.database)
    assert post.replay(Chosen(reason="sport")) == Replayed()
    assert post.replay(Chosen(reason="malformed")) == Replayed(letters=2)
    assert sorted(each.body for each in post.take(QUEUE, 2)) == [b"[", b"{"]


@pytest.mark.slow
def test_a_bare_message_is_still_of_when_it_was_received(post: Post, learn: Callable[[], None]) -> None:
    """It tells no time: dated anew an old price would be the latest, and sent twice it would be two observations."""
    post.send(
        b'{"match": "PSG - OM", "bookmaker": "Pmu", "league": "Ligue 1", "sport": "football",'
        b' "cotes": {"cote_1": 2.1, "cote_N": 3.4, "cote_2": 3.5}}'
    )
    time.sleep(1.1)  # so that now is another second
    post.consume(1)
    received = post.letter().first_seen
    assert now() - received > timedelta(seconds=1)
    learn()
    copy = post.take(DEAD_QUEUE, 1)[0]
    assert copy.received_at.replace(tzinfo=None) == received
    for _ in range(2):
        assert post.replay(Chosen(ids=frozenset({post.letter().id}))).letters == 1
    post.consume(2)
    assert post.observed() == [str(received)]


@pytest.mark.slow
def test_bare_messages_of_one_second_are_two_observations_when_they_come_back(
    post: Post, learn: Callable[[], None]
) -> None:
    received = datetime.now(UTC).replace(microsecond=0)
    for microsecond, price in ((1, 2.5), (2, 2.1)):
        body = (
            b'{"match": "PSG - OM", "bookmaker": "Pmu", "league": "Ligue 1", "sport": "football",'
            b' "cotes": {"cote_1": %.1f, "cote_N": 3.4, "cote_2": 3.5}}' % price
        )
        broker.send(post.queues, QUEUE, [Delivery(None, body, None, received.replace(microsecond=microsecond))])
    post.consume(2)
    learn()
    assert post.replay(Chosen()).letters == 2
    post.consume(2)
    rows = post.database.execute_sql("SELECT odd_value FROM Odds WHERE outcome = '1' ORDER BY scraped_at").fetchall()
    assert [float(price) for (price,) in rows] == [2.5, 2.1]


# -- whatever happens --------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """Stands for a kill at an instant that no signal hits."""


@pytest.mark.parametrize(
    "instant", ["before it is sent", "when it is sent", "when it is entered", "when all are let go but the last"]
)
def test_broken_off_at_any_instant_it_is_done_again(
    post: Post, learn: Callable[[], None], monkeypatch: pytest.MonkeyPatch, instant: str
) -> None:
    post.send(quote(), quote(1), quote(2))
    post.consume(3)
    post.holds(odds=0, dead=3)
    learn()

    def kill(*_: object) -> None:
        raise Killed

    def kill_after_one(replaying: Any, letter: DeadLetters) -> None:
        mark(replaying, letter)
        raise Killed

    mark = deadletters._Replay._mark
    with monkeypatch.context() as patch:
        if instant == "before it is sent":
            patch.setattr(deadletters, "send", kill)
        elif instant == "when it is sent":
            patch.setattr(deadletters._Replay, "_mark", kill)
        elif instant == "when it is entered":
            patch.setattr(deadletters._Replay, "_mark", kill_after_one)
        else:
            patch.setattr(deadletters._Replay, "_from_the_table", kill)
        with pytest.raises(Killed):
            post.replay()
    post.replay()
    post.holds(odds={"before it is sent": 3, "when all are let go but the last": 3}.get(instant, 6), dead=0)
    post.consume(3)
    assert post.run()[:2] == (3, 0)
    assert not any(map(is_waiting, post.letters()))
    assert len(post.observed()) == 3


def test_two_replays_at_once_lose_nothing(post: Post, learn: Callable[[], None]) -> None:
    number = 3 * BATCH
    post.send(*(quote(second) for second in range(number)))
    post.consume(number)
    post.holds(odds=0, dead=number)
    learn()

    def one_of_two(_: int) -> None:
        database = connect(None, post.queues.home)
        try:
            replay(database, post.queues, EVERYTHING)
        finally:
            hang_up(database)

    with ThreadPoolExecutor(2) as two:
        list(two.map(one_of_two, range(2)))
    post.replay()  # what one held while the other looked
    sent = depths(post.queues.rabbit_url, post.queues.home)
    assert sent[DEAD_QUEUE] == 0
    assert sent[QUEUE] >= number
    post.consume(sent[QUEUE])
    assert post.run()[:2] == (number, 0)
    assert len(post.observed()) == number


def test_one_that_comes_back_before_its_replay_is_entered_waits(spool: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.send(b'{"schema_version": 1, "run_id": "run-1"}')
    spool.consume(1)
    sending = deadletters.send

    def send_and_refuse(*arguments: Any) -> None:
        sending(*arguments)
        spool.consume(1)

    monkeypatch.setattr(deadletters, "send", send_and_refuse)
    assert spool.replay().letters == 1
    assert is_waiting(spool.letter())
    assert (spool.letter().times, spool.letter().replays) == (2, 1)
    assert spool.run()[1] == 1


def test_what_two_replays_enter_counts_once(spool: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.send(b'{"schema_version": 1, "run_id": "run-1"}')
    spool.consume(1)
    sending = deadletters.send

    def send_after_another(*arguments: Any) -> None:
        monkeypatch.setattr(deadletters, "send", sending)
        assert spool.replay().letters == 1
        sending(*arguments)

    monkeypatch.setattr(deadletters, "send", send_after_another)
    assert spool.replay().letters == 1
    assert (spool.letter().replays, spool.run()[1]) == (2, 0)
    assert not is_waiting(spool.letter())
    spool.consume(2)
    assert (spool.letter().times, spool.run()[1]) == (3, 1)


@pytest.mark.parametrize("fast", [timedelta(hours=2), timedelta(hours=-2)])
def test_clocks_that_differ_hide_no_letter(spool: Post, fast: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """The consumer's machine says when a letter was seen, the one that replays when it was replayed."""
    spool.send(b"{")
    spool.consume(1)
    monkeypatch.setattr(deadletters, "now", lambda: now() + fast)
    spool.replay()
    assert not is_waiting(spool.letter())
    spool.consume(1)
    assert is_waiting(spool.letter())


def test_a_broker_that_is_away_is_an_error_and_changes_nothing(spool: Post) -> None:
    spool.send(b"{")
    spool.consume(1)
    (port,) = free_ports(1)
    away = replace(spool.queues, rabbit_url=f"amqp://guest:guest@127.0.0.1:{port}/")
    with pytest.raises(ConnectionError):
        replay(spool.database, away, EVERYTHING)
    assert is_waiting(spool.letter())
    assert spool.letter().replays == 0


# -- tasks -------------------------------------------------------------------------------------------------------------


def bury_task(post: Post, body: bytes) -> None:
    """As a worker refuses it."""
    send(post.queues, TASK_QUEUE, [Delivery(None, body, None, datetime.now(UTC))])
    with closing(post.receiver(TASK_QUEUE)) as source:
        for taken in batches(source, 1):
            for delivery in taken:
                refusal = messages.Refused("unknown-league", "nobody knows it")
                Store(post.database).bury(delivery, refusal, TASK_QUEUE)
                source.refuse(delivery, refusal.reason, refusal.detail)


@pytest.fixture(params=["spool", pytest.param("quorum", marks=pytest.mark.server)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Post]:
    url = None if request.param == "spool" else request.getfixturevalue("rabbit_url")
    yield from open_post(Queues(url, tmp_path))


def test_a_letter_goes_back_where_it_came_from(desk: Post) -> None:
    """One body in both queues is two letters."""
    desk.send(b"{")
    desk.consume(1)
    bury_task(desk, b"{")
    bury_task(desk, b'{"scraper": "x"}')
    assert [(each.queue, each.reason) for each in desk.letters()] == [
        ("odds", "malformed"),
        ("scraping_tasks", "unknown-league"),
        ("scraping_tasks", "unknown-league"),
    ]
    assert desk.replay(Chosen(queue=TASK_QUEUE, reason="malformed")) == Replayed()
    assert desk.replay(Chosen(queue=TASK_QUEUE)) == Replayed(letters=2)
    assert [each.body for each in desk.take(TASK_QUEUE, 2)] == [b"{", b'{"scraper": "x"}']
    desk.holds(odds=0, dead=1)
    assert [is_waiting(each) for each in desk.letters()] == [True, False, False]
    assert desk.replay(Chosen(ids=frozenset({3, 1}))) == Replayed(letters=2)
    assert [each.body for each in desk.take(TASK_QUEUE, 1)] == [b'{"scraper": "x"}']
    assert [each.body for each in desk.take(QUEUE, 1)] == [b"{"]


def test_a_task_that_is_refused_again_waits_again_and_no_run_counts_it(spool: Post) -> None:
    body = b'{"scraper": "x", "run_id": "run-1"}'
    for _ in range(2):
        bury_task(spool, body)
        assert spool.replay() == Replayed(letters=1)
    assert (spool.letter().times, spool.letter().replays, spool.letter().run_id) == (3, 2, None)  # its copy too
    assert Runs.select().count(spool.database) == 0
