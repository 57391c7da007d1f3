"""Matches: who meets whom, when."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from admin.api import cursors
from admin.api.answers import Listed, One, instant, listed, one
from admin.api.asking import Fields, Flag, Instant, Several
from admin.api.matching import MatchOut, Ranged, Statuses, found_match, told, wanted, why_none
from admin.api.names import Names
from admin.api.offering import offer
from analytics.finding import fixtures
from schema.instants import naive, read_iso
from schema.models import Matches

room = APIBlueprint("matches", __name__, tag="Matches")


class Matchly(Ranged):
    team: Several = Field(default=[], description="Ids or slugs; at home or away.")
    status: Statuses = Field(default=[], description="scheduled, live, finished, postponed; several with commas.")
    updated_since: Instant | None = Field(None, description="Those that were seen, or changed, from then on.")
    undated: Flag = Field(default=False, description="Only those whose kick-off nobody said.")


@offer(room, "/matches", asked=Matchly, answer=Listed[MatchOut], errors=(400, 404))
def list_matches(query_data: Matchly) -> Response:
    """Matches, by kick-off; those whose kick-off nobody said come first."""
    names = Names.find()
    which = wanted(query_data, names, teams=names.teams(query_data.team), undated=query_data.undated)
    place = cursors.position(query_data.cursor)
    after = None if place is None else (naive(read_iso(place[0])) if place[0] else None, place[1])
    found = fixtures(which, query_data.limit + 1, named=_narrower(query_data), after=after)
    rows = [told(match, names) for match in found[: query_data.limit]]
    more = None
    if len(found) > query_data.limit:
        last = found[query_data.limit - 1]
        more = cursors.after(instant(last.kickoff), last.id)
    reason = None if rows else why_none(which, names, list(_others(query_data)))
    return listed(rows, after=more, reason=reason, fields=query_data.fields)


@offer(room, "/matches/<int:number>", asked=Fields, answer=One[MatchOut])
def get_match(number: int, query_data: Fields) -> Response:
    """One match."""
    return one(told(found_match(number), Names.find()), fields=query_data.fields)


def _narrower(asked: Matchly) -> Any:
    condition = None
    if asked.status:
        condition = Matches.status.in_(asked.status)
    if asked.updated_since:
        changed = (Matches.seen_at >= asked.updated_since) | (Matches.updated_at >= asked.updated_since)
        condition = changed if condition is None else condition & changed
    return condition


def _others(asked: Matchly) -> Any:
    if asked.status:
        yield f"with the status {' or '.join(asked.status)}"
    if asked.updated_since:
        yield f"that was seen or changed since {instant(asked.updated_since)}"
