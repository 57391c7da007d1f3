"""A page's own building with nothing of its content: what a fixture is begun from.

A page is somebody else's work; how it is built is a fact. So tags, classes and ``data-`` attributes of some rows and of
what stands around them are kept, and every word, team, date, price and address is replaced by one of ours. Bookmakers
keep the names and numbers that the reference has: they are what a reader goes by.
"""

import re
from collections.abc import Iterable, Sequence
from copy import deepcopy
from decimal import Decimal
from typing import Any

from parsel import Selector

from schema.names import slug
from schema.prices import payout, published_style, read_price
from schema.reference import find_bookmaker

ROWS = 3
"""So many rows of a page show how it is built."""

TEAMS = ("AVALLON", "BEAUNE", "CLAMECY", "DECIZE", "ÉPOISSES", "FLAVIGNY", "GANNAY", "IMPHY")
PRICES = {
    2: (("1.50", "2.50"), ("1.45", "2.70"), ("1.52", "2.45")),
    3: (("1.50", "4.20", "6.50"), ("1.45", "4.40", "7.00"), ("1.52", "4.00", "6.80")),
}
"""Of each row, by how many it has."""

KICKOFF = "1761417900"
"""In place of every number as long as seconds since 1970 are; any shorter one that is no match's may be a team's."""

HEAD = """<!DOCTYPE html>
<!-- Drafted from a captured page: its tags, classes and data attributes. Its texts were replaced by invented ones: the
     site's own are not ours to publish. Read every line before it is committed, and reduce it further. -->
"""

_KEPT_ATTRIBUTES = {"class", "type", "role", "colspan", "rowspan"}
_DESCRIPTIONS = {"title", "alt", "aria-label"}
_SIMPLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_#-]{0,31}")
_MATCH_LINK = re.compile(r"/cote/[^\s\"']*?-([0-9]{1,10})")
_BOOKMAKER_LINK = re.compile(r"/bookmaker[-/][a-z0-9-]+")
_LABEL = re.compile(r"1N|N2|1X|X2|12|[12NX]")
_NUMBER_BETWEEN = re.compile(r"(?<![0-9.,])[0-9]{1,4}[.,][0-9]{1,3}(?![0-9.,/:])")
_DATE_OR_TIME = re.compile(
    r"[0-9]{1,2}/[0-9]{1,2}(?:/[0-9]{2,4})?|[0-9]{1,2}[:h][0-9]{2}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+Z-]+"
)
_FRENCH_MONTH = re.compile(r"(?i)(?:janv|f[ée]vr|mars|avr|mai|juin|juil|ao[uû]t|sept|oct|nov|d[ée]c)[a-zûé]*\.?")
_WORD = re.compile(r"[^\W\d_]+")


class Skeleton:
    """Draws one page. Its matches become matches of ours, and the prices of a row prices whose TRJ it prints."""

    def __init__(self, matches: Sequence[tuple[str, str | None, str | None]]) -> None:
        """:param matches: id, home and away of each match of the page, in its order."""
        self._numbers: dict[str, int] = {}
        self._teams_of: dict[str, dict[str, str]] = {}
        for match_id, *teams in matches:
            own = self._invented(self._place(match_id))
            self._teams_of[match_id] = {slug(team): name for team, name in zip(teams, own, strict=True) if team}
        self._teams = next(iter(self._teams_of.values()), {})
        self._row: tuple[str, ...] = ()
        self._placed = 0

    def of(self, rows: Sequence[Any], headings: Iterable[Any] = ()) -> str:
        """The HTML of the page around its first :data:`ROWS` rows.

        :param rows: elements, at least one, each of a match or a bookmaker.
        :param headings: elements kept besides, such as a title.
        """
        body = rows[0].makeelement("body")
        for heading in headings:
            self._put(self._copied(heading), body)
        around: dict[Any, Any] = {}
        for number, row in enumerate(rows[:ROWS]):
            box = self._box(row.getparent(), body, around)
            if not number:
                self._add_heads(row, box)
            self._teams = self._teams_in(row)
            count = sum(read_price(text) is not None and not text.strip().isdigit() for text in row.itertext())
            self._row, self._placed = PRICES[2 if count == 2 else 3][number], 0
            self._put(self._copied(row), box)
        return f'{HEAD}<html lang="fr">{Selector(root=body, type="html").get().strip()}</html>\n'

    def _teams_in(self, row: Any) -> dict[str, str]:
        """Those of the row's own match, as one team may play in several; of a row without a match, those as before."""
        links = (_MATCH_LINK.search(node.get("href", "")) for node in row.iter("a"))
        return next((self._teams_of[link[1]] for link in links if link and link[1] in self._teams_of), self._teams)

    def _put(self, element: Any, box: Any) -> None:
        """Each on a line of its own, so that a person can read it."""
        box.text = box.text or "\n"
        element.tail = "\n"
        box.append(element)

    def _box(self, element: Any, body: Any, made: dict[Any, Any]) -> Any:
        """A copy of what stands around a row, without its other content but the heads of its columns."""
        if element is None or element.tag in ("body", "html"):
            return body
        if element not in made:
            outer = self._box(element.getparent(), body, made)
            self._add_heads(element, outer)
            made[element] = element.makeelement(element.tag)
            self._set(dict(element.attrib), made[element])
            self._put(made[element], outer)
        return made[element]

    def _add_heads(self, element: Any, box: Any) -> None:
        for before in reversed(list(element.itersiblings(preceding=True))):
            labels = [text for text in before.itertext() if _LABEL.fullmatch(text.strip())]
            if len(labels) in (2, 3):
                self._put(self._copied(before), box)

    def _copied(self, element: Any) -> Any:
        copy = deepcopy(element)
        copy.tail = None
        for node in list(copy.iter()):
            if not isinstance(node.tag, str) or node.tag in ("script", "style", "svg", "iframe"):
                _drop(node)
                continue
            said = dict(node.attrib)
            node.attrib.clear()
            self._set(said, node)
            node.text, node.tail = self._text(node.text), self._text(node.tail)
        return copy

    # -- attributes ----------------------------------------------------------------------------------------------------

    def _set(self, said: dict[str, str], copy: Any) -> None:
        for name, value in said.items():
            if (own := self._attribute(name, value)) is not None:
                copy.set(name, own)

    def _attribute(self, name: str, value: str) -> str | None:
        """The value that stands in the fixture; ``None`` where the attribute is left out."""
        if name in _KEPT_ATTRIBUTES:
            return value
        if name == "href":
            return self._address(value)
        if name == "datetime":
            return "2025-10-25T20:45:00+02:00"
        if name in _DESCRIPTIONS:
            return self._text(value)
        if not name.startswith("data-"):
            return None
        if value in self._numbers:
            return str(self._numbers[value])
        if value.isdigit() and len(value) > 3:
            return KICKOFF if len(value) > 8 else "1000"
        if _SIMPLE.fullmatch(value) and not self._own_team(value):
            return value
        return self._text(value)

    def _address(self, href: str) -> str:
        if match := _MATCH_LINK.search(href):
            place = self._place(match[1])
            home, away = self._invented(place)
            ending = href[match.end() :] if re.fullmatch(r"[#/][a-z/-]*", href[match.end() :]) else ""
            return f"/cote/{slug(home)}-{slug(away)}-{self._numbers[match[1]]}{ending}"
        found = _BOOKMAKER_LINK.search(href)
        return found[0] if found else "#"

    def _place(self, match_id: str) -> int:
        """Which match of the page it is; each has a number of ours."""
        self._numbers.setdefault(match_id, 101 + len(self._numbers))
        return self._numbers[match_id] - 101

    def _invented(self, place: int) -> tuple[str, str]:
        return TEAMS[2 * place % len(TEAMS)], TEAMS[(2 * place + 1) % len(TEAMS)]

    # -- texts ---------------------------------------------------------------------------------------------------------

    def _text(self, text: str | None) -> str | None:
        """The same kind of text: a price for a price, a team for a team, as many words for words."""
        if text is None or not (core := " ".join(text.split())):
            return text and " "
        if _LABEL.fullmatch(core) or find_bookmaker(core) or core in ("-", "%"):
            return core
        if own := self._own_team(core):
            return own
        for separator in (" - ", " vs "):
            names = [self._own_team(name.removeprefix("Cotes ")) for name in core.split(separator)]
            if len(names) == 2 and all(names):
                return separator.join(name for name in names if name)
        return self._replaced(core)

    def _own_team(self, text: str) -> str | None:
        return self._teams.get(slug(text))

    def _replaced(self, text: str) -> str:
        """Numbers of their kind, and words of as many letters; what says TRJ, and the words of a date, stay."""
        parts: list[str] = []
        for part in re.split(r"(\s+)", text):
            if "%" in part or _NUMBER_BETWEEN.fullmatch(part):
                parts.append(_NUMBER_BETWEEN.sub(self._number_of(text), part))
            elif _DATE_OR_TIME.fullmatch(part):
                parts.append("25/10" if "/" in part else re.sub(r"[0-9]+", "{}", part).format("20", "45", "00"))
            elif re.fullmatch(r"[0-9]{4}", part):
                parts.append("2025")
            elif part.isdigit():
                parts.append("25")
            elif part in ("TRJ", "Retour", "à", ":", "-") or _FRENCH_MONTH.fullmatch(part):
                parts.append("octobre" if _FRENCH_MONTH.fullmatch(part) else part)
            else:
                parts.append(_WORD.sub(lambda word: ("mot" * len(word[0]))[: len(word[0])], part))
        return "".join(parts)

    def _number_of(self, text: str) -> str:
        """The next invented price of the row, or the TRJ of all its prices, in the page's spelling."""
        if "%" in text or self._placed >= len(self._row) or read_price(text) is None:
            number = str(published_style(payout(map(Decimal, self._row))))
        else:
            number = self._row[self._placed]
            self._placed += 1
        return number.replace(".", ",") if "," in text else number


def _drop(node: Any) -> None:
    if (parent := node.getparent()) is not None:
        parent.remove(node)
