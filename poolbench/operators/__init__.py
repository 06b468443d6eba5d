"""Pooling operators: the catalogue. Reading it imports no torch."""

from __future__ import annotations

from poolbench.core.catalogue import Catalogue, OperatorEntry
from poolbench.core.options import Option

_LEARN = Option(
    kind=str,
    default="none",
    choices=("none", "layer", "channel"),
    help="what is learned: nothing, one parameter for the layer, or one per channel",
)
_LEARNED = Option(
    kind=str,
    default="layer",
    choices=("layer", "channel"),
    help="one parameter for the layer, or one per channel",
)
_TEMPERATURE = Option(
    kind=float, default=1.0, above=0.0, help="t (t0 if learned), in the units of the activations"
)
_EXPONENT = Option(kind=float, default=3.0, above=0.0, help="p, or its start if it is learned")
_LAE = "Lowe, Trappenberg, Oore 2021 (arXiv:2111.01742)"
_MIXED = "Lee, Gallagher, Tu 2016 (arXiv:1509.08985)"

OPERATORS: Catalogue[OperatorEntry] = Catalogue(
    "operator",
    {
        "average": OperatorEntry(
            target="poolbench.operators.average:Average",
            summary="mean of the window",
            formula="mean(z)",
            definition="poolbench.operators.definitions:mean",
        ),
        "max": OperatorEntry(
            target="poolbench.operators.max:Max",
            summary="maximum of the window; ties give the gradient to the first",
            formula="max(z)",
            definition="poolbench.operators.definitions:maximum",
            skips_minus_infinity=True,
        ),
        "lse": OperatorEntry(
            target="poolbench.operators.lse:LogSumExp",
            summary="smooth maximum from above, an OR over logits",
            formula="t log sum exp(z/t)",
            options={"temperature": _TEMPERATURE, "learn": _LEARN},
            learns="log_temperature",
            reference=_LAE,
            definition="poolbench.operators.definitions:log_sum_exp",
            skips_minus_infinity=True,
        ),
        "lae": OperatorEntry(
            target="poolbench.operators.lae:LogAvgExp",
            summary="between mean (t -> inf) and max (t -> 0); the paper advises t0 = 4, learned",
            formula="t (log sum exp(z/t) - log n)",
            options={"temperature": _TEMPERATURE, "learn": _LEARN},
            learns="log_temperature",
            reference=_LAE,
            definition="poolbench.operators.definitions:log_avg_exp",
            skips_minus_infinity=True,
        ),
        "lae-precision": OperatorEntry(
            target="poolbench.operators.lae_precision:PreciseLogAvgExp",
            summary="lae by either formula in a chosen precision; for study, not for use",
            formula="t (log sum exp(z/t) - log n)",
            options={
                "temperature": _TEMPERATURE,
                "learn": _LEARN,
                "dtype": Option(
                    kind=str,
                    default="float32",
                    choices=("float16", "float32", "float64"),
                    help="dtype that the maps are rounded to before pooling",
                ),
                "formula": Option(
                    kind=str,
                    default="textbook",
                    choices=("textbook", "stable"),
                    help="textbook: every step in that dtype; stable: as lae computes it",
                ),
            },
            learns="log_temperature",
            reference=_LAE,
            definition="poolbench.operators.definitions:log_avg_exp",
            skips_minus_infinity=True,
        ),
        "lae-context": OperatorEntry(
            target="poolbench.operators.lae_context:ContextualLogAvgExp",
            summary="lae with a temperature for each window, from its variance; learns t0 and w",
            formula="t (log sum exp(z/t) - log n), t = t0 (1 + var(z)/t0^2)^(w/2), w from 0",
            options={"temperature": _TEMPERATURE, "learn": _LEARNED},
            learns="log_temperature",
            reference=_LAE,
            definition="poolbench.operators.definitions:contextual_log_avg_exp",
            skips_minus_infinity=True,
        ),
        "mixed": OperatorEntry(
            target="poolbench.operators.mixed:Mixed",
            summary="learned mixture of max and mean",
            formula="a max(z) + (1-a) mean(z)",
            options={
                "learn": _LEARNED,
                "alpha": Option(kind=float, default=0.5, help="initial share of the max"),
                "bounded": Option(
                    kind=bool, default=False, help="keep a in (0, 1) through a sigmoid"
                ),
            },
            learns="alpha",
            reference=_MIXED,
            definition="poolbench.operators.definitions:mixed",
        ),
        "gated": OperatorEntry(
            target="poolbench.operators.gated:Gated",
            summary="mixture of max and mean with a share that depends on the window",
            formula="a max(z) + (1-a) mean(z), a = sigmoid(w.z)",
            options={"learn": _LEARNED},
            learns="gate_weight",
            reference=_MIXED,
            definition="poolbench.operators.definitions:gated",
            breaks=("order", "shift"),
        ),
        "gem": OperatorEntry(
            target="poolbench.operators.gem:GeneralizedMean",
            summary="generalised mean of elements above 1e-6; p = 1 is the mean, large p the max",
            formula="(mean(max(z, 1e-6)^p))^(1/p)",
            options={"p": _EXPONENT, "learn": _LEARN},
            learns="log_p",
            reference="Radenovic, Tolias, Chum 2019 (arXiv:1711.02512)",
            definition="poolbench.operators.definitions:generalized_mean",
            breaks=("shift", "minus-infinity"),
        ),
        "lp": OperatorEntry(
            target="poolbench.operators.lp:LpNorm",
            summary="norm of the window, for elements of any sign",
            formula="(sum |z|^p)^(1/p)",
            options={"p": _EXPONENT, "learn": _LEARN},
            learns="log_p",
            reference="Sermanet, Chintala, LeCun 2012 (arXiv:1204.3968)",
            definition="poolbench.operators.definitions:lp_norm",
            breaks=("shift", "minus-infinity"),
        ),
        "softpool": OperatorEntry(
            target="poolbench.operators.softpool:SoftPool",
            summary="mean weighted by softmax: between mean (t -> inf) and max (t -> 0)",
            formula="sum softmax(z/t) z",
            options={"temperature": _TEMPERATURE, "learn": _LEARN},
            learns="log_temperature",
            reference="Stergiou, Poppe, Kalliatakis 2021 (arXiv:2101.00440)",
            definition="poolbench.operators.definitions:softmax_mean",
            skips_minus_infinity=True,
        ),
        "avgmax": OperatorEntry(
            target="poolbench.operators.avgmax:AverageMax",
            summary="half mean, half maximum",
            formula="(mean(z) + max(z)) / 2",
            definition="poolbench.operators.definitions:average_max",
        ),
        "min": OperatorEntry(
            target="poolbench.operators.min:Minimum",
            summary="minimum of the window; ties give the gradient to the first",
            formula="min(z)",
            definition="poolbench.operators.definitions:minimum",
        ),
        "median": OperatorEntry(
            target="poolbench.operators.median:Median",
            summary="median of the window; the midpoint of the middle two for even n",
            formula="median(z)",
            definition="poolbench.operators.definitions:median",
        ),
        "quantile": OperatorEntry(
            target="poolbench.operators.quantile:Quantile",
            summary="quantile of the window, linear between neighbours in rank",
            formula="(1-f) z_(k) + f z_(k+1), k + f = q (n-1), ranks from 0 upwards",
            options={
                "q": Option(
                    kind=float, default=0.75, minimum=0.0, maximum=1.0, help="0 is min, 1 is max"
                )
            },
            reference="Hyndman, Fan 1996, definition 7",
            definition="poolbench.operators.definitions:quantile",
        ),
        "relu-max": OperatorEntry(
            target="poolbench.operators.relu_max:ReluMaximum",
            summary="the exact maximum, built from pairwise ReLU blocks in ceil(log2 n) layers",
            formula="max(a, b) = relu(a-b) + relu(b) - relu(-b), pair by pair",
            definition="poolbench.operators.definitions:maximum",
            skips_minus_infinity=True,
        ),
        "subpool": OperatorEntry(
            target="poolbench.operators.subpool:Subpool",
            summary="best estimate of the maximum from subpool maxes; at most 16 elements, best "
            "in [0, 1]",
            formula="sum over r in R of beta_r M_r(z), M_r the mean max of all size-r subsets, "
            "M_0 = 1",
            options={
                "orders": Option(
                    kind=int, many=True, default=(0, 3), minimum=0, help="R; 0 is the intercept"
                ),
                "learn": Option(
                    kind=str,
                    default="none",
                    choices=("none", "layer"),
                    help="what is learned: nothing, or one beta for the layer",
                ),
            },
            learns="beta",
            reference="The Theoretical Expressiveness of Maxpooling, Appendix D",
            revision=2,  # coefficients are exact
            definition="poolbench.operators.definitions:subpool",
            breaks=("shift",),
            largest_window=16,
        ),
        "conv": OperatorEntry(
            target="poolbench.operators.conv:Convolution",
            summary="convolution instead of a pool: same kernel, stride and padding, with bias",
            formula="sum over channels and positions of weight * z, plus bias",
            options={
                "kernel": Option(
                    kind=str,
                    default="same",
                    choices=("same", "one"),
                    help="the pool's own kernel (conv-large), or 1 with the stride kept "
                    "(conv-small)",
                )
            },
            scopes=("windowed",),
            learns="weight",
            reference="Springenberg et al. 2015 (arXiv:1412.6806)",
            breaks=("definition", "order", "shift", "minus-infinity"),
        ),
        "strided": OperatorEntry(
            target="poolbench.operators.strided:Strided",
            summary="no pool: the convolution next to it takes the stride",
            formula="the first z, at the stride",
            scopes=("windowed",),
            reference="Springenberg et al. 2015 (arXiv:1412.6806)",
            breaks=("definition", "order"),
            is_stride=True,
        ),
    },
)
