"""A window of a real Chromium, and everything it complains of; the application served to it over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, Request
from werkzeug.serving import make_server

CONTRAST = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const read = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const known = new Map();  // to read a pixel takes long, and a page has few colours
  const rgb = colour => known.get(colour) ?? known.set(colour, read(colour)).get(colour);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push([walker.currentNode.textContent.trim().slice(0, 40), ratio.toFixed(2)]);
  }
  return poor;
}
"""
"""Texts whose contrast with what is behind them is below 4.5."""


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application's address, for as long as it is served: ``http://127.0.0.1:40123``."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


class Visitor:
    """A browser window, and everything it complained of or asked of others.

    ``cookie``: of who is signed in (:func:`tests.admin.signed_cookie`); nobody is where it is empty.
    """

    def __init__(self, browser: Browser, site: str, width: int, scheme: Any, *, cookie: str = "") -> None:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            locale="fr-FR",
            timezone_id="America/New_York",
        )
        if cookie:
            context.add_cookies(
                [{"name": "gigscrapy", "value": cookie, "domain": urlsplit(site).hostname, "path": "/"}]
            )
        self.page: Page = context.new_page()
        self.site = site
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.on("requestfailed", self._failed)

    def open(self, address: str) -> Page:
        self.page.goto(self.site + address)
        return self.page

    def _failed(self, request: Request) -> None:
        """A stream ends when its page is left, and so does what every page asks for by itself: its icon, the bell."""
        left = request.failure == "net::ERR_ABORTED" and request.url.endswith(("/icon.svg", "/alerts/count"))
        if request.resource_type != "eventsource" and not left:
            self.complaints.append(f"failed: {request.url}")

    def _heard(self, message: ConsoleMessage) -> None:
        self.complaints.append(f"{message.type}: {message.text}")

    def _asked(self, url: str) -> None:
        if not url.startswith("{0.scheme}://{0.netloc}/".format(urlsplit(self.site))):
            self.complaints.append(f"beyond this machine: {url}")
