"""Networks with named pooling sites: the catalogue. Reading it imports no torch."""

from __future__ import annotations

from poolbench.core.catalogue import Catalogue, ModelEntry, Site
from poolbench.core.options import Option

_MAXPOOL_PAPER = "The theoretical expressiveness of maxpooling, appendix E"

MODELS: Catalogue[ModelEntry] = Catalogue(
    "model",
    {
        "lenet-mnist": ModelEntry(
            target="poolbench.models.lenet:lenet_mnist",
            summary="two 5x5 convolutions, each with ReLU and pool(3,2,1), two linear layers",
            sites=tuple(
                Site(name=name, scope="windowed", default="max") for name in ("pool1", "pool2")
            ),
            parameters="259,106 (max), 305,282 (conv)",
            input_shape=(1, 28, 28),
            reference=_MAXPOOL_PAPER,
        ),
        "lenet-cifar": ModelEntry(
            target="poolbench.models.lenet:lenet_cifar",
            summary="convolutions 5x5, 5x5, 3x3, each with ReLU and pool(3,2,1), two linear layers",
            sites=tuple(
                Site(name=name, scope="windowed", default="max")
                for name in ("pool1", "pool2", "pool3")
            ),
            parameters="232,162 (max, strided), 253,890 (conv, kernel one)",
            input_shape=(3, 32, 32),
            reference=_MAXPOOL_PAPER,
        ),
        "resnet-page": ModelEntry(
            target="poolbench.models.resnet_page:ResNetPage",
            summary="fast residual network with ghost batch norm, a pool in each of three layers",
            sites=tuple(
                Site(name=name, scope="windowed", default="max")
                for name in ("pool1", "pool2", "pool3", "head")
            ),
            parameters="4,666,265 (max), 10,238,233 (conv), 5,273,881 (conv, kernel one), "
            "4,928,921 (strided)",
            input_shape=(3, 32, 32),
            reference=f"{_MAXPOOL_PAPER}; Page 2018, How to train your ResNet 8",
        ),
        "wrn": ModelEntry(
            target="poolbench.models.wide_resnet:WideResNet",
            summary="wide residual network with PReLU block ends and a global pooling head",
            options={
                "depth": Option(
                    kind=int, default=18, minimum=8, help="(depth - 2) // 6 blocks a stage"
                ),
                "width": Option(
                    kind=int, default=6, minimum=1, help="stages are 16, 32, 64 times as wide"
                ),
                "se": Option(
                    kind=bool, default=False, help="squeeze-and-excitation, ratio 16, in each block"
                ),
            },
            sites=(
                Site(name="se", scope="global", default="average", needs="se"),
                Site(name="head", scope="global", default="average"),
            ),
            parameters="6,173,472 (depth 18, width 6, 10 classes), 6,223,284 (se)",
            reference="Lowe, Trappenberg, Oore 2021 (WRN-18-6); Zagoruyko, Komodakis 2016",
        ),
    },
)
