"""Where the self-attention of MXResNet-50 sits."""

from __future__ import annotations

import pytest
import torch

import poolbench as pb
from poolbench.assembly.network import build_body
from poolbench.core.cell import ModelSpec
from poolbench.core.named import Named
from poolbench.models import MODELS
from poolbench.models.blocks import ResidualBlock
from poolbench.models.network import count_parameters
from poolbench.models.self_attention import SelfAttention


def _attentive(**options: object) -> tuple[torch.nn.Module, list[int], ResidualBlock]:
    """Return the network, where the attention sits in its block's branch, and that block."""
    torch.manual_seed(0)
    network = pb.model("mxresnet50", image_size=32, **options)
    blocks = [module for module in network.modules() if isinstance(module, ResidualBlock)]
    places = [
        [at for at, part in enumerate(block.residual) if isinstance(part, SelfAttention)]
        for block in blocks
    ]
    (index,) = [number for number, found in enumerate(places) if found]
    assert index == 2, "the last block of the first stage, which has three"
    return network, places[index], blocks[index]


def test_the_text_s_place_is_the_default_and_the_other_has_as_many_parameters() -> None:
    start, at_start, _ = _attentive()
    end, at_end, block = _attentive(attention_at="end")
    assert (at_start, at_end) == ([0], [len(block.residual) - 1])
    assert count_parameters(start) == count_parameters(end) == 23_641_003


def test_a_run_from_before_there_was_a_choice_has_it_at_the_end() -> None:
    options = {"attention": True}  # as its cell was stored
    site = {site.name: Named(name=site.default, options={}) for site in MODELS["mxresnet50"].sites}
    old = build_body(
        ModelSpec(network=Named(name="mxresnet50", options=options), pools=site),
        in_channels=3,
        num_classes=10,
        image_size=(32, 32),
    )
    end, _, _ = _attentive(attention_at="end")
    assert old.state_dict().keys() == end.state_dict().keys() != _attentive()[0].state_dict().keys()


@pytest.mark.parametrize("place", ["start", "end"])
def test_the_attention_s_place_changes_what_the_branch_sees(place: str) -> None:
    network, _, block = _attentive(attention_at=place)
    network.eval()
    attention = next(part for part in block.residual if isinstance(part, SelfAttention))
    x = torch.randn(1, 256, 4, 4, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        # The last scale of the branch starts at zero: what is before it does not show yet.
        for module in block.residual.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.fill_(1.0)
        convolutions = [part for part in block.residual if part is not attention]
        attention.gamma.fill_(0.1)
        run = torch.nn.Sequential(*convolutions)
        expected = run(attention(x)) if place == "start" else attention(run(x))
        torch.testing.assert_close(block(x), block.activation(expected + x))
