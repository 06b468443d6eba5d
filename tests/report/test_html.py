"""The HTML page: what is in the file, and what a real browser makes of it."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from poolbench.report.chart import (
    Axis,
    Chart,
    Cloud,
    Curve,
    Curves,
    Grid,
    Matrices,
    Panel,
    Sample,
    Samples,
    Scatter,
    Surface,
)
from poolbench.report.charts.style import DARK, LIGHT
from poolbench.report.formats.html import render, render_findings, render_page
from poolbench.report.page import Page, Section
from poolbench.report.table import Column, Table, TableCell, text_cell

HOSTILE = "<script>alert(1)</script> & {{ 7 * 7 }} \u202e$x$"
X, Y = Axis(label="epsilon"), Axis(label="accuracy (%)", is_share=True)
CURVES = Curves(
    name="curves",
    title=HOSTILE,
    caption="mean over 3 seeds",
    x=X,
    y=Y,
    curves=(Curve(label="max", x=(0.0, 0.1), y=(0.98, 0.51)),),
)
EVERY_KIND: tuple[Chart, ...] = (
    CURVES,
    Scatter(name="s", title="s", x=X, y=Y, clouds=(Cloud(label="a", x=(0.1,), y=(0.25,)),)),
    Samples(name="m", title="m", x=X, y=Y, samples=(Sample(label="a", values=(0.1, 0.375)),)),
    Surface(
        name="f",
        title="f",
        x=X,
        y=Axis(label="n"),
        z=Axis(label="error"),
        x_values=(1.0, 2.0),
        y_values=(1.0, 2.0),
        z_values=((0.0, 0.5), (0.125, 1.0)),
    ),
    Matrices(name="g", title="g", rows=((Panel(label="a", values=((1.5, 2.0),)),),)),
)


def table(*rows: tuple[str, float]) -> Table:
    return Table(
        title=HOSTILE,
        columns=(
            Column(title="variant", fields=("variant",), is_text=True),
            Column(title="accuracy %", fields=("accuracy",)),
        ),
        rows=tuple(
            (
                text_cell(name),
                TableCell(values=(value,), text=f"{100 * value:.2f}", is_bold=value > 0.9),
            )
            for name, value in rows
        ),
        notes=(HOSTILE,),
    )


def page(*charts: Chart) -> Page:
    return Page(
        title=HOSTILE,
        question="Which is better?",
        facts=(("seeds", "0, 1, 2"),),
        sections=(
            Section(title="Results", tables=(table((HOSTILE, 0.25), ("b", 0.95), ("a", 0.5)),)),
            Section(title="Pictures", charts=charts),
            Section(title="Reproduce", commands=("poolbench train 'a & b'",), is_folded=True),
        ),
        footer="poolbench",
    )


class Reader(HTMLParser):
    """What a browser would read: texts, and the addresses it would open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.texts: list[str] = []
        self.title = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [v or "" for k, v in attrs if k in {"href", "src", "srcset", "action"}]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        self.title = data if self.tags[-1:] == ["title"] and not self.title else self.title


def test_hostile_names_are_shown_and_never_run() -> None:
    read = Reader(render_page(page(CURVES)))
    shown = HOSTILE.replace("\u202e", "\\u202e")
    assert read.tags.count("script") == 1, "the page's own"
    assert [text for text in read.texts if shown in text]
    assert not [text for text in read.texts if "\u202e" in text]


def test_the_page_opens_nothing_outside_itself() -> None:
    text = render_page(page(*EVERY_KIND))
    addresses = Reader(text).addresses
    assert len(addresses) > 2 * len(EVERY_KIND)
    assert {address.partition(":")[0].partition("#")[0] for address in addresses} == {"", "data"}
    assert "@import" not in text
    assert "url(" not in text


def test_the_numbers_behind_every_kind_of_chart_are_in_the_page() -> None:
    texts = Reader(render_page(page(*EVERY_KIND))).texts
    for number in ("51", "25", "37.5", "0.125", "1.5"):
        assert number in texts, number


def test_a_grid_shows_the_numbers_of_all_its_charts() -> None:
    grid = Grid(name="grid", title="both", charts=EVERY_KIND[:2], is_shared=False)
    texts = Reader(render_page(page(grid))).texts
    assert {"51", "25"} <= set(texts)


def test_tables_alone_make_a_page_without_pictures() -> None:
    one, two = replace(table(("a", 0.5)), title="one"), table(("b", 0.25))
    read = Reader(render([one]))
    assert "50.00" in read.texts
    assert "img" not in read.tags
    assert read.title == "one"
    assert Reader(render([one, two])).title == "poolbench"


def test_findings_are_tables_and_pictures_for_light_and_for_dark_screens() -> None:
    read = Reader(render_findings([table(("a", 0.5))], [CURVES]))
    assert "50.00" in read.texts
    dark, light = (
        base64.b64decode(address.removeprefix("data:image/svg+xml;base64,")).decode()
        for address in read.addresses
        if address.startswith("data:image")
    )
    assert [theme.ground in dark for theme in (LIGHT, DARK)] == [False, True]
    assert [theme.ground in light for theme in (LIGHT, DARK)] == [True, False]


@pytest.fixture(scope="module")
def browser() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (path := shutil.which(name)) is not None:
            return path
    pytest.skip("no Chromium on this machine")


def opened(browser: str, path: Path, text: str, *options: str) -> str:
    """Return the document as the browser has it after the page's scripts ran."""
    path.write_text(text)
    done = subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
            f"--user-data-dir={path.parent / 'profile'}", *options, "--dump-dom", path.as_uri(),
        ],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert "Uncaught" not in done.stderr, done.stderr
    return done.stdout


def with_script(text: str, script: str) -> str:
    return text.replace("</body>", f"<script>{script}</script></body>")


def test_a_click_sorts_by_value_and_a_third_one_undoes_it(browser: str, tmp_path: Path) -> None:
    script = """
      const head = document.querySelectorAll("#results th[scope=col]")[1], seen = [];
      for (let n = 0; n < 3; n++) {
        head.click();
        seen.push([...document.querySelectorAll("#results td")].map((c) => c.textContent.trim()));
      }
      document.body.dataset.seen = seen.join("|");
    """
    document = opened(browser, tmp_path / "p.html", with_script(render_page(page()), script))
    assert 'data-seen="25.00,50.00,95.00|95.00,50.00,25.00|25.00,95.00,50.00"' in document


@pytest.mark.parametrize("width", [1280, 600])
def test_the_page_fits_its_window_and_every_picture_is_drawn(
    browser: str, tmp_path: Path, width: int
) -> None:
    script = """
      addEventListener("load", () => {
        const images = [...document.images];
        document.body.dataset.seen = [
          document.documentElement.scrollWidth <= innerWidth, images.length,
          images.filter((i) => i.complete && i.naturalWidth > 100).length].join(" ");
      });
    """
    text = with_script(render_page(page(*EVERY_KIND)), script)
    document = opened(browser, tmp_path / "p.html", text, f"--window-size={width},900")
    count = len(EVERY_KIND)
    assert f'data-seen="true {count} {count}"' in document


def test_without_javascript_everything_is_there(browser: str, tmp_path: Path) -> None:
    refusal = """<meta http-equiv="Content-Security-Policy" content="script-src 'none'">"""
    text = render_page(page(*EVERY_KIND)).replace("<title>", f"{refusal}<title>")
    document = opened(browser, tmp_path / "p.html", text)
    written, kept = Reader(text), Reader(document)
    assert kept.tags.count("td") == written.tags.count("td") > 10
    assert "button" not in kept.tags


def test_it_prints_on_paper(browser: str, tmp_path: Path) -> None:
    (tmp_path / "p.html").write_text(render_page(page(CURVES)))
    subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={tmp_path / 'p.pdf'}",
            (tmp_path / "p.html").as_uri(),
        ],
        capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    pages = re.findall(rb"/Type\s*/Page\b", (tmp_path / "p.pdf").read_bytes())
    assert 1 <= len(pages) <= 3
