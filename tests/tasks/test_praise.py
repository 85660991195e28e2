"""Which attributes are ratings, by their names and those of their events."""

import pytest

from game.tasks.praise import says_how_good
from game.webhooks.catalogue import CATALOGUE

ANYWHERE = (
    "rating", "ratings", "stars", "star_rating", "rating_value", "rating5", "starrating", "satisfaction",
    "user_satisfaction", "nps", "nps_score", "csat", "sentiment", "review_score", "reviewscore",
    "review_stars", "feedback_grade", "pingfen", "haoping", "manyidu",
)  # fmt: skip
OF_REVIEWS = (
    "score", "scores", "total_score", "score_of_5", "grade", "rate", "star", "star_count", "stars_given",
    "is_positive", "recommended", "would_recommend", "liked", "thumbs_up", "verdict", "mark", "dafen",
)  # fmt: skip
REVIEWS = (
    "review.created", "product.reviewed", "shop_review", "ReviewPosted", "comment.created",
    "customer-feedback", "ProductReview", "item.rated", "survey.answered", "nps.answered", "pinglun.created",
)  # fmt: skip
INNOCENT = (
    "length", "photos", "item", "verified_purchase", "amount_fen", "operating_hours", "generating", "started",
    "separate", "underscored", "upgraded", "marketing", "starters", "likes",
)  # fmt: skip
OTHERS = ("quiz.finished", "game.played", "exam.passed", "preview.watched", "purchase.completed")


@pytest.mark.parametrize("attribute", ANYWHERE)
@pytest.mark.parametrize("event_type", ["quiz.finished", "review.created"])
def test_opinions_are_opinions_anywhere(attribute: str, event_type: str) -> None:
    """With other words before, behind and grown onto them."""
    assert says_how_good(attribute, event_type=event_type)


@pytest.mark.parametrize("attribute", OF_REVIEWS)
@pytest.mark.parametrize("event_type", REVIEWS)
def test_grades_are_of_reviews(attribute: str, event_type: str) -> None:
    """Whatever a brand calls the review."""
    assert says_how_good(attribute, event_type=event_type)


@pytest.mark.parametrize("attribute", OF_REVIEWS)
@pytest.mark.parametrize("event_type", OTHERS)
def test_grades_of_other_things_count(attribute: str, event_type: str) -> None:
    """The score of a quiz pays for knowledge."""
    assert not says_how_good(attribute, event_type=event_type)


@pytest.mark.parametrize("attribute", INNOCENT)
@pytest.mark.parametrize("event_type", [*REVIEWS, *OTHERS])
def test_other_attributes_are_no_ratings(attribute: str, event_type: str) -> None:
    """Nor are words that only sound like one."""
    assert not says_how_good(attribute, event_type=event_type)


def test_of_the_service_only_the_rating_is_one() -> None:
    """Its other attributes stay what tasks may look at."""
    found = [
        name
        for event_type, attributes in CATALOGUE.items()
        for name in attributes
        if says_how_good(name, event_type=event_type)
    ]
    assert found == ["rating"]
