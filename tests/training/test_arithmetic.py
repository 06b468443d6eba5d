"""What may round to tf32, and when: flags of torch that exist without a GPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn

from poolbench.core.cell import Precision
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.training.arithmetic import arithmetic, autocast, check_tf32
from poolbench.training.evaluate import evaluate
from poolbench.training.step import Step
from tests.training.test_loop import Labelled, recipe

CPU, GPU = torch.device("cpu"), torch.device("cuda")
every_precision = pytest.mark.parametrize("precision", get_args(Precision))


def allowed() -> tuple[bool, bool]:
    """Return whether convolutions and matrix products may round to tf32."""
    return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32


@pytest.fixture(autouse=True, params=[(True, False), (False, False)], ids=["default", "off"])
def before(request: pytest.FixtureRequest) -> Iterator[tuple[bool, bool]]:
    kept = allowed()
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = request.param
    yield request.param
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = kept


@every_precision
def test_a_gpu_rounds_to_tf32_where_that_is_asked_for_and_nowhere_else(
    precision: Precision, before: tuple[bool, bool]
) -> None:
    with arithmetic(GPU, precision):
        assert allowed() == ((True, True) if precision == "tf32" else (False, False))
    assert allowed() == before


def test_an_error_leaves_the_arithmetic_as_it_was(before: tuple[bool, bool]) -> None:
    with pytest.raises(ZeroDivisionError), arithmetic(GPU, "tf32"):
        1 / 0  # noqa: B018
    assert allowed() == before


def test_on_a_cpu_nothing_is_switched(before: tuple[bool, bool]) -> None:
    with arithmetic(CPU, "tf32"):
        assert allowed() == before


@every_precision
def test_a_forward_pass_is_in_bfloat16_where_that_is_asked_for(precision: Precision) -> None:
    x = torch.ones(2, 2)
    with autocast(CPU, precision):
        assert (x @ x).dtype == (torch.bfloat16 if precision == "bf16" else torch.float32)
    assert (x @ x).dtype == torch.float32


def test_bfloat16_is_what_it_says_where_autocast_means_float16_by_itself() -> None:
    before = torch.get_autocast_dtype("cpu")
    torch.set_autocast_dtype("cpu", torch.float16)  # as it is on a GPU
    try:
        with autocast(CPU, "bf16"):
            product = torch.ones(2, 2) @ torch.ones(2, 2)
    finally:
        torch.set_autocast_dtype("cpu", before)
    assert product.dtype == torch.bfloat16


class Spy(nn.Module):
    """A network that notes what is allowed in its forward and its backward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 2)
        self.seen: dict[str, tuple[bool, bool]] = {}

    def forward(self, x: Tensor) -> Tensor:
        self.seen["forward"] = allowed()
        logits: Tensor = self.linear(x.flatten(1))
        if logits.requires_grad:
            logits.register_hook(lambda _: self.seen.update(backward=allowed()))
        return logits


def batch() -> Labelled:
    return Labelled(torch.ones(4, 1, 4, 4), torch.tensor([0, 1, 0, 1]))


@pytest.mark.parametrize("precision", ["fp32", "tf32"])
def test_a_step_goes_forward_and_backward_in_the_arithmetic_of_its_recipe(
    precision: Precision, before: tuple[bool, bool]
) -> None:
    spy = Spy()
    # A sum that says it is on a GPU, and so where the step is.
    summed: Any = type("Sum", (), {"device": GPU, "__iadd__": lambda self, _: self})()
    step = Step(
        spy, torch.optim.SGD(spy.parameters(), lr=0.1), recipe(precision=precision), loss_sum=summed
    )
    step(batch().images, batch().labels)
    expected = (precision == "tf32",) * 2
    assert spy.seen == {"forward": expected, "backward": expected}
    assert allowed() == before


@pytest.mark.parametrize("precision", ["fp32", "tf32"])
def test_an_evaluation_goes_in_the_arithmetic_of_the_training(precision: Precision) -> None:
    spy = Spy()
    evaluate(spy, [batch()], device=GPU, precision=precision)
    assert spy.seen == {"forward": (precision == "tf32",) * 2}


@pytest.mark.parametrize(
    ("capability", "has_it"), [((7, 5), False), ((8, 0), True), ((9, 0), True)]
)
def test_a_gpu_from_before_tf32_is_refused_by_name(
    capability: tuple[int, int], has_it: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Tesla T4")
    if has_it:
        check_tf32(GPU)
    else:
        with pytest.raises(EnvironmentFault, match="Tesla T4"):
            check_tf32(GPU)


def test_a_cpu_has_no_tf32() -> None:
    with pytest.raises(BadInput):
        check_tf32(CPU)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
def test_tf32_keeps_ten_bits_of_the_factors_and_float32_all() -> None:
    generator = torch.Generator().manual_seed(0)
    one, other = (torch.randn(512, 512, generator=generator).double() for _ in range(2))
    exact, size = one @ other, (one.abs() @ other.abs()).max()
    for precision, low, high in (("fp32", 0.0, 1e-6), ("tf32", 1e-6, 2**-10)):
        with arithmetic(GPU, precision):  # type: ignore[arg-type]
            found = one.float().to(GPU) @ other.float().to(GPU)
        error = float((found.cpu().double() - exact).abs().max() / size)
        assert low <= error < high, precision
