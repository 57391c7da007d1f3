"""Words typed into one box, looked for in names that may lie two tables away.

``LIKE '%word%'`` over joined tables reads every row of the largest. Where all that is searched lies beyond one foreign
key, as the teams beyond a price's match, the rows beyond it are looked for first, and the large table is asked for
those: one small query more. Elsewhere, in the smaller tables, subqueries do.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

from peewee import Model

from admin.views.joins import Table, keys_of, meta
from admin.words import say
from schema.names import name_key

LIMIT = 500
"""Related rows that words may name; of more the newest count, and the reader is told."""

LENGTH = 100
WORDS = 6


class Search:
    """One search.

    :ivar notes: what the reader must know of the answer, once :meth:`condition` was asked.
    """

    def __init__(self, text: str) -> None:
        self._words = text[:LENGTH].split()[:WORDS]
        self.notes: list[str] = []

    def condition(self, model: type[Model], paths: Sequence[str]) -> Any:
        """Rows of ``model`` in which every word stands in one of the columns; different words in any of them."""
        tails = _by_first_key(paths)
        if len(tails) == 1 and "" not in tails:
            [(key, beyond)] = tails.items()
            field = meta(model).fields[key]
            return field.in_(self._newest(field.rel_model, beyond))
        return _every_word(model, tails, self._words)

    def _newest(self, model: type[Model], paths: Sequence[str]) -> list[Any]:
        """The keys of the newest rows that have every word."""
        [key] = keys_of(model)
        found = model.select(key).where(_every_word(model, _by_first_key(paths), self._words))
        keys = [row[0] for row in found.order_by(key.desc()).limit(LIMIT + 1).tuples().execute()]
        if len(keys) > LIMIT:
            words = " ".join(self._words)
            note = "« {words} » désigne trop de noms : seuls les {limit} derniers comptent. Précisez."
            self.notes.append(say(note, words=words, limit=LIMIT))
        return keys[:LIMIT]


def _by_first_key(paths: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The paths beyond each foreign key; under ``""`` the columns of the table itself."""
    tails: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        key, dot, tail = path.partition(".")
        tails[key if dot else ""].append(tail if dot else path)
    return tails


def _every_word(model: type[Model], tails: Mapping[str, Sequence[str]], words: Sequence[str]) -> Any:
    return reduce(and_, (_somewhere(model, tails, word) for word in words))


def _somewhere(model: Table, tails: Mapping[str, Sequence[str]], word: str) -> Any:
    own = [_holds(model, column, word) for column in tails.get("", ())]
    beyond = [_beyond(model, key, paths, word) for key, paths in tails.items() if key]
    return reduce(or_, own + beyond)


def _beyond(model: Table, key: str, paths: Sequence[str], word: str) -> Any:
    there = meta(model).fields[key].rel_model.alias()
    [its_key] = keys_of(there.model)
    found = there.select(getattr(there, its_key.name)).where(_somewhere(there, _by_first_key(paths), word))
    return getattr(model, key).in_(found)


def _holds(model: Table, column: str, word: str) -> Any:
    """A key is compared byte by byte, so it is asked for in its own spelling."""
    return getattr(model, column).contains(name_key(word) if column.endswith("_key") else word)
