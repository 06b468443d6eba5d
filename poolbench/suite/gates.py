"""The ``gates`` of a suite: conditions under which ``poolbench compare`` fails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.gate import Gate, read_gate
from poolbench.suite.faults import Faults
from poolbench.suite.forms import read_form
from poolbench.suite.nodes import Node
from poolbench.suite.schema import GateForm

_EXAMPLE = "for example: gates: [{fail_if: 'accuracy < baseline - 0.5pp'}]"


def read_gates(
    node: Node | None, variants: Sequence[str], probes: Iterable[str], faults: Faults
) -> tuple[Gate, ...]:
    """Check ``gates``: a list of ``{fail_if: CONDITION, only: GLOB, allow: [LOSS]}``.

    Args:
        node: The list, if the suite has one.
        variants: Names of all variants.
        probes: Probes whose curves a gate may test.
        faults: Where faults are collected.

    Returns:
        The valid gates.
    """
    if node is None or node.value is None:
        return ()
    if not node.is_list:
        faults.add(node.mark, f"gates: expected a list, got {node.described()}", _EXAMPLE)
    found = (_read_gate(item, variants, probes, faults) for item in node.items)
    return tuple(gate for gate in found if gate is not None)


def _read_gate(
    node: Node, variants: Sequence[str], probes: Iterable[str], faults: Faults
) -> Gate | None:
    if not node.is_mapping:
        faults.add(node.mark, f"gates: expected a mapping, got {node.described()}", _EXAMPLE)
        return None
    form = read_form(GateForm, node, "gates", faults)
    if form is None:
        return None
    if variants and not any(fnmatchcase(name, form.only) for name in variants):
        mark = node.at(["only"]).mark
        faults.add(mark, f"no variant matches '{form.only}'", did_you_mean(form.only, variants))
    try:
        return read_gate(form.fail_if, only=form.only, allow=form.allow, probes=probes)
    except BadInput as error:
        faults.add(node.at(["fail_if"]).mark, error.message, error.hint)
        return None
