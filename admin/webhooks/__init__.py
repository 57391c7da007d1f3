"""Hooks: addresses of programs that are told what happens, signed, in order, until they say that they know.

:mod:`schema.webhooks` keeps them, :mod:`telling` finds what is to be told, :mod:`posting` sends it; both go on in the
process of the alerts (``python -m admin.alerting``), and the connection itself is made by the one that
may make no other (:mod:`admin.alerting.sender`).
"""
