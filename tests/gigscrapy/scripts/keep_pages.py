"""Keep pages in an archive. Arguments: home, name of the run, how many (0: until killed), bytes of a file at most (0: any).

Says the key of each page once it is kept, or which error kept it from being.
"""

import random
import resource
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from gigscrapy import archive as archives
from gigscrapy.archive import Archive, Page, key_of

home, run, number, limit = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
chance = random.Random(run)
archives.BUSY_SECONDS = 60  # the machine that runs the tests may be slow; a crawl would go on without

with Archive(home) as archive:
    if limit:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    kept = 0
    while not number or kept < number:
        # Every third is one that all runs keep.
        text = f"page {kept} of all" if kept % 3 == 0 else f"{run} {kept} {chance.randbytes(limit or 20_000).hex()}"
        page = Page(
            run_id=run,
            spider="ligue1",
            arguments={},
            url=f"https://site.test/{kept}",
            rendered=False,
            status=200,
            fetched_at=datetime.now(UTC),
            market="1X2",
            number=1,
        )
        try:
            print(archive.keep(text, page), flush=True)
        except OSError as error:
            print("not kept:", error, flush=True)
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            assert archive.keep("there is room again", page) == key_of("there is room again")
            break
        kept += 1
