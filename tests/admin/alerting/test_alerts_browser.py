"""The main path in a real browser: a channel, a rule on a match with its preview, a price that fires it, the message."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, expect

from admin.alerting.sending import Sender
from admin.alerting.service import Alerting
from admin.alerting.vault import Vault
from schema.models import Matches, now
from tests.admin import signed_cookie
from tests.admin.alerting.sinks import WebHook
from tests.admin.alerting.world import put
from tests.admin.conftest import current
from tests.admin.visitor import CONTRAST, Visitor, served
from tests.schema.letters import prices, quote

TABS = ("active", "history", "channels", "watch")
AXE = """
async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .map(({id, nodes}) => `${id}: ${nodes.slice(0, 3).map(node => node.target).join(" | ")}`)
"""
NBSP = "\N{NO-BREAK SPACE}"


def see(price: str, ago: timedelta) -> None:
    """A price of the home side, so long ago."""
    seen = datetime.now(UTC) - ago
    told = quote(prices=prices(price, "3.4", "3.5"), kickoff=datetime.now(UTC) + timedelta(days=1))
    put(current(), replace(told, scraped_at=seen), received_at=datetime.now(UTC))


@contextmanager
def alerting(home: Path, hook: WebHook, minutes: list[int]) -> Iterator[None]:
    """The service, whose minutes pass when they are told to."""
    sender = Sender(hook.allowed)
    clock = lambda: now() + timedelta(minutes=minutes[0])  # noqa: E731
    service = Alerting(current(), home, Vault(None, home), sender, "http://odds.example", clock)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        yield
    finally:
        service.stop()
        thread.join(30)
        sender.close()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(375, "dark")])
def test_from_a_channel_to_a_message(app: Flask, tmp_path: Path, chromium: Browser, width: int, scheme: str) -> None:
    for price, hours in (("1.90", 40), ("2.20", 30), ("2.20", 29), ("1.90", 28)):
        see(price, timedelta(hours=hours))
    see("1.95", timedelta(minutes=5))
    match = Matches.get().id
    minutes = [0]
    home = tmp_path / "var"
    with WebHook() as hook, served(app) as site, alerting(home, hook, minutes):
        app.config["SETTINGS"].set("ALERT_PRIVATE_HOSTS", hook.allowed)
        visitor = Visitor(chromium, site, width, scheme, cookie=signed_cookie(app))
        seen = visitor.page

        seen.goto(f"{site}/alerts/?tab=channels")
        seen.get_by_label("Nom").fill("crochet")
        seen.get_by_label("Adresse").fill(hook.url)
        seen.get_by_role("button", name="Garder ce canal").click()
        expect(seen.get_by_role("status").first).to_contain_text("est gardé")
        expect(seen.get_by_text(f"json://127.0.0.1:{hook.port}/…")).to_be_visible()
        seen.get_by_role("button", name="Tester").click()
        expect(seen.get_by_text("un message attend").or_(seen.get_by_text("dernier message pris"))).to_be_visible()
        _until(seen, lambda: bool(hook.received))
        _until(seen, lambda: "dernier message pris" in _reloaded(seen))

        seen.goto(f"{site}/matches/{match}/")
        seen.get_by_role("button", name="suivre").click()
        expect(seen.get_by_role("button", name="suivi")).to_have_attribute("aria-pressed", "true")
        seen.get_by_role("link", name="alerte", exact=True).click()
        expect(seen.get_by_text("Le Havre – Paris SG (Ligue 1)")).to_be_visible()
        seen.get_by_label("Seuil (cote)").fill("2,10")
        seen.get_by_label("Issue").select_option("1")
        seen.get_by_label("Marché").select_option("1X2")
        seen.get_by_label(re.compile("crochet")).check()
        seen.get_by_role("button", name="Aperçu sur 7 jours").click()
        expect(seen.locator(".rings-count strong")).to_have_text("Aurait sonné 1 fois sur 7 jours.")
        expect(seen.locator("#preview tbody tr")).to_contain_text("Meilleure cote 2,20 chez Winamax")
        assert f"match={match}" in seen.url
        assert seen.evaluate(CONTRAST) == []
        seen.get_by_role("button", name="Garder cette règle").click()
        expect(seen.get_by_role("status").first).to_contain_text("La règle est gardée")
        assert seen.evaluate("document.documentElement.scrollWidth") <= width

        see("2.30", timedelta(seconds=20))
        minutes[0] += 1
        _until(seen, lambda: len(hook.received) == 2)
        seen.get_by_role("link", name=re.compile("Actives")).click()
        expect(seen.locator(".event h2")).to_have_text("Le Havre – Paris SG, 1")
        expect(seen.locator(".event")).to_contain_text("Meilleure cote 2,30 chez Winamax (seuil 2,10).")
        _until(seen, lambda: "envoyé" in _reloaded(seen))
        expect(seen.locator("header .ringing")).to_have_text("1")
        assert seen.evaluate(CONTRAST) == []

        see("1.80", timedelta(seconds=10))
        minutes[0] += 1
        _until(seen, lambda: len(hook.received) == 3)
        seen.goto(f"{site}/alerts/?tab=history")
        expect(seen.locator(".event")).to_contain_text("C'est fini")
        seen.goto(f"{site}/alerts/?tab=watch")
        expect(seen.locator("main tbody tr")).to_contain_text("1 1,80")
        assert seen.evaluate("document.documentElement.scrollWidth") <= width
        assert visitor.complaints == []
        seen.context.add_init_script(AXE_SCRIPT)
        for address in ("/alerts/", *(f"/alerts/?tab={tab}" for tab in TABS), "/alerts/new?rule=1&preview=1"):
            seen.goto(site + address)
            assert seen.evaluate(AXE) == [], address
            assert seen.evaluate("document.documentElement.scrollWidth") <= width, address
    assert [message["title"].replace(NBSP, " ") for message in hook.received] == [
        "Essai de gigscrapy",
        "Cote ≥ 2,10 : Le Havre – Paris SG, 1",
        "Terminé : Cote ≥ 2,10 : Le Havre – Paris SG, 1",
    ]
    assert f"http://odds.example/matches/{match}/" in hook.received[1]["message"]


def _reloaded(seen: object) -> str:
    seen.reload()  # type: ignore[attr-defined]
    return str(seen.locator("main").inner_text())  # type: ignore[attr-defined]


def _until(seen: object, condition: object, seconds: float = 30) -> None:
    for _ in range(int(seconds * 10)):
        if condition():  # type: ignore[operator]
            return
        seen.wait_for_timeout(100)  # type: ignore[attr-defined]
    raise AssertionError("it did not happen")
