"""Two languages, and nothing that one of them lacks."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markupsafe import Markup, escape

import admin
from admin import labels
from admin.english import ENGLISH, PARTS
from admin.pages.data import sentences
from admin.stopping import OUTCOMES
from admin.views.schedules import HINTS
from admin.words import Phrase, say
from gigscrapy import tasks, verdict
from gigscrapy.worker import NO_NODE, NODE_REFUSED
from schema import messages

FOLDER = Path(admin.__file__).parent
SAID = re.compile(r"""say\((?:"([^"]+)"|'([^']+)')""")


def texts() -> Iterator[str]:
    """Every text that is said somewhere."""
    for path in FOLDER.rglob("*.html"):
        yield from (double or single for double, single in SAID.findall(path.read_text(encoding="utf-8")))
    for path in FOLDER.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and called(call) in ("say", "_say", "Phrase"):
                yield from (part.value for part in call.args[:1] if isinstance(part, ast.Constant))
    for table in (
        labels.COLUMNS,
        labels.VERDICTS,
        labels.STATES,
        labels.STATUSES,
        labels.LETTER_STATES,
        labels.REASONS,
        labels.FIRING_STATES,
        HINTS,
        OUTCOMES,
        labels.ACCOUNTS,
        sentences.OF_FILE,
        sentences.OF_LINE,
        sentences.OF_EDIT,
        sentences.OF_MERGE,
    ):
        yield from table.values()


def called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def test_every_text_is_said_in_english_and_none_is_left_over() -> None:
    said = set(texts()) | {"« {words} » désigne trop de noms : seuls les {limit} derniers comptent. Précisez."}
    assert said - set(ENGLISH) == set()
    assert set(ENGLISH) - said == set()


def test_a_text_has_one_translation() -> None:
    assert sum(len(part.ENGLISH) for part in PARTS) == len(ENGLISH)


@pytest.mark.parametrize("text", [text for text in ENGLISH if "{" in text])
def test_both_languages_tell_the_same(text: str) -> None:
    assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", ENGLISH[text]))


def test_french_unless_english_is_asked_for() -> None:
    assert say("Coup d'envoi") == "Coup d'envoi"
    assert say("Coup d'envoi", "en") == "Kick-off"
    assert say("Page {number} sur {pages}", "en", number="1", pages="2") == "Page 1 of 2"
    assert str(Phrase("Coup d'envoi")) == "Coup d'envoi"


def test_a_phrase_stands_in_a_page_as_text() -> None:
    assert escape(Phrase("Coup d'envoi <1>")) == Markup("Coup d&#39;envoi &lt;1&gt;")


def test_french_breaks_no_line_before_a_colon_or_within_quotes() -> None:
    said = "Aucun relevé de la ligue\N{NO-BREAK SPACE}: «\N{NO-BREAK SPACE}L 1 : a\N{NO-BREAK SPACE}»."
    assert say("Aucun relevé de la ligue : « {asked} ».", "fr", asked="L 1 : a") == said


def test_a_text_nobody_translated_is_said_as_it_is() -> None:
    assert say("Bonjour", "en") == "Bonjour"


def test_what_is_filled_in_is_not_read_again() -> None:
    assert say("Erreur {code}", "en", code="{code} {0}") == "Error {code} {0}"


def test_every_reason_to_refuse_a_message_has_its_words() -> None:
    sources = "".join(Path(module.__file__).read_text(encoding="utf-8") for module in (messages, tasks))
    assert set(re.findall(r'_refuse\([^,]*?"([a-z-]+)"(?= else|,)', sources)) | {"wrong-type"} == set(labels.REASONS)


def test_every_verdict_of_a_crawl_has_its_words() -> None:
    by_judge = {"complete", "incomplete", "nothing-listed", "too-few", "not-durable", "interrupted", "unusual"}
    source = Path(verdict.__file__).read_text(encoding="utf-8")
    assert all(f'"{code}"' in source for code in by_judge)
    assert {cause.code for cause in verdict.Cause} | by_judge | {NO_NODE, NODE_REFUSED} == set(labels.VERDICTS)
    assert set(re.findall(r'Verdict\(\s*"([a-z-]+)"', source)) <= set(labels.VERDICTS)


def test_a_verdict_nobody_knows_is_shown_as_it_is() -> None:
    assert labels.verdict_label("brand-new", "fr") == "brand-new"


def test_the_draw_is_n_in_french() -> None:
    assert [labels.outcome_label(code, "fr") for code in ("1", "X", "2", "1X", "X2", "12")] == [
        *("1", "N", "2", "1N", "N2", "12")
    ]
    assert labels.outcome_label("1X", "en") == "1X"
