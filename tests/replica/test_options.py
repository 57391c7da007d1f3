from datetime import datetime

import pytest

from replica import Options
from replica.options import advance


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"layout": "Z"}, "layout 'Z' is not one of D, E, F, G, U"),
        ({"now": datetime(2026, 3, 25)}, "has no zone"),
        ({"matches": 0}, "matches is 0; it can be 1 to 1000"),
        ({"started": 19}, "started is 19; it can be 0 to 18"),
        ({"fault": "fire"}, "no fault 'fire'"),
        ({"static": {"x": None}}, "static path 'x' does not start with /"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(wrong, words):
    with pytest.raises(ValueError, match=words):
        Options(**wrong)


def test_a_static_file_must_exist(tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        Options(static={"/x": tmp_path / "nowhere.html"})


def test_options_describe_a_world():
    world = Options(seed=3, tick=2, bookmakers=4, unknown_bookmaker=True, matches=5, started=1, holes=True).world()
    assert (world.seed, world.tick, world.matches, world.started, world.holes) == (3, 2, 5, 1, True)
    assert len(world.bookmakers) == 4


def test_a_tick_file_counts_the_starts(tmp_path):
    file = tmp_path / "tick"
    assert [Options(tick_file=file).world().tick for _ in range(3)] == [0, 1, 2]
    assert file.read_text() == "3\n"
    assert list(tmp_path.iterdir()) == [file]


def test_a_tick_file_that_holds_something_else_is_refused(tmp_path):
    file = tmp_path / "tick"
    file.write_text("soon\n")
    with pytest.raises(ValueError, match="holds 'soon' where a tick should be"):
        advance(file)
    assert file.read_text() == "soon\n"
