"""From the queue of tasks to crawls on the nodes, and what becomes of them.

* A task is read, entered with a run for each league it wants, committed, then acknowledged: it is held for no crawl.
* A queued run whose turn it is is claimed (nobody else has it or its league from then on), then scheduled on the node
  that has least to do.
* What a kill left between the two, and what its node has forgotten, is found by looking: every few seconds each run
  that should be crawling is held against what its node says.

Any number of workers may run at once: what decides is in the tables. Nothing of a task but the name of a spider and
arguments that were read reaches a node.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from peewee import Database

from gigscrapy.broker import QUEUE, TASK_QUEUE, BrokerError, Delivery, Queues, Receiver, depths
from gigscrapy.leagues import load
from gigscrapy.nodes import Job, Node, NodeAway, NodeRefused
from gigscrapy.patience import Halt, MessageFault, Patience, Stopped
from gigscrapy.tasks import TASK_ID, Task, Unknown, check, read_task, said_arguments, write_task, written
from schema import runs
from schema.database import begin_writing, hang_up
from schema.instants import naive
from schema.messages import Refused, body_hash
from schema.migrations import SchemaError, prepare
from schema.models import Runs, now
from schema.runs import Handed
from schema.store import Store

BATCH = 1
"""None is sent ahead: of bare tasks only the one that was in hand is delivered again."""
RECEIVE_SECONDS = 0.5
"""How long the queue is listened to before runs are looked at again."""
SWEEP_SECONDS = 10.0
"""Between two looks at the runs; less where they are given up soon."""
AWAY_SECONDS = 5.0
"""So long a node that did not answer is not asked again."""
HUNG = 4
"""So many times as silent as one that its node has no more, a run is stopped that its node says goes on."""
GRACE = timedelta(seconds=20)
"""So long after a run was claimed its worker may still be scheduling it: a node's answer is waited for 13 s."""

NO_NODE = "no-node"
"""Verdict on a run that no node took, and reason of the dead letter that asks for it again."""
NODE_REFUSED = "node-refused"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """:ivar at_once: so many crawls over all nodes; :ivar silence: seconds until a run that its node does not have is
    given up.
    """

    at_once: int = 1
    silence: int = 300


@dataclass(slots=True)
class Totals:
    """What a worker has done so far. ``runs``: that it entered; ``scheduled``: that it gave to a node."""

    tasks: int = 0
    runs: int = 0
    refused: int = 0
    scheduled: int = 0
    lost: int = 0


class Worker:
    """Hands tasks over and runs out, until told to stop. One for a process: it owns the receiver and the database.

    :param alive: whether a crawl of this id lives on this machine.
    """

    def __init__(
        self,
        receiver: Receiver,
        database: Database,
        nodes: Sequence[Node],
        *,
        queues: Queues,
        bounds: Bounds,
        alive: Callable[[str], bool],
    ) -> None:
        self._receiver = receiver
        self._database = database
        self._store = Store(database)
        self._nodes = nodes
        self._queues = queues
        self._bounds = bounds
        self._alive = alive
        self._away: dict[str, tuple[float, str]] = {}
        """Nodes that did not answer: until when they are left out (on the monotonic clock), and what they said."""
        self._ended: set[tuple[str, bool]] = set()
        """Runs that hung, and whether they were killed: it is said once."""
        self._next_sweep = 0.0
        self._patiently = Patience(database, lambda: self.is_stopping)
        self.totals = Totals()
        self.is_stopping = False

    def stop(self) -> None:
        """Settle the present tasks, and leave. To be called from anywhere, a signal handler too."""
        self.is_stopping = True

    def run(self) -> None:
        """Work until told to stop. :raises Halt: when a person must see to something."""
        try:
            self._patiently(lambda: prepare(self._database), "the start")
            while not self.is_stopping:
                self.turn()
        except Stopped:
            logger.info("told to stop while the database is away: what was received goes back to the queue")
        except (SchemaError, MessageFault) as error:  # the latter where no task is at fault
            raise Halt(str(error)) from error
        finally:
            self._receiver.close()
            hang_up(self._database)

    def turn(self) -> None:
        """Look once at all there is to do. Errors as :meth:`run`, and those of :class:`gigscrapy.patience.Patience`."""
        if time.monotonic() >= self._next_sweep:
            self._patiently(self.sweep, "the look at the runs")
            self._next_sweep = time.monotonic() + min(SWEEP_SECONDS, self._bounds.silence / 3)
        self._take(self._receive())
        self._patiently(self.dispatch, "the next run")

    # -- tasks ---------------------------------------------------------------------------------------------------------

    def _receive(self) -> Sequence[Delivery]:
        try:
            return self._receiver.receive(BATCH, RECEIVE_SECONDS)
        except ConnectionError:
            return ()  # the receiver says it, and keeps the pause
        except BrokerError as error:
            raise Halt(str(error)) from None

    def _take(self, deliveries: Sequence[Delivery]) -> None:
        """Hand over each by itself, and answer for it; on a line that broke the others come again."""
        try:
            for delivery in deliveries:
                self._take_one(delivery)
        except ConnectionError as error:
            logger.warning("handed over, and the broker is away before it heard so (%s): it will come again", error)

    def _take_one(self, delivery: Delivery) -> None:
        try:
            task = read_task(delivery.body)
            wanted = [(league.name, written(task.arguments)) for league in task.leagues]
            done = self._patiently(lambda: self._enter(delivery, task, wanted), "a task")
        except Refused as refusal:
            self._refuse(delivery, refusal)
        except MessageFault as fault:
            self._refuse(delivery, Refused("database", str(fault)))
        else:
            self._acknowledge(delivery)
            self._tell(task, done)

    def _enter(self, delivery: Delivery, task: Task, wanted: Sequence[tuple[str, str | None]]) -> Handed:
        return runs.hand_over(
            self._database,
            task_id=task.task_id or _envelope_id(delivery),
            body_hash=body_hash(delivery.body),
            said=task.said,
            requested_by=task.requested_by,
            received_at=naive(delivery.received_at),
            wanted=wanted,
            again=delivery.attempts > 0,
        )

    def _acknowledge(self, delivery: Delivery) -> None:
        self._receiver.ack([delivery])

    def _refuse(self, delivery: Delivery, refusal: Refused) -> None:
        """Into DeadLetters, then among the dead of the queue, then it is forgotten."""
        logger.warning("a task is refused (%s): %s", refusal.reason, refusal.detail)
        self._patiently(lambda: self._store.bury(delivery, refusal, TASK_QUEUE), "a task")
        self._receiver.refuse(delivery, refusal.reason, refusal.detail)
        self.totals.refused += 1

    def _tell(self, task: Task, done: Handed) -> None:
        self.totals.tasks += 1
        self.totals.runs += len(done.made)
        asked = f"{task.said!r}{f' by {task.requested_by}' if task.requested_by else ''}"
        if done.known:
            logger.info("a task came once more, nothing is to be done: %s", asked)
        else:
            logger.info("a task: %s: %d runs queued, %d queued already", asked, len(done.made), len(done.joined))

    # -- runs ----------------------------------------------------------------------------------------------------------

    def dispatch(self) -> None:
        """Give runs to nodes, in their turn, as many as may crawl at once."""
        while not self.is_stopping and runs.count_active(self._database) < self._bounds.at_once:
            run = runs.next_queued(self._database, now())
            if run is None:
                return
            if not self._is_fit(run):
                continue
            if (node := self._least_loaded()) is None:
                self._put_off(run)
            elif not self._give(run, node):
                return

    def _is_fit(self, run: Runs) -> bool:
        """Whether it can be given to a node. Else it has failed: the catalogue has lost its league since it was queued,
        or somebody else has written the row.
        """
        leagues = [league for league in load() if league.name == run.spider]
        try:
            if not leagues:
                raise Unknown(f"no league is called {run.spider!r} any more")
            check(leagues, said_arguments(run.arguments))
        except Refused as refusal:
            self._fail(run, refusal.reason, refusal.detail)
            return False
        return True

    def _least_loaded(self) -> Node | None:
        """Of the nodes that answer; of those that have as much to do the first."""
        loads = [(load, number) for number, node in enumerate(self._nodes) if (load := self._load(node)) is not None]
        return self._nodes[min(loads)[1]] if loads else None

    def _load(self, node: Node) -> int | None:
        if self._is_left_out(node):
            return None
        try:
            load = node.load()
        except (NodeAway, NodeRefused) as error:
            self._leave_out(node, error)
            return None
        self._welcome(node)
        return load

    def _give(self, run: Runs, node: Node) -> bool:
        """Claim it, then have it scheduled. Killed between the two, :meth:`sweep` finds it.

        :returns: False where it was not to be had.
        """
        if not runs.claim(self._database, run, node.name, at_once=self._bounds.at_once, now=now()):
            return False
        try:
            self._schedule(run, node)
        except NodeAway as error:
            self._leave_out(node, error)
            if not error.may_have_acted:
                self._put_off(run)
        except NodeRefused as error:
            self._fail(run, NODE_REFUSED, str(error))
        return True

    def _schedule(self, run: Runs, node: Node) -> None:
        """:raises NodeAway, NodeRefused: as the node does."""
        node.schedule(str(run.spider), run.run_id, said_arguments(run.arguments))
        if runs.is_cancelled(self._database, run.run_id):
            # This process stood still since the claim: somebody who waited for it was told that it never began.
            node.cancel(run.run_id)
            return
        self.totals.scheduled += 1
        logger.info("%s is given to %s", _named(run), node.name, extra={"run": run.run_id})

    def _put_off(self, run: Runs) -> None:
        if (seconds := runs.put_off(self._database, run, now())) is not None:
            logger.warning(
                "no node takes %s, it is tried again in %d s", _named(run), seconds, extra={"run": run.run_id}
            )
            return
        said = "; ".join(sentence for _, sentence in self._away.values())
        tried = len(runs.WAITS) + 1
        self._fail(run, NO_NODE, f"no node took it in {sum(runs.WAITS)} s, {tried} times tried: {said}", ask_again=True)

    def _fail(self, run: Runs, verdict: str, sentence: str, *, ask_again: bool = False) -> None:
        """It has failed; with ``ask_again`` a dead letter is left, which replayed asks for it again."""
        with self._database.transaction(begin_writing(self._database)):
            if not runs.fail(self._database, run, verdict, sentence[:2000], now()):
                return
            if ask_again:
                # With an id of its own: it is another task each time it fails, and the same however often replayed.
                arguments = said_arguments(run.arguments)
                by = run.requested_by
                body = write_task(str(run.spider), arguments, requested_by=by, task_id=run.run_id)
                letter = Delivery(None, body, None, datetime.now(UTC))
                self._store.bury(letter, Refused(verdict, f"run {run.run_id}: {sentence}"), TASK_QUEUE)
        logger.error("%s has failed: %s", _named(run), sentence, extra={"run": run.run_id})

    # -- nodes ---------------------------------------------------------------------------------------------------------

    def _is_left_out(self, node: Node) -> bool:
        until, _ = self._away.get(node.name, (0.0, ""))
        return time.monotonic() < until

    def _leave_out(self, node: Node, error: NodeAway | NodeRefused) -> None:
        if node.name not in self._away:
            logger.warning("a node is left out: %s", error)
        self._away[node.name] = (time.monotonic() + AWAY_SECONDS, str(error))

    def _welcome(self, node: Node) -> None:
        if self._away.pop(node.name, None):
            logger.info("%s answers again", node.name)

    def _jobs(self) -> Mapping[str, Mapping[str, Job]]:
        """By the nodes that answer, what they know of."""
        found: dict[str, Mapping[str, Job]] = {}
        for node in self._nodes:
            try:
                found[node.name] = {job.run_id: job for job in node.jobs()}
            except (NodeAway, NodeRefused) as error:
                self._leave_out(node, error)
            else:
                self._welcome(node)
        return found

    # -- the sweeper ---------------------------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Look at each run that should be crawling, and at those that somebody wants stopped."""
        if dropped := runs.drop_cancelled(self._database):
            logger.info("%d runs that waited are cancelled", dropped)
        active = runs.active(self._database)
        if not active:
            return
        look = _Look(self._jobs(), {node.name: node for node in self._nodes})
        for run in active:
            self._pass_on(run, look)
        missing = [run for run in active if self._is_missing(run, look)]
        hung = [run for run in active if self._is_hung(run, look)]
        if not (missing or hung) or not self._all_is_stored():
            return
        for run in hung:
            self._end(run, look)
        for run in missing:
            if self._is_to_begin(run, look):
                self._begin_again(run, look.node(run))
            elif self._is_silent(run):
                self._give_up(run, look)

    def _is_missing(self, run: Runs, look: "_Look") -> bool:
        """Nobody can say that it goes on, or will."""
        job = look.job(run)
        if (job is not None and job.state != "finished") or self._alive(run.run_id):
            return False
        return self._is_silent(run) or self._is_to_begin(run, look)

    def _is_hung(self, run: Runs, look: "_Look") -> bool:
        """Its node has it, and so it would keep its league and its place for ever."""
        job = look.job(run)
        return job is not None and job.state == "running" and self._is_silent(run, times=HUNG)

    def _end(self, run: Runs, look: "_Look") -> None:
        """Have its node stop it; where it does not listen, kill it. What it has not sent waits in its outbox."""
        node, kill = look.node(run), self._is_silent(run, times=HUNG + 1)
        if node is None:
            return
        if (run.run_id, kill) not in self._ended:
            self._ended.add((run.run_id, kill))
            how = "killed" if kill else "told to stop"
            logger.error("%s goes on and says nothing: it is %s", _named(run), how, extra={"run": run.run_id})
        try:
            node.cancel(run.run_id, kill=kill)
        except (NodeAway, NodeRefused) as error:
            self._leave_out(node, error)

    def _pass_on(self, run: Runs, look: "_Look") -> None:
        """Tell the node, where somebody wants it stopped; it does so once, however often it is told."""
        node, job = look.node(run), look.job(run)
        if run.cancel_asked_at is None or node is None or job is None or job.state == "finished":
            return
        try:
            before = node.cancel(run.run_id)
        except (NodeAway, NodeRefused) as error:
            self._leave_out(node, error)
            return
        if before == "pending" and runs.cancel_scheduled(self._database, run.run_id):
            logger.info("%s had not begun, and is cancelled", _named(run), extra={"run": run.run_id})

    def _is_to_begin(self, run: Runs, look: "_Look") -> bool:
        """A node that answers has never heard of it, nor has anybody: its worker was killed, or the node lost it."""
        return (
            run.state == runs.SCHEDULED
            and look.answers(run)
            and not look.is_anywhere(run)
            and run.not_before is not None
            and now() - run.not_before >= GRACE
        )

    def _begin_again(self, run: Runs, node: Node | None) -> None:
        if run.cancel_asked_at is not None:
            runs.cancel_scheduled(self._database, run.run_id)
        elif node is not None and runs.take_again(self._database, run, now()):
            try:
                self._schedule(run, node)
            except NodeAway as error:
                self._leave_out(node, error)
            except NodeRefused as error:
                self._fail(run, NODE_REFUSED, str(error))
        else:
            self._lose(run, f"{run.node} has lost it several times before it began")

    def _is_silent(self, run: Runs, times: int = 1) -> bool:
        """For so many times as long as a run that its node has no more may be."""
        since = runs.heard_of(run)
        return since is None or now() - since >= times * timedelta(seconds=self._bounds.silence)

    def _all_is_stored(self) -> bool:
        """Whether no report waits in the queue; with a broker that is away nobody can tell."""
        at = self._queues
        try:
            return depths(at.rabbit_url, at.home, [QUEUE])[QUEUE] == 0
        except (ConnectionError, BrokerError):
            return False

    def _give_up(self, run: Runs, look: "_Look") -> None:
        heard = f"nothing was heard of it for {self._bounds.silence} s"
        if run.node is None:
            seen = "it was started by hand, and no such crawl lives on this machine"
        elif job := look.job(run):
            seen = f"{run.node} says that it is {job.state}"
        elif look.answers(run):
            seen = f"{run.node} knows nothing of it"
        else:
            seen = f"{run.node} does not answer"
        self._lose(run, f"{seen}, and {heard}")

    def _lose(self, run: Runs, sentence: str) -> None:
        if runs.lose(self._database, run, sentence):
            self.totals.lost += 1
            logger.error("%s is lost: %s", _named(run), sentence, extra={"run": run.run_id})


@dataclass(frozen=True, slots=True)
class _Look:
    """What the nodes said just now: in ``jobs`` are those that answered, in ``nodes`` all."""

    jobs: Mapping[str, Mapping[str, Job]]
    nodes: Mapping[str, Node]

    def node(self, run: Runs) -> Node | None:
        return self.nodes.get(run.node or "")

    def answers(self, run: Runs) -> bool:
        return run.node in self.jobs

    def job(self, run: Runs) -> Job | None:
        """The run, as its node has it."""
        return self.jobs.get(run.node or "", {}).get(run.run_id)

    def is_anywhere(self, run: Runs) -> bool:
        return any(run.run_id in known for known in self.jobs.values())


def _envelope_id(delivery: Delivery) -> str | None:
    """What RabbitMQ's sender calls it, where that can be an identity."""
    said = delivery.message_id
    return said if said and TASK_ID.fullmatch(said) else None


def _named(run: Runs) -> str:
    return f"{run.spider} {run.arguments}" if run.arguments else str(run.spider)
