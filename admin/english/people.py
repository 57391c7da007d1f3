"""Signing in, accounts, the team, the audit log."""

ENGLISH: dict[str, str] = {}
