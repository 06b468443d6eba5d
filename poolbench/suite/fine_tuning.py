"""``recipe: {freeze: ..., rates: ...}``: what of a network is trained, and at which rates."""

from __future__ import annotations

from collections.abc import Iterator

from poolbench.core.cell import BACKBONE, Freeze
from poolbench.suite.faults import Faults
from poolbench.suite.forms import read_form
from poolbench.suite.nodes import Node
from poolbench.suite.schema import FREEZE, RatesForm

_NOTHING = ("none", None)


def read_rates(recipe: Node, faults: Faults) -> RatesForm | None:
    """Check ``rates``, of which that of pooling may be given as ``pool_lr_factor`` instead.

    Args:
        recipe: The recipe.
        faults: Where faults are collected.

    Returns:
        The factors on the optimiser's rate, with ``pooling`` only if it is given here; ``None``
        after adding at least one fault.
    """
    given = recipe.entries.get("rates")
    if given is None or given.value is None:
        return RatesForm()
    rates = read_form(RatesForm, given, "recipe.rates", faults)
    other = recipe.entries.get("pool_lr_factor")
    pooling = given.entries.get("pooling")
    if pooling is None or pooling.value is None or other is None:
        return rates
    faults.add(
        pooling.key,
        f"rates.pooling is pool_lr_factor, which is given too ({other.key})",
        "leave one of them out",
    )
    return None


def read_freeze(node: Node | None, faults: Faults) -> tuple[Freeze | None] | None:
    """Check ``freeze``, but not whether a network has the modules at its paths.

    Args:
        node: The value, if the recipe has one.
        faults: Where faults are collected.

    Returns:
        What is frozen, in a tuple; ``None`` after adding at least one fault.
    """
    if node is None or node.value in _NOTHING:
        return (None,)
    if node.value == BACKBONE:
        return (BACKBONE,)
    if not node.items:
        faults.add(node.mark, f"recipe.freeze: expected {FREEZE}, got {node.described()}")
        return None
    wrong = [*_wrong_paths(node)]
    for item, message in wrong:
        faults.add(item.mark, f"recipe.freeze: {message}")
    # In any order they are the same training, which has one identity.
    return None if wrong else (tuple(sorted(str(item.value) for item in node.items)),)


def _wrong_paths(node: Node) -> Iterator[tuple[Node, str]]:
    before: list[str] = []
    paths = [item.value for item in node.items if isinstance(item.value, str)]
    for item in node.items:
        path = item.value
        if not isinstance(path, str) or not all(path.split(".")):
            yield item, f"expected the path of a module, got {item.described()}"
            continue
        if path in before:
            yield item, f"'{path}' is given twice"
        around = [other for other in paths if path.startswith(f"{other}.")]
        if around:
            yield item, f"'{path}' is inside '{around[0]}', which is frozen too"
        before.append(path)
