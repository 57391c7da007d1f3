"""Generation E of the league page, February and March 2026. Only its rows and the links in them are known.

Names are believed where JSON-LD gives them or the match's own address confirms them: a link may hold more than names.
Where a row prints its kick-off nobody has seen: a date in it is not taken for one.
"""

from parsel import Selector

from gigscrapy.pages import LeaguePage, ListedMatch
from gigscrapy.pages.listing import NO_MATCH, Asked, Row, insist, page_of
from gigscrapy.pages.markup import attribute, names_path, split_teams, words

ROW = ".match-row"


def read(asked: Asked) -> LeaguePage:
    rows = [row for node in asked.page.css(ROW) for row in _rows(asked, node)]
    insist(asked, "E", rows, {})
    return page_of(asked, "E", rows, tells_prices=False)


def _rows(asked: Asked, node: Selector) -> list[Row]:
    return [Row(_match(asked, *link)) for link in asked.links(node)] or [NO_MATCH]


def _match(asked: Asked, match_id: str, path: str, links: list[Selector]) -> ListedMatch:
    event = asked.announced.get(match_id)
    home, away = (event and event.teams) or _confirmed_teams(links, path) or (None, None)
    starts = event.kickoff if event else None
    return ListedMatch(match_id=match_id, path=path, home=home, away=away, kickoff=starts, best={})


def _confirmed_teams(links: list[Selector], path: str) -> tuple[str, str] | None:
    titles = (title for link in links for title in (words(link), attribute(link, "title")))
    told = (split_teams(title) for title in titles)
    return next((teams for teams in told if teams and names_path(teams, path)), None)
