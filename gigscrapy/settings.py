"""Settings, flat, in the order of ``scrapy startproject``; each override tells Scrapy's default. Environment last."""

import os

from gigscrapy.gigenvironment import database_url as _database_url
from gigscrapy.gigenvironment import rabbit_url as _rabbit_url
from gigscrapy.lean import import_without as _import_without

_import_without("pydantic", "itemadapter")  # a quarter of what a command takes to begin

BOT_NAME = "gigscrapy"

SPIDER_MODULES = ["gigscrapy.spiders"]
NEWSPIDER_MODULE = "gigscrapy.spiders"

# Scrapyd runs Scrapy's own commands; it breaks where a project brings others.
if "SCRAPY_PROJECT" not in os.environ:
    COMMANDS_MODULE = "gigscrapy.commands"  # default ""

USER_AGENT = "gigscrapy/0.1 (odds comparison; one request at a time)"  # default Scrapy/VERSION (+https://scrapy.org)

ROBOTSTXT_OBEY = True  # default False

# A polite guest: one request at a time, a second apart, slower when the site is slow.
CONCURRENT_REQUESTS = 4  # default 16; what is under way when a crawl is stopped is still read, so keep it few
CONCURRENT_REQUESTS_PER_DOMAIN = 1  # default 8
DOWNLOAD_DELAY = 1  # default 0
DOWNLOAD_DELAY_JITTER = 0  # default 0.5, which halves some delays; a second is the least that we leave
AUTOTHROTTLE_ENABLED = True  # default False
AUTOTHROTTLE_START_DELAY = 2  # default 5
RETRY_AFTER_LIMIT = 120  # ours: seconds of the longest Retry-After that is waited for; a longer one ends the request

COOKIES_ENABLED = False  # default True; nothing here signs in, and the jar looks up public suffixes on the network
TELNETCONSOLE_ENABLED = False  # default True
REMOTE_CONTROL_ENABLED = False  # default True since 2.19: a server on localhost that runs Python in the crawl
REFERRER_POLICY = "same-origin"  # default scrapy-default

DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "fr",  # default en
}

SPIDER_MIDDLEWARES = {
    "gigscrapy.keeping.KeepPages": 950,  # last: what it is given is what a parser is given
}

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # default 100; 2.19 lets requests slip through
    "gigscrapy.middlewares.PoliteRobots": 100,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,  # default 550; does not wait as long as it is asked to
    "gigscrapy.middlewares.PoliteRetry": 550,
}

EXTENSIONS = {
    "scrapy.extensions.memusage.MemoryUsage": None,  # default 0; does not see the browser
    "scrapy_playwright.memusage.ScrapyPlaywrightMemoryUsageExtension": 0,
    "gigscrapy.extensions.Quiet": 0,
    "gigscrapy.alive.Alive": 0,
    "gigscrapy.extensions.Progress": 500,
    "gigscrapy.extensions.RunLedger": 500,
    "spidermon.contrib.scrapy.extensions.Spidermon": 400,  # before the ledger, which judges by what it counts
}
SPIDERMON_ENABLED = True  # default False
SPIDERMON_ADD_FIELD_COVERAGE = True  # default False; which share of the quotes has each field
SPIDERMON_FIELD_COVERAGE_SKIP_NONE = True  # default False

ITEM_PIPELINES = {
    "gigscrapy.pipelines.KnownBookmaker": 100,
    "gigscrapy.pipelines.Publish": 900,  # last: what it is given is what is sent
}

# What a page may cost, and what may be fetched at all.
DOWNLOAD_TIMEOUT = 30  # default 180
DOWNLOAD_MAXSIZE = 8 * 2**20  # default 1 GiB
DOWNLOAD_VERIFY_CERTIFICATES = True  # default False
REDIRECT_MAX_TIMES = 5  # default 20
MEMUSAGE_LIMIT_MB = 2048  # default 0
CLOSESPIDER_TIMEOUT = 3600  # default 0
# http and https are added by the spider: the browser for the scheme of SITE_URL only, or two browsers would start.
DOWNLOAD_HANDLERS = {"file": None, "ftp": None, "s3": None, "data": None}

RETRY_EXCEPTIONS = [
    "scrapy.exceptions.CannotResolveHostError",
    "scrapy.exceptions.DownloadConnectionRefusedError",
    "scrapy.exceptions.DownloadFailedError",
    "scrapy.exceptions.DownloadTimeoutError",
    "scrapy.exceptions.ResponseDataLossError",
    "twisted.internet.error.ConnectionDone",
    "twisted.internet.error.ConnectError",
    "twisted.internet.error.ConnectionLost",
    "playwright.async_api.Error",  # not in the default: what Chromium could not load
]
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"  # default ERROR; the run ledger says it, with the page and the cause

PLAYWRIGHT_MAX_PAGES_PER_CONTEXT = 4
PRICES_TIMEOUT = 15  # ours: seconds a page has to bring its prices
PRICES_RETRIES = 1  # ours: how often a page that brought none is asked again

ADDONS = {"gigscrapy.logs.Logs": 0}  # default {}; reaches Scrapy's own commands, which Scrapyd runs
LOG_INSTALL_ROOT_HANDLER = False  # default True; gigscrapy.logs does
# default without of_run, the beginning of the run's id in a crawl
LOG_FORMAT = "%(asctime)s [%(name)s] %(of_run)s%(levelname)s: %(message)s"
STATS_DUMP = False  # default True; the verdict and the Runs table say what matters
QUIET_LOGGERS = ["scrapy-playwright", "asyncio"]  # ours: loggers that speak from ERROR only

FEED_EXPORT_ENCODING = "utf-8"  # default None

# -- environment -------------------------------------------------------------------------------------------------------

SITE_URL = os.environ.get("SITE_URL", "https://www.coteur.com")  # the site that is read
GIGSCRAPY_HOME = os.environ.get("GIGSCRAPY_HOME", "var")  # folder of the spool, the outbox and the embedded database
RABBIT_URL = _rabbit_url(os.environ)  # amqp://user:password@host:5672/%2F; unset: RABBITMQ_HOST …, else the spool
RABBIT_QUEUE_TYPE = os.environ.get("RABBIT_QUEUE_TYPE", "quorum")  # classic: as gig-benchmark's processes declare it
DATABASE_URL = _database_url(os.environ)  # mysql://user:password@host:3306/name; unset: MYSQL_HOST …, else SQLite
GIG_DATABASE_URL = os.environ.get("GIG_DATABASE_URL") or None  # gig-benchmark's, for import-gig and shadow
ARCHIVE_DAYS = os.environ.get("ARCHIVE_DAYS", "30")  # so long a page that was read is kept
ARCHIVE_MB = os.environ.get("ARCHIVE_MB", "2000")  # so much all of them may take, compressed; 0: none is kept
ARCHIVE_RUNS = os.environ.get("ARCHIVE_RUNS", "10")  # of so many newest runs every page stays, whatever the bounds say
SCRAPYD_HOST = os.environ.get("SCRAPYD_HOST", "127.0.0.1")  # where `scrapy scrapyd` listens; any other: with a password
SCRAPYD_PORT = os.environ.get("SCRAPYD_PORT", "6800")
SCRAPYD_URLS = os.environ.get("SCRAPYD_URLS", f"http://127.0.0.1:{SCRAPYD_PORT}")  # who crawls, with spaces between
SCRAPYD_USERNAME = os.environ.get("SCRAPYD_USERNAME", "gigscrapy")  # of all nodes whose address tells none
SCRAPYD_PASSWORD = os.environ.get("SCRAPYD_PASSWORD") or None  # unset: made once, in GIGSCRAPY_HOME/scrapyd/password
CRAWLS_PER_NODE = os.environ.get("CRAWLS_PER_NODE", "2")  # so many at once; each takes a browser
REPORT_SECONDS = os.environ.get("REPORT_SECONDS", "5")  # so often a crawl says how far it is, 1 to 30
REQUESTS_PER_MINUTE = os.environ.get("REQUESTS_PER_MINUTE", "30")  # of all visits before kick-offs together
CRAWLS_AT_ONCE = os.environ.get("CRAWLS_AT_ONCE", "1")  # over all nodes; the site is asked by so many at once
RUN_SILENCE = os.environ.get("RUN_SILENCE", "300")  # seconds; a run whose node has it no more is then given up
# Who reads the alerts follows links to this address; messages go to public addresses, and to these private ones.
ADMIN_URL = os.environ.get("ADMIN_URL") or f"http://127.0.0.1:{os.environ.get('ADMIN_PORT') or '5000'}"
ALERT_PRIVATE_HOSTS = os.environ.get("ALERT_PRIVATE_HOSTS", "")  # ntfy.lan:8080 192.168.1.5:25
CHROMIUM = os.environ.get("CHROMIUM") or None  # path of the browser; unset: Debian's, else Playwright's own
CHROMIUM_SANDBOX = os.environ.get("CHROMIUM_SANDBOX", "1")  # 0 in a container, which is a sandbox itself
LOG_JSON = os.environ.get("LOG_JSON", "0")  # 1: the log is a JSON object a line
LOG_LEVEL = os.environ.get("LOG_LEVEL", "INFO")  # default DEBUG
