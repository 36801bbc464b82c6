"""Conflicts and deletions in the status view: shown, decided with a reason, and by nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from syncer.adapters.database.engine import Database
from syncer.config.settings import WebSettings
from syncer.core.audit import Action
from syncer.core.known import Verdict
from syncer.core.model import Deletion, Listing, OnSourceDelete
from syncer.core.plan import Plan
from syncer.core.secret import Secret
from syncer.core.states import RunState
from syncer.ports.claims import Seen
from tests.integration.web_harness import Page, Site, busy, site
from tests.support.ledgers import SERVER, SOURCE, mapping, wheel

OURS, THEIRS = wheel("other"), wheel("other", content="other bytes")
CONFLICT = f"/conflicts/my-org/other/{OURS.filename}"
RULE = CONFLICT.replace("/conflicts/", "/rule/")
GONE = wheel("gone")
UNDO = f"/undo/marks/gone/{GONE.filename}"
DIGESTS = {"source_sha256": OURS.sha256, "target_sha256": THEIRS.sha256}
RULES = {
    "my-org": mapping(),
    "marks": replace(mapping("marks"), deletion=Deletion(OnSourceDelete.WITHDRAW)),
}


pytestmark = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)


@pytest.fixture
def view(database: Database, tmp_path: Path) -> Iterator[Site]:
    with site(database, tmp_path, RULES) as made:
        busy(made.world)
        made.world.sync([GONE], name="marks")
        claim = made.world.claim(made.world.request("marks"))
        seen = Seen(Listing((), 0, 0), SOURCE, SERVER, deletion=RULES["marks"].deletion)
        assert made.world.ledger.runs.record(claim, Plan(), seen, made.world.wait(1))
        yield made


def records(view: Site) -> list[tuple[str, str, str]]:
    return [(each.action, each.actor, each.subject) for each in view.world.ledger.audit.read()]


def test_the_overview_counts_what_lies_in_human_hands(view: Site) -> None:
    links = Page(view.get("/").text).links
    assert {"/conflicts", "/deletions"} <= set(links)
    text = re.sub(r"<[^>]+>", "", view.get("/").text)
    assert "1 conflict to be decided" in text
    assert "1 file gone from the source" in text


def test_a_conflict_is_shown_with_both_digests_and_its_buttons(view: Site) -> None:
    assert CONFLICT in Page(view.get("/conflicts").text).links
    page = view.get(CONFLICT)
    for words in (
        OURS.sha256,
        THEIRS.sha256,
        "somebody else put them there",
        "Approve",
        "Reject",
        "Compare both",
    ):
        assert words in page.text
    assert Page(page.text).flaws == Page(view.get("/conflicts").text).flaws == []


@pytest.mark.parametrize("verdict", Verdict)
def test_a_decision_is_recorded_audited_and_followed_by_a_run(view: Site, verdict: Verdict) -> None:
    answer = view.client.post(RULE, data={**DIGESTS, "verdict": verdict, "reason": " it was  rebuilt "})
    assert answer.status_code == 303
    run = int(answer.headers["location"].removeprefix("/runs/"))
    assert view.world.ledger.runs.state(run) == (RunState.REQUESTED, None)
    ruling = view.world.ledger.rulings.known("my-org").ruling(OURS, THEIRS.sha256)
    assert str(ruling) == f"{verdict} by web: it was rebuilt"
    action = Action.APPROVE if verdict is Verdict.APPROVED else Action.REJECT
    assert records(view)[-2:] == [(action, "web", f"other/{OURS.filename}"), (Action.SYNC, "web", "other")]
    assert str(ruling) in view.get(CONFLICT).text


@pytest.mark.parametrize(
    ("path", "data", "headers", "status"),
    [
        pytest.param(RULE, {**DIGESTS, "verdict": "approved", "reason": " "}, {}, 400, id="no reason"),
        pytest.param(
            RULE, {**DIGESTS, "verdict": "approved", "reason": "x" * 1001}, {}, 400, id="a long reason"
        ),
        pytest.param(RULE, {**DIGESTS, "verdict": "odd", "reason": "so"}, {}, 400, id="no verdict"),
        pytest.param(
            RULE,
            {**DIGESTS, "target_sha256": "f" * 64, "verdict": "approved", "reason": "so"},
            {},
            409,
            id="moved on",
        ),
        pytest.param(RULE, {"verdict": "approved", "reason": "so"}, {}, 409, id="no digests"),
        pytest.param(RULE, {"reason": "x" * 20000}, {}, 413, id="too much"),
        pytest.param(RULE, {str(n): "x" for n in range(99)}, {}, 400, id="too many fields"),
        pytest.param(
            RULE,
            {**DIGESTS, "verdict": "approved", "reason": "so"},
            {"Origin": "https://evil.example"},
            403,
            id="another origin",
        ),
        pytest.param(RULE.replace("my-org", "nobody"), {**DIGESTS}, {}, 404, id="no such mapping"),
        pytest.param("/rule/my-org/alpha/none.whl", {**DIGESTS}, {}, 404, id="no such conflict"),
        pytest.param(UNDO, {"reason": ""}, {}, 400, id="undo without a reason"),
        pytest.param(UNDO, {"reason": "so"}, {"Sec-Fetch-Site": "cross-site"}, 403, id="undo from elsewhere"),
        pytest.param("/undo/my-org/gone/none.whl", {"reason": "so"}, {}, 404, id="undo of nothing"),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    view: Site, path: str, data: dict[str, str], headers: dict[str, str], status: int
) -> None:
    before = records(view)
    assert view.client.post(path, data=data, headers=headers).status_code == status
    assert records(view) == before
    assert view.world.ledger.rulings.known("my-org").rulings == {}
    assert len(view.world.ledger.withdrawals.open("marks")) == 1


@pytest.mark.parametrize("path", [RULE, UNDO])
def test_a_link_decides_nothing(view: Site, path: str) -> None:
    assert view.get(path).status_code == 405


def test_an_undo_lets_the_file_stay(view: Site) -> None:
    page = view.get("/deletions")
    assert GONE.filename in page.text
    assert f'action="{UNDO}"' in page.text
    assert Page(page.text).flaws == []
    answer = view.client.post(UNDO, data={"reason": "somebody needs it"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/deletions")
    assert records(view)[-1] == (Action.UNDO, "web", f"gone/{GONE.filename}")
    assert "by web: somebody needs it" in view.get("/deletions").text
    assert view.client.post(UNDO, data={"reason": "again"}).status_code == 404


def test_who_has_the_password_is_named_in_the_audit(database: Database, tmp_path: Path) -> None:
    web = WebSettings(username="ann", password=Secret("hush-web"))
    with site(database, tmp_path, RULES, web=web) as made:
        busy(made.world)
        made.client.auth = ("ann", "hush-web")
        made.client.post(RULE, data={**DIGESTS, "verdict": "rejected", "reason": "so"})
        assert records(made)[0][:2] == (Action.REJECT, "ann")
