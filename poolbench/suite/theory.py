"""The section ``theory`` of a suite: what to calculate, and the published results."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from poolbench.core.theory import (
    THEOREMS,
    LimitsSettings,
    MeanSimilaritySettings,
    OptimalErrorSettings,
    Orders,
    PlanSettings,
    RegionsSettings,
    SmoothMaximumSettings,
    Theorem,
    TheoremsSettings,
    TheorySettings,
)
from poolbench.suite.catalogues import Catalogues
from poolbench.suite.faults import Faults
from poolbench.suite.forms import read_form
from poolbench.suite.nodes import Node
from poolbench.suite.schema import Form

Elements = Annotated[int, Field(ge=2)]
Count = Annotated[int, Field(ge=1)]

Temperature = Annotated[float, Field(gt=0)]

_DEFAULTS = SmoothMaximumSettings()
_LIMITS = LimitsSettings()
_MEANS = MeanSimilaritySettings()
_THEOREMS = TheoremsSettings()


class TheoryForm(Form):
    """The subjects of the section."""

    optimal_error: Any = Field(default=None, alias="optimal-error")
    plan: Any = None
    regions: Any = None
    lse: Any = None
    limits: Any = None
    mean_similarity: Any = Field(default=None, alias="mean-similarity")
    theorems: Any = None


class OptimalErrorForm(Form):
    """Least errors of subpool maxes."""

    d: tuple[Elements, ...] = Field(min_length=1, description="a list of whole numbers >= 2")
    orders: tuple[tuple[int, ...], ...] = Field(default=(), description="a list of lists of orders")
    published: Any = None


class PublishedErrorsForm(Form):
    """The source's least errors for one d."""

    values: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        description="a number from 0 to 1, such as 1/8"
    )


class PlanForm(Form):
    """Divide and conquer."""

    d: Elements = Field(description="whole number >= 2")
    published: tuple[Count, ...] = Field(
        default=(), description="a list of numbers of subpools, pairs first"
    )


class RegionsForm(Form):
    """Linear regions."""

    d: Elements = Field(description="whole number >= 2")
    published: Count | None = Field(default=None, description="whole number >= 1")
    widths: tuple[Count, ...] = Field(default=(), description="a list of whole numbers >= 1")


class SmoothMaximumForm(Form):
    """LSE and LAE against the max."""

    t: tuple[Temperature, ...] = Field(
        default=_DEFAULTS.t, min_length=1, description="a list of numbers > 0"
    )
    n: tuple[Count, ...] = Field(
        default=_DEFAULTS.n, min_length=1, description="a list of whole numbers >= 1"
    )
    offsets: tuple[float, ...] = Field(
        default=_DEFAULTS.offsets, min_length=1, description="a list of numbers"
    )
    samples: Count = Field(default=_DEFAULTS.samples, description="whole number >= 1")
    seed: Annotated[int, Field(ge=0)] = Field(default=0, description="whole number >= 0")


class LimitsForm(Form):
    """LAE at low and at high temperatures."""

    n: tuple[Elements, ...] = Field(
        default=_LIMITS.n, min_length=1, description="a list of whole numbers >= 2"
    )
    low: tuple[Temperature, ...] = Field(
        default=_LIMITS.low, min_length=3, description="a list of at least three numbers > 0"
    )
    high: tuple[Temperature, ...] = Field(
        default=_LIMITS.high, min_length=3, description="a list of at least three numbers > 0"
    )
    samples: Count = Field(default=_LIMITS.samples, description="whole number >= 1")
    seeds: Count = Field(default=_LIMITS.seeds, description="whole number >= 1")


class MeanSimilarityForm(Form):
    """A ratio of means beside a mean of ratios."""

    image_sizes: tuple[Elements, ...] = Field(
        default=_MEANS.image_sizes, min_length=1, description="a list of whole numbers >= 2"
    )
    kernel_sizes: tuple[Count, ...] = Field(
        default=_MEANS.kernel_sizes, min_length=1, description="a list of odd whole numbers >= 1"
    )
    pairs: Count = Field(default=_MEANS.pairs, description="whole number >= 1")
    seed: Annotated[int, Field(ge=0)] = Field(default=0, description="whole number >= 0")


class TheoremsForm(Form):
    """Numbers that theorems on max pooling imply."""

    d: tuple[Elements, ...] = Field(
        default=_THEOREMS.d, min_length=1, description="a list of whole numbers >= 2"
    )
    numbers: tuple[Theorem, ...] = Field(
        default=THEOREMS, min_length=1, description="a list of theorems: 1, 3, 5, 6"
    )


def read_theory(node: Node, catalogues: Catalogues, faults: Faults) -> TheorySettings | None:  # noqa: ARG001
    """Check the section.

    Args:
        node: The mapping under ``theory``.
        catalogues: Unused.
        faults: Where faults are collected.

    Returns:
        The settings, or ``None`` after adding at least one fault.
    """
    form = read_form(TheoryForm, node, "theory", faults)
    parts = {key: child for key, child in node.entries.items() if child.value is not None}
    if form is not None and not parts:
        known = ", ".join(field.alias or key for key, field in TheoryForm.model_fields.items())
        faults.add(node.mark, "theory: expected at least one subject", f"known: {known}")
    errors = plan = regions = smooth = limits = means = theorems = None
    if "optimal-error" in parts:
        errors = _read_optimal_error(parts["optimal-error"], faults)
    if "plan" in parts and (given := read_form(PlanForm, parts["plan"], "plan", faults)):
        plan = PlanSettings(**given.model_dump())
    if "regions" in parts and (
        bound := read_form(RegionsForm, parts["regions"], "regions", faults)
    ):
        regions = RegionsSettings(**bound.model_dump())
    if "lse" in parts and (sizes := read_form(SmoothMaximumForm, parts["lse"], "lse", faults)):
        smooth = SmoothMaximumSettings(**sizes.model_dump())
    if "limits" in parts and (ends := read_form(LimitsForm, parts["limits"], "limits", faults)):
        limits = LimitsSettings(**ends.model_dump())
    if "mean-similarity" in parts and (
        images := read_form(MeanSimilarityForm, parts["mean-similarity"], "mean-similarity", faults)
    ):
        means = MeanSimilaritySettings(**images.model_dump())
    if "theorems" in parts and (
        asked := read_form(TheoremsForm, parts["theorems"], "theorems", faults)
    ):
        theorems = TheoremsSettings(**asked.model_dump())
    if faults:
        return None
    return TheorySettings(
        optimal_error=errors,
        plan=plan,
        regions=regions,
        lse=smooth,
        limits=limits,
        mean_similarity=means,
        theorems=theorems,
    )


def _read_optimal_error(node: Node, faults: Faults) -> OptimalErrorSettings | None:
    form = read_form(OptimalErrorForm, node, "optimal-error", faults)
    published: dict[tuple[int, Orders], float] = {}
    table = node.entries.get("published")
    for key, part in (table.entries if table is not None else {}).items():
        named = re.fullmatch(r"d([0-9]{1,4})", key)
        if named is None:
            faults.add(part.key, f"published: expected d2, d3, ..., got '{key}'")
            continue
        for orders, value in _read_errors(part, faults).items():
            published[int(named[1]), orders] = value
    if form is None:
        return None
    return OptimalErrorSettings(d=form.d, orders=form.orders, published=published)


def _read_errors(node: Node, faults: Faults) -> Mapping[Orders, float]:
    wrapped = node.under("values", is_implied=True)
    form = read_form(PublishedErrorsForm, wrapped, "published", faults)
    found: dict[Orders, float] = {}
    for key, value in (form.values if form else {}).items():
        if re.fullmatch(r"[0-9]{1,4}(,[0-9]{1,4})*", key) is None:
            message = f"published: expected orders such as \"0,3\", got '{key}'"
            faults.add(node.entries[key].key, message)
            continue
        found[tuple(sorted(map(int, key.split(","))))] = value
    return found
