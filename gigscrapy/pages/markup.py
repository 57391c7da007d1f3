"""What every page is read with: the parsed text, its words, and the two kinds of link that tell a match or a league."""

import re
import warnings
from decimal import Decimal
from urllib.parse import SplitResult, urlsplit

from parsel import Selector

from gigscrapy.pages import PageChanged
from schema.names import slug
from schema.prices import read_price

SIZE_LIMIT = 10_000_000
"""Bytes of the longest page that is read, fifty times the usual: beyond, the XML library drops the rest unsaid."""

_PERCENT = re.compile(r"([0-9]{1,3}(?:[.,][0-9]{1,2})?) ?%?")

_MATCH = re.compile(r"(/cote/([^/\s]+)-([0-9]{1,10}))/?")
_NOT_A_MATCH = ("type-pari", "resultat", "statistiques")

_SEPARATORS = (re.compile(r" vs\.? ", re.IGNORECASE), re.compile(r" [-–] "))  # noqa: RUF001 - sites print the long dash too


def document(html: str, url: str) -> Selector:
    """The page, parsed; lone surrogates are replaced, whatever is no HTML is an empty page.

    ``huge_tree`` stays off: without the limits of the XML library a hostile page takes the process's memory or stack.

    :raises PageChanged: when the page is beyond those limits, and would be read only down to there.
    """
    body = html.encode("utf-8", "replace") or b"<html/>"
    if len(body) > SIZE_LIMIT:
        raise PageChanged(url, {"the end of the page": f"{SIZE_LIMIT} bytes"})
    with warnings.catch_warnings():
        # Parsel warns of a page cut off for its depth.
        warnings.simplefilter("error", UserWarning)
        try:
            return Selector(body=body, encoding="utf-8", type="html", huge_tree=False)
        except UserWarning as cut_off:
            raise PageChanged(url, {"the end of the page": "256 elements inside each other"}) from cut_off


def words(node: Selector) -> str:
    """The text in ``node``, single-spaced.

    Pieces that markup sets apart stay apart: ``17/10<br>20:45`` must not read ``17/1020:45``, nor two prices as one.
    """
    return " ".join(" ".join(node.root.xpath(".//text()")).split())


def attribute(node: Selector, name: str) -> str:
    """An attribute of ``node``; empty where it has none.

    Not by Parsel's ``attrib``, which reads all of them, and fails where a damaged page has one with an impossible name.
    """
    return node.root.get(name, "")


def first_words(node: Selector, css: str) -> str:
    """The words of the first ``css`` in ``node``; empty where there is none."""
    found = node.css(css)
    return words(found[0]) if found else ""


def percent(text: str) -> Decimal | None:
    """``94.62%``, ``92,31 %`` or ``92.31`` in percent; ``None`` for anything else, and for zero."""
    found = _PERCENT.fullmatch(text)
    return (Decimal(found[1].replace(",", ".")) or None) if found else None


def prices_in(text: str) -> list[Decimal]:
    """Every price among the words of ``text``: a number with decimals, so that neither a label nor a score counts."""
    found = (read_price(word) for word in text.split() if "." in word or "," in word)
    return [price for price in found if price is not None]


def split_url(href: str) -> SplitResult | None:
    """``href`` in its parts, ``None`` where it is no address at all (``http://[``)."""
    try:
        return urlsplit(href.strip())
    except ValueError:
        return None


def local_path(href: str, url: str) -> str | None:
    """The path of a link found on the page ``url``, without query and fragment; ``None`` where it leaves the site."""
    link, here = split_url(href), split_url(url)
    if link is None or here is None or link.scheme not in ("", "http", "https"):
        return None
    return link.path if link.netloc.lower() in ("", here.netloc.lower()) else None


def match_of(href: str, url: str) -> tuple[str, str] | None:
    """The match id and path (``/cote/<slug>-<id>``) behind a link; ``None`` where it leads elsewhere.

    Other pages live under ``/cote/`` too: results, statistics, kinds of bet.
    """
    found = _MATCH.fullmatch(local_path(href, url) or "")
    if not found or any(word in found[2] for word in _NOT_A_MATCH):
        return None
    return found[3], found[1]


def split_teams(title: str) -> tuple[str, str] | None:
    """Home and away of ``A - B``, ``A vs B`` or ``Cotes A - B``; ``None`` where that does not leave two names."""
    title = title.removeprefix("Cotes ")
    for separator in _SEPARATORS:
        names = [name.strip() for name in separator.split(title)]
        if len(names) == 2 and all(names):
            return names[0], names[1]
    return None


def names_path(teams: tuple[str, str], path: str) -> bool:
    """Whether a match's path was made of these names: what tells a bare title from one with more words in it.

    Hyphens do not count, as an apostrophe may or may not have become one.
    """
    found = _MATCH.fullmatch(path)
    return found is not None and slug(" ".join(teams)).replace("-", "") == found[2].lower().replace("-", "")
