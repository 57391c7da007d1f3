"""Whether prices can be right. What breaks a rule is kept, marked with the rule's code, and doubted until seen again.

The rules are data (``reference/plausibility.csv``): thresholds, what to tell people, and how often each rang falsely on
real prices (``python -m benchmarks.plausibility`` counts it). Here is what each of them measures. A quote is judged by

* its *panel*, what the other bookmakers offer on the same market of the same match at the same instant:
  ``swapped-sides`` and ``far-from-panel``;
* itself: ``pays-too-much`` and ``pays-too-little``, where every outcome has a price.

The best prices of a list have no panel: they are judged together (``list-pays-too-much``). ``read-by-structure`` is not
computed: it marks whatever was read from a page of no known generation.

A quote has one mark. Where several rules fire it is that of the one which stands first in the file: how the page was
read before what it says, and what explains most first (a swapped quote of an uneven match is far from its panel too).
"""

import operator
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from statistics import median
from typing import TypeVar

from schema.markets import Market
from schema.prices import payout, published_style
from schema.reference import rows

READ_BY_STRUCTURE = "read-by-structure"
SWAPPED_SIDES = "swapped-sides"
FAR_FROM_PANEL = "far-from-panel"
PAYS_TOO_MUCH = "pays-too-much"
PAYS_TOO_LITTLE = "pays-too-little"
LIST_PAYS_TOO_MUCH = "list-pays-too-much"

HOME, AWAY = "1", "2"

Book = Mapping[str, Decimal | None]
"""One bookmaker's prices by outcome code; an outcome without a price is ``None`` or absent."""

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of ``plausibility.csv``.

    :ivar judged: ``panel`` (a quote beside those of other bookmakers), ``quote`` (alone), ``list`` (all best prices of
        a list together) or ``page`` (nothing is computed).
    :ivar threshold: what it measures fires beyond this: see the function that measures it, for the unit too.
    :ivar others: how many other bookmakers must price an outcome before their median is a measure.
    :ivar alarms: real quotes (or lists) that it marked, of the ``sample`` it could judge; ``None`` where nothing is
        computed.
    :ivar english, french: what the mark means, in words that follow the name of a quote.
    """

    code: str
    judged: str
    threshold: Decimal
    others: int
    alarms: int | None
    sample: int | None
    english: str
    french: str

    def in_words(self, language: str) -> str:
        """What the mark means, in ``fr`` or ``en``."""
        return self.english if language == "en" else self.french


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its code, the one that takes precedence first."""
    return {
        row["code"]: Rule(
            code=row["code"],
            judged=row["judged"],
            threshold=Decimal(row["threshold"] or 0),
            others=int(row["others"] or 0),
            alarms=int(row["alarms"]) if row["alarms"] else None,
            sample=int(row["sample"]) if row["sample"] else None,
            english=row["english"],
            french=row["french"],
        )
        for row in rows("plausibility")
    }


@cache
def rules_for(*judged: str) -> tuple[Rule, ...]:
    """The rules that judge such things, in their order of precedence."""
    return tuple(rule for rule in rules().values() if rule.judged in judged)


def suspects(panel: Mapping[Name, Book], market: Market) -> dict[Name, str]:
    """The rule that each suspect bookmaker of a panel breaks; one that breaks none is absent.

    :param panel: bookmaker to its prices, all of one market, one line, one match and one instant.
    """
    found = {}
    for name, book in panel.items():
        others = [other for key, other in panel.items() if key != name]
        if code := broken(book, market, others):
            found[name] = code
    return found


def broken(book: Book, market: Market, others: Sequence[Book] = (), by: Iterable[Rule] | None = None) -> str | None:
    """The code of the first rule that one bookmaker's prices break beside the others'; ``None``: they break none.

    :param others: nobody, where a quote comes alone: the rules about a panel say nothing then.
    :param by: judge by these rules; default: all of ``panel`` and ``quote``.
    """
    for rule in rules_for("panel", "quote") if by is None else by:
        measured = measure(rule, book, market, others)
        _, beyond = _MEASURES[rule.code]
        if measured is not None and beyond(measured, rule.threshold):
            return rule.code
    return None


def broken_by_list(best: Book, market: Market) -> str | None:
    """The code of the rule that the best prices of a list break together; ``None``: they break none.

    Which of them is wrong, if one is, nobody can tell from the list: the mark is for all of them.
    """
    return broken(best, market, by=rules_for("list"))


def measure(rule: Rule, book: Book, market: Market, others: Sequence[Book] = ()) -> Decimal | None:
    """What a computed rule holds against its threshold; ``None`` where it has nothing to judge by."""
    how, _ = _MEASURES[rule.code]
    return how(_Case(book, market, others, rule.others))


# -- what each rule measures -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Case:
    """A quote that is judged, beside those of the others."""

    book: Book
    market: Market
    others: Sequence[Book]
    others_at_least: int

    def usual(self, outcome: str) -> Decimal | None:
        """The median of the others' prices; ``None`` where so few have one that a single wrong one could be it."""
        prices = [price for book in self.others if (price := book.get(outcome))]
        return median(prices) if len(prices) >= self.others_at_least else None


def _farthest_from_panel(case: _Case) -> Decimal | None:
    """How many times a price is the median of the others' prices of its outcome, or the median it: 1 where equal.

    A point lost, a digit too many, another market's price.
    """
    pairs = ((case.book.get(outcome), case.usual(outcome)) for outcome in case.market.outcomes)
    return max((_apart(price, usual) for price, usual in pairs if price and usual), default=None)


def _better_exchanged(case: _Case) -> Decimal | None:
    """How many times nearer the panel the prices of home and away come when they are exchanged.

    It cannot be more than the square of what the panel's two sides are apart: on a near-even match, where exchanging
    them says nothing, it does not reach the threshold. Double chance has no sides: nothing is measured.
    """
    home, away = case.book.get(HOME), case.book.get(AWAY)
    usual_home, usual_away = case.usual(HOME), case.usual(AWAY)
    if not (home and away and usual_home and usual_away):
        return None
    straight = _apart(home, usual_home) * _apart(away, usual_away)
    return straight / (_apart(home, usual_away) * _apart(away, usual_home))


def _pays_back(case: _Case) -> Decimal | None:
    """The TRJ in percent, as it is printed (3, 3 and 3 pay back 100 and no digit more), where no price is missing."""
    return published_style(payout(map(case.book.get, case.market.outcomes), case.market.winners))


def _apart(one: Decimal, other: Decimal) -> Decimal:
    return max(one / other, other / one)


_MEASURES: Mapping[str, tuple[Callable[[_Case], Decimal | None], Callable[[Decimal, Decimal], bool]]] = {
    FAR_FROM_PANEL: (_farthest_from_panel, operator.ge),
    SWAPPED_SIDES: (_better_exchanged, operator.ge),
    PAYS_TOO_MUCH: (_pays_back, operator.gt),
    PAYS_TOO_LITTLE: (_pays_back, operator.lt),
    LIST_PAYS_TOO_MUCH: (_pays_back, operator.gt),
}
"""How each computed rule measures, and when what it measured lies beyond its threshold."""
