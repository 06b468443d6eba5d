from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from rich.console import Console

from poolbench.core.errors import BadInput
from poolbench.report import FORMATS
from poolbench.report.formats import csv as as_csv
from poolbench.report.formats import json as as_json
from poolbench.report.formats import latex as as_latex
from poolbench.report.formats import markdown as as_markdown
from poolbench.report.formats import rich as as_rich
from poolbench.report.table import Column, Table, TableCell, printable, text_cell
from tests.report.examples import HOSTILE, NAMED, PLAIN


def test_rich_writes_a_plain_table_off_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # of consoles, not of files
    assert as_rich.render([PLAIN]) == (
        "Two variants\n"
        "\n"
        "variant       accuracy %        p\n"
        "─────────────────────────────────\n"
        "average            50.00        –\n"
        "lae_1     * 95.03 ± 0.15   0.0286\n"
        "\n"
        "* best, 100 % sure\n"
    )


def test_markdown_is_a_pipe_table_with_its_notes() -> None:
    assert as_markdown.render([PLAIN]) == (
        "### Two variants\n"
        "\n"
        "| variant | accuracy % | p |\n"
        "| :--- | ---: | ---: |\n"
        "| average | 50.00 | – |\n"
        "| lae\\_1 | \\* **95.03 ± 0.15** | 0.0286 |\n"
        "\n"
        "- \\* best, 100 % sure\n"
    )


def test_latex_is_a_booktabs_float_with_its_notes() -> None:
    assert as_latex.render([PLAIN]) == (
        "% needs \\usepackage{booktabs,graphicx}\n"
        "\\begin{table}\n"
        "\\centering\n"
        "\\caption{Two variants}\n"
        "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n"
        "\\begin{tabular}{lrr}\n"
        "\\toprule\n"
        "variant & accuracy \\% & p \\\\\n"
        "\\midrule\n"
        "average & 50.00 & -- \\\\\n"
        "lae\\_1 & * \\textbf{95.03 $\\pm$ 0.15} & 0.0286 \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}}\n"
        "\\par\\smallskip\n"
        "\\begin{minipage}{\\linewidth}\\footnotesize\\raggedright\n"
        "* best, 100 \\% sure\\par\n"
        "\\end{minipage}\n"
        "\\end{table}\n"
    )


def test_latex_stacks_a_heading_that_is_wider_than_its_column() -> None:
    column = Column(title="p (Holm) [95 % interval]", fields=("p",))
    table = Table(title="t", columns=(column,), rows=((TableCell(values=(1,), text="0.0286"),),))
    assert "\\shortstack[r]{\\strut p (Holm) \\\\ {[}95 \\% \\\\ interval{]}} \\\\" in (
        as_latex.render([table])
    )


def test_latex_stacks_two_lines_too_and_text_to_the_left() -> None:
    table = Table(
        title="t",
        columns=(
            Column(title="undecided because", fields=("reason",), is_text=True),
            Column(title="images seen", fields=("n",)),
        ),
        rows=((text_cell("few"), TableCell(values=(1,), text="", is_bold=True, mark="*")),),
    )
    text = as_latex.render([table])
    assert "\\shortstack[l]{\\strut undecided \\\\ because} & \\shortstack[r]{" in text
    assert "few & *  \\\\\n" in text  # nothing to set in bold
    assert "| few | \\*  |\n" in as_markdown.render([table])
    assert "minipage" not in text  # no notes


def test_tables_without_notes_end_with_their_last_row() -> None:
    bare = replace(PLAIN, notes=())
    assert as_rich.render([bare]).endswith("95.03 ± 0.15   0.0286\n")
    assert as_markdown.render([bare]).endswith("| 0.0286 |\n")
    assert as_latex.render([bare]).endswith("\\end{tabular}}\n\\end{table}\n")


def test_csv_holds_unrounded_values_and_leaves_the_undefined_empty() -> None:
    assert as_csv.render([PLAIN]) == (
        "variant,mean,std,is_best,p\naverage,0.5,,false,\nlae_1,0.95025,0.0015,true,0.0286\n"
    )


def test_several_tables_in_csv_are_told_apart_by_their_title() -> None:
    first, second = as_csv.render([PLAIN, PLAIN]).split("\n\n")
    assert first.splitlines()[0] == "table,variant,mean,std,is_best,p"
    assert second.splitlines()[1] == "Two variants,average,0.5,,false,"


def test_json_is_strict_and_holds_unrounded_values() -> None:
    document = json.loads(as_json.render([PLAIN]), parse_constant=pytest.fail)
    assert document["schema"] == 1
    assert as_json.render([PLAIN]).startswith('{\n  "schema": 1,\n')
    table = document["tables"][0]
    assert table["rows"] == [
        {"variant": "average", "mean": 0.5, "std": None, "is_best": False, "p": None},
        {"variant": "lae_1", "mean": 0.95025, "std": 0.0015, "is_best": True, "p": 0.0286},
    ]
    assert table["columns"][1] == {"title": "accuracy %", "fields": ["mean", "std", "is_best"]}
    assert table["notes"] == ["* best, 100 % sure"]
    assert table["detail"] == {"bound": None}
    assert '"title": "é"' in as_json.render([replace(PLAIN, title="é")])


def test_a_console_shows_names_as_they_are_and_obeys_no_markup_or_control_code() -> None:
    text = as_rich.render([NAMED])
    for name in HOSTILE:
        assert text.count(printable(name)) >= 2
    assert "\x1b" not in text
    assert "\u202e" not in text
    colour = Console(file=io.StringIO(), force_terminal=True, width=80, color_system="standard")
    as_rich.print_table(NAMED, colour)
    assert isinstance(colour.file, io.StringIO)
    assert "[red]x[/]" in colour.file.getvalue()
    assert "\x1b[31m" not in colour.file.getvalue()


def test_a_terminal_gets_bold_and_dim_and_no_other_style() -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=80, color_system="standard")
    as_rich.print_table(PLAIN, terminal)
    assert isinstance(terminal.file, io.StringIO)
    text = terminal.file.getvalue()
    styled = re.findall(r"\x1b\[([0-9;]+)m(.*?)\x1b\[0m", text)
    assert {code for code, _ in styled} == {"1", "2"}
    bold = [part.strip() for code, part in styled if code == "1" and part.strip()]
    assert bold == ["Two variants", "variant", "accuracy %", "p", "* 95.03 ± 0.15"]
    assert [part for code, part in styled if code == "2"] == ["* best, 100 % sure"]


def test_tables_off_a_terminal_are_set_apart_and_their_notes_broken_at_100_characters() -> None:
    one = as_rich.render([PLAIN])
    assert as_rich.render([PLAIN, PLAIN]) == f"{one}\n{one}"
    noted = replace(PLAIN, notes=("x" * 101,))
    assert as_rich.render([noted]).endswith(f"\n{'x' * 100}\nx\n")


def test_a_table_is_split_where_text_would_have_less_than_16_characters() -> None:
    table = Table(
        title="t",
        columns=(
            Column(title="variant", fields=("variant",), is_text=True),
            *(Column(title=name, fields=(name,)) for name in ("a", "b")),
        ),
        rows=((text_cell("n" * 40), *[TableCell(values=(1.0,), text="1234567890")] * 2),),
    )
    # 16 and twice 10 characters, and a gap of 3 after each.
    counts = [as_rich.render([table], width).count("variant") for width in (30, 44, 45)]
    assert counts == [2, 2, 1]
    # What is to spare goes to the text.
    assert f"\n{'n' * 20}   1234567890   1234567890\n{'n' * 20}\n" in as_rich.render([table], 49)
    texts = Table(
        title="t",
        columns=tuple(Column(title=name, fields=(name,), is_text=True) for name in ("a", "b")),
        rows=((text_cell("n" * 40), text_cell("m" * 40)),),
    )
    assert f"\n{'n' * 26}   {'m' * 16}\n" in as_rich.render([texts], 48)
    assert f"\n{'n' * 40}   {'m' * 29}\n" in as_rich.render([texts], 75)


def test_markdown_keeps_every_name_literal() -> None:
    lines = as_markdown.render([NAMED]).splitlines()
    shown = [line.split(" | ")[0].removeprefix("| ") for line in lines[4 : 4 + len(HOSTILE)]]
    assert shown == [
        "[red]x[/]",
        "\\<script\\>",
        "a\\_b%\\&\\#",
        "=1+1",
        "x\\|y",
        "\\\\x1b[31m\\\\u202e",
        "\\`\\$\\`^\\~\\\\{}\\*",
    ]
    assert as_markdown.escape("[a](http://x) ![b](c) [d]: e") == (
        "\\[a](http://x) !\\[b](c) \\[d]: e"
    )
    assert as_markdown.escape("+ not a list") == "\\+ not a list"


def test_latex_keeps_every_name_literal() -> None:
    lines = as_latex.render([NAMED]).splitlines()
    rows = [line.split(" & ")[0] for line in lines if line.endswith(" & 1 \\\\")]
    assert rows == [
        "{[}red{]}x{[}/{]}",
        "\\textless{}script\\textgreater{}",
        "a\\_b\\%\\&\\#",
        "=1+1",
        "x\\textbar{}y",
        "\\textbackslash{}x1b{[}31m\\textbackslash{}u202e",
        "`\\$`\\textasciicircum{}\\textasciitilde{}\\textbackslash{}\\{\\}*",
    ]
    assert as_latex.escape("a--b") == "a-{}-b"


def test_csv_gives_a_spreadsheet_no_formula_to_run() -> None:
    rows = list(csv.reader(io.StringIO(as_csv.render([NAMED]))))
    assert [row[0] for row in rows[1:]] == [
        "'=1+1" if name == "=1+1" else printable(name) for name in HOSTILE
    ]
    starts = Table(
        title="starts",
        columns=(Column(title="name", fields=("name",), is_text=True),),
        rows=tuple((text_cell(name),) for name in ("+1", "-1", "@x", " =1", "\t=1", "a=1")),
    )
    cells = [row[0] for row in csv.reader(io.StringIO(as_csv.render([starts])))][1:]
    assert cells == ["'+1", "'-1", "'@x", "' =1", "' =1", "a=1"]


def test_json_keeps_every_name_as_it_was_written() -> None:
    rows = json.loads(as_json.render([NAMED]))["tables"][0]["rows"]
    assert [row["variant"] for row in rows] == list(HOSTILE)


def wide(columns: int) -> Table:
    return Table(
        title="wide",
        columns=(
            Column(title="variant", fields=("variant",), is_text=True),
            *(Column(title=f"metric number {i}", fields=(f"m{i}",)) for i in range(columns)),
        ),
        rows=tuple(
            (
                text_cell("a-variant-with-a-name-that-is-far-too-long-for-its-column" * (row + 1)),
                *(
                    TableCell(values=(i,), text=f"{row}{i}.12 [−34.56, +78.9{i}]")
                    for i in range(columns)
                ),
            )
            for row in range(2)
        ),
        notes=("a note " * 40,),
    )


@pytest.mark.parametrize("width", [45, 60, 80, 120, 200])
def test_a_narrow_terminal_cuts_no_number_and_no_name(width: int) -> None:
    table = wide(7)
    text = as_rich.render([table], width)
    assert max(map(len, text.splitlines())) <= width
    for row in table.rows:
        for cell in row[1:]:
            assert cell.text in text
    # A folded name comes back whole when the lines of its own column are joined.
    assert "…" not in text
    block = text.split("\n\n")[1].splitlines()[2:]
    first_column = "".join(line[: line.index("   ") if "   " in line else None] for line in block)
    assert "".join(row[0].text for row in table.rows) in first_column.replace(" ", "")


def test_off_a_terminal_the_widest_table_stays_in_one_piece() -> None:
    text = as_rich.render([wide(12)])
    assert text.count("variant ") == 1
    assert wide(12).rows[1][0].text in text
    assert as_rich.natural_width(wide(12)) > 200


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_any_number_of_tables(name: str) -> None:
    render = FORMATS.resolve(name)
    assert isinstance(render([]), str)
    assert len(render([PLAIN, NAMED])) > len(render([PLAIN]))
    empty = Table(title="empty", columns=PLAIN.columns, rows=())
    assert "variant" in render([empty])
    untitled = Column(title="", fields=("name",))
    nothing = Table(title="nothing", columns=(untitled,), rows=((text_cell(""),),))
    assert render([nothing])


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match="unknown format 'markdwn'") as caught:
        FORMATS.resolve("markdwn")
    assert "did you mean 'markdown'" in caught.value.hint


def test_notes_and_deviations_follow_a_table_s_own_and_programs_are_told_what_deviates() -> None:
    noted = PLAIN.with_deviations(["larger images"]).with_notes(["late"])
    assert noted.notes == (*PLAIN.notes, "not as in the source: larger images", "late")
    assert noted.detail == {**PLAIN.detail, "deviations": ["larger images"]}
    assert PLAIN.with_deviations([]) == PLAIN


def test_a_text_is_one_line_in_which_control_characters_are_seen() -> None:
    assert printable("a\n\r\tb\x1b\u2028c") == "a   b\\x1b\\u2028c"


def test_a_table_whose_parts_do_not_fit_is_a_bug_that_shows() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Table(title="t", columns=PLAIN.columns, rows=((text_cell("a"),),))
    with pytest.raises(ValueError, match="not unique"):
        Table(title="t", columns=(PLAIN.columns[0],) * 2, rows=())


def test_listing_the_formats_loads_neither_rich_nor_scipy() -> None:
    code = (
        "import sys, poolbench.report; list(poolbench.report.FORMATS);"
        "assert not {'rich', 'scipy', 'numpy', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
