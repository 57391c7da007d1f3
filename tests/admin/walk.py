"""Every page of the application, found as a reader finds them: what has an address without a name in it, then links.

So a page that is new is walked without being listed anywhere. A page whose address names something (a match, a run) is
found by the first link to it; one that no link leads to is a fault, and :func:`walked` says which.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from parsel import Selector
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

FOR_PROGRAMS = ("health", "metrics")
"""Blueprints that no reader visits."""

LEADS = " | ".join(
    (
        *("//a/@href", "//iframe/@src", "//button/@formaction", "//form[not(@method) or @method='get']/@action"),
        "//@*[starts-with(name(), 'data-') and starts-with(., '/')]",
    )
)


@dataclass
class Walk:
    """By endpoint: ``pages`` is an address of each page; ``others`` of what is no page, with its type or status.

    ``unreached`` has the endpoints that answer a GET and that nothing leads to.
    """

    pages: dict[str, str] = field(default_factory=dict)
    others: dict[str, tuple[str, str]] = field(default_factory=dict)
    unreached: set[str] = field(default_factory=set)


def walked(client: FlaskClient) -> Walk:
    """Follow every kind of link once, from every address that needs no argument; nothing is changed: all is GET."""
    app, walk = client.application, Walk()
    rules = {rule.endpoint: rule for rule in _read_rules(app)}
    ahead = deque(first := [rule.rule for rule in rules.values() if not rule.arguments])
    while ahead:
        address = ahead.popleft()
        endpoint = _endpoint(app, address)
        if endpoint not in rules or endpoint in walk.pages:
            continue
        answer = client.get(address, buffered=False)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            walk.pages[endpoint] = address
            walk.others.pop(endpoint, None)  # it wanted to be told more
            ahead.extend(_links(answer.text, address))
        elif endpoint not in walk.others and (answer.status_code < HTTPStatus.BAD_REQUEST or address not in first):
            said = answer.mimetype if answer.status_code == 200 else str(answer.status_code)
            walk.others[endpoint] = (address, said)
            if "Location" in answer.headers:
                ahead.append(answer.headers["Location"])
        answer.close()
    walk.unreached = rules.keys() - walk.pages.keys() - walk.others.keys()
    return walk


def _read_rules(app: Flask) -> Iterator[Rule]:
    """Those that a reader can ask for."""
    for rule in app.url_map.iter_rules():
        blueprint = rule.endpoint.partition(".")[0]
        if "GET" in (rule.methods or ()) and not rule.endpoint.endswith("static") and blueprint not in FOR_PROGRAMS:
            yield rule


def _endpoint(app: Flask, address: str) -> str | None:
    """Whose page it is; ``None`` beyond this site."""
    parts = urlsplit(address)
    if parts.netloc not in ("", "localhost") or parts.scheme not in ("", "http"):
        return None
    try:
        endpoint, _ = app.url_map.bind("localhost").match(parts.path, method="GET")
    except HTTPException:
        return None
    return str(endpoint)


def _links(page: str, address: str) -> Iterator[str]:
    """Where a reader can go from there, and what the page's scripts ask."""
    for link in Selector(page).xpath(LEADS).getall():
        whole = urljoin(address, link)
        if urlsplit(whole).scheme in ("", "http"):
            yield whole.partition("#")[0]
