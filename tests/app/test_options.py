"""One check of an option, whichever way the value came in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import poolbench as pb
from poolbench.assembly.network import SitePools, model_spec
from poolbench.core.catalogue import OperatorEntry
from poolbench.core.errors import BadInput
from poolbench.core.options import Option
from poolbench.operators import OPERATORS
from poolbench.operators.lae import LogAvgExp
from poolbench.probes import PROBES
from poolbench.suite.probes import read_attacks

SUITE = """\
schema: 1
data: digits
model: {name: wrn, depth: 8, width: 1}
recipe: {epochs: 1, batch_size: 32, optimizer: {name: sgd, lr: 0.1}}
seeds: 1
variants: {average: {pools: average}}
"""


def _message(error: BadInput) -> str:
    """Return a fault's own words: without its place, and the lines of the file under it."""
    line = error.message.splitlines()[0]
    return line.partition(": ")[2] if line.startswith(("s.yaml", "--")) else line


def _in_suite(folder: Path, old: str, new: str) -> str:
    path = folder / "s.yaml"
    path.write_text(SUITE.replace(old, new))
    with pytest.raises(BadInput) as caught:
        pb.load_suite("s.yaml")
    return _message(caught.value)


def _in_python(build: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(BadInput) as caught:
        build(*arguments, **options)
    assert caught.value.exit_code == 2
    return _message(caught.value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("option", "given", "written"),
    [
        ("width", 0, "0"),
        ("depth", 2, "2"),
        ("depth", "18", "'18'"),
        ("depth", 18.0, "18.0"),
        ("depth", True, "true"),
        ("se", 1, "1"),
        ("se", None, "null"),
    ],
)
def test_a_networks_option_is_refused_in_one_wording(
    folder: Path, option: str, given: object, written: str
) -> None:
    told = _in_suite(folder, "depth: 8, width: 1", f"{option}: {written}")
    assert told.startswith(f"wrn.{option}: expected ")
    assert told == _in_python(pb.model, "wrn", **{option: given})


@pytest.mark.parametrize(
    ("operator", "option", "given", "written"),
    [
        ("lae", "temperature", 0, "0"),
        ("lae", "temperature", float("nan"), ".nan"),
        ("lae", "learn", "chanel", "chanel"),
        ("mixed", "bounded", 1, "1"),
        ("quantile", "q", 1.5, "1.5"),
        ("gem", "p", "3", "'3'"),
        ("lae-precision", "dtype", "float8", "float8"),
        ("subpool", "orders", [0, -3], "[0, -3]"),
        ("subpool", "learn", "channel", "channel"),
    ],
)
def test_an_operators_option_is_refused_in_one_wording(
    folder: Path, operator: str, option: str, given: object, written: str
) -> None:
    told = _in_suite(folder, "pools: average", f"pools: {{name: {operator}, {option}: {written}}}")
    assert told.startswith(f"{operator}.{option}: expected ")
    pools = {"head": {"name": operator, option: given}}
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1))
    assert told == _in_python(pb.operator, operator, **{option: given})
    assert told == _in_python(pb.model, "wrn", pools=pools)
    assert told == _in_python(pb.swap_pooling, network, operator, **{option: given})


@pytest.mark.parametrize(
    ("probe", "option", "written"),
    [
        ("pgd", "steps", "0"),
        ("pgd", "rel_stepsize", "0"),
        ("pgd", "rel_stepsize", ".nan"),
        *(
            (probe, "epsilons", written)
            for probe in ("fgsm", "fgm-l2", "pgd")
            for written in ("[]", "[0, .nan]", "[-0.1, 0.1]", "[0, .inf]", "[0, 0.2, 0.1]", "0.1")
        ),
        ("zoom", "sizes", "[8, 8]"),
    ],
)
def test_a_probes_option_is_refused_in_one_wording(
    folder: Path, probe: str, option: str, written: str
) -> None:
    told = _in_suite(folder, "seeds: 1", f"seeds: 1\nprobes: {{{probe}: {{{option}: {written}}}}}")
    assert told.startswith(f"{probe}.{option}: expected ")
    attack = f"{{name: {probe}, {option}: {written}}}"
    error = _in_python(read_attacks, [attack], {}, PROBES)
    assert error.endswith(told)


@pytest.fixture
def plugin() -> Iterator[str]:
    OPERATORS.add(
        "sharp",
        OperatorEntry(
            target="tests.app.test_options:Sharp",
            summary="lae of a plug-in, whose constructor checks nothing",
            options={"temperature": Option(kind=float, default=1, above=0.0, maximum=2.0)},
        ),
    )
    yield "sharp"
    del OPERATORS._entries["sharp"]


class Sharp(LogAvgExp):
    """An operator from elsewhere."""


def test_a_plug_ins_option_is_checked_as_ours_are(folder: Path, plugin: str) -> None:
    told = _in_suite(folder, "pools: average", f"pools: {{name: {plugin}, temperature: 3}}")
    assert told == "sharp.temperature: expected number > 0 and <= 2, got 3"
    assert told == _in_python(pb.operator, plugin, temperature=3)
    assert type(pb.operator(plugin).describe()["temperature"]) is float
    (folder / "s.yaml").write_text(SUITE.replace("pools: average", f"pools: {plugin}"))
    (cell,) = pb.load_suite("s.yaml").cells
    # As the whole number it is declared as, it would be another identity.
    assert type(cell.model.pools["head"].options["temperature"]) is float


def test_numbers_of_numpy_build_the_network_that_pythons_build() -> None:
    spec = model_spec("wrn", {"depth": np.int64(8), "se": np.bool_(True)}, {"head": "lae"})
    assert spec == model_spec("wrn", {"depth": 8, "se": True}, {"head": {"name": "lae"}})


def test_the_geometry_of_a_site_is_no_option_of_its_operator() -> None:
    pools = {"head": {"name": "max", "kernel_size": 3}}
    told = _in_python(pb.model, "wrn", pools=pools)
    assert told == "max has no option 'kernel_size'"


def test_what_a_cell_holds_was_checked_and_is_not_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pools = SitePools(model_spec("wrn", {}, {"head": {"name": "lae", "temperature": 4}}).pools)

    def refuse(*_: object) -> None:
        raise AssertionError("checked twice")

    monkeypatch.setattr(Option, "check", refuse)
    assert pools("head", channels=2, grid=(4, 4)).describe()["temperature"] == 4.0


def test_a_site_that_the_network_does_not_have_is_refused_in_python_too() -> None:
    with pytest.raises(BadInput, match="wrn has no site 'se'") as refused:
        pb.model("wrn", pools={"se": "lae"})
    assert refused.value.hint == "it exists with se=True in the options of wrn"
    squeezed = pb.model("wrn", pools={"se": "lae"}, se=True)
    assert any(isinstance(module, LogAvgExp) for module in squeezed.modules())


@pytest.mark.parametrize("name", ["num_classes", "in_channels"])
@pytest.mark.parametrize("value", [0, -1, 2.5, "3", True])
def test_what_a_network_is_built_for_is_checked(name: str, value: object) -> None:
    told = _in_python(pb.model, "lenet-cifar", **{name: value})
    assert told.startswith(f"{name}: expected whole number >= 1, got ")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pb.operator("lae", kernel_size="3"), "kernel_size: expected whole number >= 1"),
        (lambda: pb.operator("lae", kernel_size=(3, 2, 1)), "expected one number or two, got 3"),
        (lambda: pb.operator("lae", kernel_size=2, padding=-1), "padding: expected whole number"),
        (lambda: pb.operator("lae", learn="channel", channels=0), "channels: expected whole"),
        (lambda: pb.operator(None), "expected the name of one operator, got None"),
        (
            lambda: pb.model("wrn", image_size="x"),
            "image_size: expected whole number >= 1, got 'x'",
        ),
        (lambda: pb.model("wrn", image_size=0), "image_size: expected whole number >= 1, got 0"),
        (lambda: pb.model("wrn", pools="lae"), "pools: expected operators by site, got 'lae'"),
        (lambda: pb.model("wrn", pools={"head": None}), "an operator needs a name"),
        (lambda: pb.model(3), "expected the name of one model, got 3"),
        (lambda: pb.swap_pooling(3, "lae"), "expected a network, got 3"),
        (
            lambda: pb.compare({"a": [1, 2], "b": ["x"]}, lower_is_better=True),
            "a value of variant 'b' is 'x'",
        ),
    ],
)
def test_what_a_call_is_given_beside_options_is_checked_too(
    call: Callable[[], object], message: str
) -> None:
    with pytest.raises(BadInput) as refused:
        call()
    assert message in refused.value.message


def test_sizes_from_numpy_are_numbers() -> None:
    maps = torch.zeros(1, 1, 6, 6)
    assert pb.operator("lae", kernel_size=np.int64(3))(maps).shape == (1, 1, 2, 2)
    pb.model("wrn", depth=8, width=1, image_size=np.int64(32))
