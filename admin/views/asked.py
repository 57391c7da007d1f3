"""What an address asks of a list: read with good will, and written again with some of it changed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from admin.views.filters import Filter
from admin.words import say

PAGE_SIZES = (20, 50, 100)
USUAL_PAGE_SIZE = 50

OWN_ARGUMENTS = ("search", "sort", "desc", "page_size", "page")
"""No filter has one of these keys."""


@dataclass(frozen=True)
class Asked:
    """What is asked of a list. Each value makes sense; the filters' are as they were typed.

    :ivar page: from 1; :ivar sort: a column, ``None`` for the list's own order; :ivar filters: key to value.
    """

    page: int = 1
    page_size: int = USUAL_PAGE_SIZE
    sort: str | None = None
    desc: bool = False
    search: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(
        cls, arguments: Any, *, sortable: Collection[str], searchable: bool, filters: Sequence[Filter], notes: list[str]
    ) -> Self:
        """What these arguments (a Werkzeug ``MultiDict``) ask; of what makes no sense a note is taken."""
        page_size = arguments.get("page_size", type=int)
        sort = arguments.get("sort")
        return cls(
            page=max(1, arguments.get("page", 1, type=int)),
            page_size=page_size if page_size in PAGE_SIZES else USUAL_PAGE_SIZE,
            sort=sort if sort in sortable else None,
            desc=arguments.get("desc") == "1",
            search=_typed(arguments, "search") if searchable else "",
            filters=dict(_read_filters(arguments, filters, notes)),
        )

    @property
    def narrowed(self) -> bool:
        """Whether it asks for some of the rows only."""
        return bool(self.search or self.filters)

    def arguments(self, **changes: Any) -> dict[str, Any]:
        """The arguments of the address that asks this, with ``changes``."""
        asked = replace(self, **changes)
        own = {
            "search": asked.search,
            "sort": asked.sort,
            "desc": asked.desc and 1,
            "page_size": asked.page_size if asked.page_size != USUAL_PAGE_SIZE else None,
            "page": asked.page if asked.page > 1 else None,
        }
        return {**asked.filters, **{key: value for key, value in own.items() if value}}


def _read_filters(arguments: Any, filters: Sequence[Filter], notes: list[str]) -> Iterator[tuple[str, str]]:
    for question in filters:
        text = _typed(arguments, question.key)
        if not text:
            continue
        try:
            question.read(text)
        except ValueError:
            notes.append(
                say(
                    "{label} : « {text} » n'a pas de sens ici ; ce filtre est laissé de côté.",
                    label=question.label,
                    text=text,
                )
            )
        else:
            yield question.key, text


def _typed(arguments: Any, key: str) -> str:
    """What was typed into that field. A NUL would end the text for one database, and not for the other."""
    text: str = arguments.get(key, "").replace("\0", "").strip()
    return text
