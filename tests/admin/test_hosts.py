"""Reached from other machines: by names that were said, over TLS, behind a proxy."""

import socket
import ssl
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin import create_app, keys
from admin.signing import Person
from tests.admin import account, signed_cookie, signed_in
from tests.admin.conftest import current
from tests.admin.test_main import started

NAME = "odds.example.org"
FAR = {"HTTP_HOST": NAME, "REMOTE_ADDR": "10.0.0.1"}
"""A proxy's request, but for what it tells of the one before it."""


@pytest.fixture
def reachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Behind one proxy."""
    monkeypatch.setenv("ADMIN_HOSTS", f"{NAME}, other.example.org")
    monkeypatch.setenv("ADMIN_PROXIES", "1")
    return create_app(home=tmp_path)


def ask(client: FlaskClient, address: str, *, proto: str = "https", peer: str = "203.0.113.7", **more: str) -> object:
    headers = {"X-Forwarded-Proto": proto, "X-Forwarded-For": peer, **more}
    return client.get(address, headers=headers, environ_overrides=FAR)


def test_it_answers_to_names_that_were_said_and_to_no_other(reachable: Flask) -> None:
    client = reachable.test_client()
    for host, status in ((NAME, 200), ("other.example.org", 200), ("localhost", 200), ("evil.example", 400)):
        answer = client.get("/sign-in/", headers={"Host": host, "X-Forwarded-Proto": "https"})
        assert answer.status_code == status, host
    forged = client.get("/sign-in/", headers={"Host": "evil.example", "X-Forwarded-Host": NAME})
    assert forged.status_code == 400


def test_without_tls_it_leads_there_and_takes_no_password(reachable: Flask) -> None:
    client = reachable.test_client()
    answer = ask(client, "/admin/odds/?search=psg", proto="http")
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"https://{NAME}/admin/odds/?search=psg"
    assert "Set-Cookie" not in answer.headers
    sent = client.post(
        "/sign-in/", data={"username": "x"}, headers={"X-Forwarded-Proto": "http"}, environ_overrides=FAR
    )
    assert sent.status_code == 400


def test_the_cookie_goes_over_tls_only_and_the_browser_is_told_to_keep_to_it(reachable: Flask) -> None:
    answer = ask(reachable.test_client(), "/sign-in/")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookie = answer.headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    at_home = reachable.test_client().get("/sign-in/")
    assert "Secure" not in at_home.headers["Set-Cookie"].split("; ")
    assert "Strict-Transport-Security" not in at_home.headers


def test_who_asks_is_who_stands_before_our_proxy(reachable: Flask) -> None:
    """What a browser says of itself before that is not believed."""
    seen: list[str | None] = []
    reachable.before_request(lambda: seen.append(__import__("flask").request.remote_addr))
    ask(reachable.test_client(), "/sign-in/", peer="127.0.0.1, 203.0.113.7")
    assert seen == ["203.0.113.7"]


def test_without_a_proxy_nothing_is_believed(tmp_path: Path) -> None:
    app = create_app(home=tmp_path)
    seen: list[str | None] = []
    app.before_request(lambda: seen.append(__import__("flask").request.remote_addr))
    answer = app.test_client().get(
        "/sign-in/", headers={"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    )
    assert seen == ["127.0.0.1"]
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("address", ["/readyz", "/metrics"])
def test_programs_of_other_machines_bring_a_key(reachable: Flask, address: str) -> None:
    client = reachable.test_client()
    assert client.get(address).status_code in (200, 503)
    assert ask(client, "/healthz").status_code == 200
    assert ask(client, address).status_code == 401
    assert ask(client, address, Host="localhost").status_code == 401, "a name proves nothing"
    with reachable.test_request_context():
        row = account("viewer")
        good, other = (keys.add(Person.get_by_id(row.id), scope, [scope]) for scope in ("read", "export"))
    current().close()
    assert ask(client, address, Authorization=f"Bearer {good}").status_code in (200, 503)
    assert ask(client, address, Authorization=f"Bearer {other}").status_code == 401
    assert ask(client, address, Authorization="Bearer gig_x").status_code == 401
    signed = reachable.test_client()
    signed.set_cookie("gigscrapy", signed_cookie(reachable), domain=NAME)
    assert ask(signed, address).status_code in (200, 503)


def test_a_form_is_sent_over_tls_from_a_page_of_ours_only(reachable: Flask) -> None:
    """Over TLS the browser's word on where a form was must be there, too."""
    client = signed_in(reachable)
    client.set_cookie("gigscrapy", signed_cookie(reachable), domain=NAME)
    shown = ask(client, "/admin/").text
    token = shown.split('name="csrf-token" content="')[1].split('"')[0]
    for referer, status in ((f"https://{NAME}/admin/", 303), ("https://evil.example/", 400), (None, 400)):
        headers = {"X-Forwarded-Proto": "https", "X-CSRFToken": token, **({"Referer": referer} if referer else {})}
        answer = client.post("/preferences", data={"scheme": "dark"}, headers=headers, environ_overrides=FAR)
        assert answer.status_code == status, referer


def test_it_is_served_to_other_machines_where_that_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waitress, too, passes on what the proxy says: asked on all addresses of this machine, by the name."""
    monkeypatch.setenv("ADMIN_HOSTS", NAME)
    monkeypatch.setenv("ADMIN_PROXIES", "1")
    with started(tmp_path, "--host", "0.0.0.0", "--port", "0") as (_, said):
        assert said.startswith("http://0.0.0.0:")
        port = int(said.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):
            pass
        asked = Request(f"http://127.0.0.1:{port}/sign-in/", headers={"Host": NAME, "X-Forwarded-Proto": "https"})
        with urlopen(asked, context=ssl.create_default_context()) as answer:
            assert answer.headers["Strict-Transport-Security"]
            assert "Secure" in answer.headers["Set-Cookie"]
