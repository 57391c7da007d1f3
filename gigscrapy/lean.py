"""Commands begin sooner: Scrapy's own ones bring Pydantic along, in case items are made with it, and ours never are."""

import importlib
import sys


def import_without(absent: str, module: str) -> None:
    """Import ``module`` as where ``absent`` is not installed; nothing is done where either is there already."""
    if absent in sys.modules or module in sys.modules:
        return
    sys.modules[absent] = None  # type: ignore[assignment]  # so Python knows that it cannot be imported
    try:
        importlib.import_module(module)
    finally:
        del sys.modules[absent]
