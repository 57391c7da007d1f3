"""Alerts: rules over what is known at an instant, what they make of it, and what a rule would have told last week.

Nothing here has a clock or a network. At each minute the rule is given its *readings* (:mod:`analytics.alerts.market`,
:mod:`analytics.alerts.watching`), and a small machine (:mod:`analytics.alerts.machine`) says what opens, worsens and
closes. The preview (:mod:`analytics.alerts.preview`) drives the same machine over the same readings of the past.
"""
