"""Pure reading of one response: text in, dataclasses out; no I/O, no clock.

A page is read by the parser of the generation that its own markup shows, never by its date. A page no parser knows
raises :class:`PageChanged`; a page that is known but has no prices yet says so (``priced`` is false).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

STRUCTURAL = "S"
"""The generation of what no generation fits and :mod:`gigscrapy.pages.structure` read: to be believed only so far."""


class PageChanged(Exception):
    """No parser knows this page, or one that does found a part of it gone.

    :ivar url: the page; :ivar tried: selectors that found nothing, by what they look for; :ivar hint: what it
        resembles.
    """

    def __init__(self, url: str, tried: dict[str, str], hint: str = "") -> None:
        self.url = url
        self.tried = tried
        self.hint = hint
        looked_for = "; ".join(f"{what}: {selector}" for what, selector in tried.items())
        super().__init__(
            f"{url} is built in a way no parser knows{hint and f' ({hint})'}. Found nothing for {looked_for}"
        )


@dataclass(frozen=True, slots=True)
class BookmakerRef:
    """A bookmaker as a page names it: its number on the site, its name, or both."""

    site_id: int | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class BestPrice:
    """The best price of one outcome, as a list shows it, and who offers it (``None`` where the list does not say)."""

    price: Decimal
    bookmaker: BookmakerRef | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMatch:
    """One match of a league page.

    :ivar match_id: the site's own id; :ivar path: of its page, ``/cote/<slug>-<id>``.
    :ivar home: team as printed, ``None`` where this generation's list does not tell the two apart.
    :ivar kickoff: aware UTC, ``None`` where the list does not say.
    :ivar best: best price by outcome code; an outcome without one is absent.
    :ivar published_trj: market TRJ the site prints, percent.
    """

    match_id: str
    path: str
    home: str | None
    away: str | None
    kickoff: datetime | None
    best: dict[str, BestPrice]
    published_trj: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaguePage:
    """A league page: its matches, and where it goes on.

    :ivar generation: ``D``, ``E``, ``F``, ``G`` or :data:`STRUCTURAL`.
    :ivar priced: whether any price is in the text yet.
    :ivar more: numbers of the further pages it links (``?page=N``), ascending.
    :ivar unreadable: rows of which a part that this generation prints could not be read. Where that part is the link,
        the row is no match; where it is another, the match is listed without it.
    :ivar tells_prices: false where nobody has seen yet how this generation's list marks which price is which outcome's
        (E always, G without ``data-choice``). ``best`` is then empty and ``priced`` false whatever the page shows:
        waiting for prices is in vain, and an empty ``best`` does not mean that nobody offers one.
    """

    generation: str
    matches: tuple[ListedMatch, ...]
    priced: bool
    more: tuple[int, ...] = ()
    unreadable: int = 0
    tells_prices: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BookmakerRow:
    """One bookmaker's prices on a match page, by outcome code; ``None`` where its cell has no price."""

    bookmaker: BookmakerRef
    prices: dict[str, Decimal | None]
    published_trj: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchPage:
    """A match page: its first market.

    :ivar generation: ``D``, ``E`` or :data:`STRUCTURAL`; :ivar priced: whether any price is in the text yet.
    :ivar home, away, kickoff: as printed, ``None`` where this generation's page does not say.
    :ivar rows: one for each bookmaker that shows at least a cell; one whose cells are all empty is left out.
    :ivar other_markets: further markets on the page, counted and not read.
    :ivar unreadable: rows with prices of which it cannot be told whose or which outcome's they are, counted and not
        guessed.
    """

    generation: str
    rows: tuple[BookmakerRow, ...]
    priced: bool
    home: str | None = None
    away: str | None = None
    kickoff: datetime | None = None
    other_markets: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class MenuLeague:
    """A league the site's own menu or a sport's page links; ``country`` and ``site_id`` where it tells them."""

    path: str
    title: str
    country: str | None
    site_id: int | None
