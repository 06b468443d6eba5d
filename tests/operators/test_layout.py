"""Which memory format maps have, and in what pieces they are processed."""

from __future__ import annotations

import pytest
import torch

from poolbench.operators.layout import _CACHED_ELEMENTS, batches, layout_of


def test_maps_are_channels_last_only_if_they_clearly_are() -> None:
    x = torch.zeros(2, 3, 4, 6)
    assert layout_of(x.contiguous(memory_format=torch.channels_last)) == torch.channels_last
    # Of one channel or one pixel both formats are the same; with gaps it is neither.
    for maps in (x, x[:, :1], x[:, :, :1, :1], x[..., ::2]):
        assert layout_of(maps) == torch.contiguous_format


@pytest.mark.parametrize(
    ("images", "caches", "device", "threads", "sizes"),
    [
        (5, 0.5, "cpu", 1, [2, 2, 1]),
        (5, 0.5, "cpu", 2, [5]),  # they would wait for each other after each piece
        (5, 0.5, "meta", 1, [5]),
        (2, 1, "cpu", 1, [1, 1]),
        (2, 1.5, "cpu", 1, [1, 1]),
        (0, 1, "cpu", 1, []),
        (0, 1, "cpu", 2, []),
    ],
)
def test_one_thread_takes_as_many_images_at_a_time_as_fit_its_cache(
    images: int,
    caches: float,
    device: str,
    threads: int,
    sizes: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    maps = torch.empty(images, 1, 1, int(caches * _CACHED_ELEMENTS), device=device)
    pieces = [range(images)[piece] for piece in batches(maps)]
    assert [len(piece) for piece in pieces] == sizes
    assert [image for piece in pieces for image in piece] == list(range(images))
