"""Networks of torchvision and timm with each pool replaced by the operator that it already is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import torch

from poolbench.assembly.network import SitePools, build_body, model_spec
from poolbench.assembly.sites import sites_of
from poolbench.core.cell import ModelSpec
from poolbench.core.errors import BadInput
from poolbench.core.sites import FoundSite
from poolbench.models.external import fill_sites
from poolbench.models.network import count_parameters

# One of each family, mostly its smallest.
TIMM = Path(__file__).with_name("timm_families.txt").read_text(encoding="utf-8").split()
_CLASSES = 10
_ROUNDING = 1e-5
"""Largest difference of logits over the largest logit, for sums in another order."""


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What became of one network.

    Args:
        name: The network.
        size_px: Side of its images.
        groups: Number of sites by group.
        parameters: Its number of parameters, before and after.
        replaced: Number of pools that got the operator that they are.
        difference: Largest difference of its logits, over the largest logit.
        reasons: Why pools stayed as they were, by number.
    """

    name: str
    size_px: int
    groups: Mapping[str, int] = field(default_factory=dict)
    parameters: int = 0
    replaced: int = 0
    difference: float = 0.0
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_equal(self) -> bool:
        return self.difference <= _ROUNDING

    def __str__(self) -> str:
        groups = " ".join(f"{group}:{n}" for group, n in self.groups.items())
        equal = "exact" if self.difference == 0 else f"{self.difference:.0e}"
        why = "; ".join(f"{number} {reason}" for reason, number in self.reasons.items())
        logits = equal if self.replaced else "-"
        return (
            f"{self.name:42} {self.size_px:4} {groups:38} {self.parameters:12,} "
            f"{self.replaced:3} {logits:6} {why}"
        )


def sweep(name: str) -> Swept:
    """Replace each head and window of a network by what it is; compare, and train a step."""
    size_px, found = smallest_size(name)
    groups = Counter(site.group for site in found)
    pools = [site for site in found if site.group in ("head", "window")]
    kept = [site.note or "no operator is that" for site in pools if site.note or not site.operator]
    chosen = {site.path: site.operator for site in pools if site.operator and not site.note}
    reasons = Counter(kept) if pools else Counter(["nothing pools maps (N, C, H, W)"])
    swept = Swept(name=name, size_px=size_px, groups=groups, reasons=reasons)
    if not chosen:
        return swept
    torch.manual_seed(0)
    images = torch.rand(2, 3, size_px, size_px)
    shape = (3, size_px, size_px)
    theirs = build_body(
        ModelSpec(network=model_spec(name, {}, {}).network, pools={}),
        in_channels=3, num_classes=_CLASSES, image_size=shape[1:],
    )  # fmt: skip
    ours = fill_sites(deepcopy(theirs), name, shape, SitePools(model_spec(name, {}, chosen).pools))
    replaced = sum(
        type(module).__module__.startswith("poolbench.oper") for module in ours.modules()
    )
    parameters = count_parameters(theirs)
    assert count_parameters(ours) == parameters
    with torch.no_grad():
        expected = theirs.eval()(images)
        difference = (ours.eval()(images) - expected).abs().max() / expected.abs().max()
    del theirs
    logits = ours.train()(images)
    logits.square().mean().backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is None or p.grad.isfinite().all() for p in ours.parameters())
    assert sum(p.grad is not None for p in ours.parameters()) > 0
    return Swept(
        name=name, size_px=size_px, groups=groups, parameters=parameters, replaced=replaced,
        difference=float(difference), reasons=reasons,
    )  # fmt: skip


def found_in(name: str, size_px: int) -> tuple[FoundSite, ...]:
    """Return what is found in a network, without memory, on images of a size."""
    found = sites_of(name, size_px=size_px).found
    assert found is not None
    return found


def smallest_size(name: str) -> tuple[int, tuple[FoundSite, ...]]:
    """Return the smallest of a few sizes at which a network runs and its heads can be replaced."""
    for size_px in (64, 96, 224):
        try:
            found = found_in(name, size_px)
        except BadInput:
            continue
        if not any(site.note for site in found if site.group == "head"):
            return size_px, found
    return 256, found_in(name, 256)
