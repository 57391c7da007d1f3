"""The documentation: it opens without another host, tells every operation and every problem, and tries things out."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser

from admin import api
from admin.api.problems import CODES, MEANINGS
from admin.security import HEADERS
from admin.views import asking
from gigscrapy import schedules
from tests.admin.api.conftest import program
from tests.admin.test_words import called
from tests.admin.visitor import CONTRAST, Visitor, served
from tests.schema.letters import quote

FOLDER = Path(api.__file__).parent


def raised() -> Iterator[tuple[int | None, str]]:
    """Status and code of every problem that the source has; no status where it is not written there."""
    for path in FOLDER.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            said = [part.value if isinstance(part, ast.Constant) else None for part in call.args]
            if called(call) in ("Problem", "written") and len(said) > 1 and isinstance(said[1], str):
                yield (said[0] if isinstance(said[0], int) else None), said[1]
            elif called(call) == "__init__" and said[:1] and isinstance(said[0], int):  # of a problem's own class
                yield said[0], str(said[1])
            elif called(call) == "Problem" and isinstance(call.args[1], ast.JoinedStr):
                yield None, f"{call.args[1].values[0].value}*"  # type: ignore[union-attr]
            elif called(call) == "wanted" and isinstance(said[-1], str):
                yield 404, f"unknown_{said[-1]}"


def fields() -> set[str]:
    """What is refused of tasks and schedules."""
    sources = "".join(Path(module.__file__).read_text(encoding="utf-8") for module in (schedules, asking))
    return set(re.findall(r'(?:BadSchedule|CannotAsk)\(\s*"(\w+)"', sources))


def test_every_problem_is_explained() -> None:
    found = set(raised()) | {(None, f"invalid_{field}") for field in fields()}
    made = {code[:-1] for _, code in found if code.endswith("*")}
    assert made == {"unknown_", "invalid_"}, "those are found below"
    written = {code for _, code in found if not code.endswith("*")}
    assert written - MEANINGS.keys() == set()
    assert {(status, code) for status, code in found if status and MEANINGS[code][0] != status} == set()
    assert set(CODES.values()) <= MEANINGS.keys()
    assert all(meaning.endswith(".") for _, meaning in MEANINGS.values())


def test_problems_for_people_and_for_programs(program_of: Any) -> None:
    anybody = program_of()
    told = anybody.get("/docs/problems").get_json()["data"]
    assert {"code": "invalid_cursor", "status": 400, "meaning": MEANINGS["invalid_cursor"][1]} in told
    page = anybody.get("/docs/problems", headers={"Accept": "text/html,*/*;q=0.8"}).text
    assert all(f'id="{code}"' in page for code in MEANINGS)


def test_the_page_is_for_everybody_and_locked_up(program_of: Any) -> None:
    answer = program_of().get("/docs")
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
    assert not re.search(r"https?://|<style|style=|<script>", answer.text)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_lists_and_tries_out(app: Flask, fill: Any, chromium: Browser, scheme: str) -> None:
    fill(quote())
    reader = program(app, "read")
    operations = [
        operation["operationId"]
        for path in reader.get("/openapi.json").get_json()["paths"].values()
        for operation in path.values()
    ]
    with served(app) as site:
        visitor = Visitor(chromium, site, 1200, scheme)
        page = visitor.open("/api/v1/docs")
        page.wait_for_selector(".opblock")
        listed = page.locator(".opblock-summary-operation-id").all_inner_texts()
        assert sorted(listed) == sorted(operations)
        assert page.evaluate("document.documentElement.classList.contains('dark-mode')") is (scheme == "dark")
        assert page.evaluate(CONTRAST) == []
        page.click(".authorize")
        page.fill("#auth-bearer-value, .auth-container input >> nth=0", reader.key or "")
        page.click(".auth-container button[type=submit] >> nth=0")
        page.click(".btn-done")
        operation = page.locator(".opblock", has=page.locator("[data-path='/sports']"))
        operation.locator(".opblock-summary-control").click()
        operation.locator(".try-out__btn").click()
        operation.locator(".execute").click()
        body = operation.locator(".live-responses-table .highlight-code")
        body.wait_for()
        assert "football" in body.inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        visitor.complaints = [one for one in visitor.complaints if "favicon" not in one]
        assert visitor.complaints == []
        page.context.close()
