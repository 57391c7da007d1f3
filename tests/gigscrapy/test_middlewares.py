import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from scrapy.http import Response
from scrapy.settings import Settings

from gigscrapy.middlewares import retry_after
from replica import Options, serve
from tests import ROOT


def answer(value: str | None) -> Response:
    return Response("http://site.test/", status=429, headers={"Retry-After": value} if value is not None else {})


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7), (" 120 ", 120), (None, 0), ("", 0), ("soon", 0), ("-5", 0), ("1.5", 0)]
)
def test_retry_after_in_seconds(value, seconds):
    assert retry_after(answer(value)) == seconds


def test_retry_after_as_a_date():
    at = datetime.now(UTC) + timedelta(seconds=90)
    assert retry_after(answer(format_datetime(at, usegmt=True))) == pytest.approx(90, abs=2)


def test_retry_after_in_the_past_is_now():
    assert retry_after(answer("Wed, 21 Oct 2015 07:28:00 GMT")) == 0


# Stock Scrapy 2.19 lets 13 of 20 concurrent requests through a robots.txt that forbids them all.
@pytest.mark.parametrize(("fault", "given"), [(None, 20), ("robots", 0), ("robots-503", 0)])
def test_robots_txt_is_obeyed_by_twenty_requests_at_once(fault, given):
    with serve(Options(fault=fault)) as site:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.gigscrapy.scripts.twenty_requests", site.url],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        asked = [target for target in site.requests if target.startswith("/cotes/")]
    assert (int(ran.stdout), len(asked)) == (given, given), ran.stderr
    assert site.requests["/robots.txt"] >= 1


def test_manners_are_the_default():
    settings = get_project_settings_of("gigscrapy.settings")
    assert (settings.getbool("ROBOTSTXT_OBEY"), settings.getbool("AUTOTHROTTLE_ENABLED")) == (True, True)
    assert (settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN"), settings.getfloat("DOWNLOAD_DELAY")) == (1, 1)
    assert "gigscrapy" in settings["USER_AGENT"]
    assert not any(map(settings.getbool, ("TELNETCONSOLE_ENABLED", "REMOTE_CONTROL_ENABLED", "COOKIES_ENABLED")))
    handlers = settings.getdict("DOWNLOAD_HANDLERS")
    assert [handlers[scheme] for scheme in ("file", "ftp", "s3", "data")] == [None] * 4


def get_project_settings_of(module: str) -> Settings:
    settings = Settings()
    settings.setmodule(module, priority="project")
    return settings
