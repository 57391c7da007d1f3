"""Lines into the tables, by the store, as if the queue had brought them: importing a file twice changes nothing."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from peewee import Database

from gigscrapy.imports import Line
from schema.messages import OddsItem, encode
from schema.store import Store

BATCH = 500
"""Quotes of one transaction."""


@dataclass(slots=True)
class Stored:
    """What has become of a file so far. Lines; then quotes that were new, prices in them, and quotes known before."""

    lines: int = 0
    quotes: int = 0
    prices: int = 0
    duplicates: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class _Letter:
    """A quote as a broker would hand it over."""

    body: bytes
    received_at: datetime
    attempts: int = 0


def store(database: Database, lines: Iterable[Line], watch: Callable[[Stored], None] | None = None) -> Stored:
    """Store the quotes of all lines, a batch a transaction: what was broken off goes on when it is done again.

    :param watch: called after each batch, with what is done so far; what it raises ends the import.
    """
    writer, stored = Store(database), Stored()
    received_at = datetime.now(UTC)
    for items in _batches(_counted(lines, stored)):
        outcome = writer.store([_Letter(encode(item), received_at) for item in items])
        stored.quotes += outcome.stored
        stored.prices += outcome.prices
        stored.duplicates += outcome.duplicates
        stored.refused += len(outcome.refused)
        if watch:
            watch(stored)
    return stored


def _counted(lines: Iterable[Line], stored: Stored) -> Iterator[OddsItem]:
    for line in lines:
        stored.lines += 1
        stored.refused += len(line.refusals)
        yield from line.items


def _batches(items: Iterator[OddsItem]) -> Iterator[list[OddsItem]]:
    while some := list(islice(items, BATCH)):
        yield some
