from __future__ import annotations

from itertools import product

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from poolbench.operators.elements import gather_elements
from poolbench.operators.window import Pair, Window


@st.composite
def fitting_windows(draw: st.DrawFn) -> tuple[Window, tuple[int, int]]:
    kernel = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    stride = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    padding = tuple(draw(st.integers(0, side // 2)) for side in kernel)
    size = tuple(
        draw(st.integers(max(1, side - 2 * pad), 11))
        for side, pad in zip(kernel, padding, strict=True)
    )
    window = Window(kernel, stride, (padding[0], padding[1]), draw(st.booleans()))
    return window, (size[0], size[1])


@settings(deadline=None, max_examples=300)
@given(fitting_windows())
def test_output_size_is_that_of_max_pool(case: tuple[Window, tuple[int, int]]) -> None:
    window, size = case
    pool = torch.nn.MaxPool2d(
        window.kernel_size, window.stride, window.padding, ceil_mode=window.ceil_mode
    )
    assert window.output_size(size) == tuple(pool(torch.zeros(1, 1, *size)).shape[2:])


@settings(deadline=None, max_examples=150)
@given(fitting_windows())
@example((Window.of(3, 1, 1), (1, 3)))  # positions that are on padding in every window
@example((Window.of(3, 1, 1), (3, 1)))
def test_taps_visit_every_real_element_of_every_window_once(
    case: tuple[Window, tuple[int, int]],
) -> None:
    window, size = case
    visited = []
    for tap in window.taps(size):
        outputs = product(*(range(*s.indices(100)) for s in tap.output))
        elements = product(*(range(*s.indices(100)) for s in tap.input))
        visited += list(zip(outputs, elements, strict=True))
    expected = [
        ((i, j), (r, c))
        for i, j in product(*(range(count) for count in window.output_size(size)))
        for r, c in product(
            range(i * window.stride[0] - window.padding[0], 100)[: window.kernel_size[0]],
            range(j * window.stride[1] - window.padding[1], 100)[: window.kernel_size[1]],
        )
        if 0 <= r < size[0] and 0 <= c < size[1]
    ]
    assert sorted(visited) == sorted(expected)


def test_ceil_mode_drops_a_window_that_starts_beyond_the_map() -> None:
    assert Window.of(2, 3, 0, ceil_mode=True).output_size((5, 6)) == (2, 2)
    assert Window.of(3, 2, 1, ceil_mode=True).output_size((6, 7)) == (4, 4)
    assert Window.of(3, 2, 1, ceil_mode=True).overhang((6, 7)) == (1, 0)


def test_the_stride_of_a_window_defaults_to_its_kernel() -> None:
    assert Window.of(3) == Window((3, 3), (3, 3), (0, 0))
    assert Window.of((2, 3), padding=1).stride == (2, 3)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [
        (0, 1, 0), (2, 0, 0), (2, 1, -1), (3, 1, 2), (1, 1, 1),
        ((2, 0), 1, 0), (2, (0, 1), 0), (2, 1, (0, -1)), ((4, 2), 1, 2), ((2, 4), 1, 2),
    ],
)  # fmt: skip
def test_a_window_that_cannot_be_meant_is_refused(
    kernel: int | Pair, stride: int | Pair, padding: int | Pair
) -> None:
    with pytest.raises(ValueError, match=r"kernel_size"):
        Window.of(kernel, stride, padding)


@pytest.mark.parametrize(
    ("window", "size"),
    [
        (Window.of((3, 4)), (0, 5)), (Window.of((3, 4)), (5, 0)),
        (Window.of((3, 4)), (2, 5)), (Window.of((3, 4)), (5, 3)),
        (Window.of(2, padding=1), (0, 5)), (Window.of(2, padding=1), (5, 0)),  # padding alone
    ],
)  # fmt: skip
def test_a_map_that_holds_no_window_is_refused(window: Window, size: tuple[int, int]) -> None:
    sides = "{} x {}".format
    with pytest.raises(ValueError, match=f"{sides(*size)}.*{sides(*window.kernel_size)}"):
        window.output_size(size)


@pytest.mark.parametrize(
    ("window", "options"),
    [
        (Window.of(2), "kernel_size=(2, 2), stride=(2, 2)"),
        (
            Window.of((2, 3), 1, (1, 0), ceil_mode=True),
            "kernel_size=(2, 3), stride=(1, 1), padding=(1, 0), ceil_mode=True",
        ),
    ],
)
def test_a_window_reads_as_its_options_that_are_not_torch_s_defaults(
    window: Window, options: str
) -> None:
    assert str(window) == options


@pytest.mark.parametrize("size", [(5, 4), (4, 5)])
def test_windows_hang_over_an_edge_by_what_that_side_of_the_map_lacks(
    size: tuple[int, int],
) -> None:
    x = torch.arange(20.0).view(1, 1, *size)
    elements = gather_elements(x, Window.of(2, ceil_mode=True), padding=-torch.inf)
    assert torch.equal(elements.amax(-1), F.max_pool2d(x, 2, ceil_mode=True))
