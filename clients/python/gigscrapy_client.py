"""A client of gigscrapy's API in one file, of Python's own library: copy it beside your program.

::

    from gigscrapy_client import Client

    client = Client("gig_…", "https://odds.example.org")
    for match in client.list_matches(league="football_ligue-1"):
        print(match["home"], match["away"])
    client.export_odds(league="football_ligue-1").save("odds.csv", "csv")
    for event in client.stream_prices(league="football_ligue-1"):
        print(event.name, event.data)

Every operation of the specification is a method by its name. A list is an iterator over all its rows, page by page as
they are wanted; ``limit`` is how many come at once. Where something is wrong :class:`Problem` is raised, with the code
that the API's documentation explains and the number under which the server's log speaks of it. What is answered 429 or
503, or not at all, is asked again after as long as the server says (what changes something, only where it is certain
that it was not done). What has not changed since it was last asked for is not sent again.
"""

import hashlib
import hmac
import http.client
import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from enum import Enum
from os import PathLike, fspath, replace
from typing import Any, NamedTuple

__all__ = ["Client", "Event", "Export", "Incomplete", "Problem", "is_genuine"]

Row = dict[str, Any]
Name = str | int
Names = Name | Iterable[Name]
"""One or several: ids or slugs."""
Instant = datetime | str
"""Aware, or ISO 8601 with a zone."""
Day = date | str

USUAL = "http://127.0.0.1:5000"
WHERE = "/api/v1"
CACHED = 256
"""Answers that are remembered by their ETag."""
LONGEST_WAIT = 120.0
"""Seconds; whoever asks for more is not waited for."""
OLD = 300
"""Seconds after which a signed message is refused."""
BROKEN = (http.client.HTTPException, OSError)


class Unset(Enum):
    """What is not given: ``None`` is sent as ``null``."""

    UNSET = 0


UNSET = Unset.UNSET


class Problem(Exception):
    """What the API says is wrong.

    :ivar status: of HTTP; :ivar code: one word; :ivar detail: for people; :ivar errors: by part, why;
        :ivar request_id: to be told to whoever runs the server; :ivar retry_after: seconds.
    """

    def __init__(self, status: int, told: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        self.status = status
        self.code = str(told.get("code", "error"))
        self.detail = str(told.get("detail", ""))
        self.errors: dict[str, Any] = told.get("errors") or {}
        self.request_id = str(told.get("request_id") or headers.get("X-Request-Id") or "")
        self.retry_after = _seconds(headers.get("Retry-After"))
        super().__init__(f"{status} {self.code}: {self.detail} (request {self.request_id})")


class Incomplete(Exception):
    """A file ended before its end. ``rows``: that came."""

    def __init__(self, rows: int, why: str) -> None:
        super().__init__(f"{why} after {rows} rows")
        self.rows = rows


class Event(NamedTuple):
    """Of a stream: ``connected``, ``prices``, ``ping``, ``snapshot_required``; the id to go on after; what it says."""

    name: str
    id: str
    data: Any


class Export:
    """A list as a file: its rows one by one, or saved as it comes. It is asked for when either is begun."""

    def __init__(self, client: "Client", path: str, query: Mapping[str, Any]) -> None:
        self._client, self._path, self._query = client, path, query

    def __iter__(self) -> Iterator[Row]:
        """:raises Incomplete: where it was broken off, or there are more than the account may have."""
        rows = 0
        with self._opened("ndjson") as answer:
            try:
                for line in answer:
                    row: Row = json.loads(line)
                    if row.keys() == {"complete", "rows"}:
                        if row["complete"]:
                            return
                        raise Incomplete(rows, "this account may take no more: it ends")
                    if row.keys() == {"incomplete"}:
                        break
                    rows += 1
                    yield row
            except (*BROKEN, ValueError) as error:
                raise Incomplete(rows, f"it was broken off ({error})") from error
        raise Incomplete(rows, "it was broken off")

    def save(self, path: str | PathLike[str], format: str = "csv") -> int:  # noqa: A002 - the API's own word
        """As ``csv``, ``ndjson`` or ``parquet``; the file is there only once it is whole. :returns: its bytes.

        :raises Incomplete: where it was broken off.
        """
        part, size = f"{fspath(path)}.part", 0
        with self._opened(format) as answer, open(part, "wb") as file:  # noqa: PTH123 - also for paths as text
            last = b""
            try:
                while piece := answer.read(65_536):
                    size += file.write(piece)
                    last = (last + piece)[-4_096:]
            except BROKEN as error:
                raise Incomplete(0, f"it was broken off ({error})") from error
            ending = last.rstrip(b"\r\n").rpartition(b"\n")[2]
            whole = {"csv": ending.startswith(b"## "), "ndjson": b'"complete":true' in ending}
            if not whole.get(format, last.endswith(b"PAR1")):
                raise Incomplete(0, "it does not say that it is whole")
            if format != "parquet":  # the line that says so is none of the list's
                file.truncate(size := size - len(last) + last.rstrip(b"\r\n").rfind(b"\n") + 1)
        replace(part, path)  # noqa: PTH105 - also for paths as text
        return size

    def _opened(self, kind: str) -> Any:
        query = {**self._query, "format": kind, "trailer": True}
        return self._client._open("GET", self._path, query)  # noqa: SLF001 - of one piece with it


class Client:
    """:param key: made on the account's page; :param base: where the admin is, such as https://odds.example.org;
    :param retries: how often something is asked again; :param timeout: seconds that a connection may be silent.
    """

    def __init__(
        self,
        key: str,
        base: str = USUAL,
        *,
        retries: int = 4,
        timeout: float = 60,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._base = base.rstrip("/").removesuffix(WHERE) + WHERE
        if not self._base.startswith(("http://", "https://")):
            raise ValueError(f"{base!r} is no address: write https://odds.example.org")
        self._headers = {"Authorization": f"Bearer {key}", "User-Agent": "gigscrapy-client"}
        self._retries, self._timeout, self._sleep = retries, timeout, sleep
        self._cache: OrderedDict[str, tuple[str, Any]] = OrderedDict()
        self._opener = urllib.request.build_opener(_NoRedirects)

    # -- alerts --------------------------------------------------------------------------------------------------------

    def list_events(
        self,
        *,
        fields: Names = (),
        limit: int | None = None,
        rule: int | None = None,
        active: bool | None = None,
        since: Instant | None = None,
    ) -> Iterator[Row]:
        """What rang, the newest first, with what became of the messages about it."""
        return self._pages(
            "/alerts/events", {"fields": fields, "limit": limit, "rule": rule, "active": active, "since": since}
        )

    def list_rules(self, *, fields: Names = (), limit: int | None = None) -> Iterator[Row]:
        """Rules, the newest first."""
        return self._pages("/alerts/rules", {"fields": fields, "limit": limit})

    def add_rule(
        self,
        *,
        kind: str,
        at_least: int | Unset | None = UNSET,
        bookmaker: str | Unset | None = UNSET,
        calm: int | Unset | None = UNSET,
        channels: Sequence[Any] | Unset = UNSET,
        cooldown: int | Unset | None = UNSET,
        direction: str | Unset | None = UNSET,
        enabled: bool | Unset = UNSET,
        league: str | Unset | None = UNSET,
        margin: str | Unset | None = UNSET,
        market: str | Unset | None = UNSET,
        match: int | Unset | None = UNSET,
        max_age: int | Unset | None = UNSET,
        minutes: int | Unset | None = UNSET,
        outcome: str | Unset | None = UNSET,
        quiet_from: str | Unset | None = UNSET,
        quiet_until: str | Unset | None = UNSET,
        spider: str | Unset | None = UNSET,
        team: int | Unset | None = UNSET,
        threshold: str | Unset | None = UNSET,
    ) -> Any:
        """A new rule."""
        return self._send(
            "POST",
            "/alerts/rules",
            _given(
                {
                    "at_least": at_least,
                    "bookmaker": bookmaker,
                    "calm": calm,
                    "channels": channels,
                    "cooldown": cooldown,
                    "direction": direction,
                    "enabled": enabled,
                    "kind": kind,
                    "league": league,
                    "margin": margin,
                    "market": market,
                    "match": match,
                    "max_age": max_age,
                    "minutes": minutes,
                    "outcome": outcome,
                    "quiet_from": quiet_from,
                    "quiet_until": quiet_until,
                    "spider": spider,
                    "team": team,
                    "threshold": threshold,
                }
            ),
        )

    def preview_rule(
        self,
        *,
        kind: str,
        at_least: int | Unset | None = UNSET,
        bookmaker: str | Unset | None = UNSET,
        calm: int | Unset | None = UNSET,
        cooldown: int | Unset | None = UNSET,
        direction: str | Unset | None = UNSET,
        league: str | Unset | None = UNSET,
        margin: str | Unset | None = UNSET,
        market: str | Unset | None = UNSET,
        match: int | Unset | None = UNSET,
        max_age: int | Unset | None = UNSET,
        minutes: int | Unset | None = UNSET,
        outcome: str | Unset | None = UNSET,
        quiet_from: str | Unset | None = UNSET,
        quiet_until: str | Unset | None = UNSET,
        spider: str | Unset | None = UNSET,
        team: int | Unset | None = UNSET,
        threshold: str | Unset | None = UNSET,
    ) -> Any:
        """What such a rule would have told in the last week. Nothing is kept."""
        return self._send(
            "POST",
            "/alerts/rules/preview",
            _given(
                {
                    "at_least": at_least,
                    "bookmaker": bookmaker,
                    "calm": calm,
                    "cooldown": cooldown,
                    "direction": direction,
                    "kind": kind,
                    "league": league,
                    "margin": margin,
                    "market": market,
                    "match": match,
                    "max_age": max_age,
                    "minutes": minutes,
                    "outcome": outcome,
                    "quiet_from": quiet_from,
                    "quiet_until": quiet_until,
                    "spider": spider,
                    "team": team,
                    "threshold": threshold,
                }
            ),
        )

    def remove_rule(self, number: int) -> None:
        """Remove a rule, with all that came of it. To keep that, switch it off."""
        self._send("DELETE", f"/alerts/rules/{_part(number)}")

    def show_rule(self, number: int) -> Any:
        """One rule."""
        return self._get(f"/alerts/rules/{_part(number)}")

    def change_rule(
        self,
        number: int,
        *,
        at_least: int | Unset | None = UNSET,
        bookmaker: str | Unset | None = UNSET,
        calm: int | Unset | None = UNSET,
        channels: Sequence[Any] | Unset = UNSET,
        cooldown: int | Unset | None = UNSET,
        direction: str | Unset | None = UNSET,
        enabled: bool | Unset = UNSET,
        league: str | Unset | None = UNSET,
        margin: str | Unset | None = UNSET,
        market: str | Unset | None = UNSET,
        match: int | Unset | None = UNSET,
        max_age: int | Unset | None = UNSET,
        minutes: int | Unset | None = UNSET,
        outcome: str | Unset | None = UNSET,
        quiet_from: str | Unset | None = UNSET,
        quiet_until: str | Unset | None = UNSET,
        spider: str | Unset | None = UNSET,
        team: int | Unset | None = UNSET,
        threshold: str | Unset | None = UNSET,
    ) -> Any:
        """Change a rule, or switch it on or off. What is open of it closes without a word."""
        return self._send(
            "PATCH",
            f"/alerts/rules/{_part(number)}",
            _given(
                {
                    "at_least": at_least,
                    "bookmaker": bookmaker,
                    "calm": calm,
                    "channels": channels,
                    "cooldown": cooldown,
                    "direction": direction,
                    "enabled": enabled,
                    "league": league,
                    "margin": margin,
                    "market": market,
                    "match": match,
                    "max_age": max_age,
                    "minutes": minutes,
                    "outcome": outcome,
                    "quiet_from": quiet_from,
                    "quiet_until": quiet_until,
                    "spider": spider,
                    "team": team,
                    "threshold": threshold,
                }
            ),
        )

    def mute_rule(self, number: int, *, until: str | None) -> Any:
        """Tell nobody of a rule for a while, a month at most; its events are noted all the same."""
        return self._send("POST", f"/alerts/rules/{_part(number)}/mute", _given({"until": until}))

    def list_follows(self, *, fields: Names = (), limit: int | None = None) -> Iterator[Row]:
        """What the key's owner follows."""
        return self._pages("/follows", {"fields": fields, "limit": limit})

    def follow(self, *, id: int, kind: str) -> Any:  # noqa: A002 - the API's own word
        """Follow a match, a team, a league or a bookmaker. What is followed already stays so."""
        return self._send("POST", "/follows", _given({"id": id, "kind": kind}))

    def unfollow(self, kind: str, number: int) -> None:
        """Follow it no more."""
        self._send("DELETE", f"/follows/{_part(kind)}/{_part(number)}")

    # -- dead letters --------------------------------------------------------------------------------------------------

    def list_dead_letters(
        self,
        *,
        fields: Names = (),
        limit: int | None = None,
        reason: Names = (),
        queue: str | None = None,
        run: Names = (),
        state: str | None = None,
        since: Instant | None = None,
    ) -> Iterator[Row]:
        """What could not be kept, the newest first."""
        return self._pages(
            "/dead-letters",
            {
                "fields": fields,
                "limit": limit,
                "reason": reason,
                "queue": queue,
                "run": run,
                "state": state,
                "since": since,
            },
        )

    def replay_dead_letters(
        self,
        *,
        ids: Sequence[Any] | Unset | None = UNSET,
        queue: str | Unset | None = UNSET,
        reason: str | Unset | None = UNSET,
        run: str | Unset | None = UNSET,
    ) -> Any:
        """Put several back into the queues they came from."""
        return self._send(
            "POST", "/dead-letters/replay", _given({"ids": ids, "queue": queue, "reason": reason, "run": run})
        )

    def show_dead_letter(self, number: int) -> Any:
        """One of them, with its body as it came."""
        return self._get(f"/dead-letters/{_part(number)}")

    def replay_dead_letter(self, number: int) -> Any:
        """Put one back into the queue it came from."""
        return self._send("POST", f"/dead-letters/{_part(number)}/replay")

    # -- exports -------------------------------------------------------------------------------------------------------

    def export_bookmakers(self) -> Export:
        """Bookmakers, by id."""
        return self._export("/exports/bookmakers", {})

    def export_latest_odds(
        self,
        *,
        sport: Names = (),
        league: Names = (),
        team: Names = (),
        match: Names = (),
        from_: Instant | None = None,
        until: Instant | None = None,
        bookmaker: Names = (),
        market: Names = (),
        outcome: str | None = None,
        scraped_since: Instant | None = None,
        scraped_until: Instant | None = None,
    ) -> Export:
        """The newest price of each outcome at each bookmaker, match by match."""
        return self._export(
            "/exports/latest-odds",
            {
                "sport": sport,
                "league": league,
                "team": team,
                "match": match,
                "from": from_,
                "until": until,
                "bookmaker": bookmaker,
                "market": market,
                "outcome": outcome,
                "scraped_since": scraped_since,
                "scraped_until": scraped_until,
            },
        )

    def export_leagues(self, *, sport: Names = ()) -> Export:
        """Leagues, by id."""
        return self._export("/exports/leagues", {"sport": sport})

    def export_matches(
        self,
        *,
        sport: Names = (),
        league: Names = (),
        team: Names = (),
        from_: Instant | None = None,
        until: Instant | None = None,
        status: str | None = None,
        updated_since: Instant | None = None,
    ) -> Export:
        """Matches, by id."""
        return self._export(
            "/exports/matches",
            {
                "sport": sport,
                "league": league,
                "team": team,
                "from": from_,
                "until": until,
                "status": status,
                "updated_since": updated_since,
            },
        )

    def export_odds(
        self,
        *,
        sport: Names = (),
        league: Names = (),
        team: Names = (),
        match: Names = (),
        from_: Instant | None = None,
        until: Instant | None = None,
        bookmaker: Names = (),
        market: Names = (),
        outcome: str | None = None,
        scraped_since: Instant | None = None,
        scraped_until: Instant | None = None,
    ) -> Export:
        """Every price ever seen: of all and of bookmakers the oldest first, of anything else match by match."""
        return self._export(
            "/exports/odds",
            {
                "sport": sport,
                "league": league,
                "team": team,
                "match": match,
                "from": from_,
                "until": until,
                "bookmaker": bookmaker,
                "market": market,
                "outcome": outcome,
                "scraped_since": scraped_since,
                "scraped_until": scraped_until,
            },
        )

    def export_payouts(
        self,
        *,
        sport: Names = (),
        league: Names = (),
        match: Names = (),
        bookmaker: Names = (),
        market: Names = (),
        from_: Day | None = None,
        until: Day | None = None,
    ) -> Export:
        """What each bookmaker paid back of a match's market at its last quote before the kick-off (TRJ, percent)."""
        return self._export(
            "/exports/payouts",
            {
                "sport": sport,
                "league": league,
                "match": match,
                "bookmaker": bookmaker,
                "market": market,
                "from": from_,
                "until": until,
            },
        )

    def export_runs(
        self,
        *,
        state: str | None = None,
        spider: str | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
    ) -> Export:
        """Crawls, by id."""
        return self._export("/exports/runs", {"state": state, "spider": spider, "since": since, "until": until})

    def export_teams(self, *, sport: Names = (), league: Names = ()) -> Export:
        """Teams, by id; of tennis, players."""
        return self._export("/exports/teams", {"sport": sport, "league": league})

    # -- ingest --------------------------------------------------------------------------------------------------------

    def ingest_quotes(
        self, *, quotes: Sequence[Any], ingestion_key: str | Unset = UNSET, idempotency_key: str | None = None
    ) -> Any:
        """Send quotes."""
        return self._send(
            "POST",
            "/ingest/quotes",
            _given({"ingestion_key": ingestion_key, "quotes": quotes}),
            idempotency_key=idempotency_key,
        )

    # -- live ----------------------------------------------------------------------------------------------------------

    def stream_prices(
        self, *, league: Names = (), match: Names = (), bookmaker: Names = (), last_event_id: str = ""
    ) -> Iterator[Event]:
        """Prices as they are stored: server-sent events, five minutes of them; a client then comes back by itself."""
        return self._stream("/stream", {"league": league, "match": match, "bookmaker": bookmaker}, last_event_id)

    # -- matches -------------------------------------------------------------------------------------------------------

    def list_matches(
        self,
        *,
        fields: Names = (),
        limit: int | None = None,
        sport: Names = (),
        league: Names = (),
        from_: Instant | None = None,
        until: Instant | None = None,
        team: Names = (),
        status: Names = (),
        updated_since: Instant | None = None,
        undated: bool | None = None,
    ) -> Iterator[Row]:
        """Matches, by kick-off; those whose kick-off nobody said come first."""
        return self._pages(
            "/matches",
            {
                "fields": fields,
                "limit": limit,
                "sport": sport,
                "league": league,
                "from": from_,
                "until": until,
                "team": team,
                "status": status,
                "updated_since": updated_since,
                "undated": undated,
            },
        )

    def get_match(self, number: int, *, fields: Names = ()) -> Any:
        """One match."""
        return self._get(f"/matches/{_part(number)}", {"fields": fields})

    # -- movements -----------------------------------------------------------------------------------------------------

    def list_movements(
        self,
        *,
        fields: Names = (),
        limit: int | None = None,
        since: Instant | None = None,
        min_pct: Names = (),
        direction: str | None = None,
        sport: Names = (),
        league: Names = (),
        bookmaker: Names = (),
        odds_format: str | None = None,
    ) -> Iterator[Row]:
        """Prices of matches to come that moved, the widest first. What flickered, or is in doubt, never counts."""
        return self._pages(
            "/movements",
            {
                "fields": fields,
                "limit": limit,
                "since": since,
                "min_pct": min_pct,
                "direction": direction,
                "sport": sport,
                "league": league,
                "bookmaker": bookmaker,
                "odds_format": odds_format,
            },
        )

    def list_surebets(
        self,
        *,
        fields: Names = (),
        limit: int | None = None,
        sport: Names = (),
        league: Names = (),
        max_age: int | None = None,
        odds_format: str | None = None,
    ) -> Iterator[Row]:
        """Markets of matches to come whose best prices pay back more than the stakes, the best first."""
        return self._pages(
            "/surebets",
            {
                "fields": fields,
                "limit": limit,
                "sport": sport,
                "league": league,
                "max_age": max_age,
                "odds_format": odds_format,
            },
        )

    # -- odds ----------------------------------------------------------------------------------------------------------

    def list_best_prices(
        self,
        *,
        line: Names | None = None,
        as_of: Instant | None = None,
        max_age: int | None = None,
        odds_format: str | None = None,
        fields: Names = (),
        limit: int | None = None,
        sport: Names = (),
        league: Names = (),
        from_: Instant | None = None,
        until: Instant | None = None,
        match: Names = (),
        bookmaker: Names = (),
        market: Names = (),
    ) -> Iterator[Row]:
        """The best price of each outcome, who has it, and what the market pays back at the best prices."""
        return self._pages(
            "/best-prices",
            {
                "line": line,
                "as_of": as_of,
                "max_age": max_age,
                "odds_format": odds_format,
                "fields": fields,
                "limit": limit,
                "sport": sport,
                "league": league,
                "from": from_,
                "until": until,
                "match": match,
                "bookmaker": bookmaker,
                "market": market,
            },
        )

    def get_history(
        self,
        number: int,
        *,
        fields: Names = (),
        limit: int | None = None,
        market: Names = (),
        line: Names | None = None,
        bookmaker: Names = (),
        outcome: Names = (),
        from_: Instant | None = None,
        until: Instant | None = None,
        step: str | None = None,
        odds_format: str | None = None,
    ) -> Iterator[Row]:
        """How the prices of a match went: by market, line, bookmaker and outcome, each of these by time."""
        return self._pages(
            f"/matches/{_part(number)}/history",
            {
                "fields": fields,
                "limit": limit,
                "market": market,
                "line": line,
                "bookmaker": bookmaker,
                "outcome": outcome,
                "from": from_,
                "until": until,
                "step": step,
                "odds_format": odds_format,
            },
        )

    def get_match_odds(
        self,
        number: int,
        *,
        withdrawn: bool | None = None,
        line: Names | None = None,
        as_of: Instant | None = None,
        max_age: int | None = None,
        odds_format: str | None = None,
        fields: Names = (),
        bookmaker: Names = (),
        market: Names = (),
    ) -> Any:
        """The latest prices of a match: its bookmakers, their markets, their outcomes."""
        return self._get(
            f"/matches/{_part(number)}/odds",
            {
                "withdrawn": withdrawn,
                "line": line,
                "as_of": as_of,
                "max_age": max_age,
                "odds_format": odds_format,
                "fields": fields,
                "bookmaker": bookmaker,
                "market": market,
            },
        )

    def list_odds(
        self,
        *,
        withdrawn: bool | None = None,
        line: Names | None = None,
        as_of: Instant | None = None,
        max_age: int | None = None,
        odds_format: str | None = None,
        fields: Names = (),
        limit: int | None = None,
        sport: Names = (),
        league: Names = (),
        from_: Instant | None = None,
        until: Instant | None = None,
        match: Names = (),
        bookmaker: Names = (),
        market: Names = (),
        updated_since: Instant | None = None,
    ) -> Iterator[Row]:
        """The latest price of each outcome at each bookmaker, match by match."""
        return self._pages(
            "/odds",
            {
                "withdrawn": withdrawn,
                "line": line,
                "as_of": as_of,
                "max_age": max_age,
                "odds_format": odds_format,
                "fields": fields,
                "limit": limit,
                "sport": sport,
                "league": league,
                "from": from_,
                "until": until,
                "match": match,
                "bookmaker": bookmaker,
                "market": market,
                "updated_since": updated_since,
            },
        )

    # -- reference -----------------------------------------------------------------------------------------------------

    def list_bookmakers(self, *, fields: Names = (), limit: int | None = None) -> Iterator[Row]:
        """Bookmakers."""
        return self._pages("/bookmakers", {"fields": fields, "limit": limit})

    def get_bookmaker(self, ref: str, *, fields: Names = ()) -> Any:
        """One bookmaker, by id or slug."""
        return self._get(f"/bookmakers/{_part(ref)}", {"fields": fields})

    def list_leagues(self, *, fields: Names = (), limit: int | None = None, sport: Names = ()) -> Iterator[Row]:
        """Leagues, of one sport or all."""
        return self._pages("/leagues", {"fields": fields, "limit": limit, "sport": sport})

    def get_league(self, ref: str, *, fields: Names = ()) -> Any:
        """One league, by id or slug."""
        return self._get(f"/leagues/{_part(ref)}", {"fields": fields})

    def list_markets(self, *, fields: Names = (), limit: int | None = None, sport: Names = ()) -> Iterator[Row]:
        """Markets: which kinds of bets there are in each sport, and their outcomes."""
        return self._pages("/markets", {"fields": fields, "limit": limit, "sport": sport})

    def get_market(self, ref: str, *, fields: Names = ()) -> Any:
        """One market, by id or slug."""
        return self._get(f"/markets/{_part(ref)}", {"fields": fields})

    def list_sports(self, *, fields: Names = (), limit: int | None = None) -> Iterator[Row]:
        """Sports."""
        return self._pages("/sports", {"fields": fields, "limit": limit})

    def get_sport(self, ref: str, *, fields: Names = ()) -> Any:
        """One sport, by id or slug."""
        return self._get(f"/sports/{_part(ref)}", {"fields": fields})

    def list_teams(
        self, *, fields: Names = (), limit: int | None = None, sport: Names = (), league: Names = ()
    ) -> Iterator[Row]:
        """Teams, or players, each in its league."""
        return self._pages("/teams", {"fields": fields, "limit": limit, "sport": sport, "league": league})

    def get_team(self, ref: str, *, fields: Names = ()) -> Any:
        """One team, by id or slug."""
        return self._get(f"/teams/{_part(ref)}", {"fields": fields})

    # -- runs ----------------------------------------------------------------------------------------------------------

    def list_runs(
        self,
        *,
        fields: Names = (),
        limit: int | None = None,
        state: Names = (),
        verdict: Names = (),
        spider: Names = (),
        since: Instant | None = None,
    ) -> Iterator[Row]:
        """Runs, the newest first."""
        return self._pages(
            "/runs",
            {"fields": fields, "limit": limit, "state": state, "verdict": verdict, "spider": spider, "since": since},
        )

    def show_run(self, run: str) -> Any:
        """One run: its counts, whether they add up, how it ended and why."""
        return self._get(f"/runs/{_part(run)}")

    def cancel_run(self, run: str) -> Any:
        """Stop a run, or see that it never begins. One that runs sends what it holds first."""
        return self._send("POST", f"/runs/{_part(run)}/cancel")

    def show_log(self, run: str) -> Any:
        """The log of a run so far."""
        return self._get(f"/runs/{_part(run)}/log")

    # -- schedules -----------------------------------------------------------------------------------------------------

    def list_schedules(self, *, fields: Names = (), limit: int | None = None) -> Iterator[Row]:
        """Schedules, by number."""
        return self._pages("/schedules", {"fields": fields, "limit": limit})

    def add_schedule(
        self,
        *,
        name: str,
        what: str,
        arguments: Any | Unset = UNSET,
        cron: str | Unset | None = UNSET,
        enabled: bool | Unset = UNSET,
        every_minutes: int | Unset | None = UNSET,
        kickoff: str | Unset | None = UNSET,
    ) -> Any:
        """A new schedule."""
        return self._send(
            "POST",
            "/schedules",
            _given(
                {
                    "arguments": arguments,
                    "cron": cron,
                    "enabled": enabled,
                    "every_minutes": every_minutes,
                    "kickoff": kickoff,
                    "name": name,
                    "what": what,
                }
            ),
        )

    def remove_schedule(self, number: int) -> None:
        """Remove a schedule, with what is known of its firings. To keep that, switch it off."""
        self._send("DELETE", f"/schedules/{_part(number)}")

    def show_schedule(self, number: int) -> Any:
        """One schedule, with what became of the last times it was due."""
        return self._get(f"/schedules/{_part(number)}")

    def change_schedule(
        self,
        number: int,
        *,
        arguments: Any | Unset = UNSET,
        cron: str | Unset | None = UNSET,
        enabled: bool | Unset = UNSET,
        every_minutes: int | Unset | None = UNSET,
        kickoff: str | Unset | None = UNSET,
        name: str | Unset = UNSET,
        what: str | Unset = UNSET,
    ) -> Any:
        """Change a schedule, or switch it on or off. What was due and not sent yet is missed."""
        return self._send(
            "PATCH",
            f"/schedules/{_part(number)}",
            _given(
                {
                    "arguments": arguments,
                    "cron": cron,
                    "enabled": enabled,
                    "every_minutes": every_minutes,
                    "kickoff": kickoff,
                    "name": name,
                    "what": what,
                }
            ),
        )

    # -- trj -----------------------------------------------------------------------------------------------------------

    def list_trj(
        self,
        *,
        fields: Names = (),
        limit: int | None = None,
        group: str | None = None,
        step: str | None = None,
        from_: Instant | None = None,
        until: Instant | None = None,
        sport: Names = (),
        league: Names = (),
        market: Names = (),
        bookmaker: Names = (),
        as_of: Instant | None = None,
    ) -> Iterator[Row]:
        """What bookmakers pay back over a period; without one, over the last thirty days."""
        return self._pages(
            "/trj",
            {
                "fields": fields,
                "limit": limit,
                "group": group,
                "step": step,
                "from": from_,
                "until": until,
                "sport": sport,
                "league": league,
                "market": market,
                "bookmaker": bookmaker,
                "as_of": as_of,
            },
        )

    # -- tasks ---------------------------------------------------------------------------------------------------------

    def list_tasks(
        self, *, fields: Names = (), limit: int | None = None, since: Instant | None = None
    ) -> Iterator[Row]:
        """Tasks that a worker has taken, the newest first. One that still waits is told under its own address."""
        return self._pages("/tasks", {"fields": fields, "limit": limit, "since": since})

    def ask_for_crawl(self, *, what: str, arguments: Any | Unset = UNSET, idempotency_key: str | None = None) -> Any:
        """Ask for a crawl: `ligue1, nba`, `sport:football`, `country:France`, `football/France`, or `all`."""
        return self._send(
            "POST", "/tasks", _given({"arguments": arguments, "what": what}), idempotency_key=idempotency_key
        )

    def show_task(self, task: str) -> Any:
        """One task, with its runs once a worker has taken it."""
        return self._get(f"/tasks/{_part(task)}")

    def cancel_task(self, task: str) -> Any:
        """Stop all runs of a task. One that has ended is left as it is."""
        return self._send("POST", f"/tasks/{_part(task)}/cancel")

    # -- webhooks ------------------------------------------------------------------------------------------------------

    def list_webhooks(self, *, fields: Names = ()) -> Any:
        """One's own."""
        return self._get("/webhooks", {"fields": fields})

    def add_webhook(
        self,
        *,
        kinds: Sequence[Any],
        name: str,
        url: str,
        league: str | Unset | None = UNSET,
        match: int | Unset | None = UNSET,
    ) -> Any:
        """A new one. Its secret is in this answer, and in none after it."""
        return self._send(
            "POST", "/webhooks", _given({"kinds": kinds, "league": league, "match": match, "name": name, "url": url})
        )

    def remove_webhook(self, webhook: int) -> None:
        """Remove it, with the record of what it was told."""
        self._send("DELETE", f"/webhooks/{_part(webhook)}")

    def get_webhook(self, webhook: int, *, fields: Names = ()) -> Any:
        """One of one's own."""
        return self._get(f"/webhooks/{_part(webhook)}", {"fields": fields})

    def change_webhook(
        self,
        webhook: int,
        *,
        enabled: bool | Unset = UNSET,
        kinds: Sequence[Any] | Unset = UNSET,
        league: str | Unset | None = UNSET,
        match: int | Unset | None = UNSET,
        name: str | Unset = UNSET,
        url: str | Unset = UNSET,
    ) -> Any:
        """Change what is given; `null` for `league` or `match` takes it away. Switched on again it begins anew."""
        return self._send(
            "PATCH",
            f"/webhooks/{_part(webhook)}",
            _given({"enabled": enabled, "kinds": kinds, "league": league, "match": match, "name": name, "url": url}),
        )

    def list_webhook_deliveries(self, webhook: int, *, fields: Names = (), limit: int | None = None) -> Iterator[Row]:
        """What it was told, the newest first."""
        return self._pages(f"/webhooks/{_part(webhook)}/deliveries", {"fields": fields, "limit": limit})

    def resend_webhook_delivery(self, webhook: int, delivery: int) -> None:
        """Send it once more, under the id it had."""
        self._send("POST", f"/webhooks/{_part(webhook)}/deliveries/{_part(delivery)}/resend")

    def test_webhook(self, webhook: int) -> None:
        """Have it told a `test`; the deliveries say what became of it."""
        self._send("POST", f"/webhooks/{_part(webhook)}/test")

    # -- how --------------------------------------------------------------------------------------------------------

    def _get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """What stands under ``data``."""
        return _data(self._ask(path, query))

    def _pages(self, path: str, query: Mapping[str, Any]) -> Iterator[Row]:
        """Every row of a list."""
        cursor: str | None = None
        while True:
            answer = self._ask(path, {**query, "cursor": cursor})
            yield from answer["data"]
            cursor = answer.get("next_cursor")
            if not cursor:
                return

    def _export(self, path: str, query: Mapping[str, Any]) -> Export:
        return Export(self, path, query)

    def _stream(self, path: str, query: Mapping[str, Any], last: str) -> Iterator[Event]:
        """Events for ever: when a stream ends the next one goes on after the last event. Duplicates are left out."""
        wait, seen = 3.0, OrderedDict[int, None]()
        while True:
            with suppress(*BROKEN), self._open("GET", path, {**query, "last_event_id": last or None}) as answer:
                for event, retry in _events(answer):
                    wait = wait if retry is None else retry
                    if event is None:
                        continue
                    last = event.id or last
                    if told := _news(event, seen):
                        yield told
            self._sleep(wait)

    def _send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """What stands under ``data``, where something is answered."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        with self._open(method, path, query, body=body, headers=headers) as answer:
            text = answer.read()
        return _data(json.loads(text)) if text else None

    def _ask(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """An answer, that which is remembered where it has not changed."""
        address = self._address(path, query)
        known = self._cache.get(address)
        with self._open("GET", path, query, headers={"If-None-Match": known[0]} if known else {}) as answer:
            if known and answer.status == http.client.NOT_MODIFIED:
                self._cache.move_to_end(address)
                return json.loads(known[1])
            text = answer.read()
            if etag := answer.headers.get("ETag"):
                self._cache[address] = (etag, text)
                while len(self._cache) > CACHED:
                    self._cache.popitem(last=False)
        return json.loads(text)

    def _open(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer, to be read. :raises Problem: when it is an error, and stays one."""
        data = None if body is None else json.dumps(body, default=_written).encode()
        kind = {"Content-Type": "application/json"} if data is not None else {}
        request = urllib.request.Request(  # noqa: S310 - http or https, see above
            self._address(path, query), data, {**self._headers, **kind, **(headers or {})}, method=method
        )
        for attempt in range(self._retries + 1):
            try:
                return self._opener.open(request, timeout=self._timeout)
            except urllib.error.HTTPError as error:
                if error.code == http.client.NOT_MODIFIED:
                    return error
                problem = _problem(error)
                if attempt == self._retries or not _may_help(problem, method):
                    raise problem from None
                self._sleep(problem.retry_after if problem.retry_after is not None else _patience(attempt))
            except BROKEN:
                if attempt == self._retries or method != "GET":
                    raise
                self._sleep(_patience(attempt))
        raise AssertionError("the last attempt returns or raises")

    def _address(self, path: str, query: Mapping[str, Any] | None) -> str:
        asked = {name: _asked(value) for name, value in (query or {}).items() if value is not None}
        told = urllib.parse.urlencode({name: value for name, value in asked.items() if value})
        return f"{self._base}{path}" + (f"?{told}" if told else "")


def is_genuine(secret: str, signature: str, body: bytes, *, now: float | None = None) -> bool:
    """Whether a webhook's message is from the server that gave the secret.

    :param signature: the header X-Gigscrapy-Signature; :param body: the bytes as they came.
    """
    parts = dict(part.split("=", 1) for part in signature.split(",") if "=" in part)
    try:
        age = (time.time() if now is None else now) - int(parts.get("t", ""))
    except ValueError:
        return False
    expected = hmac.new(secret.encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    return abs(age) <= OLD and hmac.compare_digest(expected.encode(), parts.get("v1", "").encode())


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The key is sent nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _events(answer: Iterable[bytes]) -> Iterator[tuple[Event | None, float | None]]:
    """Events as they come; beside them how long to wait before the next stream, where that is said."""
    fields: dict[str, str] = {}
    for raw in answer:
        line = raw.decode().rstrip("\r\n")
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = f"{fields[name]}\n{value}" if name == "data" and name in fields else value
            continue
        retry = int(fields["retry"]) / 1000 if fields.get("retry", "").isdecimal() else None
        event = None
        if "data" in fields:
            event = Event(fields.get("event", "message"), fields.get("id", ""), json.loads(fields["data"]))
        if event or retry is not None:
            yield event, retry
        fields = {}


def _news(event: Event, seen: "OrderedDict[int, None]") -> Event | None:
    """The event without the prices that were told already; ``None`` where nothing is left of it."""
    if event.name != "prices":
        return event
    prices = [price for price in event.data["prices"] if price["id"] not in seen]
    seen.update(dict.fromkeys(price["id"] for price in prices))
    while len(seen) > 10_000:
        seen.popitem(last=False)
    return event._replace(data={**event.data, "prices": prices}) if prices else None


def _problem(error: urllib.error.HTTPError) -> Problem:
    with error:
        text = error.read()
    try:
        told = json.loads(text)
    except ValueError:
        told = {"detail": text[:200].decode(errors="replace")}
    headers = {name.title(): value for name, value in error.headers.items()}
    return Problem(error.code, told if isinstance(told, dict) else {}, headers)


def _may_help(problem: Problem, method: str) -> bool:
    """Whether to ask again. What was answered 429 was not done; of 503 that is certain only of questions."""
    if (problem.retry_after or 0) > LONGEST_WAIT:
        return False
    busy = problem.status == http.client.TOO_MANY_REQUESTS
    return busy or (problem.status == http.client.SERVICE_UNAVAILABLE and method == "GET")


def _patience(attempt: int) -> float:
    """Seconds: some more each time, and not the same for everybody."""
    return min(LONGEST_WAIT, 2.0**attempt) * (0.5 + random.random() / 2)  # noqa: S311 - no secret


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() else None


def _data(answer: Any) -> Any:
    return answer["data"] if isinstance(answer, dict) and "data" in answer else answer


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not UNSET}


def _part(value: Any) -> str:
    return urllib.parse.quote(str(value), safe="")


def _asked(value: Any) -> str:
    """As the address has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ",".join(map(_asked, value))
    return _written(value)


def _written(value: Any) -> str:
    """:raises ValueError: of an instant without a zone."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value} has no zone: datetime(…, tzinfo=UTC)")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else str(value)
