"""Probes named on the command line: the rules of a suite, and its words."""

from __future__ import annotations

import pytest

from poolbench.core.errors import BadInput
from poolbench.suite.probes import read_attacks
from tests.suite.small import CATALOGUES


def test_lists_go_to_the_probes_that_take_them_and_fractions_are_numbers() -> None:
    fgsm, zoom = read_attacks(
        ["fgsm", "zoom"], {"epsilons": "0,1/255,8/255", "sizes": "6, 8"}, CATALOGUES.probes
    )
    assert fgsm.options == {"epsilons": (0.0, 1 / 255, 8 / 255)}
    assert zoom.options == {"sizes": (6, 8)}


def test_an_attack_may_carry_its_own_options() -> None:
    pgd, zoom = read_attacks(
        ["{name: pgd, steps: 3}", "zoom"], {"epsilons": "0, 0.5"}, CATALOGUES.probes
    )
    assert pgd.options == {"epsilons": (0.0, 0.5), "steps": 3}
    assert zoom.options == {"sizes": None}


@pytest.mark.parametrize(
    ("attacks", "options", "words"),
    [
        (["fgms"], {}, "--attack fgms: unknown probe 'fgms'\n  did you mean 'fgsm'?"),
        (["fgsm"], {"epsilons": "0,nan"}, "--epsilons 0,nan: fgsm.epsilons: expected rising list"),
        (["fgsm"], {"epsilons": "0,.nan"}, "got nan"),
        (["fgsm"], {"epsilons": "0,.inf"}, "got inf"),
        (["fgsm"], {"epsilons": "-1,0"}, "got -1"),
        (
            ["fgsm"],
            {"epsilons": "1/255,0"},
            "expected rising list of numbers >= 0, got 0.0 after 0.0039",
        ),
        (["fgsm"], {"epsilons": ""}, "got an empty list"),
        (["fgsm"], {"epsilons": "0]"}, "--epsilons 0]: not valid YAML"),
        (["zoom"], {"sizes": "0,8"}, "got 0"),
        (["zoom"], {"sizes": "8,8"}, "expected rising list of whole numbers >= 1"),
        (["zoom"], {"sizes": "8.5"}, "got 8.5"),
        (["zoom"], {"epsilons": "0"}, "none of these takes --epsilons: zoom"),
        (["zoom", "zoom"], {}, "the probe 'zoom' is given twice"),
        (["[zoom]"], {}, "probe: expected a name, got a list"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_option_it_stands_in(
    attacks: list[str], options: dict[str, str], words: str
) -> None:
    with pytest.raises(BadInput) as caught:
        read_attacks(attacks, options, CATALOGUES.probes)
    assert words in caught.value.message
