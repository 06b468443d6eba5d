"""Data sets and augmentations: the catalogues. Reading them imports neither torch nor numpy."""

from __future__ import annotations

from poolbench.core.catalogue import Catalogue, DataEntry, Entry, PictureEntry
from poolbench.core.options import Option
from poolbench.data.official import CIFAR10, CIFAR100, MNIST
from poolbench.data.own_pictures import own_pictures

_KEEP_PX = Option(
    kind=int,
    default=None,
    words=("full",),
    minimum=1,
    help="shorter side of the pictures that are kept, in pixels, at least size_px; smaller ones "
    "are not enlarged, `full` keeps all as they are; default: 1.14 times size_px",
)
_ARCHIVE_OPTIONS = {
    "size_px": Option(
        kind=int,
        default=128,
        minimum=1,
        help="side of the images in pixels, which are cut from the pictures; published results use "
        "128 and 256",
    ),
    "keep_px": _KEEP_PX,
    "version": Option(
        kind=int,
        default=2,
        minimum=1,
        maximum=2,
        help="version of the split: 2 tests on 30 % of the images, 1 on 500",
    ),
}
_TORONTO = "Krizhevsky 2009, Learning multiple layers of features from tiny images"

DATASETS: Catalogue[DataEntry] = Catalogue(
    "data set",
    {
        "digits": DataEntry(
            target="poolbench.data.digits:read_digits",
            summary="handwritten digits, 8 x 8 pixels, in every installation",
            shape=(1, 8, 8),
            num_classes=10,
            counts=(1297, 500),
            checksum="3def4357f00c874664948cd3790f04284bf12348d1b1b7fd11769fb01d48b80c",
            license="CC BY 4.0 (UCI), with scikit-learn",
            reference="Alpaydin, Kaynak 1998, Optical Recognition of Handwritten Digits (UCI)",
        ),
        "cluttered-digits": DataEntry(
            target="poolbench.data.cluttered_digits:read_cluttered_digits",
            summary="one digit somewhere among fragments of others, in every installation",
            shape=(1, 32, 32),
            num_classes=10,
            counts=(4000, 2000),
            checksum="0bc79c6996bff565ef1bf23d7917b78d794bdec35c6d0ac144f42a8c1ddbe047",
            license="CC BY 4.0 (UCI), made of scikit-learn's digits",
            reference="after Mnih, Heess, Graves, Kavukcuoglu 2014 (arXiv:1406.6247)",
        ),
        "gaussian": DataEntry(
            target="poolbench.data.gaussian:read_gaussian",
            counts_of="poolbench.data.gaussian:count_images",
            summary="independent normal values, 128 + 40 z as bytes, and random labels",
            options={
                "size_px": Option(kind=int, default=32, minimum=1, help="height and width"),
                "channels": Option(kind=int, default=3, minimum=1),
                "num_classes": Option(kind=int, default=10, minimum=1),
                "train_images": Option(kind=int, default=1000, minimum=1),
                "test_images": Option(kind=int, default=500, minimum=1),
            },
            checksum="54c15129a67160bb4766330800e14078aef0a3a1f302cb7ce685a14e5ccc27d7",
            license="none needed: generated",
        ),
        "mnist": DataEntry(
            target="poolbench.data.mnist:read_mnist",
            summary="handwritten digits, 28 x 28 pixels",
            shape=(1, 28, 28),
            num_classes=10,
            counts=(60000, 10000),
            checksum=MNIST.checksum,
            find="poolbench.data.official:find_mnist",
            license="CC BY-SA 3.0",
            reference="LeCun, Bottou, Bengio, Haffner 1998",
        ),
        "cifar10": DataEntry(
            target="poolbench.data.cifar:read_cifar10",
            summary="colour photographs of 10 classes, 32 x 32 pixels",
            shape=(3, 32, 32),
            num_classes=10,
            counts=(50000, 10000),
            checksum=CIFAR10.checksum,
            find="poolbench.data.official:find_cifar10",
            license="free for research, no licence stated",
            reference=_TORONTO,
        ),
        "cifar100": DataEntry(
            target="poolbench.data.cifar:read_cifar100",
            summary="colour photographs of 100 classes, 32 x 32 pixels",
            shape=(3, 32, 32),
            num_classes=100,
            counts=(50000, 10000),
            checksum=CIFAR100.checksum,
            find="poolbench.data.official:find_cifar100",
            license="free for research, no licence stated",
            reference=_TORONTO,
        ),
        "imagenette": PictureEntry(
            target="poolbench.data.imagenette:read_imagenette",
            revision=2,  # images are cut from larger pictures
            find="poolbench.data.imagenette_files:find_imagenette",
            counts_of="poolbench.data.imagenette_files:count_images",
            summary="photographs of 10 easily distinguished classes of ImageNet",
            options=_ARCHIVE_OPTIONS,
            num_classes=10,
            license="Apache 2.0; the photographs as in ImageNet",
            reference="Howard 2019, https://github.com/fastai/imagenette",
        ),
        "imagewoof": PictureEntry(
            target="poolbench.data.imagenette:read_imagenette",
            revision=2,  # images are cut from larger pictures
            find="poolbench.data.imagenette_files:find_imagenette",
            counts_of="poolbench.data.imagenette_files:count_images",
            summary="photographs of 10 breeds of dogs of ImageNet",
            options=_ARCHIVE_OPTIONS,
            num_classes=10,
            license="Apache 2.0; the photographs as in ImageNet",
            reference="Howard 2019, https://github.com/fastai/imagenette",
        ),
        **own_pictures(_KEEP_PX),
    },
)

AUGMENTATIONS: Catalogue[Entry] = Catalogue(
    "augmentation",
    {
        "crop": Entry(
            target="poolbench.data.augment.crop:Crop",
            summary="pad each side, then crop the original size at a random position",
            options={
                "padding": Option(kind=int, default=4, minimum=1, help="pixels on each side"),
                "mode": Option(
                    kind=str,
                    default="zero",
                    choices=("zero", "reflect"),
                    help="content of the padding: black, or the mirrored image",
                ),
            },
        ),
        "flip": Entry(
            target="poolbench.data.augment.flip:Flip",
            summary="mirror left and right, with probability 1/2",
        ),
        "cutout": Entry(
            target="poolbench.data.augment.cutout:Cutout",
            summary="cover a square, wholly inside the image, with the training mean",
            options={
                "size": Option(kind=int, default=8, minimum=1, help="side of the square, in pixels")
            },
            reference="DeVries, Taylor 2017 (arXiv:1708.04552); placed as Page 2018 does",
        ),
        "random-resized-crop": Entry(
            target="poolbench.data.augment.random_resized_crop:RandomResizedCrop",
            summary="cut a box of random area and shape, and resize it to a square",
            options={
                "scale_min": Option(
                    kind=float,
                    default=0.35,
                    above=0.0,
                    maximum=1.0,
                    help="smallest area of a box, as a fraction of the image's",
                ),
                "scale_max": Option(
                    kind=float,
                    default=1.0,
                    above=0.0,
                    maximum=1.0,
                    help="largest area of a box, as a fraction of the image's",
                ),
                "size_px": Option(
                    kind=int,
                    default=None,
                    minimum=1,
                    help="side of the squares in pixels; default: the images' size",
                ),
            },
            reference="Szegedy et al. 2015 (arXiv:1409.4842); as torchvision draws and resamples",
        ),
        "autoaugment": Entry(
            target="poolbench.data.augment.autoaugment:AutoAugment",
            summary="the policy found for CIFAR-10: 25 pairs of operations, one drawn per image",
            reference="Cubuk, Zoph, Mane, Vasudevan, Le 2019 (arXiv:1805.09501)",
        ),
    },
)
