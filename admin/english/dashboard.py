"""The first page, and the crawls."""

ENGLISH: dict[str, str] = {}
