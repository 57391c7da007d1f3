"""Nodes that are away, that are something else, and what is never sent to one; real ones: tests/gigscrapy/daemon."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

import pytest
from scrapy.settings import Settings

from gigscrapy.nodes import Node, NodeAway, NodeRefused, nodes
from tests.services import free_ports


def settings(home: Path, **changed: object) -> Settings:
    own = {"GIGSCRAPY_HOME": str(home), "SCRAPYD_USERNAME": "gigscrapy", "SCRAPYD_PASSWORD": "s3cret"}
    return Settings(own | {"SCRAPYD_URLS": "http://127.0.0.1:6800"} | changed)


def node(port: int, home: Path = Path("nowhere"), secret: str | None = "s3cret") -> Node:
    return Node(f"http://127.0.0.1:{port}", "gigscrapy", secret, home)


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[int, list[str]]]:
    """A server that has one answer for everything; its port, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - its base class looks for it

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# -- which there are ---------------------------------------------------------------------------------------------------


def test_the_default_is_this_machine(tmp_path: Path) -> None:
    assert [found.name for found in nodes(settings(tmp_path))] == ["http://127.0.0.1:6800"]


def test_several_each_once_and_no_password_in_a_name(tmp_path: Path) -> None:
    urls = "http://a:6800 http://u%40x:p%2Fw@b:6801/,https://[::1]:7000/scrapyd http://a:6800/"
    found = nodes(settings(tmp_path, SCRAPYD_URLS=urls))
    assert [(each.name, each.username, each.password) for each in found] == [
        ("http://a:6800", "gigscrapy", "s3cret"),
        ("http://b:6801", "u@x", "p/w"),
        ("https://[::1]:7000/scrapyd", "gigscrapy", "s3cret"),
    ]
    assert "p/w" not in repr(found)
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize("urls", ["", " , ", "127.0.0.1:6800", "ftp://a", "http://a:port", "http://", "http://a?x=1"])
def test_what_is_no_address(tmp_path: Path, urls: str) -> None:
    with pytest.raises(NodeRefused, match="SCRAPYD_URLS"):
        nodes(settings(tmp_path, SCRAPYD_URLS=urls))


# -- what is never sent ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spider", "run_id", "arguments"),
    [
        ("nosuchleague", "run-1", {}),
        ("../x", "run-1", {}),
        ("ligue1", "../x", {}),
        ("ligue1", "", {}),
        ("ligue1", "run-1\n", {}),
        ("ligue1", "run-1", {"setting": "FEEDS=x"}),
        ("ligue1", "run-1", {"_version": "1"}),
        ("ligue1", "run-1", {"spider": "nba"}),
    ],
)
def test_what_is_not_ours_is_not_sent(spider: str, run_id: str, arguments: dict[str, str]) -> None:
    with answering(200, b'{"status": "ok"}') as (port, asked):
        with pytest.raises(ValueError, match="no"):
            node(port).schedule(spider, run_id, arguments)
        assert asked == []


# -- away, or not ours -------------------------------------------------------------------------------------------------


def test_nobody_listens() -> None:
    with pytest.raises(NodeAway, match="is away: no connection; is `scrapy scrapyd` running there") as told:
        node(free_ports(1)[0]).schedule("ligue1", "run-1", {})
    assert not told.value.may_have_acted


def test_no_answer_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, mock.patch("gigscrapy.nodes.ANSWER_SECONDS", 0.2):
        port = silent.getsockname()[1]
        with pytest.raises(NodeAway, match=r"no answer within 0\.2 s") as told:
            node(port).schedule("ligue1", "run-1", {})
        assert told.value.may_have_acted
        with pytest.raises(NodeAway) as told:
            node(port).load()
        assert not told.value.may_have_acted


def test_it_fails() -> None:
    with answering(502, b"") as (port, _), pytest.raises(NodeAway, match="fails: status 502"):
        node(port).load()


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, b"", "another user or password: set SCRAPYD_USERNAME and SCRAPYD_PASSWORD"),
        (404, b"", "no such service"),
        (200, b"<html>", "is no Scrapyd: correct SCRAPYD_URLS"),
        (200, b"[]", "is no Scrapyd"),
        (200, b'{"status": "ok"}', "is no Scrapyd"),
        (302, b"", "is no Scrapyd"),
        (400, b"no\nway", "refuses: no way"),
        (200, b'{"status": "error", "message": "project \'gigscrapy\' not found"}', "run `scrapyd-deploy`"),
        (200, b'{"status": "error", "message": "spider \'ligue1\' not found"}', "is older; run `scrapyd-deploy`"),
    ],
)
def test_a_person_must_see_to_it(status: int, body: bytes, told: str) -> None:
    with answering(status, body) as (port, asked):
        with pytest.raises(NodeRefused, match=told) as refused:
            node(port).schedule("ligue1", "run-1", {})
        assert "s3cret" not in str(refused.value)
        assert asked == ["POST /schedule.json"]


def test_the_password_is_not_made_yet(tmp_path: Path) -> None:
    with pytest.raises(NodeAway, match=r"nobody knows the password .* start `scrapy scrapyd`"):
        node(1, tmp_path, None).load()
