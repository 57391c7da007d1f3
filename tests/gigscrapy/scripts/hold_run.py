"""``hold_run.py HOME RUN [stubborn]``: a process that holds the lock of a run until its input ends, or it is told to."""

import signal
import sys
from pathlib import Path

from gigscrapy.alive import hold

signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in sys.argv else lambda *_: sys.exit(1))
hold(Path(sys.argv[1]), sys.argv[2])
print("held", flush=True)
sys.stdin.read()
