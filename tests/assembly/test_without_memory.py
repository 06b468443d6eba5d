"""Networks that have shapes and no values."""

from __future__ import annotations

import subprocess
import sys

import torch

from poolbench.assembly.network import build_body, model_spec
from poolbench.assembly.without_memory import without_memory


def test_a_network_has_shapes_only_and_draws_nothing() -> None:
    state = torch.random.get_rng_state()
    with without_memory():
        body = build_body(
            model_spec("wrn", {"depth": 10, "width": 6}, {}),
            in_channels=3,
            num_classes=10,
            image_size=(32, 32),
        )
        with torch.device("cpu"):
            drawn = torch.empty(1000).normal_()
    assert {parameter.device.type for parameter in body.parameters()} == {"meta"}
    assert torch.equal(torch.random.get_rng_state(), state)
    assert 0.8 < float(drawn.std()) < 1.2, "what has memory is drawn as ever"


def test_torchs_compiler_is_not_loaded_for_it() -> None:
    code = (
        "import sys\n"
        "from poolbench.assembly.sites import sites_of\n"
        "sites_of('wrn')\n"
        "assert 'torch._dynamo' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
