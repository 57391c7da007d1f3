"""Whatever the text, a page is read or refused: no other error, no page that takes minutes, none that takes the process."""

import contextlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigscrapy.pages import LeaguePage, MatchPage, MenuLeague, PageChanged
from gigscrapy.pages.league import read_league
from gigscrapy.pages.match import read_match
from gigscrapy.pages.menu import read_menu, read_sports
from schema.markets import MARKETS
from tests.gigscrapy.pages import FIXTURES, LEAGUE_URL, MATCH_URL, NOW, page

SIZE = 100_000


def read_everything(html, market="1X2", outcomes=3):
    """Every reader over one text; whatever is raised but PageChanged comes through."""
    with contextlib.suppress(PageChanged):
        assert isinstance(read_league(html, url=LEAGUE_URL, now=NOW, market=market), LeaguePage)
    with contextlib.suppress(PageChanged):
        assert isinstance(read_match(html, url=MATCH_URL, now=NOW, outcomes=outcomes), MatchPage)
    with contextlib.suppress(PageChanged):
        assert all(isinstance(league, MenuLeague) for league in read_menu(html, url=LEAGUE_URL))
    with contextlib.suppress(PageChanged):
        assert all(isinstance(sport, str) for sport in read_sports(html))


# Every tag and every text between tags of our own pages, and what does not belong there.
PIECES = sorted({piece for file in FIXTURES.glob("*.html") for piece in re.findall(r"<[^>]*>|[^<>]+", page(file.stem))})
DIRT = [
    "\x00",
    "\ud800",
    "&#0;",
    "&#x110000;",
    "-",
    "0.00",
    "1e5",
    "99999999999999",
    "٣",
    "\u202e",
    "<!--",
    "]]>",
    "<table>",
]


@given(st.text())
@settings(deadline=None, database=None)
def test_any_text(html):
    read_everything(html)


@given(
    st.lists(st.sampled_from(PIECES) | st.sampled_from(DIRT) | st.text(max_size=8), max_size=60).map("".join),
    st.sampled_from(sorted(MARKETS)),
    st.sampled_from([2, 3]),
)
@settings(max_examples=300, deadline=None, database=None)
def test_any_shuffle_of_our_pages(html, market, outcomes):
    read_everything(html, market, outcomes)


@given(st.data())
@settings(max_examples=200, deadline=None, database=None)
def test_our_pages_with_any_damage(data):
    html = page(data.draw(st.sampled_from(sorted(file.stem for file in FIXTURES.glob("*.html")))))
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(html)))
        end = data.draw(st.integers(start, min(len(html), start + 80)))
        html = html[:start] + data.draw(st.sampled_from(["", *DIRT]) | st.text(max_size=8)) + html[end:]
    read_everything(html)


def within(html, repeated):
    """A page of ours with ``repeated`` up to :data:`SIZE`, in place of its first mark ``@``."""
    return html.replace("@", repeated * (SIZE // len(repeated)), 1)


# What takes a second or less where the work grows with the text takes minutes where it grows with its square.
@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "html",
    [
        within("@", "<"),
        within("@", "&"),
        within("@", '<a href="/cote/a-1">'),
        within("@", '<a href="/cotes/a/b/c" data-competid="1">'),
        within("@", '<div class="events">'),
        within("@", '<div class="events"></div>'),
        within("@", '<div class="events"><a href="/cote/a-1"></a><i data-controller=odd data-choice=1>1.5</i></div>'),
        within("@", '<p class="match-row"><a href="/cote/a-1">A - B</a></p>'),
        within("@", '<b data-rencid="1" data-eventname="A - B" data-choice="1">1.5</b>'),
        within("@", '<p class="bookline" data-name="A"><b class="odds-col">1.5</b></p>'),
        within("@", "<table><tbody><tr><td class=ps-4><a href=/bookmaker/1></a><td class=text-center>1.5</table>"),
        within("<table><tbody>@", "<tr><td class=ps-4><a href=/bookmaker/1></a><td class=text-center>1.5"),
        within('<a href="/cote/a-1">TRJ @</a>', "1.5 "),
        within('<a href="/cote/a-1">TRJ @</a>', "- "),
        within('<a href="/cote/a-1">@</a>', "TRJ : 92 "),
        within('<a href="/cote/a-1">TRJ @</a>', "1/1 1:1"),
        within('<a href="/cote/a-1">TRJ @</a>', " vs "),
        within('<a href="/cote/@">TRJ</a>', "a-1"),
        within('<a href="?@">TRJ</a>', "page=1"),
        within('<h1 class="page-title">@</h1>', " - "),
        within('<span class="small">@</span>', "1er octobre "),
        within('<span class="small">@</span>', "1"),
        within('<script type="application/ld+json">@</script>', "["),
        within('<script type="application/ld+json">[@1]</script>', "1,"),
        within('<script type="application/ld+json">[@1]</script>', '{"@type":"SportsEvent","url":"-1-1"},'),
        within('<script type="application/ld+json">{"@type":"SportsEvent","name":"@"}</script>', "A vs "),
        within("@", "<p><b>Unibet</b><i>1.5</i><i>4.2</i><i>6.5</i></p>"),
        within("@", "<p><b>Unibet</b></p><p><b>Bwin</b></p>"),
        within("@", "<b>Unibet</b><b>Bwin</b><i>1.5</i>"),
        within("<p><b>Unibet</b><b>Bwin</b>@</p>", "<i>1.5</i>"),
        within("<p><b>Unibet</b><i>1.5</i>@</p>", "TRJ 92.31% "),
        within('<a href="/cote/a-1">A</a>@', "<i>1.5</i> 92.31% "),
        "".join(f'<a href="/cote/a-b-{number}">A - B</a> 1/1 1:11' for number in range(2500)),
        within('<i class="events"></i><b data-odd-target="book" class="@">', "-b1"),
    ],
    ids=lambda html: html[:60],
)
def test_junk_of_100_kb_takes_a_moment(html):
    read_everything(html)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "tag", ["<div>", "<a href='/cote/a-1'>", "<table>", "<div class='events'>", "<b data-name='A'>"]
)
def test_two_hundred_thousand_tags_inside_each_other_are_refused(tag):
    html = tag * 200_000
    with pytest.raises(PageChanged):
        read_league(html, url=LEAGUE_URL, now=NOW)
    with pytest.raises(PageChanged):
        read_match(html, url=MATCH_URL, now=NOW, outcomes=3)
