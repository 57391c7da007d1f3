"""The life of a run that somebody asked for, from the task to the crawl's own reports.

    queued ──► scheduled ──► running ──► finished
       │           │            │
       ├► cancelled└────► lost ◄┘          (given up by whoever watches; a report that still comes is believed)
       └► failed                           (no node took it in time)

``queued``: it waits for its turn; ``scheduled``: a node has it; ``running`` and ``finished``: the crawl itself says so,
through the queue, and :mod:`schema.store` writes it; ``lost``: its process is gone without a last word; ``cancelled``:
it never began; ``failed``: no node would have it. A crawl somebody starts by hand begins at ``running``.
"""

QUEUED, SCHEDULED, RUNNING, FINISHED = "queued", "scheduled", "running", "finished"
LOST, CANCELLED, FAILED = "lost", "cancelled", "failed"

STATES = (QUEUED, SCHEDULED, RUNNING, FINISHED, LOST, CANCELLED, FAILED)
OPEN = (QUEUED, SCHEDULED, RUNNING, LOST)
"""In these the crawl's next report is believed whatever it says: it lives."""
ENDED = (FINISHED, LOST, CANCELLED, FAILED)
"""Nothing more is expected of these."""
