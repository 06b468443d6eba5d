from __future__ import annotations

import torch

from poolbench.models.self_attention import SelfAttention


def test_it_is_the_identity_at_first() -> None:
    x = torch.randn(2, 6, 3, 3)
    assert torch.equal(SelfAttention(6)(x), x)


def test_each_channel_adds_the_values_of_all_weighed_by_likeness() -> None:
    attention = SelfAttention(4).eval().double()
    torch.nn.init.constant_(attention.gamma, 0.5)
    x = torch.randn(1, 4, 2, 3, dtype=torch.float64)
    values = attention.values(x.flatten(2))[0]
    expected = x[0].flatten(1).clone()
    for channel in range(4):
        for other in range(4):
            likeness = (x[0, channel] * x[0, other]).sum()
            expected[channel] += 0.5 * likeness * values[other]
    torch.testing.assert_close(attention(x)[0].flatten(1), expected)


def test_the_matrix_has_spectral_norm_one() -> None:
    attention = SelfAttention(8)
    for _ in range(50):
        attention(torch.randn(1, 8, 2, 2))
    norm = torch.linalg.matrix_norm(attention.values.weight[:, :, 0], ord=2)
    torch.testing.assert_close(norm, torch.tensor(1.0), rtol=1e-3, atol=0)
