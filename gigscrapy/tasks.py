"""Tasks: what somebody asks to be crawled, as the queue ``scraping_tasks`` carries it, and the leagues that means.

Three shapes are read:

* ours: ``{"spider": "ligue1", "args": {"depth": "list"}, "requested_by": "…", "task_id": "…"}``, or in the place of
  ``spider`` a ``what`` such as ``ligue1, sport:tennis`` (:func:`select`), or ``sport`` and ``country``;
* gig-benchmark's: ``{"scraper": "football.ligue_1", "params": {}}``, with any of its keys;
* its seeds': ``{"task": "scrape_ligue1", "sport": "football", "league": "Ligue 1"}``.

What reaches Scrapyd of a task is the name of a spider of the catalogue and arguments that were read and written anew:
no setting, address or path passes through.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn

from gigscrapy.leagues import League, fold, load, nearest
from gigscrapy.spiders.base import BadArgument, Wanted
from schema.messages import REPORT_TEXTS, Refused
from schema.names import on_one_line
from schema.reference import sports

SIZE_LIMIT = 16 * 1024
"""Bytes of the longest task that is read; one takes about a hundred."""
ARGUMENTS = ("depth", "markets", "days", "match")
"""What a spider can be told."""
ARGUMENTS_LENGTH = REPORT_TEXTS["arguments"]
TASK_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)
EVERYTHING = "all"

ALIASES: Mapping[str, str] = {
    # Keys that gig-benchmark's own callers send and its worker does not know. (rugby.6nations is another: the catalogue
    # has no such league.)
    "basketball.euroleague": "euroligue",
    "basketball.euro_league": "euroligue",
    "rugby.top14": "top14",
    # What its page makes of the names of leagues it comes with. (Of rugby.premiership_rugby and
    # rugby.united_rugby_championship the catalogue has none.)
    "football.segunda_division": "ligaadelante",
    "football.2_bundesliga": "bundesliga2",
    "football.uefa_champions_league": "championsleague",
    "football.uefa_europa_league": "ligueeuropa",
    "basketball.lnb_pro_a": "betclicelite",
}
TOURS: Mapping[str, tuple[str, ...]] = {
    "tennis.atp": ("atp",),
    "tennis.wta": ("wta",),
    "tennis.atp_tour": ("atp",),
    "tennis.wta_tour": ("wta",),
    "tennis.grand_slam": ("australianopen", "rolandgarros", "wimbledon", "usopen"),
}
"""Others of these, which mean several leagues: those of the sport whose titles have one of the words."""


class Unknown(Refused):
    """Nothing of that name can be crawled; the detail has the nearest names."""

    def __init__(self, detail: str) -> None:
        super().__init__("unknown-league", detail)


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for.

    :ivar leagues: in the catalogue's order, each once; never none.
    :ivar arguments: of the spider, as ``scrapy crawl -a`` takes them; a match is its number.
    :ivar said: what was asked, for people; :ivar requested_by: by whom, where that is told.
    :ivar task_id: its identity, where it has one: one that is delivered again has the same.
    """

    leagues: tuple[League, ...]
    arguments: Mapping[str, str] = field(default_factory=dict)
    said: str = ""
    requested_by: str | None = None
    task_id: str | None = None


def write_task(
    what: str,
    arguments: Mapping[str, str] | None = None,
    *,
    requested_by: str | None = None,
    task_id: str | None = None,
) -> bytes:
    """A task as the queue carries it: JSON, ASCII only. ``what`` as :func:`select` reads it."""
    said = {"what": what, "args": dict(arguments or {}), "requested_by": requested_by, "task_id": task_id}
    return json.dumps({key: value for key, value in said.items() if value}, separators=(",", ":")).encode("ascii")


def read_task(body: bytes) -> Task:
    """The task a body holds, whichever shape it has.

    :raises Refused: with a reason (``malformed``, ``unknown-league``, ``argument``, …) and, where nothing of that name
        is known, the nearest names.
    """
    fields = _read_json(body)
    arguments = _arguments(fields.get("args", fields.get("params")))
    said, leagues = _said(fields)
    return Task(
        leagues,
        check(leagues, arguments),
        on_one_line(said)[:500],
        _short(fields, "requested_by", 100),
        _task_id(fields),
    )


def select(what: str) -> tuple[League, ...]:
    """The leagues that ``what`` means: names, keys or titles of leagues, ``sport:football``, ``country:France``,
    ``football/France`` (both) and ``all``, several of them with commas between. In the catalogue's order.

    :raises Unknown: when one of them means nothing.
    """
    wanted = [part for part in (part.strip() for part in what.split(",")) if part]
    if not wanted:
        raise Unknown("no league is named: write a name (`scrapy leagues` lists them), sport:…, country:… or all")
    found = {league.name for part in wanted for league in _select_one(part)}
    return tuple(league for league in load() if league.name in found)


def said_arguments(text: str | None) -> dict[str, str]:
    """``depth=list days=2`` as a mapping. :raises Refused: when that is not what it is."""
    pairs = [word.partition("=") for word in (text or "").split()]
    if wrong := [name for name, sign, _ in pairs if not sign or name not in ARGUMENTS]:
        raise Refused("argument", f"arguments are {', '.join(f'{name}=' for name in ARGUMENTS)}, not {wrong[0][:40]!r}")
    return {name: value for name, _, value in pairs}


def written(arguments: Mapping[str, str]) -> str | None:
    """The same, the other way round; nothing said is ``None``. In one order, so that what is the same reads the same.

    :raises Refused: when it is longer than a run's column.
    """
    text = " ".join(f"{name}={arguments[name]}" for name in ARGUMENTS if arguments.get(name))
    if len(text) > ARGUMENTS_LENGTH:
        raise Refused("argument", f"{len(text)} characters of arguments, at most {ARGUMENTS_LENGTH}: ask for fewer")
    return text or None


def check(leagues: Sequence[League], arguments: Mapping[str, str]) -> dict[str, str]:
    """The arguments as every spider of ``leagues`` takes them, a match by its number.

    :raises Refused: when one of those spiders would not.
    """
    plain = {name: "".join(value.split()) for name, value in arguments.items() if value.strip()}
    for league in leagues:
        try:
            wanted = Wanted.read(league, **plain)
        except BadArgument as error:
            raise Refused("argument", str(error)) from None
    return plain | ({"match": ",".join(sorted(wanted.match_ids))} if wanted.match_ids else {})


# -- which leagues -----------------------------------------------------------------------------------------------------


def _select_one(part: str) -> Iterator[League]:
    kind, sign, name = part.partition(":")
    if part == EVERYTHING:
        return iter(load())
    if sign and kind in ("sport", "country"):
        return _within(name if kind == "sport" else None, name if kind == "country" else None)
    if "/" in part:
        sport, _, country = part.partition("/")
        return _within(sport, country)
    return iter(named(part))


def _within(sport: str | None, country: str | None) -> Iterator[League]:
    """The leagues of a sport, of a country, or of both. :raises Unknown: when there is none."""
    found = [
        league
        for league in load()
        if (sport is None or fold(sport) in _sport_spellings(league.sport))
        and (country is None or fold(country) == fold(league.country))
    ]
    if not found:
        said = " ".join(filter(None, (sport, country)))
        known = sorted({league.sport for league in load()})
        countries = sorted({league.country for league in load() if sport is None or _is_of(league, sport)})
        if not countries:
            raise Unknown(f"no sport is called {sport!r:.80}; sports are {', '.join(known)}")
        raise Unknown(f"no league is of {said!r:.80}; sports are {', '.join(known)}; countries {', '.join(countries)}")
    return iter(found)


def _is_of(league: League, sport: str) -> bool:
    return fold(sport) in _sport_spellings(league.sport)


@cache
def _sport_spellings(name: str) -> frozenset[str]:
    sport = sports()[name]
    return frozenset(map(fold, (sport.name, sport.title, sport.slug)))


def named(name: str) -> tuple[League, ...]:
    """By a spider's name, gig-benchmark's key, one of the aliases, or ``football.all``.

    :raises Unknown: with the nearest names.
    """
    spelt = name.strip().lower()
    if spelt in _by_name():
        return (_by_name()[spelt],)
    if spelt in ALIASES:
        return (_by_name()[ALIASES[spelt]],)
    if spelt in TOURS:
        return _tour(spelt)
    sport, _, rest = spelt.partition(".")
    if rest == EVERYTHING:
        return tuple(_within(sport, None))
    if fold(name) in _by_name():  # written as people write it: Ligue 1
        return (_by_name()[fold(name)],)
    near = nearest(name)
    advice = f"did you mean {', '.join(near)}?" if near else "`scrapy leagues` lists all"
    raise Unknown(f"no league is called {name!r:.80}; {advice}")


@cache
def _by_name() -> dict[str, League]:
    return {name: league for league in load() for name in (league.name, *league.gig_keys)}


def _tour(alias: str) -> tuple[League, ...]:
    """All tournaments of a tour: those named after it."""
    sport, words = alias.partition(".")[0], TOURS[alias]
    return tuple(
        league for league in load() if league.sport == sport and any(word in fold(league.title) for word in words)
    )


# -- reading -----------------------------------------------------------------------------------------------------------


def _refuse(reason: str, detail: str) -> NoReturn:
    raise Refused(reason, detail)


def _read_json(body: bytes) -> dict[str, Any]:
    if len(body) > SIZE_LIMIT:
        _refuse("too-large", f"{len(body)} bytes, at most {SIZE_LIMIT} are read")
    try:
        fields = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        _refuse("malformed", f"not JSON in UTF-8: {error}")
    if not isinstance(fields, dict):
        _refuse("malformed", f"a JSON object was expected, not {type(fields).__name__}")
    return fields


def _said(fields: Mapping[str, Any]) -> tuple[str, tuple[League, ...]]:
    """What is asked for in words, and the leagues that is."""
    for key in ("what", "scraper", "spider"):
        if key in fields:
            said = _text(fields, key)
            # Of a key nothing but the key is meant: no list, no sport.
            return said, select(said) if key == "what" else tuple(named(said)) if said != EVERYTHING else load()
    sport, country, league = (_optional(fields, key) for key in ("sport", "country", "league"))
    if league and league.lower() != EVERYTHING:
        return f"{league} ({sport or 'football'})", (_titled(sport or "football", league),)
    if sport or country:
        return " ".join(filter(None, (sport, country))), tuple(_within(sport, country))
    _refuse("missing", "it names nothing to crawl: what, scraper, spider, sport, country or league")


def _titled(sport: str, title: str) -> League:
    """A league by the title it has in a sport. :raises Unknown: with the nearest names."""
    for league in load():
        if _is_of(league, sport) and fold(title) in (fold(league.title), league.name):
            return league
    near = [name for name in nearest(title) if _is_of(_by_name()[name], sport)]
    raise Unknown(f"{sport} has no league {title!r:.80}; {f'did you mean {near}?' if near else '`scrapy leagues`'}")


def _arguments(said: object) -> dict[str, str]:
    """What the spider is to be told; anything else a task may say of it is refused, not passed over."""
    if said is None:
        return {}
    if not isinstance(said, dict):
        _refuse("wrong-type", "args must be an object")
    if unknown := [name for name in said if name not in ARGUMENTS]:
        _refuse("argument", f"args may be {', '.join(ARGUMENTS)}, not {unknown[0]!r:.40}")
    if wrong := [name for name, value in said.items() if not isinstance(value, str | int) or isinstance(value, bool)]:
        _refuse("wrong-type", f"args: {wrong[0]} must be text or a number")
    return {name: str(value) for name, value in said.items()}


def _text(fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or not value.strip():
        _refuse("missing" if not value else "wrong-type", f"{key} must be text")
    return value.strip()


def _optional(fields: Mapping[str, Any], key: str) -> str | None:
    return None if fields.get(key) is None else _text(fields, key)


def _short(fields: Mapping[str, Any], key: str, limit: int) -> str | None:
    value = _optional(fields, key)
    return None if value is None else on_one_line(value)[:limit].strip() or None


def _task_id(fields: Mapping[str, Any]) -> str | None:
    value = _optional(fields, "task_id")
    if value is not None and not TASK_ID.fullmatch(value):
        _refuse("value", f"task_id is up to 64 letters, digits, '.', '_', ':' and '-', not {value[:80]!r}")
    return value
