"""However a suite is altered, it becomes a study, or a fault with its place, soon."""

from __future__ import annotations

import json
import random
import re
import resource
import time
from pathlib import Path

import pytest

from poolbench.app.study import CATALOGUES
from poolbench.core.errors import BadInput, NothingMatched
from poolbench.suite.load import load
from tests.endurance.campaign import Campaign
from tests.suite.test_mutations import SUITE, mutate

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(0)]

CAMPAIGN = Campaign("suites", goal=40_000, share=8)
SHIPPED = sorted((Path(__file__).parents[2] / "suites").rglob("*.yaml"))
MOST_S, MOST_KIB = 2.0, 256 * 1024
# What YAML has besides plain text, and what text has besides ASCII.
PIECES = (
    *"[]{}:,#&*!|>%@'\"\t\n-?<\\ ", "&a ", "*a", "<<: *a", "!!python/object:os.system ", "---\n",
    "...\n", "\x00", "\x85", "\u2028", "\ufeff", "\ud800", "é", "0x", "1e999", "9" * 5000, "1/0",
    "1/3", ".nan", "-.inf", "~", "null", "[" * 2000, "{a: " * 500, "\n  extends: x.yaml\n",
    "\nextends: suite.yaml\n", "extends: .\n", "../", "lae", "seeds: 1000000000\n",
    "a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b]\n",
)  # fmt: skip


def altered_text(text: str, draw: random.Random) -> str:
    """Return a text with one to three cuts, insertions or moved lines."""
    for _ in range(draw.choice((1, 1, 2, 3))):
        at, length = draw.randrange(len(text) + 1), draw.choice((0, 0, 1, 3, 40))
        kind = draw.random()
        if kind < 0.7:
            text = text[:at] + draw.choice(PIECES) + text[at + length :]
        elif kind < 0.9:
            lines = text.splitlines(keepends=True) or [""]
            one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
            lines.insert(one, draw.choice(("", "  ", " ")) + lines[other])
            text = "".join(lines)
        else:
            text = text[:at]
    return text


def altered_suite(draw: random.Random) -> str:
    """Return the text of a suite that was altered as structure or as text."""
    if draw.random() < 0.4:
        suite = SUITE
        for _ in range(draw.randint(1, 4)):
            suite = mutate(suite, draw)
        return json.dumps(suite, indent=1)
    return altered_text(draw.choice(SHIPPED).read_text(), draw)


def an_override(draw: random.Random) -> str:
    """Return what might follow ``--set``."""
    key = draw.choice(("recipe.epochs", "seeds", "variants.lae.pools", "data.limit", "a", "", "."))
    return altered_text(f"{key}={draw.choice(('1', '[1]', '{name: lae}', 'x', '1/2'))}", draw)


def test_suites(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    # What is wrong with a file as a whole has no place in it.
    whole = r"is not UTF-8: byte \d+|trains nothing; it is|has no profile|--(set|limit) "
    place = re.compile(rf"{re.escape(str(path))}:\d+:\d+: |{whole}")

    def case(draw: random.Random) -> None:
        text = altered_suite(draw)
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        overrides = [an_override(draw) for _ in range(draw.choice((0, 0, 1, 2)))]
        refused: BadInput | None = None
        start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            study = load(
                path, catalogues=CATALOGUES, fingerprint=lambda _: "", overrides=overrides,
                profile=draw.choice((None, "smoke")) if "smoke:" in text else None,
                limit=draw.choice((None, None, 7)),
            )  # fmt: skip
        except BadInput as fault:
            refused = fault
        except NothingMatched:
            pass
        else:
            assert len({cell.id for cell in study.cells}) == len(study.cells)
        assert time.process_time() - start < MOST_S
        if refused is not None:
            assert place.search(refused.message), refused.message
            assert refused.hint
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < MOST_KIB, f"{grown} KiB more"

    CAMPAIGN.hold(case)
