from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

import poolbench.operators
from poolbench.core.errors import BadInput
from poolbench.core.options import BadValue
from poolbench.operators import OPERATORS
from poolbench.operators.base import PoolingOperator
from poolbench.operators.conv import Convolution
from poolbench.operators.create import build, create
from poolbench.operators.learned import learned_parameters, pooling_parameter_names
from poolbench.operators.strided import Strided
from poolbench.operators.window import Window

OURS = [name for name, entry in OPERATORS.items() if entry.plugin is None]

# Default, values that are taken, values that are not. A moved default moves every suite's numbers.
Facts = tuple[object, list[Any], list[Any]]
_TEMPERATURE: Facts = (1.0, [1e-3, 4, 1e6], [0, -1, math.nan, math.inf, "4"])
_EXPONENT: Facts = (3.0, [0.1, 1, 100], [0, -1])  # 3 is where Radenovic et al. start to learn
_LEARN: Facts = ("none", ["none", "layer", "channel"], ["all", None])
_LEARNED: Facts = ("layer", ["layer", "channel"], ["none"])
OPTIONS: dict[str, dict[str, Facts]] = {
    "average": {},
    "max": {},
    "lse": {"temperature": _TEMPERATURE, "learn": _LEARN},
    "lae": {"temperature": _TEMPERATURE, "learn": _LEARN},
    "lae-precision": {
        "temperature": _TEMPERATURE,
        "learn": _LEARN,
        "dtype": ("float32", ["float16", "float32", "float64"], ["bfloat16"]),
        "formula": ("textbook", ["textbook", "stable"], ["naive"]),
    },
    "lae-context": {"temperature": _TEMPERATURE, "learn": _LEARNED},
    "mixed": {
        "learn": _LEARNED,
        "alpha": (0.5, [-1, 0, 0.5, 2], [math.nan, "x"]),
        "bounded": (False, [True, False], [0.5, "yes"]),
    },
    "gated": {"learn": _LEARNED},
    "gem": {"p": _EXPONENT, "learn": _LEARN},
    "lp": {"p": _EXPONENT, "learn": _LEARN},
    "softpool": {"temperature": _TEMPERATURE, "learn": _LEARN},
    "avgmax": {},
    "min": {},
    "median": {},
    "quantile": {"q": (0.75, [0, 0.5, 1], [-0.01, 1.01])},
    "relu-max": {},
    "subpool": {
        "orders": ((0, 3), [[0], [0, 1, 16]], [[-1], [0.5], 3]),
        "learn": ("none", ["none", "layer"], ["channel"]),
    },
    "conv": {"kernel": ("same", ["same", "one"], ["large"])},
    "strided": {},
}


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name, options in OPTIONS.items() for option in options]
)
def test_an_option_has_its_default_and_takes_what_its_operator_allows(
    name: str, option: str
) -> None:
    default, taken, refused = OPTIONS[name][option]
    found = OPERATORS[name].options[option]
    assert found.default == default
    assert found.help
    for value in taken:
        kept = found.check(value)
        assert list(kept) == value if isinstance(value, list) else kept == value
    for value in refused:
        with pytest.raises(BadValue):
            found.check(value)


def test_every_entry_has_its_options_and_says_what_it_is_and_where_it_is_from() -> None:
    assert {name: list(OPERATORS[name].options) for name in OURS} == {
        name: list(options) for name, options in OPTIONS.items()
    }
    assert all(OPERATORS[name].summary and OPERATORS[name].formula for name in OURS)
    textbook = {"average", "max", "avgmax", "min", "median", "relu-max"}
    assert {name for name in OURS if not OPERATORS[name].reference} == textbook
    # The contract tests a promise only where it is given. A weight of exp(-inf) is 0.
    assert {name for name in OURS if OPERATORS[name].skips_minus_infinity} == {
        "max", "relu-max", "lse", "lae", "lae-precision", "lae-context", "softpool",
    }  # fmt: skip
    # A lowered revision would take results of the old code for those of the new.
    revised = {name: OPERATORS[name].revision for name in OURS if OPERATORS[name].revision > 1}
    assert revised == {"subpool": 2}


@pytest.mark.parametrize("name", OURS)
def test_the_catalogue_declares_exactly_what_the_constructor_takes(name: str) -> None:
    parameters = dict(inspect.signature(OPERATORS.resolve(name)).parameters)
    for uniform in ("window", "channels", "grid"):
        assert parameters.pop(uniform).default is None
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in parameters.values())
    declared = {key: option.default for key, option in OPERATORS[name].options.items()}
    assert {key: p.default for key, p in parameters.items()} == declared


def test_every_operator_in_the_folder_is_in_the_catalogue() -> None:
    found = set()
    for module in pkgutil.iter_modules(poolbench.operators.__path__, "poolbench.operators."):
        for name, member in vars(importlib.import_module(module.name)).items():
            is_operator = inspect.isclass(member) and issubclass(member, PoolingOperator)
            if is_operator and member.__module__ == module.name and not inspect.isabstract(member):
                found.add(f"{module.name}:{name}")
    assert found == {OPERATORS[name].target for name in OURS}


@pytest.mark.parametrize("name", OURS)
def test_the_parameter_that_an_operator_learns_has_the_name_in_the_catalogue(name: str) -> None:
    options: dict[str, Any] = {"learn": "layer"} if "learn" in OPERATORS[name].options else {}
    operator = create(name, channels=2, kernel_size=2, **options)
    names = {key.rpartition(".")[2] for key, _ in operator.named_parameters()}
    learns = OPERATORS[name].learns
    assert (learns in names) if learns else not names


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ({"name": "averge"}, "unknown operator 'averge'", "did you mean 'average'"),
        ({"name": "lae", "temprature": 2.0}, "no option 'temprature'", "'temperature'"),
        ({"name": "max", "learn": "layer"}, "no option 'learn'", "takes no options"),
        ({"name": "lae", "temperature": 0.0}, "lae.temperature: expected number > 0, got 0.0", ""),
        ({"name": "lae", "temperature": float("inf")}, "expected number > 0, got inf", ""),
        ({"name": "lae", "temperature": "4"}, "expected number > 0, got '4'", ""),
        ({"name": "lae", "temperature": True}, "expected number > 0, got true", ""),
        ({"name": "mixed", "learn": "none"}, "expected layer | channel, got 'none'", ""),
        (
            {"name": "lae", "learn": "chanel"},
            "none | layer | channel, got 'chanel'",
            "did you mean 'channel'",
        ),
        ({"name": "mixed", "bounded": 1}, "mixed.bounded: expected true | false, got 1", ""),
        ({"name": "lae", "learn": "channel"}, "number of channels", "channels="),
        ({"name": "conv", "kernel_size": 2}, "number of channels", "channels="),
        ({"name": "conv", "channels": 2}, "windowed only", "pass kernel_size"),
        ({"name": "gated"}, "size of the maps", "grid="),
        ({"name": "max", "kernel_size": 3, "padding": 2}, "more than half", "padding"),
        ({"name": "max", "kernel_size": 0}, "kernel_size: expected whole number >= 1, got 0", ""),
        ({"name": "max", "stride": 2}, "whole map", "kernel_size"),
        ({"name": "max", "padding": 1}, "whole map", "kernel_size"),
        ({"name": "max", "padding": (0, 1)}, "whole map", "kernel_size"),
        ({"name": "max", "ceil_mode": True}, "whole map", "kernel_size"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_advice(
    arguments: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(BadInput) as caught:
        create(**arguments)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("padding", [0, (0, 0)])
def test_a_whole_map_has_no_geometry_to_ask_for(padding: int | tuple[int, int]) -> None:
    pool = create("max", kernel_size=None, stride=None, padding=padding, ceil_mode=False)
    assert pool.window is None
    # Who builds one by hand gets no further.
    with pytest.raises(BadInput, match="conv"):
        Convolution(channels=2)
    with pytest.raises(BadInput, match="strided"):
        Strided()


def test_a_window_is_refused_where_only_whole_maps_are_pooled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = replace(OPERATORS["max"], scopes=("global",))
    monkeypatch.setitem(OPERATORS._entries, "max", entry)
    assert create("max").window is None
    with pytest.raises(BadInput, match="global only") as caught:
        create("max", kernel_size=2)
    assert caught.value.hint == "leave out kernel_size"


def test_a_whole_number_is_a_temperature() -> None:
    operator = create("lae", temperature=4, learn="layer")
    torch.testing.assert_close(learned_parameters(operator)["temperature"], torch.tensor([4.0]))


@pytest.mark.parametrize("learn", ["layer", "channel"])
@pytest.mark.parametrize(
    ("name", "options", "starts"),
    [
        ("lse", {"temperature": 4.0}, {"temperature": 4.0}),
        ("lae", {"temperature": 4.0}, {"temperature": 4.0}),
        ("lae-precision", {"temperature": 4.0}, {"temperature": 4.0}),
        # Without a weight on the context it is lae.
        ("lae-context", {"temperature": 4.0}, {"temperature": 4.0, "context_weight": 0.0}),
        ("softpool", {"temperature": 4.0}, {"temperature": 4.0}),
        ("gem", {"p": 2.5}, {"p": 2.5}),
        ("lp", {"p": 2.5}, {"p": 2.5}),
        ("mixed", {"alpha": 0.3}, {"alpha": 0.3}),
        ("mixed", {"alpha": 0.3, "bounded": True}, {"alpha": 0.3}),
    ],
)
def test_what_is_learned_starts_where_it_was_told_to(
    name: str, options: dict[str, Any], starts: dict[str, float], learn: str
) -> None:
    found = learned_parameters(create(name, channels=3, learn=learn, **options))
    count = 3 if learn == "channel" else 1
    assert {key: value.tolist() for key, value in found.items()} == {
        key: pytest.approx([start] * count) for key, start in starts.items()
    }


def test_an_operator_shows_the_options_it_was_given_and_a_foreign_module_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    partly = build("lae", learn="layer")
    assert partly.built_with == {"learn": "layer"}
    assert learned_parameters(partly)["temperature"].item() == 1.0
    # A plugin may bring any module.
    foreign = replace(OPERATORS["max"], target="torch.nn:Identity")
    monkeypatch.setitem(OPERATORS._entries, "max", foreign)
    assert vars(create("max")).keys() == vars(nn.Identity()).keys()


def _network() -> nn.Sequential:
    shared = create("lae", temperature=2.0, learn="channel", channels=4)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3),
        create("conv", channels=4, kernel_size=2),
        nn.Sequential(create("mixed", alpha=0.3, bounded=True, kernel_size=2)),
        create("gated", kernel_size=2),
        create("lse", kernel_size=2),
        shared,
        nn.Linear(4, 2),
    )


def test_learned_parameters_speak_of_temperatures_shares_and_gates() -> None:
    learned = learned_parameters(_network())
    assert set(learned) == {"2.0.alpha", "3.gate_weight", "5.temperature"}
    torch.testing.assert_close(learned["5.temperature"], torch.full((4,), 2.0))
    torch.testing.assert_close(learned["2.0.alpha"], torch.tensor([0.3]))
    assert not any(value.requires_grad for value in learned.values())


def test_learned_parameters_are_a_copy_that_training_does_not_change() -> None:
    network = _network()
    before = learned_parameters(network)
    kept = {key: value.clone() for key, value in before.items()}
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1.0)
    assert all(torch.equal(before[key], kept[key]) for key in kept)


def test_only_the_pools_own_parameters_escape_weight_decay() -> None:
    network = _network()
    names = pooling_parameter_names(network)
    assert names == {"2.0.alpha", "3.gate_weight", "5.log_temperature"}
    assert names < {name for name, _ in network.named_parameters()}


@pytest.mark.parametrize("name", ["lae", "gem", "subpool"])
def test_what_is_fixed_is_neither_learned_nor_state(name: str) -> None:
    operator = create(name)
    assert not list(operator.parameters())
    assert not operator.state_dict()
    assert not learned_parameters(operator)


@pytest.mark.parametrize("learn", ["none", "layer"])
def test_half_precision_modules_keep_their_temperature_in_float32(learn: str) -> None:
    operator = create("lae", temperature=3.0, learn=learn)
    value = operator.log_temperature.clone()
    for converted in (operator.half(), operator.to(torch.bfloat16)):
        assert converted.log_temperature.dtype == torch.float32
        assert torch.equal(converted.log_temperature, value)
    assert operator.double().log_temperature.dtype == torch.float64
    assert create("conv", channels=2, kernel_size=2).half().convolution.weight.dtype == torch.half


def test_a_small_convolution_skips_what_its_stride_skips() -> None:
    operator = create("conv", channels=1, kernel_size=3, stride=2, padding=1, kernel="one")
    x = torch.arange(25.0).view(1, 1, 5, 5)
    weight, bias = (p.item() for p in operator.parameters())
    torch.testing.assert_close(operator(x), weight * x[:, :, ::2, ::2] + bias)
    assert sum(p.numel() for p in operator.parameters()) == 2


@pytest.mark.parametrize(
    ("kernel", "padding"), [(2, 1), ((2, 1), (1, 0)), ((1, 2), (0, 1))], ids=str
)
def test_a_small_convolution_that_cannot_reach_the_pools_size_says_so(
    kernel: int | tuple[int, int], padding: int | tuple[int, int]
) -> None:
    operator = create(
        "conv", channels=1, kernel_size=kernel, stride=1, padding=padding, kernel="one"
    )
    with pytest.raises(ValueError, match="fewer outputs"):
        operator(torch.zeros(1, 1, 4, 4))


def test_a_large_convolution_sees_zeros_beyond_the_border() -> None:
    operator = create("conv", channels=2, kernel_size=3, stride=2, padding=1, ceil_mode=True)
    x = torch.randn(1, 2, 6, 6)
    weight, bias = (p.detach() for p in operator.parameters())
    padded = nn.functional.pad(x, (1, 2, 1, 2))
    torch.testing.assert_close(operator(x), nn.functional.conv2d(padded, weight, bias, stride=2))


def test_a_stride_takes_the_first_elements_and_beyond_the_edge_the_last() -> None:
    x = torch.arange(35.0).view(1, 1, 5, 7)
    pool = create("strided", kernel_size=3, stride=(2, 3), padding=1)
    assert torch.equal(pool(x), x[:, :, ::2, ::3])
    # Padding gives one output more than there are rows and columns.
    wider = create("strided", kernel_size=2, stride=1, padding=1)(x)
    assert torch.equal(wider, torch.nn.functional.pad(x, (0, 1, 0, 1), mode="replicate"))


def test_the_window_is_kept_as_it_was_asked_for() -> None:
    operator = create("max", kernel_size=3, stride=2, padding=1)
    assert operator.window == Window((3, 3), (2, 2), (1, 1))
    assert str(operator.window) == "kernel_size=(3, 3), stride=(2, 2), padding=(1, 1)"
    operator = create("max", kernel_size=(2, 3), ceil_mode=True)
    assert str(operator.window) == "kernel_size=(2, 3), stride=(2, 3), ceil_mode=True"
