"""Catalogue names with options: what a suite says, to a name with every option spelled out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, Field, create_model

from poolbench.core.catalogue import Catalogue, Entry
from poolbench.core.cell import Named
from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.options import Option
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
        form: The checked keys, those that are no options included.
        mark: Where the name stands.
    """

    named: Named
    entry: E
    form: C
    mark: Mark


class Chooser:
    """Checks choices and collects their faults.

    Args:
        faults: Where faults go.
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
        """Check a choice whose mapping takes the keys of ``base`` beside the options.

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
            self.faults.add(name.mark, error.message, error.hint)
            return None
        form = read_form(
            self._form(base, catalogue.kind, name.value, entry), node, name.value, self.faults
        )
        if form is None:
            return None
        options = {option: getattr(form, _field(at)) for at, option in enumerate(entry.options)}
        named = Named(name=name.value, options=options, revision=entry.revision)
        return Chosen(named=named, entry=entry, form=form, mark=name.mark)

    def _form(self, base: type[C], kind: str, name: str, entry: Entry) -> type[C]:
        known = self._forms.get((kind, name))
        if known is not None and issubclass(known, base):
            return known
        fields: dict[str, Any] = {
            # An option may be called anything, `copy` or `json` too; a model's attribute may not.
            _field(at): (_annotation(option), _described(option, option_name))
            for at, (option_name, option) in enumerate(entry.options.items())
        }
        form: type[C] = create_model(name, __base__=base, **fields)
        self._forms[kind, name] = form
        return form


def _field(position: int) -> str:
    return f"option_{position}"


def _described(option: Option, name: str) -> Any:
    words = option.describe_range()
    if option.is_required:
        return Field(alias=name, description=words)
    default = tuple(option.default) if isinstance(option.default, list) else option.default
    return Field(default, alias=name, description=words)


def _annotation(option: Option) -> Any:
    kind: Any = Literal[option.choices] if option.choices else option.kind
    bounds = {"gt": option.above, "ge": option.minimum, "le": option.maximum}
    given: dict[str, Any] = {sign: bound for sign, bound in bounds.items() if bound is not None}
    if given:
        kind = Annotated[kind, Field(**given)]
    if option.many:
        kind = tuple[kind, ...]
        if option.rising:
            kind = Annotated[kind, AfterValidator(_rising)]
    return kind | None if option.default is None else kind


def _rising(values: tuple[float, ...]) -> tuple[float, ...]:
    if not values or any(after <= before for before, after in pairwise(values)):
        raise ValueError
    return values
