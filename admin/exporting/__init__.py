"""Any list, whatever its size, as a file: CSV, NDJSON or Parquet, sent while it is read, in memory that does not grow.

::

    return exporting.answer(exporting.Listed(...), "csv", "cotes")      # a list of the tables
    return exporting.answer(exporting.Given(columns, rows), "csv", "classement")  # rows that a page has computed

A file that is whole looks so, and no other does: what is broken off (the database went away, somebody cancelled it)
ends in the middle of the transfer, which browsers and ``curl`` report, and its last line says so too.
"""

from admin.exporting.columns import Column
from admin.exporting.reading import Given, Listed
from admin.exporting.sending import KINDS, MOST_OF_VIEWER, answer

__all__ = ["KINDS", "MOST_OF_VIEWER", "Column", "Given", "Listed", "answer"]
