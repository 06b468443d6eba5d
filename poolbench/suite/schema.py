"""The shape of a suite: its keys, their types and ranges.

There is one model for each mapping of the file. Keys typed ``Any`` hold a part that another model
checks; each description is the range, as the "expected ..." of a fault.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from poolbench.core.cell import Precision
from poolbench.core.gate import Loss
from poolbench.core.search import DEFAULT_HOLDOUT
from poolbench.core.study import Metric, Rule
from poolbench.core.values import Scalar
from poolbench.suite.memory import AMOUNT, in_mib

MAX_NAME_LENGTH = 64
MAX_SENTENCE_LENGTH = 300
LEAST_GPU_SHARE = 0.01
DEFAULT_SCHEDULE = "constant"
FREEZE = "backbone | none | a list of paths of modules"
Seed = Annotated[int, Field(ge=0)]
_DEVIATIONS = f"a list of sentences of at most {MAX_SENTENCE_LENGTH} characters"


class Form(BaseModel):
    """A mapping of a suite; unknown keys and type conversions are rejected."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        protected_namespaces=(),
        validate_default=True,
    )


Sentence = Annotated[
    str,
    StringConstraints(max_length=MAX_SENTENCE_LENGTH, pattern=r"^[^\n\r]*\S[^\n\r]*$"),
]


class SuiteForm(Form):
    """The top of the file."""

    schema_version: int = Field(alias="schema", ge=1, le=1, description="1")
    title: str = Field(default="", description="text in quotes")
    source: dict[str, Scalar] = Field(default={}, description="a mapping to text and numbers")
    deviations: tuple[Sentence, ...] | None = Field(default=None, description=_DEVIATIONS)
    data: Any = Field(description="a data set, or a list of them")
    model: Any = Field(description="a network, or a list of them")
    recipe: Any = Field(description="epochs, batch_size, optimizer, ...")
    seeds: Any = Field(description="how many, or a list, or {count: N, start: M}")
    variants: dict[str, Any] = Field(
        min_length=1, description="a mapping with at least one variant"
    )
    baseline: str = Field(default="", description="the name of a variant")
    probes: Any = None
    analysis: Any = None
    gates: Any = None
    search: Any = None
    execution: Any = None


class ExperimentForm(Form):
    """The top of a file that trains nothing, without the section of its kind."""

    schema_version: int = Field(alias="schema", ge=1, le=1, description="1")
    title: str = Field(default="", description="text in quotes")
    source: dict[str, Scalar] = Field(default={}, description="a mapping to text and numbers")
    deviations: tuple[Sentence, ...] | None = Field(default=None, description=_DEVIATIONS)


def keys_of(kind: str) -> tuple[str, ...]:
    """Return the top-level keys that a file may have; ``kind`` is empty for training."""
    form = ExperimentForm if kind else SuiteForm
    known = (field.alias or key for key, field in form.model_fields.items())
    return (*known, kind) if kind else tuple(known)


class VariantForm(Form):
    """One entry of ``variants``."""

    pools: Any = None
    recipe: Any = None
    model: Any = None


class Choice(Form):
    """A name in a catalogue; its options are added once the name is known."""

    name: str = Field(description="a name")


class ModelForm(Choice):
    """One network, and the weights that it starts from."""

    weights: Any = None


class WeightsForm(Form):
    """Weights in a file."""

    file: str = Field(min_length=1, description="a file of weights, or a folder with one")
    sha256: str = Field(
        default="", pattern=r"^([0-9a-fA-F]{64})?$", description="64 hexadecimal digits"
    )
    normalise: Literal["imagenet", "data"] | dict[str, Any] | None = Field(
        default=None, description="imagenet | data | {mean: [...], std: [...]}"
    )
    pools: Any = None


class MeansForm(Form):
    """Means and standard deviations of pixels, by channel."""

    mean: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(
        min_length=1, description="a list of numbers in [0, 1]"
    )
    std: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        min_length=1, description="a list of numbers > 0"
    )


class DataForm(Choice):
    """One data set, and how it is used."""

    augment: Any = None
    limit: int | None = Field(default=None, ge=1, description="whole number >= 1")
    validation: float = Field(default=0.0, ge=0, lt=1, description="fraction >= 0 and < 1")
    fold: int = Field(default=0, ge=0, description="whole number >= 0")


class SearchForm(Choice):
    """How recipes are searched for."""

    start: dict[str, float] = Field(
        default={}, description="a mapping from options of the recipe to numbers"
    )
    epochs: int | None = Field(default=None, ge=1, description="whole number >= 1")
    holdout: float = Field(default=DEFAULT_HOLDOUT, gt=0, lt=1, description="fraction > 0 and < 1")


class RecipeForm(Form):
    """How the networks are trained."""

    epochs: int = Field(ge=1, description="whole number >= 1")
    batch_size: int = Field(ge=1, description="whole number >= 1")
    optimizer: Any = Field(description="a name, or {name: ..., lr: ...}")
    schedule: Any = DEFAULT_SCHEDULE
    label_smoothing: float = Field(default=0.0, ge=0, lt=1, description="number >= 0 and < 1")
    pool_lr_factor: float = Field(default=1.0, gt=0, description="number > 0")
    clip_norm: float | None = Field(default=None, gt=0, description="number > 0, or null for none")
    freeze: Any = None
    rates: Any = None


class RatesForm(Form):
    """Learning rates of the parts of a network, as multiples of the optimizer's."""

    head: float = Field(default=1.0, gt=0, description="number > 0")
    backbone: float = Field(default=1.0, gt=0, description="number > 0")
    pooling: float | None = Field(default=None, gt=0, description="number > 0")


class SeedRangeForm(Form):
    """``seeds: N``, or a count with its first seed."""

    count: int = Field(ge=1, description="whole number >= 1")
    start: Seed = Field(default=0, description="whole number >= 0")


class SeedListForm(Form):
    """``seeds: [3, 5, 8]``."""

    values: tuple[Seed, ...] = Field(
        min_length=1, description="different whole numbers >= 0, at least one"
    )


class AnalysisForm(Form):
    """How the results are read."""

    metric: Metric = Field(default="accuracy", description="accuracy | error")
    rule: Rule = Field(default="set", description="set | paper | holm")
    test: Literal["mann-whitney", "paired", "wilcoxon"] = Field(
        default="mann-whitney", description="mann-whitney | paired"
    )
    alpha: float = Field(default=0.05, gt=0, lt=1, description="number > 0 and < 1")
    margin: float | None = Field(default=None, gt=0, description="percentage points > 0")
    planned: tuple[tuple[str, str], ...] = Field(
        default=(), description="a list of pairs of variants, such as [[max, lae]]"
    )
    published: Any = None


class PublishedForm(Form):
    """The source's numbers for the variants of one data set."""

    values: dict[str, tuple[float, Annotated[float, Field(ge=0)]]] = Field(
        description="[mean, standard deviation] in per cent"
    )


class GateForm(Form):
    """A condition under which ``poolbench compare`` fails."""

    fail_if: str = Field(description="a condition such as 'accuracy < baseline - 0.5pp'")
    only: str = Field(default="*", description="a glob of variants")
    allow: tuple[Loss, ...] = Field(
        default=(), description="a list of what does not fail it: diverged, collapsed"
    )


class ExecutionForm(Form):
    """Where the cells run, and the precision they run in."""

    device: str = Field(
        default="auto",
        pattern=r"^(auto|cpu|cuda(:[0-9]{1,3})?)$",
        description="auto | cpu | cuda | cuda:N",
    )
    precision: Precision = Field(default="fp32", description=" | ".join(get_args(Precision)))
    jobs: Annotated[
        int | None,
        Field(ge=1),
        BeforeValidator(lambda value: None if value == "auto" else value),
    ] = Field(default=None, description="auto | whole number >= 1")
    threads: int = Field(default=1, ge=1, description="whole number >= 1")
    captured: bool = Field(default=False, description="true | false")
    cudnn_benchmark: bool = Field(default=False, description="true | false")
    engine: Any = None
    resources: Any = None


class ResourcesForm(Form):
    """What each worker needs of a GPU."""

    gpu: float = Field(
        default=1.0, ge=LEAST_GPU_SHARE, le=1, description=f"number from {LEAST_GPU_SHARE} to 1"
    )
    memory: Annotated[int | None, BeforeValidator(in_mib)] = Field(default=None, description=AMOUNT)
