"""What breaks, and what holds: one test for each fault between the league page and the tables.

``rows.csv`` lists the faults, 53 of them, each with what holds nevertheless, or with the reason why no test provokes it. A
test is found by its name (``test_row_07_…``); it breaks real parts (crawls, brokers, databases, disks) and asks the
oracle afterwards.

- :mod:`tests.faults.oracle` is the judge: sets of messages by where they are, and what must be true of these sets.
- :mod:`tests.faults.processes` runs the project's commands in processes that may be killed.
- :mod:`tests.faults.failpoint` makes such a process die, or dawdle, at an instant that no signal can hit.
- :mod:`tests.faults.witness` keeps what a crawl said it had sent, whatever becomes of the crawl.
- :mod:`tests.faults.table` prints the table in ``docs/operations.md``.
"""
