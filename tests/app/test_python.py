"""The Python API of studies: training, tables, charts, and the runs of a store."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import yaml

import poolbench as pb
from poolbench.app.notebook_progress import api_progress
from poolbench.core.errors import BadInput, CellsFailed, EnvironmentFault, NothingMatched
from poolbench.core.events import Event
from poolbench.report.chart import Axis, Curve, Curves
from poolbench.report.formats.tidy import FIELDS
from poolbench.store.commit import WEIGHTS
from tests.conftest import TINY, Done

SUITE = yaml.safe_load(TINY) | {"probes": {"fgsm": {"epsilons": [0, 1 / 255]}}}
LAE = SUITE["variants"]["lae"]["pools"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with every run of the suite, which tests only read or measure."""
    store = tmp_path_factory.mktemp("python") / "runs"
    summary = pb.train(SUITE, store=store, jobs=2)
    assert (summary.done, summary.reused) == (4, 0)
    return store


def test_training_again_has_nothing_to_do(trained: Path) -> None:
    assert pb.train(pb.load_suite(SUITE), store=trained).reused == 4


def test_failures_are_raised_with_their_reasons(tmp_path: Path) -> None:
    plugin = tmp_path / "fails.py"
    plugin.write_text(
        "from poolbench.core.catalogue import OperatorEntry\n"
        "from poolbench.operators import OPERATORS\n"
        "from poolbench.operators.base import PoolingOperator\n"
        "class Fails(PoolingOperator):\n"
        "    def __init__(self, *, window, channels, grid):\n"
        "        super().__init__(window=window)\n"
        "    def forward(self, x):\n"
        "        raise ArithmeticError('the moon is in the way')\n"
        "OPERATORS.add('fails', OperatorEntry(\n"
        "    target=f'{__name__}:Fails', summary='', scopes=('global',)))\n"
    )
    pb.load_plugins(plugin)
    variants = {"average": {"pools": "average"}, "fails": {"pools": "fails"}}
    recipe = {**SUITE["recipe"], "epochs": 1}
    with pytest.raises(CellsFailed) as caught:
        pb.train({**SUITE, "variants": variants, "recipe": recipe}, store=tmp_path / "runs")
    error = caught.value
    assert error.message.startswith("2 cells have no result (2 cells trained, 0 already stored")
    assert "fails · digits · seed 0, fails · digits · seed 1: ArithmeticError: the moon" in str(
        error
    )
    assert "call it again" in error.hint
    assert error.hint in error.__notes__
    assert len(error.summary.failed) == 2
    assert error.summary.done == 2


@pytest.mark.parametrize("wrong", [{"jobs": 0}, {"device": "gpu"}, {"engine": "locl"}])
def test_wrong_options_are_refused_before_there_is_a_store(
    wrong: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(BadInput):
        pb.train(SUITE, store=tmp_path / "runs", **wrong)
    assert not (tmp_path / "runs").exists()


def test_a_report_has_the_tables_of_the_command(
    trained: Path, poolbench: Callable[..., Done]
) -> None:
    told = poolbench("report", "--store", trained)
    for source in (trained, str(trained), pb.open_store(trained), None):
        found = pb.report(source, store=trained)
        assert f"{found}\n" == told.out
    assert pb.report(SUITE, store=trained).tables == found.tables
    assert found.render("csv") == poolbench("report", "--store", trained, "--format", "csv").out
    chosen = pb.report(SUITE, store=trained, baseline="lae", alpha=0.01)
    assert "vs lae, points" in str(chosen.tables[0].columns)
    with pytest.raises(BadInput, match="unknown rule"):
        pb.report(trained, rule="best")
    with pytest.raises(NothingMatched):
        pb.report({**SUITE, "seeds": [7]}, store=trained)


def test_probes_are_measured_once_and_shown(trained: Path, poolbench: Callable[..., Done]) -> None:
    found = pb.robustness(SUITE, store=trained, jobs=2)
    assert [chart.name for chart in found.charts] == ["digits-fgsm"]
    before = sorted(path.stat().st_mtime_ns for path in trained.glob("runs/*/probes/*.json"))
    asked = {"attack": {"name": "fgsm"}, "epsilons": np.array([0, 1 / 255])}
    assert pb.robustness(SUITE, store=trained, **asked).tables == found.tables
    assert before == sorted(p.stat().st_mtime_ns for p in trained.glob("runs/*/probes/*.json"))
    told = poolbench("robustness", "--store", trained, "--attack", "fgsm", "--epsilons", "0,1/255")
    assert f"{pb.robustness(trained, **asked)}\n" == told.out
    assert {run.measurements[0].probe.name for run in pb.open_store(trained)} == {"fgsm"}
    with pytest.raises(BadInput, match=r"^attack fgsn: unknown probe 'fgsn'"):
        pb.robustness(trained, attack="fgsn")
    with pytest.raises(BadInput, match=r"^none of these takes epsilons: zoom"):
        pb.robustness(trained, attack="zoom", epsilons=0.1)
    with pytest.raises(BadInput, match=r"^sizes without attack") as caught:
        pb.robustness(trained, sizes=8)
    assert caught.value.hint == "name the probes with attack"


def test_a_store_lists_its_runs_in_the_order_of_the_suite(trained: Path) -> None:
    runs = pb.open_store(trained)
    assert len(runs) == 4
    assert [(run.variant, run.seed) for run in runs] == [
        ("average", 0), ("average", 1), ("lae", 0), ("lae", 1),
    ]  # fmt: skip
    run = runs[2]
    assert runs[run.id] is run is runs[run.id[:10]]
    assert run.id in runs
    assert "ffff" not in runs
    assert [each.seed for each in runs.select(variant="lae")] == [0, 1]
    assert list(runs.select(variant="lae", data="digits", seed=1)) == [runs[3]]
    with pytest.raises(NothingMatched, match="begins with 'ffff'"):
        runs["ffff"]


def test_a_run_has_its_settings_history_and_predictions(trained: Path) -> None:
    run = pb.open_store(trained).select(variant="lae", seed=1)[0]
    assert run.settings["model"]["pools"]["head"]["options"]["learn"] == "layer"
    assert run.settings["recipe"]["epochs"] == len(run.history) == 3
    assert run.history[-1].pooling.keys() == {"body.head.temperature"}
    seen = run.predictions
    assert (seen.predicted == seen.label).mean() == run.result.accuracy
    assert seen.probability.shape == seen.label.shape == (run.result.total,)


def test_a_network_of_a_store_predicts_what_was_predicted(trained: Path) -> None:
    from poolbench.data.load import load

    run = pb.open_store(trained).select(variant="lae", seed=1)[0]
    network = run.load_network()
    assert not network.training
    splits = load(run.cell.data, root=None, download=False, device=torch.device("cpu"))
    pixels = splits.test.images.permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        logits = network(pixels)
    assert logits.argmax(1).tolist() == run.predictions.predicted.tolist()
    of_label = logits.softmax(1)[range(len(pixels)), run.predictions.label]
    assert np.allclose(of_label.numpy(), run.predictions.probability, atol=1e-5)
    largest = logits.softmax(1).amax(1).numpy()
    assert np.allclose(largest, run.predictions.confidence, atol=1e-5)
    body = pb.model("wrn", depth=8, width=1, in_channels=1, image_size=8, pools={"head": LAE})
    body.load_state_dict(run.load_state_dict())
    with torch.no_grad():
        assert torch.equal(body.eval()((pixels - network.mean) / network.std), logits)


def test_a_data_frame_has_a_row_for_each_run_or_each_number(
    trained: Path, poolbench: Callable[..., Done], tmp_path: Path
) -> None:
    runs = pb.open_store(trained)
    frame = runs.to_pandas()
    assert frame["accuracy"].tolist() == [run.result.accuracy for run in runs]
    assert frame["run"].tolist() == [run.id for run in runs]
    assert runs.to_arrow().to_pylist() == frame.to_dict("records")
    assert poolbench("export", "--store", trained, "-o", "out", "--as", "parquet").code == 0
    from pyarrow import parquet

    assert runs.to_arrow(tidy=True) == parquet.read_table(tmp_path / "out" / "measurements.parquet")
    tidy = runs.select(seed=0).to_pandas(tidy=True)
    assert tuple(tidy.columns) == FIELDS
    assert set(tidy["seed"]) == {0}


def test_without_pandas_it_is_told_what_to_install(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(EnvironmentFault, match="need pandas") as caught:
        pb.open_store(trained).to_pandas()
    assert "pip install pandas" in caught.value.hint


def test_a_store_is_only_read(trained: Path, tmp_path: Path, poolbench: Any) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        pb.open_store(tmp_path / "none")
    assert caught.value.message in poolbench("report", "--store", tmp_path / "none").err
    assert not (tmp_path / "none").exists()
    before = {path: path.lstat().st_mtime_ns for path in trained.rglob("*")}
    runs = pb.open_store(trained)
    _ = [run.predictions for run in runs], runs.to_pandas(), pb.report(runs)
    assert before == {path: path.lstat().st_mtime_ns for path in trained.rglob("*")}


def test_damaged_runs_are_named(trained: Path, tmp_path: Path) -> None:
    import shutil

    store = tmp_path / "copy"
    shutil.copytree(trained, store)
    whole, cut, changed, *_ = pb.open_store(store)
    os.truncate(store / "runs" / cut.id / WEIGHTS, 10)
    weights = store / "runs" / changed.id / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    runs = pb.open_store(store)
    assert len(runs) == 3
    assert list(runs.damaged) == [cut.id]
    assert "1 damaged" in repr(runs)
    with pytest.raises(EnvironmentFault, match="10 bytes instead of"):
        runs[cut.id]
    with pytest.raises(EnvironmentFault, match="does not match its checksum"):
        runs[changed.id].load_network()
    assert runs[whole.id].load_network()


def test_tables_and_charts_show_themselves_in_notebooks() -> None:
    from poolbench.report.findings import Findings
    from tests.report.examples import PLAIN

    curve = Curve(label="<b>", x=(0.0, 1.0), y=(0.5, 0.4))
    axis = Axis(label="x")
    chart = Curves(name="c", title="<i>a chart</i>", x=axis, y=axis, curves=(curve,))
    data, facts = chart._repr_png_()
    assert data.startswith(b"\x89PNG")
    assert 400 < facts["width"] < 600
    bundle, _ = chart._repr_mimebundle_()
    assert bundle == {"text/plain": "<<i>a chart</i>>", "image/png": data}
    table = PLAIN
    # Charts of several studies may have the same name.
    other = replace(chart, title="another")
    shown = Findings((table,), (chart, other))._repr_html_()
    assert 'alt="another"' in shown
    assert len(set(re.findall(r'src="([^"]+)"', shown))) == 2
    assert shown.count("<table>") == table._repr_html_().count("<table>") == 1
    assert "data:image/png;base64," in shown
    assert "<i>a chart" not in shown


def test_text_of_a_table_is_text_in_a_notebook_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from poolbench.report.findings import Findings
    from tests.report.examples import PLAIN

    plain = str(Findings((PLAIN,)))
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    assert str(Findings((PLAIN,))) == plain != ""


EVENTS = [
    Event(kind="started", cell="1", label="a · <b>", epochs=2),
    Event(kind="finished", cell="1", label="a · <b>", epoch=2, epochs=2, accuracy=0.5),
    Event(kind="failed", cell="2", label="c", detail="no <memory>"),
]


class Display:
    """What a front end is told to show."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def display(self, output: str, *, display_id: bool) -> Display:
        assert display_id
        self.update(output)
        return self

    def update(self, output: str) -> None:
        self.shown.append(output)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Display:
    """Make this process look like the kernel of a notebook."""
    front_end = Display()
    module: Any = ModuleType("IPython.display")
    module.display, module.HTML = front_end.display, str
    ipython: Any = ModuleType("IPython")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=None)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return front_end


def test_a_notebook_shows_progress_in_one_output(
    notebook: Display, capsys: pytest.CaptureFixture[str]
) -> None:
    with api_progress(2, None) as listen:
        listen(EVENTS[0])
        assert '<progress max="2"' in notebook.shown[-1]
        assert "a · &lt;b&gt;" in notebook.shown[-1]
        for event in EVENTS[1:]:
            listen(event)
    assert notebook.shown[-1].startswith("2/2 cells")
    assert "failed  c  no &lt;memory&gt;" in notebook.shown[-1]
    assert "<progress" not in notebook.shown[-1]
    assert capsys.readouterr() == ("", "")


def test_progress_is_silent_elsewhere_unless_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for wanted, told in ((None, False), (False, False), (True, True)):
        with api_progress(2, wanted) as listen:
            for event in EVENTS:
                listen(event)
        out, err = capsys.readouterr()
        assert out == ""
        assert ("1/2 finished  a · <b>" in err) == told
        assert bool(err) == told


def test_the_package_report_is_the_function_too() -> None:
    import poolbench.report as package

    assert pb.report is package
    assert package.FORMATS
    with pytest.raises(EnvironmentFault, match="no store"):
        pb.report(store="/nonexistent")
