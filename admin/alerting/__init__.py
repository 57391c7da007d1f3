"""Alerts, live: rules are read each minute, what comes of them is written, and what is written is sent.

``python -m admin.alerting`` does it. :mod:`~admin.alerting.engine` reads and writes, :mod:`~admin.alerting.outbox`
sends, through a process of its own (:mod:`~admin.alerting.sender`) that can reach public addresses only.
"""
