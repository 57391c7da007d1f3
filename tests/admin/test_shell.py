"""What stands around every page: where one can go, in which language and colours."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin import navigation
from admin.formats import ago, change
from tests.admin import page, text_of, token_of


@pytest.mark.parametrize(("language", "title"), [("fr", "Lignes"), ("en", "Rows")])
def test_a_language_once_chosen_is_kept_whatever_the_browser_asks_for(
    client: FlaskClient, language: str, title: str
) -> None:
    other = {"fr": "en", "en": "fr"}[language]
    client.post("/preferences", data={"csrf_token": token_of(client), "language": language})
    shown = client.get("/admin/odds/", headers={"Accept-Language": other})
    assert f'<html lang="{language}"' in shown.text
    assert title in shown.text


@pytest.mark.parametrize("scheme", ["light", "dark", "auto"])
def test_colours_once_chosen_are_kept(client: FlaskClient, scheme: str) -> None:
    client.post("/preferences", data={"csrf_token": token_of(client), "scheme": scheme})
    shown = page(client, "/admin/odds/")
    assert shown.xpath("/html/@data-scheme").get() == scheme
    assert shown.xpath("//button[@name='scheme'][@aria-current]/@value").getall() == [scheme]


@pytest.mark.parametrize("name", ["language", "scheme"])
def test_nothing_else_can_be_chosen(client: FlaskClient, name: str) -> None:
    answer = client.post("/preferences", data={"csrf_token": token_of(client), name: '"><script>'})
    assert answer.status_code == 303
    assert f"{name}=" not in answer.headers.get("Set-Cookie", "")
    client.set_cookie(name, '"><script>')
    shown = page(client, "/admin/odds/")
    assert (shown.xpath("/html/@lang").get(), shown.xpath("/html/@data-scheme").get()) == ("fr", "auto")


@pytest.mark.parametrize(
    ("came", "back"),
    [
        ("http://localhost/admin/odds/?search=psg", "/admin/odds/?search=psg"),
        ("http://evil.example/admin/odds/", "/"),
        ("http://localhost//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        (None, "/"),
    ],
)
def test_a_choice_leads_back_to_where_the_reader_was_and_nowhere_else(
    client: FlaskClient, came: str | None, back: str
) -> None:
    answer = client.post(
        "/preferences",
        data={"csrf_token": token_of(client), "scheme": "dark"},
        headers={"Referer": came} if came else {},
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, back)


def test_only_rooms_that_are_there_are_led_to(app: Flask, client: FlaskClient) -> None:
    shown = page(client, "/admin/odds/")
    there = [str(name) for endpoint, name in navigation.ROOMS if endpoint in app.view_functions]
    assert [text_of(link) for link in shown.xpath("//header/nav/ul/li/a")] == there


@pytest.mark.parametrize(
    ("seconds", "french", "english"),
    [
        (-5, "il y a 5 s", "5 s ago"),
        (-60, "il y a 1 min", "1 min ago"),
        (-3599, "il y a 59 min", "59 min ago"),
        (-7300, "il y a 2 h", "2 h ago"),
        (-200_000, "il y a 2 j", "2 d ago"),
        (0, "il y a 0 s", "0 s ago"),
        (720, "dans 12 min", "in 12 min"),
    ],
)
def test_how_long_ago(seconds: int, french: str, english: str) -> None:
    now = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    instant = now + timedelta(seconds=seconds)
    assert (ago(instant, "fr", now=now), ago(instant, "en", now=now)) == (french, english)
    assert ago(instant.replace(tzinfo=None), "fr", now=now) == french


@pytest.mark.parametrize(
    ("value", "french", "english"), [("0.05", "+0,05", "+0.05"), ("-1.2", "−1,20", "−1.20"), ("0", "0,00", "0.00")]
)
def test_a_difference_has_its_sign(value: str, french: str, english: str) -> None:
    assert (change(Decimal(value), "fr"), change(Decimal(value), "en")) == (french, english)
    assert change(None, "fr") == "–"
