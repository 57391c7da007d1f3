"""The pages that people keep open all day; the tables are Flask-Admin's.

A page is a module with ``addresses(database)``, which makes its blueprint. The queues and the settings are in the
application's configuration, as ``QUEUES`` and ``SETTINGS``.
"""

from collections.abc import Callable

from flask import Blueprint
from peewee import Database

from admin.pages import account, alerts, crawls, dashboard, finder, movements, team

PAGES: tuple[Callable[[Database], Blueprint], ...] = (
    dashboard.addresses,
    finder.addresses,
    movements.addresses,
    crawls.addresses,
    alerts.addresses,
    account.addresses,
    team.addresses,
)
