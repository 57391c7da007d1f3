"""Which prices count: see :mod:`schema.doubt`, where it stands because the tally needs it too."""

from schema.doubt import doubted

__all__ = ["doubted"]
