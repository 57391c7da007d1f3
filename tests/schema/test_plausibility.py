"""The rules of plausibility: what fires, what must not, and what comes first."""

import csv
import itertools
import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from schema import reference
from schema.markets import MARKETS
from schema.plausibility import (
    FAR_FROM_PANEL,
    LIST_PAYS_TOO_MUCH,
    PAYS_TOO_LITTLE,
    PAYS_TOO_MUCH,
    READ_BY_STRUCTURE,
    SWAPPED_SIDES,
    Book,
    broken,
    broken_by_list,
    measure,
    rules,
    suspects,
)
from tests.schema.letters import prices

THREE, DOUBLE_CHANCE = MARKETS["1X2"], MARKETS["DC"]
UNEVEN = ("7", "4.75", "1.42")
EVEN = ("2.6", "3.3", "2.75")


def panel(*book: str | None, of: int = 4, **others: tuple[str | None, ...]) -> dict[str, Book]:
    """So many bookmakers of nearly the same prices, and those that are named."""
    same = {f"book {n}": prices(*book) for n in range(of)}
    return same | {name: prices(*values) for name, values in others.items()}


def test_a_panel_of_like_prices_has_no_suspect() -> None:
    books = panel(*UNEVEN, a=("7.5", "4.6", "1.4"), b=("6.6", "4.9", "1.45"), c=("6.8", None, "1.43"))
    assert suspects(books, THREE) == {}


@pytest.mark.parametrize("wrong", [("70", "4.75", "1.42"), ("7", "47.5", "1.42"), ("7", "4.75", "14.2")])
def test_a_price_ten_times_its_neighbours(wrong: tuple[str, ...]) -> None:
    assert suspects(panel(*UNEVEN, odd=wrong), THREE) == {"odd": FAR_FROM_PANEL}


def test_a_price_that_lost_its_last_digit() -> None:
    assert suspects(panel("21", "9", "1.12", odd=("2.1", "9", "1.12")), THREE) == {"odd": FAR_FROM_PANEL}


def test_one_price_is_enough_and_a_missing_one_is_no_price() -> None:
    assert suspects(panel(*UNEVEN, odd=(None, "47.5", None), fine=(None, "4.5", None)), THREE) == {
        "odd": FAR_FROM_PANEL
    }


def test_the_threshold_is_reached_at_its_very_value() -> None:
    far = rules()[FAR_FROM_PANEL]
    at, below = 7 * far.threshold, 7 * far.threshold - Decimal("0.001")
    others = list(panel(*UNEVEN).values())
    assert broken({"1": at}, THREE, others) == FAR_FROM_PANEL
    assert broken({"1": below}, THREE, others) is None
    assert broken({"1": 1 + (7 / far.threshold)}, THREE, others) is None
    assert broken({"1": 7 / far.threshold}, THREE, others) == FAR_FROM_PANEL


@pytest.mark.parametrize("others", [0, 1, 2])
def test_too_few_others_are_no_measure(others: int) -> None:
    """Of three that differ nobody can tell which is wrong, and a good one must not be marked for another's fault."""
    assert suspects(panel(*UNEVEN, of=others, odd=("70", "4.75", None)), THREE) == {}


def test_a_wrong_price_makes_no_other_suspect() -> None:
    assert suspects(panel(*UNEVEN, of=3, odd=("700", "4.75", None)), THREE) == {"odd": FAR_FROM_PANEL}


@pytest.mark.parametrize("market", ["1X2", "12", "DNB"])
def test_home_and_away_swapped(market: str) -> None:
    if market == "1X2":
        books = panel(*UNEVEN, odd=tuple(reversed(UNEVEN)))
    else:
        books = {f"book {n}": prices("3.1", "1.35", outcomes="12") for n in range(3)}
        books["odd"] = prices("1.35", "3.1", outcomes="12")
    assert suspects(books, MARKETS[market]) == {"odd": SWAPPED_SIDES}


def test_a_swap_is_told_through_the_differences_of_bookmakers() -> None:
    books = panel("3", "3.3", "2.3", a=("3.1", "3.4", "2.2"), b=("2.9", "3.3", "2.35"), odd=("2.25", "3.3", "3.05"))
    assert suspects(books, THREE) == {"odd": SWAPPED_SIDES}


def test_near_even_sides_are_never_swapped() -> None:
    assert suspects(panel(*EVEN, odd=tuple(reversed(EVEN))), THREE) == {}
    seeded = random.Random(7)
    rule = rules()[SWAPPED_SIDES]
    for _ in range(300):
        book = {side: Decimal(seeded.randint(1010, 9000)) / 1000 for side in THREE.outcomes}
        better = measure(rule, book, THREE, list(panel(*EVEN).values()))
        assert better is not None
        assert better <= (Decimal("2.75") / Decimal("2.6")) ** 2 + Decimal("1e-20")
        assert better < rule.threshold


def test_an_even_opinion_of_an_uneven_match_is_not_swapped() -> None:
    assert suspects(panel("2.1", "3.3", "3.5", odd=("2.6", "3.3", "2.6")), THREE) == {}


def test_double_chance_has_no_sides() -> None:
    like = {name: prices("2.2", "1.1", "1.3", outcomes=DOUBLE_CHANCE.outcomes) for name in "abcd"}
    other_way = prices("1.1", "2.2", "1.3", outcomes=DOUBLE_CHANCE.outcomes)
    assert suspects(like | {"odd": other_way}, DOUBLE_CHANCE) == {}


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        (("2", "4", "4"), None),  # 100 % to the digit
        (("3", "3", "3"), None),  # whose inverses, added up, are just below 1
        (("2.001", "4", "4"), PAYS_TOO_MUCH),
        (("2.1", "2.1", "2.1"), None),  # 70 %
        (("2.1", "2.1", "2.099"), PAYS_TOO_LITTLE),
        (("2.1", None, "50"), None),
        (("1.1", None, "1.1"), None),
    ],
)
def test_one_bookmaker_pays_back_between_seventy_and_a_hundred(
    values: tuple[str | None, ...], rule: str | None
) -> None:
    assert broken(prices(*values), THREE) == rule


def test_overlapping_outcomes_are_divided_out_of_what_is_paid_back() -> None:
    assert broken(prices("1.3", "1.9", "1.3", outcomes=DOUBLE_CHANCE.outcomes), DOUBLE_CHANCE) is None
    assert broken(prices("1.3", "1.9", "1.5", outcomes=DOUBLE_CHANCE.outcomes), DOUBLE_CHANCE) == PAYS_TOO_MUCH


def test_of_several_rules_the_first_of_the_file_is_told() -> None:
    far_and_much = prices("70", "4.75", "1.42")
    assert broken(far_and_much, THREE) == PAYS_TOO_MUCH
    assert broken(far_and_much, THREE, list(panel(*UNEVEN).values())) == FAR_FROM_PANEL
    swapped_and_far = prices("1.42", "4.75", "7")
    others = list(panel(*UNEVEN).values())
    assert broken(swapped_and_far, THREE, others, by=[rules()[FAR_FROM_PANEL]]) == FAR_FROM_PANEL
    assert broken(swapped_and_far, THREE, others) == SWAPPED_SIDES


def test_who_is_named_first_does_not_matter() -> None:
    books = panel(*UNEVEN, of=2, a=("70", "4.75", "1.42"), b=("1.42", "4.75", "7"), c=("1.1", "1.2", None))
    told = suspects(books, THREE)
    assert told == {"a": FAR_FROM_PANEL, "b": SWAPPED_SIDES, "c": FAR_FROM_PANEL}
    for order in itertools.permutations(books):
        assert suspects({name: books[name] for name in order}, THREE) == told


def test_the_best_prices_of_a_list_are_judged_together() -> None:
    limit = rules()[LIST_PAYS_TOO_MUCH].threshold
    assert limit > 110  # Real bookmakers together have paid back 109 %.
    assert broken_by_list(prices("2.2", "4.4", "4.4"), THREE) is None  # a real surebet, 110 %
    assert broken_by_list(prices("22", "4", "4"), THREE) == LIST_PAYS_TOO_MUCH
    assert broken_by_list(prices("22", None, "4"), THREE) is None


def test_what_was_read_by_structure_is_no_computation() -> None:
    assert rules()[READ_BY_STRUCTURE].judged == "page"
    assert next(iter(rules())) == READ_BY_STRUCTURE


def test_every_rule_says_what_it_means_in_both_languages_and_fits_its_column() -> None:
    for rule in rules().values():
        assert rule.english
        assert rule.french
        assert (rule.in_words("fr"), rule.in_words("en")) == (rule.french, rule.english)
        assert len(rule.code) <= 32
        assert (rule.sample is None) == (rule.judged == "page")


def test_the_file_has_one_row_for_each_rule() -> None:
    path = Path(reference.__file__).with_name("plausibility.csv")
    codes = [row["code"] for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())]
    assert codes == list(rules())
    assert set(codes) == {
        READ_BY_STRUCTURE,
        SWAPPED_SIDES,
        FAR_FROM_PANEL,
        PAYS_TOO_MUCH,
        PAYS_TOO_LITTLE,
        LIST_PAYS_TOO_MUCH,
    }


def test_another_threshold_is_another_judgement() -> None:
    rule = rules()[FAR_FROM_PANEL]
    others = list(panel(*UNEVEN).values())
    assert broken({"1": Decimal(15)}, THREE, others, by=[replace(rule, threshold=Decimal(2))]) == FAR_FROM_PANEL
    assert broken({"1": Decimal(15)}, THREE, others, by=[rule]) is None
