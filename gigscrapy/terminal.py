"""What lines that move in a terminal and lines that are logged owe each other."""

import logging
import sys


def follow_stderr() -> None:
    """Let the log handlers write to what ``sys.stderr`` is now.

    Rich replaces it while a moving line is shown, so that other output appears above; handlers that keep the old one
    would write into the line. To be called when the line appears, and again when it is gone.
    """
    for handler in logging.root.handlers:
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            handler.setStream(sys.stderr)
