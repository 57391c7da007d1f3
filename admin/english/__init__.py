"""Every text people read, and how it is said in English: a file for each part of the house."""

from admin.english import alerts, benchmark, dashboard, data, matches, people, shell, tables, webhooks

PARTS = (shell, people, dashboard, matches, benchmark, alerts, data, tables, webhooks)

ENGLISH: dict[str, str] = {french: english for part in PARTS for french, english in part.ENGLISH.items()}
