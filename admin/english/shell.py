"""What stands around every page."""

ENGLISH: dict[str, str] = {}
