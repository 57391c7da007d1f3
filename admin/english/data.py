"""Import, export and the care of reference data."""

ENGLISH: dict[str, str] = {}
