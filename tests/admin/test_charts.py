"""Charts: what a page holds of them, and what a person with a keyboard, a phone or a dark room gets."""

import json
import re
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask, Response, render_template_string
from flask_babel import Babel
from parsel import Selector
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

import admin
from admin.charts import DASHES, Chart, Line, Mark
from admin.security import HEADERS
from admin.words import say, spoken
from gigscrapy.browser import launch_options

FIRST = datetime(2026, 11, 22, 9, 46)
SEVEN = Chart(
    at=[FIRST + timedelta(minutes=10 * number) for number in range(7)],
    lines=[
        Line("PMU", [Decimal("2.00"), None, Decimal("2.07"), None, None, Decimal("2.1"), None]),
        Line("Unibet", [Decimal("2.05"), Decimal("2.02"), None, None, Decimal("2.07"), Decimal("2.1"), None]),
        Line("<b>Vbet</b>", [None, None, None, Decimal("1.95"), None, None, None], FIRST + timedelta(minutes=45)),
    ],
    marks=[Mark(FIRST + timedelta(minutes=15), "crawl")],
    unit="price",
    stepped=True,
)
SHARES = Chart(
    at=[datetime(2026, 11, day, 23) for day in (20, 21)],
    lines=[Line("Unibet", [92.4, 93.125]), Line("PMU", [None, 91])],
    unit="percent",
    daily=True,
)
PAGE = """<!DOCTYPE html>{% from "chart.html" import chart, chart_head with context %}
<html lang="fr"><head><title>Charts</title><meta name="color-scheme" content="light dark"><meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/static/icon.svg"><link rel="stylesheet" href="/static/style.css">{{ chart_head() }}</head>
<body><main><h1>Charts</h1>{{ chart("prices", "Cotes", prices) }}{{ chart("shares", "TRJ", shares) }}
{{ chart("none", "Rien", none, "Aucun relevé.") }}</main></body></html>"""


def page_of(app: Flask) -> str:
    empty = Chart(at=[], lines=[Line("PMU", [])], unit="price")
    with app.test_request_context():
        return render_template_string(PAGE, prices=SEVEN, shares=SHARES, none=empty)


@pytest.fixture(scope="module")
def bare() -> Flask:
    """An application that has a page of charts, and nothing else."""
    app = Flask(admin.__name__)
    Babel(app, default_locale="fr")
    app.jinja_env.globals |= {"say": say, "spoken": spoken}
    app.add_url_rule("/", "charts", lambda: page_of(app))

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.extend(HEADERS)
        return response

    return app


def test_the_table_says_what_is_drawn(bare: Flask) -> None:
    figure = Selector(page_of(bare)).xpath("//figure[@id='prices']")
    heads = figure.xpath(".//thead//th/text()").getall()
    assert heads == ["Quand", "PMU", "Unibet", "<b>Vbet</b>"]
    rows = [
        [*row.xpath(".//time/@datetime").getall(), *row.xpath("./td/text()").getall()]
        for row in figure.xpath(".//tbody/tr")
    ]
    assert rows[0] == ["2026-11-22T10:46:00Z", "2,10", "2,10", "–"]
    assert rows[2] == ["2026-11-22T10:26:00Z", "2,07", "2,07", "1,95"]
    assert rows[-1] == ["2026-11-22T09:46:00Z", "2,00", "2,05", "–"]
    assert len(rows) == 7
    assert figure.xpath(".//tbody//time/text()").getall()[-1] == "dim. 22/11/2026 10:46"


def test_what_is_drawn_is_data_that_closes_no_element(bare: Flask) -> None:
    text = page_of(bare)
    assert "<b>Vbet" not in text
    drawn = json.loads(Selector(text).xpath("//figure[@id='prices']/script/text()").get(""))
    assert drawn["series"][2] == {
        "label": "<b>Vbet</b>",
        "values": [None] * 3 + [1.95] + [None] * 3,
        "dash": [2, 3],
        "until": drawn["x"][0] + 45 * 60,
    }
    assert "until" not in drawn["series"][0]
    assert drawn["x"][:2] == [1795340760, 1795341360]
    assert drawn["marks"] == [{"x": 1795341660, "label": "crawl"}]
    assert (drawn["unit"], drawn["stepped"], drawn["daily"]) == ("price", True, False)


def test_what_is_empty_is_said_and_not_drawn(bare: Flask) -> None:
    figure = Selector(page_of(bare)).xpath("//figure[@id='none']")
    assert figure.xpath("./p/text()").get() == "Aucun relevé."
    assert not figure.xpath("./@data-chart")


def test_days_are_those_of_paris_and_lines_differ_without_colour() -> None:
    app = Flask(__name__)
    Babel(app, default_locale="fr")
    with app.test_request_context():
        assert [told for _, *told in SHARES.rows()] == [
            ["22/11/2026", ["93,13\N{NO-BREAK SPACE}%", "91,00\N{NO-BREAK SPACE}%"]],
            ["21/11/2026", ["92,40\N{NO-BREAK SPACE}%", "–"]],
        ]
    assert len(set(DASHES)) == len(DASHES) == 8


# -- in a browser ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(bare: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, bare, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options("http://127.0.0.1"))
        yield browser
        browser.close()


def said(page: Page, figure: str = "prices") -> str:
    return page.locator(f"#{figure} .chart-says").inner_text().replace("\N{NO-BREAK SPACE}", " ")


INKED = """([x, width]) => {
  const canvas = document.querySelector("#prices canvas");
  const scale = canvas.width / canvas.clientWidth;
  const {data} = canvas.getContext("2d").getImageData(x * scale, 40 * scale, width * scale, 60 * scale);
  return data.reduce((sum, value, at) => sum + (at % 4 === 3 && value > 0), 0);
}"""
"""How many pixels of the drawing are not empty."""


@pytest.mark.browser
def test_a_chart_is_read_without_a_mouse(chromium: Browser, site: str, tmp_path: Path) -> None:
    context = chromium.new_context(timezone_id="America/New_York", viewport={"width": 1000, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(site)
    page.wait_for_selector("#shares canvas")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "application"
    heard = []
    for key in ("End", "ArrowLeft", "ArrowLeft", "ArrowLeft", "Home", "PageDown", "PageUp", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
        heard.append(said(page))
    both = "meilleure cote 2,10 chez PMU et Unibet"
    assert heard[:5] == [
        f"22/11/2026 11:46 : {both}",
        f"22/11/2026 11:36 : {both}",
        "22/11/2026 11:26 : meilleure cote 2,07 chez PMU et Unibet",
        "22/11/2026 11:16 : meilleure cote 2,07 chez PMU",
        "22/11/2026 10:46 : meilleure cote 2,05 chez Unibet",
    ]
    assert heard[5] == heard[0]
    assert heard[6] == heard[4]
    assert heard[8] == "22/11/2026 11:06 : meilleure cote 2,07 chez PMU ; repère : crawl"
    page.keyboard.press("ArrowDown")
    assert said(page) == "22/11/2026 11:06 : PMU 2,07 ; repère : crawl"
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    for key in ("ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert said(page) == "22/11/2026 11:26 : <b>Vbet</b> 1,95"
    page.keyboard.press("ArrowRight")
    assert said(page) == "22/11/2026 11:36 : aucune valeur"
    page.keyboard.press("ArrowDown")
    for key in ("ArrowLeft", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.locator("#prices").get_by_text("Voir en tableau").is_visible()
    page.get_by_role("button", name="PMU").first.click()
    assert said(page) == "22/11/2026 11:06 : meilleure cote 2,02 chez Unibet ; repère : crawl"
    page.locator("#shares .chart-plot").focus()
    page.keyboard.press("End")
    assert said(page, "shares") == "22/11/2026 : Unibet 93,13 %, PMU 91,00 %"
    assert complaints == []
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [375, 1440])
def test_a_chart_keeps_its_room_and_follows_the_scheme(
    chromium: Browser, site: str, width: int, tmp_path: Path
) -> None:
    context = chromium.new_context(color_scheme="light", viewport={"width": width, "height": 900}, locale="fr-FR")
    page = context.new_page()
    page.goto(site)
    page.wait_for_selector("#shares canvas")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    canvas, says = (page.locator(f"#prices {what}").bounding_box() for what in ("canvas", ".chart-says"))
    assert canvas["y"] + canvas["height"] <= says["y"] + 1  # type: ignore[index]
    kept = page.locator("#prices .chart-plot").bounding_box()["height"]  # type: ignore[index]
    assert kept == (272 if width > 640 else 224)
    assert page.evaluate(INKED, [60, 200]) > 100
    light = page.locator("#prices canvas").screenshot()
    page.screenshot(path=tmp_path / f"{width}-light.png", full_page=True)
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(200)
    assert page.locator("#prices canvas").screenshot() != light
    page.screenshot(path=tmp_path / f"{width}-dark.png", full_page=True)
    ink = "getComputedStyle(document.querySelector('.chart-ink-0')).color"
    assert re.findall(r"\d+", page.evaluate(ink)) == ["125", "184", "245"]
    context.close()
