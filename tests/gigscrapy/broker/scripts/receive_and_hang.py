"""Take messages, acknowledge half of them, say which, and hang until killed. Arguments: URL or ``-``, home, how many."""

import sys
import time
from pathlib import Path

from gigscrapy import broker

url, home, count = sys.argv[1:]
receiver = broker.receiver(None if url == "-" else url, Path(home))
taken = receiver.receive(int(count), 5)
half = taken[: len(taken) // 2]
receiver.ack(half)
for delivery in half:
    print(delivery.body.decode())
print("hanging")
time.sleep(600)
