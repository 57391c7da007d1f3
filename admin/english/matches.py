"""The matches, one match, their charts."""

ENGLISH: dict[str, str] = {}
