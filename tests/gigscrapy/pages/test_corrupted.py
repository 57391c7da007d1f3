"""Thirteen hundred corrupted pages: each is read or refused, and what is read of it can be believed in form.

Every page is made of a sound one and a number, its seed: :func:`corrupted` gives it again, alone, to whoever looks into a
failure. It reaches the readers as an answer's body does in a crawl, so that decoding it is part of the test.
"""

import re
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from itertools import chain
from random import Random
from typing import TypeVar
from urllib.parse import urlsplit

import pytest
from scrapy.http import HtmlResponse

from gigscrapy.pages import LeaguePage, MatchPage, MenuLeague, PageChanged
from gigscrapy.pages.league import read_league
from gigscrapy.pages.match import read_match
from gigscrapy.pages.menu import read_menu, read_sports
from gigscrapy.spiders.base import text_of
from replica.pages import LAYOUTS, Pages
from replica.world import World, bookmakers
from schema.markets import MARKETS
from tests.gigscrapy.pages import CAPTURED, FIXTURES, LEAGUE_URL, MATCH_URL, NOW

PAGES_OF_A_KIND = 120
SECONDS_AT_MOST = 10
"""Of the processor, for one page and all its readers. The slowest takes half a second; what grows with the square of the
text, minutes.
"""

LIGUE_1 = "/cotes/foot/france/ligue-1"
TAG = re.compile(rb"<[^<>]*>")
ATTRIBUTE = re.compile(rb"""[\w:-]+=(?:"[^"]*"|'[^']*'|[^\s>]+)""")
NUMBER = re.compile(rb"[0-9]+(?:[.,][0-9]+)?")
WRONG_NUMBERS = (
    b"0",
    b"1",
    b"-1",
    b"1.00",
    b"1e9",
    b"NaN",
    b"Infinity",
    b"2,35",
    b"99999999999999999999",
    b"2.3.5",
    b"",
)
CONTENT_TYPES = ("text/html", "text/html; charset=UTF-8", "text/html; charset=iso-8859-1", "text/html; charset=utf-16")
DEPTHS = (10, 100, 250, 300, 20_000)


# -- sound pages -------------------------------------------------------------------------------------------------------


@cache
def sound_pages() -> tuple[tuple[str, bytes], ...]:
    """Address and body: our own fixtures, and every layout of the look-alike, as it arrives and once filled."""
    own = [
        (MATCH_URL if file.stem.startswith("match") else LEAGUE_URL, file.read_bytes())
        for file in sorted(FIXTURES.glob("*.html"))
    ]
    return (*own, *chain.from_iterable(map(of_the_look_alike, LAYOUTS)))


@cache
def real_pages() -> tuple[tuple[str, bytes], ...]:
    """The real site's, where there is one: see :data:`tests.gigscrapy.pages.CAPTURED`."""
    return tuple((f"https://site.test{LIGUE_1}", file.read_bytes()) for file in sorted(CAPTURED.glob("*.html")))


def of_the_look_alike(layout: str) -> list[tuple[str, bytes]]:
    world = World(now=datetime(2025, 10, 20, 12, 0, tzinfo=UTC), matches=3, bookmakers=bookmakers(4), holes=True)
    pages = Pages(world, layout)
    targets = (LIGUE_1, f"{LIGUE_1}?typecote=DC", world.fixtures(LIGUE_1)[0].path)
    return [
        (f"https://site.test{target}", pages.html(target, injected=injected).encode())
        for target in targets
        for injected in (False, True)
    ]


# -- what can happen to a page -----------------------------------------------------------------------------------------

Damage = Callable[[bytes, Random], bytes]
T = TypeVar("T")


def flip_bytes(body: bytes, random: Random) -> bytes:
    damaged = bytearray(body)
    for _ in range(random.choice((1, 10, 100, len(body) // 50))):
        damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
    return bytes(damaged)


def cut_tags(body: bytes, random: Random) -> bytes:
    """Some tags lose their end, their begin, or are gone."""
    share = random.choice((0.01, 0.1, 0.5))

    def cut(tag: re.Match[bytes]) -> bytes:
        if random.random() > share:
            return tag[0]
        start = random.randrange(len(tag[0]))
        return random.choice((b"", tag[0][:start], tag[0][start:]))

    return TAG.sub(cut, body)


def double_attributes(body: bytes, random: Random) -> bytes:
    """Some attributes come twice in their tag, before or behind themselves, with the value of any other."""
    attributes = ATTRIBUTE.findall(body) or [b"class=events"]
    share = random.choice((0.05, 0.5))

    def double(attribute: re.Match[bytes]) -> bytes:
        if random.random() > share:
            return attribute[0]
        name = attribute[0].partition(b"=")[0]
        other = random.choice((attribute[0], name + b"=" + random.choice(attributes).partition(b"=")[2]))
        return b" ".join(random.sample((attribute[0], other), 2))

    return ATTRIBUTE.sub(double, body)


def mix_encodings(body: bytes, random: Random) -> bytes:
    """A stretch of the page in another encoding than the rest, as templates and feeds from two hands have it."""
    start, end = sorted(random.randrange(len(body) + 1) for _ in range(2))
    text = body[start:end].decode("utf-8", "replace")
    encoding = random.choice(("latin-1", "cp1252", "utf-16", "utf-16-le", "utf-7"))
    return body[:start] + text.encode(encoding, "replace") + body[end:]


def encode_whole(body: bytes, random: Random) -> bytes:
    encoding = random.choice(("latin-1", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"))
    mark = random.choice((b"", b"", b"\xef\xbb\xbf", b"\xff\xfe"))
    return mark + body.decode("utf-8", "replace").encode(encoding, "replace")


def sprinkle_junk(body: bytes, random: Random) -> bytes:
    """NUL, other control characters, halves of surrogate pairs, references to characters that do not exist."""
    junk = (
        b"\x00",
        b"\x00" * 50,
        b"\x1b[2J",
        b"\xed\xa0\x80",
        b"\xff",
        b"&#0;",
        b"&#xD800;",
        b"&#x110000;",
        b"<!--",
        b"]]>",
    )
    for _ in range(random.choice((1, 20, 200))):
        place = random.randrange(len(body) + 1)
        body = body[:place] + random.choice(junk) + body[place:]
    return body


def truncate(body: bytes, random: Random) -> bytes:
    return body[: random.randrange(len(body))]


def nest_deeply(body: bytes, random: Random) -> bytes:
    """Everything from some tag on stands inside many elements, which may never be closed."""
    place = random.choice([tag.start() for tag in TAG.finditer(body)] or [0])
    name = random.choice((b"div", b"span", b"table", b"ul", b"a", b"b"))
    depth = random.choice(DEPTHS)
    return body[:place] + b"<%s>" % name * depth + body[place:] + b"</%s>" % name * random.choice((0, depth))


def repeat_sections(body: bytes, random: Random) -> bytes:
    start, end = a_section(body, random)
    return body[:start] + body[start:end] * random.choice((2, 3, 20)) + body[end:]


def swap_sections(body: bytes, random: Random) -> bytes:
    for _ in range(random.choice((1, 5))):
        start, end = a_section(body, random)
        section, rest = body[start:end], body[:start] + body[end:]
        place = random.choice([tag.start() for tag in TAG.finditer(rest)] or [0])
        body = rest[:place] + section + rest[place:]
    return body


def change_numbers(body: bytes, random: Random) -> bytes:
    """Prices, ids, dates: any number may become what no number of its kind can be."""
    share = random.choice((0.02, 0.2))
    return NUMBER.sub(
        lambda number: random.choice(WRONG_NUMBERS) if random.random() < share else number[0],
        body,
    )


def a_section(body: bytes, random: Random) -> tuple[int, int]:
    """From one tag to another, no more than some thousand bytes on."""
    tags = [tag.start() for tag in TAG.finditer(body)] or [0]
    first = random.randrange(len(tags))
    return tags[first], tags[min(len(tags) - 1, first + random.choice((1, 5, 50)))]


KINDS: tuple[Damage, ...] = (
    flip_bytes,
    cut_tags,
    double_attributes,
    mix_encodings,
    encode_whole,
    sprinkle_junk,
    truncate,
    nest_deeply,
    repeat_sections,
    swap_sections,
    change_numbers,
)


def asked(seed: int) -> tuple[str, int]:
    """The market and the number of outcomes that are asked for: mostly those that the pages show."""
    random = Random(seed)
    return random.choice(("1X2", "1X2", "1X2", *MARKETS)), random.choice((3, 3, 3, 2))


def corrupted(damage: Damage, seed: int) -> HtmlResponse:
    """A page with that damage and, two times in five, another one on top, answered under a type that may be wrong."""
    random = Random(f"{damage.__name__}/{seed}")
    sound = random.choice(sound_pages())
    # Every tenth seed is the real page's: no other seed gives another page where that one is absent.
    url, body = random.choice(real_pages()) if seed % 10 == 0 and real_pages() else sound
    body = damage(body, random)
    if body and random.random() < 0.4:
        body = random.choice(KINDS)(body, random)
    return HtmlResponse(url, body=body, headers={"Content-Type": random.choice(CONTENT_TYPES)})


# -- the readers -------------------------------------------------------------------------------------------------------


def read_everything(response: HtmlResponse, market: str = "1X2", outcomes: int = 3) -> tuple[int, int]:
    """Every reader over one page. :returns: how many took it, and how many prices were read; both are held to their form.

    Whatever is raised but PageChanged comes through.
    """
    html, url = text_of(response), response.url
    prices = [
        *attempt(lambda: read_league(html, url=url, now=NOW, market=market), prices_of_league),
        *attempt(lambda: read_match(html, url=url, now=NOW, outcomes=outcomes), prices_of_match),
        *attempt(lambda: read_menu(html, url=url), check_menu),
        *attempt(lambda: read_sports(html), check_sports),
    ]
    return len(prices), sum(prices)


def attempt(read: Callable[[], T], check: Callable[[T], int]) -> list[int]:
    """How many prices a reader found, in a list; an empty one where it knows the page no more."""
    try:
        page = read()
    except PageChanged:
        return []
    return [check(page)]


def prices_of_league(page: LeaguePage) -> int:
    for match in page.matches:
        assert match.match_id.isascii() and match.match_id.isdigit(), match
        assert match.path.endswith(f"-{match.match_id}"), match
        check_kickoff(match.kickoff)
        check_trj(match.published_trj)
    return sum(check_price(best.price) for match in page.matches for best in match.best.values())


def prices_of_match(page: MatchPage) -> int:
    check_kickoff(page.kickoff)
    for row in page.rows:
        assert row.bookmaker.site_id is not None or row.bookmaker.name, row
        check_trj(row.published_trj)
    return sum(check_price(price) for row in page.rows for price in row.prices.values() if price is not None)


def check_menu(leagues: tuple[MenuLeague, ...]) -> int:
    assert all(league.path.startswith("/cotes/") and league.title for league in leagues), leagues
    return 0


def check_sports(slugs: tuple[str, ...]) -> int:
    assert all(slugs), slugs
    return 0


def check_price(price: Decimal) -> int:
    assert isinstance(price, Decimal) and price.is_finite() and price > 1, repr(price)
    return 1


def check_trj(trj: Decimal | None) -> None:
    assert trj is None or (isinstance(trj, Decimal) and trj.is_finite() and trj > 0), repr(trj)


def check_kickoff(kickoff: datetime | None) -> None:
    assert kickoff is None or (kickoff.utcoffset() is not None and 2000 <= kickoff.year <= 2100), repr(kickoff)


# -- the tests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", KINDS, ids=lambda damage: damage.__name__)
def test_pages_are_read_or_refused(damage):
    taken = prices = 0
    for seed in range(PAGES_OF_A_KIND):
        began = time.process_time()
        try:
            readers, found = read_everything(corrupted(damage, seed), *asked(seed))
        except Exception as error:
            raise AssertionError(f"{damage.__name__}, seed {seed}: {error!r}") from error
        spent = time.process_time() - began
        assert spent < SECONDS_AT_MOST, f"{damage.__name__}, seed {seed}: {spent:.1f} s"
        taken, prices = taken + readers, prices + found
    # Damage that nothing survives would test nothing but the first line of each reader.
    assert taken > PAGES_OF_A_KIND
    assert prices > PAGES_OF_A_KIND // 10


def test_a_seed_gives_its_page_again():
    first, again = ({corrupted(damage, seed).body for damage in KINDS for seed in range(5)} for _ in range(2))
    assert first == again
    assert len(first) > 45


def test_sound_pages_are_read():
    found: Counter[str] = Counter()
    for url, body in sound_pages() + real_pages():
        readers, prices = read_everything(HtmlResponse(url, body=body, encoding="utf-8"))
        assert readers, url
        found[urlsplit(url).path] += prices
    assert (len(found), all(found.values())) == (4, True), found
