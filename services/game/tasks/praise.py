"""Which attributes of an event say how good somebody finds something: no task looks at them. Pure.

Rewarding a good review is forbidden, whatever the attribute is called (`ARTICLE`). Names are words joined by
`_`, or run together. Some words mean an opinion wherever they stand (`star_rating`). Others may count all
kinds of things (the `score` of a quiz): they mean an opinion in events that are named like reviews, or beside
a word that does (`review_score`).
"""

import re
from typing import Final

ARTICLE: Final = "网络反不正当竞争暂行规定 第九条"

_OPINIONS: Final = "ratings?|satisfaction|satisfied|nps|csat|sentiment|pingfen|haoping|manyidu|xingji"
_GRADES: Final = (
    "scores?|scored|grades?|graded|rates?|rated|stars?|marks?|positive|negative|recommend(?:s|ed|ation)?"
    "|liked|happy|happiness|praise|verdict|mood|thumbs|dafen|fenshu"
)
_REVIEWS: Final = (
    "reviews?|reviewed|comments?|commented|feedback|testimonials?|opinions?|appraisals?|evaluations?|surveys?"
    "|pingjia|pinglun|dianping"
)
_PARTS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


def says_how_good(attribute: str, *, event_type: str) -> bool:
    """Whether an attribute of an event type is the rating of a review, as far as names tell."""
    if attribute == "stars" or _holds(attribute, _OPINIONS):
        return True
    is_review = any(_holds(name, f"{_REVIEWS}|{_OPINIONS}|rated") for name in (event_type, attribute))
    return is_review and _holds(attribute, _GRADES)


def _holds(name: str, words: str) -> bool:
    """Whether a word of the name is one of these, or runs together with words that are known."""
    known = rf"(?:{_OPINIONS}|{_GRADES}|{_REVIEWS})*"
    pattern = re.compile(rf"{known}(?:{words}){known}")
    return any(pattern.fullmatch(part.lower()) for part in _PARTS.findall(name))
