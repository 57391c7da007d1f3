"""Take a lock, say so, and hang until killed. Argument: its path."""

import sys
import time
from pathlib import Path

from gigscrapy.broker.ownerlock import OwnerLock

lock = OwnerLock.take(Path(sys.argv[1]))
print("locked" if lock else "refused")
time.sleep(600)
