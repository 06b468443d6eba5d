"""What torch does to modules from outside: compiling, stacking, differentiating twice."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap

from poolbench.operators import OPERATORS
from poolbench.operators.create import create

CHANNELS = 3
# Few enough elements for the operators that are built for a number of them.
GRID = (4, 3)
POOLS_BY_PEAK = ("max", "mixed", "gated")


def operators(*, with_defaults: bool = False) -> list[object]:
    cases = []
    for name, entry in OPERATORS.items():
        for scope in entry.scopes:
            options: dict[str, object] = {}
            if scope == "windowed":
                options |= {"kernel_size": 3, "stride": 2, "padding": 1}
            if "dtype" in entry.options:
                options["dtype"] = "float64"
            if "learn" in entry.options:
                if with_defaults:
                    cases.append(pytest.param(name, options, id=f"{name}-{scope}-default"))
                options = options | {"learn": entry.options["learn"].choices[-1]}
            cases.append(pytest.param(name, options, id=f"{name}-{scope}"))
    return cases


def built(name: str, options: dict[str, object], shift: float = 0.0) -> nn.Module:
    torch.manual_seed(0)
    module = create(name, channels=CHANNELS, grid=GRID, **options)  # type: ignore[arg-type]
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += shift
    return module


def maps() -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(2, CHANNELS, *GRID, generator=generator)


@pytest.mark.filterwarnings("ignore")  # the compiler's own, of what it meets in libraries
@pytest.mark.parametrize("backend", ["eager", pytest.param("aot_eager", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("name", "options"), operators(with_defaults=True))
def test_an_operator_compiles_into_one_graph_of_the_values_and_gradients_of_the_plain_one(
    name: str, options: dict[str, object], backend: str
) -> None:
    torch._dynamo.reset()
    plain = built(name, options)
    results = []
    for module in (plain, torch.compile(plain, backend=backend, fullgraph=True)):
        x = maps().requires_grad_()
        pooled = module(x)
        gradients = torch.autograd.grad(pooled.square().sum(), (x, *plain.parameters()))
        results.append((pooled.detach(), *gradients))
    torch.testing.assert_close(results[1], results[0])


@pytest.mark.filterwarnings("ignore")  # torch's own: that tracing is deprecated, and of constants
@pytest.mark.parametrize(
    ("name", "options"), [("max", {}), *((name, {"kernel_size": 2}) for name in POOLS_BY_PEAK)]
)
def test_a_traced_operator_can_be_saved_and_pools_other_maps(
    name: str, options: dict[str, object], tmp_path: Path
) -> None:
    module = built(name, options)
    torch.jit.save(torch.jit.trace(module, maps()), tmp_path / "traced.pt")
    others = maps().flip(0, 3)
    torch.testing.assert_close(torch.jit.load(tmp_path / "traced.pt")(others), module(others))


@pytest.mark.parametrize(
    ("name", "options"), [case for case in operators() if list(built(*case.values).parameters())]
)
def test_stacked_operators_pool_as_each_does_alone(name: str, options: dict[str, object]) -> None:
    modules = [built(name, options, shift=0.1 * index) for index in range(3)]
    parameters, buffers = stack_module_state(modules)
    x = maps()

    def pool(p: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> torch.Tensor:
        return functional_call(modules[0], (p, b), (x,))

    def loss(p: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> torch.Tensor:
        return pool(p, b).square().sum()

    pooled = vmap(pool)(parameters, buffers)
    slopes = vmap(grad(loss))(parameters, buffers)
    for index, module in enumerate(modules):
        alone = module(x)
        torch.testing.assert_close(pooled[index], alone)
        names, own = zip(*module.named_parameters(), strict=True)
        gradients = torch.autograd.grad(alone.square().sum(), own)
        for key, gradient in zip(names, gradients, strict=True):
            torch.testing.assert_close(slopes[key][index], gradient, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "options"), operators())
def test_a_second_derivative_is_right(name: str, options: dict[str, object]) -> None:
    module = built(name, options).double()
    # Distinct elements, away from the kinks of ranks and of relu.
    elements = torch.randperm(2 * CHANNELS * GRID[0] * GRID[1]).double() / 20 + 0.3
    x = elements.view(2, CHANNELS, *GRID).requires_grad_()
    inputs = (x, *module.parameters())
    assert torch.autograd.gradgradcheck(lambda x, *_: module(x), inputs)
