"""A look-alike of coteur.com that we wrote ourselves, for the demo, the tests and the benchmarks.

It shows made-up matches and made-up prices under the addresses and selectors of the site, in the layouts D (2024-09 to
2026-01), E (early 2026), F and G (July and August 2026). What of this was read in a real page, what other people's code
relies on and what is our own reconstruction stands in :mod:`replica.pages`; in short: list D was read, the others
were reported, and no match page was ever captured.

- :mod:`replica.world` is the truth: matches, kick-offs, every bookmaker's prices at a tick.
- :mod:`replica.pages` makes HTML of it, as it arrives and as it stands once the page's script is through.
- :mod:`replica.server` serves that, with faults on demand:
  ``with replica.serve(replica.Options(layout="G")) as site: …``
- ``python -m replica`` does so from a shell.
"""

from replica.options import Options
from replica.server import Site, serve

__all__ = ["Options", "Site", "serve"]
