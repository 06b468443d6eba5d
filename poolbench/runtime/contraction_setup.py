"""One setup of angle contraction: an untrained network, its pairs, and their similarities."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from poolbench.assembly.network import SitePools, build_body, model_spec
from poolbench.core.contraction import Setup, Similarities
from poolbench.core.errors import BadInput
from poolbench.core.streams import derive
from poolbench.data.splits import Splits
from poolbench.data.stable_random import StableRandom
from poolbench.operators.create import build
from poolbench.probes.contraction.measure import PoolsSideBySide, measure_similarities

# The batch size for batch normalisation on every machine, because results depend on it.
_NORMALISED_TOGETHER = 100
# Other networks do not depend on it; batches whose maps stay in the cache are fastest.
_MAPS_BYTES = 16 * 2**20
_CLASSES = 10


class _HeadPools(SitePools):
    """The default pools of a network, except for its head, which keeps its input."""

    def __init__(self, pools: SitePools) -> None:
        super().__init__(pools.pools)
        self.head = PoolsSideBySide()
        self.channels = 0
        self.grid = (0, 0)

    def __call__(self, site: str, **layer: Any) -> nn.Module:
        """Return the operator for one pooling layer; see ``models.api.PoolFactory``."""
        if site == "head":
            self.channels, self.grid = layer["channels"], layer["grid"]
            return self.head
        return super().__call__(site, **layer)


def measure_setup(
    setup: Setup,
    images: Tensor,
    device: torch.device,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Similarities:
    """Return the similarities of a setup, a function of the arguments alone.

    Args:
        setup: The setup to measure.
        images: The pairs: ``(2 pairs, C, H, W)``, all first images before all second ones.
        device: Device to measure on.
        on_progress: Called with the number of pairs done.

    Raises:
        BadInput: An operator does not fit this head.
    """
    _, channels, height, width = images.shape
    spec = model_spec(setup.network.name, setup.network.options, {})
    pools = _HeadPools(SitePools(spec.pools))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(derive(setup.seed, "init"))
        network = build_body(
            spec,
            in_channels=channels,
            num_classes=_CLASSES,
            image_size=(height, width),
            pools=pools,
        )
        # After the network, so that its weights do not depend on the operators.
        pools.head.operators.extend(
            build(pool.name, channels=pools.channels, grid=pools.grid, **pool.options)
            for pool in setup.pools
        )
    network.to(device).to(memory_format=torch.channels_last)
    return measure_similarities(
        network,
        pools.head,
        _batches(images.to(device), _pairs_at_once(network, pools)),
        batch_norm=setup.batch_norm,
        on_progress=on_progress,
    )


def _pairs_at_once(network: nn.Module, pools: _HeadPools) -> int:
    if any(isinstance(module, nn.BatchNorm2d) for module in network.modules()):
        return _NORMALISED_TOGETHER // 2
    height, width = pools.grid
    return max(1, min(100, _MAPS_BYTES // (8 * pools.channels * height * width)))


def _batches(images: Tensor, pairs_at_once: int) -> Iterator[tuple[Tensor, Tensor]]:
    first, second = images.contiguous(memory_format=torch.channels_last).chunk(2)
    yield from zip(
        torch.split(first, pairs_at_once), torch.split(second, pairs_at_once), strict=True
    )


def draw_pairs(setup: Setup, splits: Splits) -> Tensor:
    """Draw random pairs of training images; no image is in two pairs.

    Args:
        setup: The number of pairs, the seed and the preprocessing.
        splits: The data set.

    Returns:
        float32 ``(2 pairs, C, H, W)``, all first images before all second ones.

    Raises:
        BadInput: There are too few images.
    """
    count = len(splits.train)
    if 2 * setup.pairs > count:
        raise BadInput(
            f"{setup.pairs} pairs need {2 * setup.pairs} images; "
            f"{setup.source.name} has {count} training images",
            "ask for fewer pairs",
        )
    order = StableRandom("contraction", setup.seed).permutation(count)[: 2 * setup.pairs]
    pixels = splits.train.take(torch.from_numpy(order)).permute(0, 3, 1, 2).float() / 255
    if setup.is_centred:
        mean, std = (torch.tensor(each).view(1, -1, 1, 1) for each in (splits.mean, splits.std))
        pixels = (pixels - mean) / std
    return pixels + setup.shift
