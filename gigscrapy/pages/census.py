"""What a page holds and where, whatever it is built of: every price, percentage, label, bookmaker and match in it.

A *mark* is anything that denotes a bookmaker everybody knows: a link to its page, its number in a ``data-`` attribute
or in a logo's class (``…-b33``), its name as a picture's description or as a text. Each part of the page knows what is
in it, so that a row is found by climbing from a mark until there are prices.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from parsel import Selector

from gigscrapy.pages.markup import match_of
from schema.names import NAME_LENGTH, slug
from schema.prices import read_price
from schema.reference import Bookmaker, bookmakers, find_bookmaker

T = TypeVar("T")

MOST = 20_000
"""Prices, percentages and marks on a page; one with more is no page of odds, and would take minutes."""

LABELS = {"1": "1", "N": "X", "X": "X", "2": "2", "1N": "1X", "1X": "1X", "N2": "X2", "X2": "X2", "12": "12"}
"""Outcome by what is printed over, or before, its price."""

_LABELLED = re.compile(r"(1|N|X|2) +([0-9][0-9.,]*)")
_TRJ = re.compile(r"(?<![0-9.,])([0-9]{2,3}[.,][0-9]{1,2}) ?%")
_NUMBER_IN_LINK = re.compile(r"/bookmaker/([0-9]{1,6})/?(?:[?#].*)?$")
_NAME_IN_LINK = re.compile(r"/bookmaker-([a-z0-9-]{1,60})/?(?:[?#].*)?$")
_NUMBER_IN_CLASS = re.compile(r"-b([0-9]{1,6})(?![\w-])")
_BOOKMAKERS_DATA = re.compile(r"book|operat", re.IGNORECASE)
_SILENT = {"script", "style", "template", "noscript", "title", "option", "textarea"}


@dataclass(frozen=True, slots=True, eq=False)
class Price:
    """One price as it stands: in which element, under which label of its own (an outcome's code), if any.

    :ivar place: its place among all the texts of the page.
    """

    node: Any
    place: int
    value: Decimal
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """An outcome's label, by itself: the outcome's code, and its place among all the texts of the page."""

    outcome: str
    place: int


@dataclass(frozen=True, slots=True, eq=False)
class Trj:
    """A percentage with decimals, as a TRJ is printed; ``named``: the words ``TRJ`` or ``retour`` stand with it."""

    node: Any
    percent: Decimal
    named: bool


class Census:
    """What is in each part of a page.

    :ivar prices, trjs, marks, matches: by element (lxml's); one without any is absent. Matches by their ids.
    :ivar marked: each mark by itself; :ivar links: each link of a match, with its id and path.
    :ivar labels: in the page's order.
    """

    def __init__(self, page: Selector, url: str) -> None:
        self.prices: dict[Any, list[Price]] = {}
        self.trjs: dict[Any, list[Trj]] = {}
        self.marks: dict[Any, set[Bookmaker]] = {}
        self.matches: dict[Any, set[str]] = {}
        self.labels: list[Label] = []
        self.marked: list[tuple[Any, Bookmaker]] = []
        self.links: list[tuple[Any, str, str]] = []
        self._left = MOST
        self._read_links(page, url)
        if not self.overflows:
            self._read_texts(page)
            self._read_marks(page)

    @property
    def overflows(self) -> bool:
        """Whether there is more than is looked at; then nothing of it should be believed."""
        return self._left < 0

    def _read_links(self, page: Selector, url: str) -> None:
        for link in page.root.iter("a"):
            if self.overflows:
                return
            if match := match_of(link.get("href", ""), url):
                self.links.append((link, *match))
                self._add(self.matches, link, match[0])

    def _read_texts(self, page: Selector) -> None:
        label: Label | None = None
        named = False
        texts = [(node, " ".join(text.split())) for node, text in _texts(page)]
        texts = [(node, text) for node, text in texts if text]
        for place, (node, text) in enumerate(texts):
            following = texts[place + 1][1] if place + 1 < len(texts) else ""
            percents = [f"{text} %"] if following.startswith("%") else [text] if "%" in text else []
            if percents:
                named = named or _names_trj(text)
                for found in _TRJ.findall(percents[0]):
                    self._append(self.trjs, node, Trj(node, Decimal(found.replace(",", ".")), named))
            elif price := _price(text, own := _LABELLED.fullmatch(text)):
                told = LABELS[own[1]] if own else label.outcome if label and label.place == place - 1 else None
                self._append(self.prices, node, Price(node, place, price, told))
            elif text in LABELS:
                label = Label(LABELS[text], place)
                self.labels.append(label)
            elif known := _named(text):
                self._mark(node, known)
            named = _names_trj(text)

    def _read_marks(self, page: Selector) -> None:
        for attributes, told in _TELLING.items():
            for value in page.root.xpath(attributes):
                if found := told(value.attrname, value.strip()):
                    self._mark(value.getparent(), found)

    def _mark(self, node: Any, bookmaker: Bookmaker) -> None:
        self.marked.append((node, bookmaker))
        self._add(self.marks, node, bookmaker)

    def _append(self, where: dict[Any, list[T]], node: Any, thing: T) -> None:
        for around in self._around(node):
            where.setdefault(around, []).append(thing)

    def _add(self, where: dict[Any, set[T]], node: Any, thing: T) -> None:
        for around in self._around(node):
            where.setdefault(around, set()).add(thing)

    def _around(self, node: Any) -> Iterator[Any]:
        """The element and everything around it, as long as the page is of a size to be looked at."""
        self._left -= 1
        if not self.overflows:
            yield node
            yield from node.iterancestors()


def _names_trj(text: str) -> bool:
    return "TRJ" in text or "retour" in text.lower()


def _texts(page: Selector) -> Iterator[tuple[Any, str]]:
    """Every text people see, and the element it stands in, in the page's order."""
    for text in page.root.xpath(".//text()"):
        parent = text.getparent()
        holder = parent if text.is_text else parent.getparent()
        if holder is not None and holder.tag not in _SILENT:
            yield holder, text


def _price(text: str, labelled: re.Match[str] | None) -> Decimal | None:
    """A price with its decimals; without them a number may be a rank, a score, a line."""
    number = labelled[2] if labelled else text
    return read_price(number) if "." in number or "," in number else None


# -- bookmakers --------------------------------------------------------------------------------------------------------


def _linked(_: str, href: str) -> Bookmaker | None:
    if number := _NUMBER_IN_LINK.search(href):
        return find_bookmaker(site_id=int(number[1]))
    name = _NAME_IN_LINK.search(href)
    return _by_slug().get(name[1]) if name else None


def _of_logo(_: str, classes: str) -> Bookmaker | None:
    found = (find_bookmaker(site_id=int(number)) for number in _NUMBER_IN_CLASS.findall(classes))
    return next(filter(None, found), None)


def _described(_: str, text: str) -> Bookmaker | None:
    return _named(text)


def _of_data(name: str, value: str) -> Bookmaker | None:
    if value.isascii() and value.isdigit():
        is_bookmakers = _BOOKMAKERS_DATA.search(name) and len(value) <= 6
        return find_bookmaker(site_id=int(value)) if is_bookmakers else None
    return _named(value)


def _named(text: str) -> Bookmaker | None:
    """The bookmaker whose name is the whole text, ``Logo`` before it apart."""
    if not 0 < len(text) <= NAME_LENGTH:
        return None
    return find_bookmaker(text) or find_bookmaker(text.removeprefix("Logo "))


@cache
def _by_slug() -> dict[str, Bookmaker]:
    found: defaultdict[str, list[Bookmaker]] = defaultdict(list)
    for bookmaker in bookmakers():
        for name in {slug(name) for name in (bookmaker.name, *bookmaker.spellings)}:
            found[name].append(bookmaker)
    return {name: known[0] for name, known in found.items() if len(known) == 1}


_TELLING: dict[str, Callable[[str, str], Bookmaker | None]] = {
    "//@href[contains(., '/bookmaker')]": _linked,
    "//@class[contains(., '-b')]": _of_logo,
    "//@alt | //@title | //@aria-label": _described,
    "//@*[starts-with(name(), 'data-')]": _of_data,
}
"""What an attribute tells by its name and its value, by the attributes' XPath."""
