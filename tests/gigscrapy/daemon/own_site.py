"""The project's settings, for a site that is ours and need not be spared."""

from gigscrapy.settings import *  # noqa: F403

DOWNLOAD_DELAY = 0
AUTOTHROTTLE_ENABLED = False
CONCURRENT_REQUESTS_PER_DOMAIN = 4
