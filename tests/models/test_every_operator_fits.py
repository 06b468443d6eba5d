from __future__ import annotations

import pytest
import torch

from poolbench.assembly.network import build_body, model_spec
from poolbench.models import MODELS
from poolbench.operators import OPERATORS

# What takes few elements alone is tried by tests/operators, where it fits.
FREE_OF_SIZE = [name for name, entry in OPERATORS.items() if entry.largest_window is None]


@pytest.mark.parametrize("network", MODELS)
@pytest.mark.parametrize("operator", FREE_OF_SIZE)
def test_a_site_takes_every_operator_of_its_scope(network: str, operator: str) -> None:
    entry, scopes = MODELS[network], OPERATORS[operator].scopes
    fitting = {site.name: operator for site in entry.sites if site.scope in scopes}
    if not fitting:
        assert scopes == ("windowed",)
        return
    options = {site.needs: True for site in entry.sites if site.needs}
    channels, height, width = entry.input_shape or (3, 32, 32)
    # Without memory: what is asked is whether each operator can be built where it would stand.
    with torch.device("meta"):
        body = build_body(
            model_spec(network, options, fitting),
            in_channels=channels,
            num_classes=10,
            image_size=(height, width),
        )
    assert sum(parameter.numel() for parameter in body.parameters()) > 0
