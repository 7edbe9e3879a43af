"""A dialect file: whole, readable both ways, and unable to call a success what the portal did not."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.dialect import Dialect

Tree = dict[str, Any]


def qilu() -> Tree:
    return tomllib.loads((files("schemas") / "dialects" / "qilu.toml").read_text(encoding="utf-8"))


MISTAKES: dict[str, tuple[Callable[[Tree], object], str]] = {
    "a line without a condition": (
        lambda t: t["answer"]["rules"].append({"reaction": "refused"}),
        "needs a status, a code or a message",
    ),
    "a success by status alone": (
        lambda t: t["answer"]["rules"].append({"reaction": "success", "status": 200}),
        "only a code",
    ),
    "a message that is no pattern": (
        lambda t: t["answer"]["rules"].append({"reaction": "exists", "message": "("}),
        "no regular expression",
    ),
    "no place for the saved": (
        lambda t: t["operations"]["save_people"].pop("accepted_at"),
        "a list of records needs accepted_at",
    ),
    "a silence nobody could hear": (
        lambda t: t["operations"]["save_batch"].update(left_out="exists"),
        "left_out speaks of answers",
    ),
    "a place that is no expression": (
        lambda t: t["operations"]["save_batch"].update(online_id_at="data.["),
        "no JMESPath expression",
    ),
    "one word for two levels": (
        lambda t: t["words"]["level"].update(city="26"),
        "one word of the portal stands for two",
    ),
    "an option nobody knows": (lambda t: t["limits"].update(rows=1), "Extra inputs"),
}


def test_the_shipped_dialect_is_whole():
    assert Dialect.model_validate(qilu()).name == "qilu"


@pytest.mark.parametrize(("spoil", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_dialect_shows_when_it_is_loaded(spoil, says):
    tree = qilu()
    spoil(tree)
    with pytest.raises(ValidationError, match=says):
        Dialect.model_validate(tree)


@pytest.mark.parametrize("operation", ["update_batch", "update_person", "submit"])
def test_a_portal_need_not_offer_changes_or_submission(operation):
    tree = qilu()
    del tree["operations"][operation]
    assert getattr(Dialect.model_validate(tree).operations, operation) is None
