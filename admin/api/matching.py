"""Which matches a question is about, how they are told, and why there is none."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from admin.api.answers import instant
from admin.api.asking import Commas, Instant, Part, Several
from admin.api.names import Named, NamedOut, Names
from admin.api.problems import Problem, impossible
from analytics.finding import Fixture, Wanted, fixtures, next_kickoff
from schema.models import Matches, now

LARGEST = 2**31 - 1
"""Of an id."""
STATUSES = ("scheduled", "live", "finished", "postponed")
ON_THEIR_WAY = timedelta(hours=3)
"""So long after its kick-off a match is still among those to come: it is being played."""

Reason = tuple[str, str]
Statuses = Annotated[
    list[Literal["scheduled", "live", "finished", "postponed"]],
    Commas(f"({'|'.join(STATUSES)})"),
]


class Ranged(Part):
    """Of matches. ``from`` is a word of Python's: it is ``since`` here."""

    sport: Several = Field(default=[], description="Ids or slugs.")
    league: Several = Field(default=[], description="Ids or slugs.")
    since: Instant | None = Field(None, alias="from", description="Kick-offs from then on.")
    until: Instant | None = Field(None, description="Kick-offs before then.")


class MatchOut(BaseModel):
    id: int
    match_key: str = Field(description="What makes it this match: its number at the source, or who meets when.")
    site_id: str | None = Field(description="Its number at the source.")
    sport: NamedOut
    league: NamedOut
    home: NamedOut
    away: NamedOut
    commence_time: str | None = Field(description="Kick-off; null where nobody said.")
    status: str
    seen_at: str = Field(description="When it was last seen.")
    url: str | None = Field(description="Its own page.")


def wanted(asked: Any, names: Names, **more: Any) -> Wanted:
    """The matches that the usual filters mean."""
    if asked.since and asked.until and asked.since >= asked.until:
        raise impossible("until", "it is not after from")
    return Wanted(
        sports=names.chosen("sport", asked.sport),
        leagues=names.chosen("league", asked.league),
        since=asked.since,
        until=asked.until,
        **more,
    )


def told(match: Fixture, names: Names) -> dict[str, Any]:
    """A match as :class:`MatchOut`."""
    league = names.leagues[match.league_id]
    return {
        "id": match.id,
        "match_key": match.match_key,
        "site_id": match.site_id,
        "sport": sport_of(league, names).told(),
        "league": league.told(),
        "home": _team(names, match.league_id, match.home_id, match.home_key, match.home),
        "away": _team(names, match.league_id, match.away_id, match.away_key, match.away),
        "commence_time": instant(match.kickoff),
        "status": match.status,
        "seen_at": instant(match.seen_at),
        "url": match.url,
    }


def sport_of(league: Named, names: Names) -> Named:
    return names.sports[league.sport or 0]


def _team(names: Names, league: int, number: int, key: str, name: str) -> dict[str, Any]:
    return {"id": number, "slug": names.team_slug(league, key), "name": name}


def found_match(number: int) -> Fixture:
    """:raises Problem: 404 where there is none."""
    found = fixtures(Wanted(), 1, named=Matches.id == number) if number <= LARGEST else []
    if not found:
        raise no_such_matches([str(number)])
    return found[0]


def why_none(which: Wanted, names: Names, others: Sequence[str] = ()) -> Reason:
    """Why there is no such match: one query. :param others: in words, the filters beside the range."""
    pivot = which.since or now()
    kickoff = next_kickoff(which, pivot)
    if kickoff is None:
        return _nothing_ever(which, names)
    early = which.since is not None and kickoff < which.since
    late = which.until is not None and kickoff >= which.until
    when = instant(kickoff)
    if late:
        return "out_of_range", f"no match kicks off in this range; the next one does on {when}"
    if early:
        return "out_of_range", f"no match kicks off from then on; the last one did on {when}"
    if which.undated:
        return "undated", f"of all these matches it is known when they kick off: the next one on {when}"
    if others:
        return "filtered", f"there are such matches (one kicks off on {when}), but none {' and '.join(others)}"
    return "none", "no match is left for this part of the list"


def _nothing_ever(which: Wanted, names: Names) -> Reason:
    if which.teams:
        return "never_seen", "no match of this team with a known kick-off was ever seen"
    if which.leagues:
        told = ", ".join(names.leagues[number].slug for number in which.leagues)
        return "never_crawled", f"no match of {told} with a known kick-off was ever seen: crawl it first"
    if which.sports:
        told = ", ".join(names.sports[number].slug for number in which.sports)
        return (
            "never_crawled",
            f"no match of {told} with a known kick-off was ever seen: crawl its leagues first",
        )
    return "never_crawled", "no match was ever seen: nothing was crawled yet"


def no_such_matches(numbers: Sequence[str]) -> Problem:
    return Problem(404, "unknown_match", f"match: there is no {', '.join(numbers)}", errors={"match": list(numbers)})
