"""The ``probes`` of a suite, and those named on the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from poolbench.core.catalogue import Catalogue, ProbeEntry
from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.named import Named
from poolbench.core.values import describe_value, plain_value
from poolbench.suite.choices import Chooser
from poolbench.suite.composer import compose_option
from poolbench.suite.faults import Faults
from poolbench.suite.nodes import Node
from poolbench.suite.spelling import Spelling, flag

SPREAD = "resolution"
"""Stands for several probes of image size at once: its ``modes``."""


def read_probes(
    node: Node | None, catalogue: Catalogue[ProbeEntry], chooser: Chooser
) -> tuple[Named, ...]:
    """Check ``probes``: a mapping from names to options.

    Args:
        node: The mapping, if the suite has one.
        catalogue: The available probes.
        chooser: Checks names and options, and collects faults.

    Returns:
        The valid probes.
    """
    if node is None or node.value is None:
        return ()
    if not node.is_mapping:
        message = f"probes: expected a mapping, got {node.described()}"
        chooser.faults.add(node.mark, message, "for example: probes: {zoom: {sizes: [24, 32]}}")
    found: dict[str, Named] = {}
    for name, options in node.entries.items():
        for choice in _choices(name, options, catalogue, chooser.faults):
            chosen = chooser.choose(catalogue, choice)
            if chosen is None:
                continue
            if chosen.named.name in found:
                chooser.faults.add(chosen.mark, f"the probe '{chosen.named.name}' is given twice")
            found[chosen.named.name] = chosen.named
    return tuple(found.values())


def _choices(
    name: str, options: Node, catalogue: Catalogue[ProbeEntry], faults: Faults
) -> list[Node]:
    """Return ``{name: ..., options}`` for each probe that an entry stands for."""
    if options.value is not None and not options.is_mapping:
        message = f"probes.{name}: expected a mapping of options, got {options.described()}"
        faults.add(options.mark, message)
        return []
    given = dict(options.entries)
    if "name" in given:
        faults.add(given.pop("name").key, f"unknown key 'name' in {name}")
    names = [Node(value=name, mark=options.key, key=options.key)]
    if name == SPREAD:
        names = _modes(options, given.pop("modes", None), catalogue, faults)
    elif name not in catalogue:
        known = (*catalogue, SPREAD)
        faults.add(options.key, f"unknown {catalogue.kind} '{name}'", did_you_mean(name, known))
        return []
    return [
        Node(value={"name": each, **given}, mark=options.mark, key=options.key) for each in names
    ]


def _modes(
    node: Node, modes: Node | None, catalogue: Catalogue[ProbeEntry], faults: Faults
) -> list[Node]:
    known = [name for name, entry in catalogue.items() if entry.axis == "size_px"]
    if modes is None:  # ours: what a suite measures must not hang on the plug-ins that are loaded
        ours = [name for name in known if catalogue[name].plugin is None]
        return [Node(value=name, mark=node.key, key=node.key) for name in ours]
    if not modes.items:
        message = f"{SPREAD}.modes: expected a list of names, got {modes.described()}"
        faults.add(modes.mark, message, f"known: {', '.join(known)}")
    right = []
    for mode in modes.items:
        if mode.value in known:
            right.append(mode)
        else:
            message = f"{SPREAD}.modes: expected a probe of image size, got {mode.described()}"
            faults.add(mode.mark, message, did_you_mean(str(mode.value), known))
    return right


def read_attacks(
    attacks: Sequence[str],
    options: Mapping[str, str],
    catalogue: Catalogue[ProbeEntry],
    spelled: Spelling = flag,
) -> tuple[Named, ...]:
    """Check probes named outside a suite, by its rules.

    Args:
        attacks: Names, or mappings such as ``{name: pgd, steps: 20}``.
        options: Text by option, such as ``sizes`` to ``24,32``; each applies to every probe that
            takes it.
        catalogue: The available probes.
        spelled: How messages name ``attack`` and the options.

    Returns:
        The probes, in the order named.

    Raises:
        BadInput: A name or option is invalid; the message lists every fault.
    """
    faults = Faults()
    chooser = Chooser(faults)
    named = [compose_option(text, f"{spelled('attack')} {text}", faults) for text in attacks]
    lists = {
        key: compose_option(f"[{text}]", f"{spelled(key)} {text}", faults)
        for key, text in options.items()
    }
    found: dict[str, Named] = {}
    used: set[str] = set()
    for node in named:
        whole = node.spelled_out("name")
        if "name" not in whole.entries:
            faults.add(node.mark, "the probe has no name", "write it as '{name: pgd, steps: 20}'")
            continue
        name = whole.at(["name"]).value
        takes = catalogue[name].options if isinstance(name, str) and name in catalogue else {}
        shared = {key: value for key, value in lists.items() if key in takes}
        used |= set(shared)
        chosen = chooser.choose(
            catalogue, Node(value={**shared, **whole.entries}, mark=whole.mark, key=whole.key)
        )
        if chosen is None:
            continue
        if chosen.named.name in found:
            faults.add(chosen.mark, f"the probe '{chosen.named.name}' is given twice")
        found[chosen.named.name] = chosen.named
    if faults:
        raise faults.error()
    for key in lists:
        if key not in used:
            taking = [name for name, entry in catalogue.items() if key in entry.options]
            raise BadInput(
                f"none of these takes {spelled(key)}: {', '.join(attacks)}",
                f"probes that take it: {', '.join(taking)}",
            )
    return tuple(found.values())


def typed_attacks(
    attack: str | Mapping[str, object] | Sequence[str | Mapping[str, object]],
    options: Mapping[str, Sequence[float] | float | None],
) -> tuple[list[str], dict[str, str]]:
    """Return probes and options of a program as they are typed for :func:`read_attacks`.

    Args:
        attack: One, or several: names, or mappings with a name and options.
        options: Values, or one value, by option; ``None`` for an option that is not given.

    Raises:
        BadInput: A probe is neither a name nor a mapping.
    """
    several = attack if isinstance(attack, list | tuple) else [attack]
    typed = [_typed_attack(each) for each in several]
    given = {key: plain_value(values) for key, values in options.items() if values is not None}
    return typed, {key: _typed_list(values) for key, values in given.items()}


def _typed_attack(attack: object) -> str:
    if isinstance(attack, str):
        return attack
    if isinstance(attack, Mapping):
        return _json({key: plain_value(value) for key, value in attack.items()})
    raise BadInput(
        f"a probe cannot be {describe_value(attack)}",
        "give its name, or a mapping such as {'name': 'pgd', 'steps': 20}",
    )


def _typed_list(values: object) -> str:
    if isinstance(values, str):
        return values
    return ", ".join(map(_json, values if isinstance(values, list) else [values]))


def _json(value: object) -> str:
    """Return a value as YAML, which JSON is; what is neither, as text that no option takes."""
    return json.dumps(value, default=repr)
