"""Open the spool and put one message in, as soon as a line comes in. Arguments: home, name."""

import sys
import time
from pathlib import Path

from gigscrapy.broker import QUEUE
from gigscrapy.broker.queuefile import QueueFile

home, name = sys.argv[1:]
print("ready")
sys.stdin.readline()
with QueueFile(Path(home) / "spool.sqlite3") as file:
    file.add([(QUEUE, name, name.encode(), time.time())])
print("done")
