from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from scrapy.http import Response

from gigscrapy.middlewares import retry_after


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
