"""What a page announces of its matches in JSON-LD: the only place that gives a kick-off its year and its zone."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any

from parsel import Selector

from gigscrapy.pages import kickoff
from gigscrapy.pages.markup import split_teams, split_url

_MATCH_ID = re.compile(r"-([0-9]{1,10})/?$")


@dataclass(frozen=True, slots=True)
class Event:
    """One announced match; what it does not say is ``None``."""

    match_id: str | None
    teams: tuple[str, str] | None
    kickoff: datetime | None


def events(page: Selector) -> tuple[Event, ...]:
    """Every match the page announces, in its order. A block that is no JSON announces nothing, and harms no other."""
    blocks = page.css('script[type="application/ld+json"]::text').getall()
    return tuple(_event(thing) for block in blocks for thing in _things(block) if _is_match(thing))


def _things(block: str) -> Iterator[dict[str, Any]]:
    try:
        # The site prints raw newlines inside its strings; removing them would glue words together.
        stack = [json.loads(block, strict=False)]
    except (ValueError, RecursionError):
        return
    while stack:
        thing = stack.pop()
        if isinstance(thing, list):
            stack.extend(reversed(thing))
        elif isinstance(thing, dict):
            yield thing
            stack.append(thing.get("@graph"))


def _is_match(thing: dict[str, Any]) -> bool:
    kind = thing.get("@type")
    return kind == "SportsEvent" or (isinstance(kind, list) and "SportsEvent" in kind)


def _event(thing: dict[str, Any]) -> Event:
    address = split_url(_text(thing.get("url")))
    found = _MATCH_ID.search(address.path) if address else None
    return Event(
        match_id=found[1] if found else None,
        teams=_teams(thing),
        kickoff=kickoff.from_iso(_text(thing.get("startDate"))),
    )


def _teams(thing: dict[str, Any]) -> tuple[str, str] | None:
    competitors = thing.get("competitor")
    if isinstance(competitors, list) and len(competitors) == 2:
        home, away = (_text(team.get("name")) if isinstance(team, dict) else "" for team in competitors)
        if home and away:
            return home, away
    return split_teams(_text(thing.get("name")))


def _text(value: object) -> str:
    """A string of the JSON, single-spaced. The template escapes for HTML, also where nothing takes it back."""
    return " ".join(unescape(value).split()) if isinstance(value, str) else ""
