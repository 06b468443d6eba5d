"""Catalogue names with options: from what a suite says to a name with every option filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import Field, create_model

from poolbench.core.catalogue import Catalogue, Entry
from poolbench.core.errors import BadInput, closest, did_you_mean
from poolbench.core.named import Named
from poolbench.core.options import BadValue, Option
from poolbench.suite.faults import Faults, Mark
from poolbench.suite.forms import read_form
from poolbench.suite.nodes import Node
from poolbench.suite.schema import MAX_NAME_LENGTH, Choice

E = TypeVar("E", bound=Entry)
C = TypeVar("C", bound=Choice)


@dataclass(frozen=True, kw_only=True)
class Chosen(Generic[E, C]):
    """A choice that was accepted.

    Args:
        named: The name with every option, in the order the catalogue declares them.
        entry: What the catalogue says about it.
        form: The checked keys, including those that are not options.
        mark: Where the name is written.
    """

    named: Named
    entry: E
    form: C
    mark: Mark


class Chooser:
    """Checks choices and collects their faults.

    Args:
        faults: Where faults are collected.
    """

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._forms: dict[tuple[str, str], type[Choice]] = {}

    def choose(self, catalogue: Catalogue[E], node: Node) -> Chosen[E, Choice] | None:
        """Check a name, or a mapping of a name and options.

        Args:
            catalogue: Where the name is looked up.
            node: ``lae`` or ``{name: lae, temperature: 4}``.

        Returns:
            The choice, or ``None`` after adding at least one fault.
        """
        return self.choose_as(Choice, catalogue, node)

    def choose_as(self, base: type[C], catalogue: Catalogue[E], node: Node) -> Chosen[E, C] | None:
        """Check a choice whose mapping takes the keys of ``base`` as well as the options.

        Returns:
            The choice, or ``None`` after adding at least one fault.
        """
        node = node.spelled_out("name")
        name = node.entries.get("name")
        if name is None:
            hint = did_you_mean("", catalogue)
            self.faults.add(node.mark, f"{catalogue.kind}: the name is missing", hint)
            return None
        if not isinstance(name.value, str) or len(name.value) > MAX_NAME_LENGTH:
            message = f"{catalogue.kind}: expected a name, got {name.described()}"
            self.faults.add(name.mark, message, did_you_mean("", catalogue))
            return None
        try:
            entry = catalogue[name.value]
        except BadInput as error:
            # A name that is near none of ours, nor of a library's network, is more likely that of a
            # plug-in than a slip.
            is_near = name.value in catalogue or closest(name.value, catalogue) is not None
            hint = error.hint if is_near else f"{error.hint}; a plug-in's with --plugin FILE.py"
            self.faults.add(name.mark, error.message, hint)
            return None
        form = read_form(
            self._form(base, catalogue.kind, name.value, entry), node, name.value, self.faults
        )
        options = self._options(name.value, entry, node)
        if form is None or options is None:
            return None
        named = Named(
            name=name.value, options=options, revision=entry.revision, plugin=entry.plugin
        )
        return Chosen(named=named, entry=entry, form=form, mark=name.mark)

    def _options(self, name: str, entry: Entry, node: Node) -> dict[str, Any] | None:
        """Return every option that has a value; ``None`` after adding at least one fault."""
        checked: dict[str, Any] = {}
        is_right = True
        for key, option in entry.options.items():
            child = node.entries.get(key)
            if child is None and option.is_required:
                continue  # the form has reported it
            try:
                checked[key] = option.check(option.default if child is None else child.plain())
            except BadValue as error:
                is_right = False
                at = node.at([key] if error.index is None else [key, error.index])
                self.faults.add(at.mark, f"{name}.{key}: {error.message}", error.hint)
        return checked if is_right else None

    def _form(self, base: type[C], kind: str, name: str, entry: Entry) -> type[C]:
        known = self._forms.get((kind, name))
        if known is not None and issubclass(known, base):
            return known
        fields: dict[str, Any] = {
            # An option may be called anything, `copy` or `json` too; a model's attribute may not.
            f"option_{index}": (Any, _key(option_name, option))
            for index, (option_name, option) in enumerate(entry.options.items())
        }
        form: type[C] = create_model(name, __base__=base, **fields)
        self._forms[kind, name] = form
        return form


def _key(name: str, option: Option) -> Any:
    """Return the field of an option: its name, and whether it may be left out."""
    default = ... if option.is_required else None
    return Field(default, alias=name, description=option.describe_range())
