"""The selectors that each generation's parser rests on, by what they find: in a page that changed they are counted."""

from gigscrapy.pages import league_d, league_e, league_f, league_g, match
from gigscrapy.pages.listing import MATCH_LINK

LIST_SELECTORS: dict[str, dict[str, str]] = {
    "all": {"a match's link": MATCH_LINK, "what is announced": 'script[type="application/ld+json"]'},
    "D": {
        "row": league_d.ROW,
        "team": league_d.TEAM,
        "kick-off": league_d.TIME,
        "price cell": league_d.CELL,
        "price": league_d.PRICE,
        "bookmaker of a price": league_d.BOOKMAKER.removesuffix("::attr(class)"),
        "TRJ": league_d.RETURN,
    },
    "E": {"row": league_e.ROW, "link in a row": f"{league_e.ROW} {MATCH_LINK}"},
    "F": {"row": league_f.ROW},
    "G": {
        "button": league_g.BUTTON,
        "kick-off": f"{league_g.BUTTON}[data-eventdate]",
        "outcome": f"{league_g.BUTTON}[data-choice]",
    },
}
"""Of a league page: by generation, then by what they find. ``all`` stayed the same through all of them."""

MATCH_SELECTORS: dict[str, dict[str, str]] = {
    "all": {"what is announced": 'script[type="application/ld+json"]'},
    "D": {
        "teams": match.TITLE,
        "kick-off": match.DATE,
        "row": match.D_ROW,
        "price cell": match.D_CELL,
        "TRJ": match.D_RETURN,
    },
    "E": {"row": match.E_ROW, "price cell": match.E_CELL},
}
"""Of a match page, likewise."""
