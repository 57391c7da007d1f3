"""A database of gig-benchmark, taken over into the tables: read only, match by match, through the store.

:mod:`.tables` finds what is there; :mod:`.meetings` judges kick-offs and tells meetings apart that were stored as one;
:mod:`.quotes` makes quotes of rows; :mod:`.account` counts; :mod:`.takeover` moves, and goes on where it was broken
off.
"""
