"""The pages that people keep open all day; the tables are Flask-Admin's.

A page is a module with ``addresses(database)``, which makes its blueprint. The queues and the settings are in the
application's configuration, as ``QUEUES`` and ``SETTINGS``.
"""

from collections.abc import Callable

from flask import Blueprint
from peewee import Database

from admin.pages import account, alerts, benchmark, crawls, dashboard, data, finder, movements, team, webhooks

PAGES: tuple[Callable[[Database], Blueprint], ...] = (
    dashboard.addresses,
    finder.addresses,
    benchmark.addresses,
    movements.addresses,
    crawls.addresses,
    alerts.addresses,
    webhooks.addresses,
    data.addresses,
    account.addresses,
    team.addresses,
)
