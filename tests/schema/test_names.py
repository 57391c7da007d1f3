import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.names import NAME_LENGTH, BadName, code, name_key, on_one_line, slug, spelt_out, tidy


@pytest.mark.parametrize(
    "name, tidied",
    [
        ("  Paris \n\t SG\u00a0", "Paris SG"),
        ("E\u0301toile", "Étoile"),
        ("Straße", "Straße"),
        ("Ａ．Ｃ．Milan", "Ａ．Ｃ．Milan"),
        ("⚽ FC", "⚽ FC"),
        ("مولودية الجزائر", "مولودية الجزائر"),
        ("a\u200db", "a\u200db"),
        ("A" * NAME_LENGTH, "A" * NAME_LENGTH),
        ("A" + " " * 10_000 + "B", "A B"),
    ],
)
def test_tidy(name: str, tidied: str) -> None:
    assert tidy(name) == tidied


@pytest.mark.parametrize(
    "name", ["", "  \n", "A" * (NAME_LENGTH + 1), "ﷺ" * 50, "PSG\x00", "\x1b[31mPSG", "\x7f", "\ud800"]
)
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(BadName):
        tidy(name)


@given(st.text())
def test_what_is_tidy_stays_so(name: str) -> None:
    try:
        tidied = tidy(name)
    except BadName:
        return
    assert tidy(tidied) == tidied
    assert 0 < len(name_key(tidied)) <= NAME_LENGTH
    assert name_key(tidied) == name_key(tidied).strip()


@pytest.mark.parametrize(
    "one, other",
    [
        ("PSG", "psg"),
        ("Paris  SG", "PARIS SG"),
        ("Ａ．Ｃ．Milan", "A.C.milan"),
        ("E\u0301toile", "Étoile"),
        ("Paris SG ", "Paris SG"),
        ("ﬁnn", "finn"),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    "one, other",
    [
        ("Étoile", "Etoile"),
        ("Malmö", "Malmo"),
        ("Straße", "Strasse"),
        ("Nîmes", "Nimes"),
        ("Atlético", "Atletico"),
        ("FC Sète", "FC Sete"),
        ("Paris SG", "ParisSG"),
        ("Łódź", "Lodz"),
    ],
)
def test_different_names(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize(
    "name, slugged, coded",
    [
        ("Ligue 1", "ligue-1", "LIGUE_1"),
        ("Côte d'Ivoire", "cote-divoire", "COTE_DIVOIRE"),
        ("Pro D2", "pro-d2", "PRO_D2"),
        ("UEFA Conference League", "uefa-conference-league", "UEFA_CONFERENCE_LEAGUE"),
        ("Coupe du monde - Qualifications ( Afrique )", "coupe-du-monde-qualifications-afrique", None),
        ("مولودية", "", "مولودية"),
    ],
)
def test_slug_and_code(name: str, slugged: str, coded: str | None) -> None:
    assert slug(name) == slugged
    assert coded is None or code(name) == coded


HOSTILE = "a\x1b[2Jb\r\n\x00é\u202e😀\udc80"


def test_what_cannot_be_printed_is_a_space() -> None:
    assert on_one_line(HOSTILE) == "a [2Jb   é 😀 "


def test_what_cannot_be_printed_is_spelt_out() -> None:
    assert spelt_out(HOSTILE) == "a\\x1b[2Jb\\r\\n\\x00é\\u202e😀\\udc80"
    assert spelt_out("a\n\tb\x07", keep="\n\t") == "a\n\tb\\x07"
