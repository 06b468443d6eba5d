"""What a gate's text means, and which texts are refused."""

from __future__ import annotations

import pytest

from poolbench.core.errors import BadInput
from poolbench.core.gate import Gate, read_gate


def test_points_and_per_cent_are_exact_ratios() -> None:
    for tenths in range(1, 1000):
        gate = read_gate(f"accuracy < baseline - {tenths / 10:g}pp")
        assert gate.offset == -tenths / 1000
        assert read_gate(f"accuracy < {tenths / 10:g}%").offset == tenths / 1000


@pytest.mark.parametrize(
    ("text", "metric", "sign", "against", "offset"),
    [
        ("accuracy < 95%", "accuracy", "<", "number", 0.95),
        ("accuracy<.95", "accuracy", "<", "number", 0.95),
        ("error >= 5e-2", "error", ">=", "number", 0.05),
        (" Accuracy <= baseline ", "accuracy", "<=", "baseline", 0.0),
        ("accuracy < baseline - 0.5pp", "accuracy", "<", "baseline", -0.005),
        ("error > baseline+.5 pp", "error", ">", "baseline", 0.005),
        ("error > published + 1pp", "error", ">", "published", 0.01),
        ("parameters > 260000", "parameters", ">", "number", 260_000.0),
        ("parameters > baseline + 10", "parameters", ">", "baseline", 10.0),
        ("pad-zero.area < baseline - 2pp", "pad-zero.area", "<", "baseline", -0.02),
        ("pad-zero.least < 40%", "pad-zero.least", "<", "number", 0.4),
    ],
)
def test_a_gate_is_read_in_the_unit_of_its_metric(
    text: str, metric: str, sign: str, against: str, offset: float
) -> None:
    gate = read_gate(text, probes=("pad-zero",))
    assert gate == Gate(
        text=text.strip(),
        metric=metric,
        sign=sign,  # type: ignore[arg-type]
        against=against,  # type: ignore[arg-type]
        offset=pytest.approx(offset, rel=1e-15),
    )


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("accuracy", "is not a condition", "accuracy < 95%"),
        ("accuracy = 95%", "is not a condition", "accuracy < 95%"),
        ("accuracy < -1", "is not a condition", "accuracy < 95%"),
        ("accuracy < nan", "is not a condition", "accuracy < 95%"),
        ("accuracy < baseline * 2", "is not a condition", "accuracy < 95%"),
        ("acuracy < 95%", "unknown metric 'acuracy'", "did you mean 'accuracy'"),
        ("fgsn.area < 95%", "unknown metric 'fgsn.area'", "did you mean 'fgsm.area'"),
        ("accuracy < 95", "never above 1", "write 95%"),
        ("accuracy < 950%", "never above 1", "at most 100%"),
        ("accuracy < baseline - 0.5", "0.5 of what", "0.5pp"),
        ("accuracy < baseline - 0.5%", "0.5% of what", "0.5pp"),
        ("parameters > 5%", "a count", "unit"),
        ("fgsm.area < published", "no published values of fgsm.area", "baseline"),
    ],
)
def test_a_gate_that_leaves_a_doubt_is_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_gate(text, probes=("fgsm",))
    assert message in caught.value.message
    assert hint in caught.value.hint
