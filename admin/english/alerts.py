"""Following, rules, channels and what they sent."""

ENGLISH: dict[str, str] = {}
