"""The benchmark of bookmakers, and the analyst's table."""

ENGLISH: dict[str, str] = {}
