"""Networks with named pooling sites: the catalogue. Reading it imports no torch."""

from __future__ import annotations

from poolbench.core.catalogue import ModelEntry, Site
from poolbench.core.options import Option
from poolbench.models.catalogue import ModelCatalogue

_MAXPOOL_PAPER = "The theoretical expressiveness of maxpooling, appendix E"
_CONTRACTION_PAPER = "Contraction property of pooling layer, section 3"
_HEAD = Site(name="head", scope="global", default="average")
# Above what has been published, 1,202 layers; a slip of the keyboard must not fill the memory.
_DEEPEST = 2000
_WIDEST = 100_000

MODELS = ModelCatalogue(
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
            revision=2,
            reference=f"{_MAXPOOL_PAPER}; Page 2018, How to train your ResNet 8",
        ),
        "wrn": ModelEntry(
            target="poolbench.models.wide_resnet:WideResNet",
            summary="wide residual network with PReLU block ends and a global pooling head",
            options={
                "depth": Option(
                    kind=int,
                    default=18,
                    minimum=8,
                    maximum=_DEEPEST,
                    help="(depth - 2) // 6 blocks per stage",
                ),
                "width": Option(
                    kind=int,
                    default=6,
                    minimum=1,
                    maximum=100,
                    help="stages are 16, 32, 64 times as wide",
                ),
                "se": Option(
                    kind=bool, default=False, help="squeeze-and-excitation, ratio 16, in each block"
                ),
            },
            sites=(
                Site(name="se", scope="global", default="average", needs="se"),
                _HEAD,
            ),
            parameters="6,173,472 (depth 18, width 6, 10 classes), 6,223,284 (se)",
            reference="Lowe, Trappenberg, Oore 2021 (WRN-18-6); Zagoruyko, Komodakis 2016",
        ),
        "mxresnet50": ModelEntry(
            target="poolbench.models.mxresnet50:mxresnet50",
            summary="XResNet-50 with Mish, pooling shortcuts and one self-attention layer",
            options={
                "attention": Option(
                    kind=bool, default=True, help="self-attention in the first stage's last block"
                ),
                "attention_at": Option(
                    kind=str,
                    default="start",
                    choices=("start", "end"),
                    help="before the block's convolutions, or behind them",
                ),
            },
            revision=2,
            sites=(
                Site(name="stem", scope="windowed", default="max"),
                Site(name="shortcut", scope="windowed", default="average"),
                _HEAD,
            ),
            parameters="23,641,003 (10 classes), 23,575,466 (without attention)",
            reference="Lowe, Trappenberg, Oore 2021; He et al. 2019 (arXiv:1812.01187)",
        ),
        "pyramidnet": ModelEntry(
            target="poolbench.models.pyramidnet:pyramidnet",
            summary="residual network that widens with every block, with ShakeDrop",
            options={
                "depth": Option(
                    kind=int,
                    default=110,
                    minimum=8,
                    maximum=_DEEPEST,
                    help="(depth - 2) // 6 blocks per stage",
                ),
                "alpha": Option(
                    kind=int,
                    default=200,
                    minimum=0,
                    maximum=_WIDEST,
                    help="channels added from first to last",
                ),
            },
            sites=(_HEAD,),
            parameters="16,566,290 (depth 110, alpha 200, 10 classes)",
            reference="Han, Kim, Kim 2017 (arXiv:1610.02915); Yamada et al. 2019",
        ),
        "resnet32": ModelEntry(
            target="poolbench.models.resnet32:resnet32",
            summary="residual network for CIFAR, zero-padded shortcuts without parameters",
            sites=(_HEAD,),
            parameters="464,154 (10 classes)",
            reference="He et al. 2016 (arXiv:1512.03385)",
        ),
        "resnet50": ModelEntry(
            target="poolbench.models.resnet50:resnet50",
            summary="residual network of bottlenecks with a 3x3 stem",
            sites=(_HEAD,),
            parameters="23,520,842 (10 classes)",
            reference="He et al. 2016 (arXiv:1512.03385)",
        ),
        "dla": ModelEntry(
            target="poolbench.models.dla:dla",
            summary="deep layer aggregation for CIFAR",
            sites=(_HEAD,),
            parameters="16,291,386 (10 classes)",
            reference="Yu et al. 2018 (arXiv:1707.06484)",
        ),
        "densenet": ModelEntry(
            target="poolbench.models.densenet:densenet",
            summary="DenseNet-BC: bottlenecks, channels and size halved between three stages",
            options={
                "depth": Option(
                    kind=int,
                    default=150,
                    minimum=10,
                    maximum=_DEEPEST,
                    help="(depth - 4) // 6 bottlenecks per stage",
                ),
                "growth": Option(
                    kind=int,
                    default=12,
                    minimum=1,
                    maximum=1000,
                    help="channels each bottleneck adds",
                ),
            },
            sites=(_HEAD,),
            parameters="1,514,890 (depth 150, growth 12, 10 classes)",
            reference="Huang et al. 2017 (arXiv:1608.06993)",
        ),
        "shallow-fcn": ModelEntry(
            target="poolbench.models.shallow_fcn:shallow_fcn",
            summary="one layer of ReLUs pooled in groups; fixed to the size it was built for",
            options={
                "width": Option(
                    kind=int, default=1000, minimum=1, maximum=_WIDEST, help="hidden units"
                ),
                "group_size": Option(
                    kind=int,
                    default=50,
                    minimum=1,
                    maximum=_WIDEST,
                    help="units pooled together; divides width",
                ),
            },
            sites=(_HEAD,),
            parameters="3,072,200 (3x32x32, 10 classes)",
            reference=_CONTRACTION_PAPER,
        ),
        "shallow-cnn": ModelEntry(
            target="poolbench.models.shallow_cnn:shallow_cnn",
            summary="one layer of convolutions with ReLU, pooled over the map",
            options={
                "channels": Option(
                    kind=int, default=640, minimum=1, maximum=_WIDEST, help="channels"
                ),
                "kernel_size": Option(
                    kind=int,
                    default=3,
                    minimum=1,
                    maximum=1001,
                    odd=True,
                    help="side of the kernel, in pixels",
                ),
                "padding": Option(
                    kind=int,
                    default=None,
                    minimum=0,
                    maximum=1000,
                    help="zeros on each side, in pixels; default: as many as keep the size",
                ),
            },
            sites=(_HEAD,),
            parameters="23,680 (three colours, 10 classes)",
            reference=_CONTRACTION_PAPER,
        ),
    },
)
