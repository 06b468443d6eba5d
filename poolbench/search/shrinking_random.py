"""The random search of the LogAvgExp paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from poolbench.core.counted import counted
from poolbench.core.search import Budget, Point
from poolbench.core.streams import derive
from poolbench.search.api import BadSearch, Memory, Proposals
from poolbench.search.drawn import Drawn, outcome_of
from poolbench.search.ledger import Ledger
from poolbench.search.ranges import spans_at
from poolbench.search.ranked import ranked
from poolbench.search.spans import Span

_ATTEMPTS = 20


class ShrinkingRandom(Drawn):
    """Draw recipes in rounds, each in the span of the last round's best; folds decide the end.

    From the paper: each round draws ``rounds[i]`` recipes and scores them on one random hold-out of
    its own; the next draws from the span, option by option, of the ``top`` best. The best of the
    last round and the geometric means of its ``geometric_means`` best are scored on 5 folds, and
    the highest mean wins. Sizes and ranges of the paper (N1, k, N2, N3): Imagewoof at 128 px (200,
    10, 100, 100), Imagenette at 128 px (100, 10, 100, 100), both at 256 px (40, 5, 50, 50).

    The paper is silent on the rest, which is ours:

    - Round ``i`` is scored on fold ``i`` from 0, and the last comparison on the folds after those:
      no score that chose a finalist counts for it again.
    - The best are those of the round just ended, as rounds have different hold-outs.
    - The geometric mean is taken of what is drawn logarithmically, ``1-beta1`` and not ``beta1``;
      what is drawn uniformly has an arithmetic mean.
    - The start, the centre of the first round, is one of the finalists, so that the end is compared
      with it. On a tie the smaller change wins.
    - What diverged is never among the best. If fewer than two of a round did not diverge, the next
      draws from the same span; if none of the last did not, the best of the round before it go to
      the folds.

    Args:
        rounds: Recipes drawn in each round, at least 2 each.
        top: Best recipes of a round whose span the next draws from, at least 2.
        finalists: Best recipes of the last round that go to the folds, at least 1.
        geometric_means: The mean of that many of them goes there too, at least 2 each.
        folds: Folds of the last comparison, at least 2.
        ranges: Such as ``lr x10``, ``1-beta1 x10``, ``flat 0.5..0.85``.

    Raises:
        BadSearch: A round is smaller than what is taken from it, or a range is invalid.

    References:
        Lowe, Trappenberg, Oore 2021, section 4.2.
    """

    def __init__(
        self,
        *,
        rounds: Sequence[int],
        top: int,
        finalists: int,
        geometric_means: Sequence[int],
        folds: int,
        ranges: Sequence[str],
    ) -> None:
        if not rounds:
            raise BadSearch("a search needs at least one round", option="rounds")
        for size in rounds[:-1]:
            if top > size:
                raise _too_many("top", None, top, size)
        if finalists > rounds[-1]:
            raise _too_many("finalists", None, finalists, rounds[-1])
        for index, count in enumerate(geometric_means):
            if count > rounds[-1]:
                raise _too_many("geometric_means", index, count, rounds[-1])
        self._rounds = tuple(rounds)
        self._top = top
        self._finalists = finalists
        self._means = tuple(geometric_means)
        self._folds = range(len(rounds), len(rounds) + folds)
        super().__init__(ranges)

    @property
    def budget(self) -> Budget:
        """Every recipe of the rounds on one fold; the start, best and means on the final ones."""
        drawn, means = sum(self._rounds), len(self._means)
        finalists = 1 + self._finalists + means
        # The best were drawn already.
        return Budget(points=drawn + 1 + means, folds=drawn + finalists * len(self._folds))

    def propose(
        self,
        start: Mapping[str, float],
        seed: int,
        memory: Memory | None = None,  # noqa: ARG002 - its proposals take no time
    ) -> Proposals:
        """Propose each round as one batch, then the finalists as one."""
        first = spans = spans_at(self._ranges, start)
        ledger = Ledger()
        best: list[Point] = []
        best_round = 0
        for number, size in enumerate(self._rounds):
            drawn = _distinct(_draw(spans, seed, number), size)
            scores = yield from ledger.ask(drawn, [number], decides=False)
            scored = ranked(zip(drawn, scores, strict=True), start, first)
            sound = [point for point, score in scored if not score.diverged]
            if sound:
                best, best_round = sound, number + 1
            if len(sound) > 1:
                top = sound[: self._top]
                spans = {
                    key: span.around([point.values[key] for point in top])
                    for key, span in spans.items()
                }
        origin = Point(values=dict(start), stage="start")
        finalists = [origin, *self._finals(best, best_round, first)]
        different = list({point.key: point for point in reversed(finalists)}.values())[::-1]
        scores = yield from ledger.ask(different, self._folds)
        compared = list(zip(different, scores, strict=True))
        ended = f"after its {counted(len(self._rounds), 'round')}"
        return outcome_of(ledger, compared, origin, first, ended=ended)

    def _finals(
        self, best: Sequence[Point], number: int, spans: Mapping[str, Span]
    ) -> Iterator[Point]:
        for rank, point in enumerate(best[: self._finalists], start=1):
            yield Point(values=point.values, stage=f"top {rank} of round {number}")
        for count in self._means if best else ():
            top = best[:count]
            values = {
                key: span.mean([point.values[key] for point in top]) for key, span in spans.items()
            }
            yield Point(values=values, stage=f"geometric mean of the top {len(top)}")


def _draw(spans: Mapping[str, Span], seed: int, number: int) -> Iterator[Point]:
    """Yield points without end; each is a function of seed, round and its number in the round."""
    index = 0
    while True:
        stream = ("search", "shrinking-random", number, index)
        values = {key: span.at(derive(seed, *stream, key) / 2**63) for key, span in spans.items()}
        yield Point(values=values, stage=f"round {number + 1}")
        index += 1


def _distinct(points: Iterator[Point], count: int) -> list[Point]:
    """Return the first different points; fewer where a span is too narrow for as many."""
    found: dict[object, Point] = {}
    for point, _ in zip(points, range(count * _ATTEMPTS), strict=False):
        found.setdefault(point.key, point)
        if len(found) == count:
            break
    return list(found.values())


def _too_many(option: str, index: int | None, count: int, size: int) -> BadSearch:
    message = f"the best {count} of a round of {size}"
    return BadSearch(message, f"expected at most {size}", option=option, index=index)
