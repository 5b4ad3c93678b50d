"""The report: its content, that it needs no other files, and what happens without gnuplot."""
import html.parser
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import BINARY, ENVIRONMENT, ntk_dist, sentences, succeed, summary, write_job

needs_gnuplot = pytest.mark.skipif(shutil.which("gnuplot") is None, reason="gnuplot is not installed")
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(html.parser.HTMLParser):
    """The elements of a page, each closed in order."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.text = [], [], ""
        self.source = path.read_text()
        self.feed(self.source)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    path = write_job(
        folder, network={"preset": "fcn", "activation": "erf", "depths": [1, 4, 16],
                         "weight_variances": [1.0, 2.5], "bias_variance": 0.18},
        prediction={"regularization": [1e-6, 1e-4, 1e-2], "validation": 20, "leave_one_out": True})
    succeed("run", path)
    succeed("report", folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    folder = tmp_path_factory.mktemp("single")
    succeed("run", write_job(folder))
    return folder / "run"


def test_a_run_ends_with_its_report(tmp_path):
    path = write_job(tmp_path, data={"synthetic": {"seed": 1, "train": 40, "test": 8}})
    result = succeed("run", path, ranks=2)
    assert "NNGP: 40 eigenvalues" in result.stdout and "report in " in result.stdout
    assert (tmp_path / "run/report/index.html").exists()
    shutil.rmtree(tmp_path / "run/report")
    succeed("spectrum", path)
    assert not (tmp_path / "run/report").exists()


@needs_gnuplot
def test_the_page_stands_alone(sweep):
    page = Page(sweep / "report/index.html")
    # Nothing is fetched: the only references are to files next to it and to the page's own elements.
    assert "http:" not in page.source and "https:" not in page.source and "url(" not in page.source
    assert not page.all("script") and not page.all("img") and not page.all("link")
    for attributes in page.all("a"):
        assert (sweep / "report" / attributes["href"]).is_file()
    names = {attributes.get("name") for attributes in page.all("meta")}
    assert {"viewport", "color-scheme"} <= names and "prefers-color-scheme: dark" in page.source
    # If pictures shared an id, browsers would draw all of them with the shapes of the first one.
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for reference in re.findall(r"href=['\"]#([^'\"]+)", page.source):
        assert reference in ids
    figures = {attributes["id"] for attributes in page.all("figure")}
    assert len(page.all("svg")) == len(figures)
    assert {"accuracy-map-ntk", "accuracy-map-nngp", "evidence-map-ntk",
            "evidence-over-depth-nngp", "condition-number-over-depth-ntk",
            "lambda-max-over-depth-nngp", "regularization-ntk", "confusion-ntk",
            "accuracy-over-depth-ntk"} <= figures
    assert any(name.startswith("spectrum-ntk") for name in figures)
    assert any(name.startswith("spectrum-density-ntk") for name in figures)
    # No color for light backgrounds is left, because the reader's page may be dark.
    assert "rgb( 36, 41, 47)" not in page.source and "rgb(36,41,47)" not in page.source


@needs_gnuplot
def test_every_picture_can_be_drawn_again(sweep, tmp_path):
    copy = tmp_path / "report"
    shutil.copytree(sweep / "report", copy)
    pictures = sorted(copy.glob("*.svg"))
    assert len(pictures) >= 15
    for picture in pictures:
        root = ElementTree.fromstring(picture.read_text())
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        script, data = picture.with_suffix(".gp"), picture.with_suffix(".tsv")
        assert script.is_file() and data.is_file()
        before = picture.read_text()
        picture.unlink()
        subprocess.run(["gnuplot", script.name], cwd=copy, check=True, capture_output=True)
        # The program replaces calls of gnuplot's own script by titles, which browsers show.
        drawn = re.sub(
            r"""<g onmousemove="gnuplot_svg.showHypertext\(evt,'(.*?)'\)" """
            r"""onmouseout="gnuplot_svg.hideHypertext\(\)"><title> </title>""",
            r"<g><title>\1</title>", picture.read_text())
        assert drawn == before and "gnuplot_svg" not in before
    # Axes have labels.
    for script in copy.glob("*.gp"):
        text = script.read_text()
        assert len(re.findall(r"^set (?:xlabel|ylabel|label [12]) '.+'", text, re.M)) >= 2


@needs_gnuplot
def test_the_same_run_gives_the_same_report(sweep):
    folder = sweep / "report"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    succeed("report", sweep)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@needs_gnuplot
def test_one_network(single):
    result = succeed("report", single)
    assert not result.stderr
    page = Page(single / "report/index.html")
    figures = {attributes["id"] for attributes in page.all("figure")}
    assert {"spectrum", "spectrum-density", "regularization", "confusion-nngp", "confusion-ntk"} <= figures
    assert not any("over-depth" in name or "map" in name for name in figures)
    spectrum = summary(single)["variants"][0]["ntk"]["spectrum"]
    assert f"{spectrum['lambda_max']:.5g}" in page.text
    # The data has the ranks and eigenvalues of the run.
    rows = [line.split("\t") for line in (single / "report/spectrum.tsv").read_text().splitlines()
            if line and not line.startswith("#")]
    assert [float(rank) for rank, _ in rows][:3] == [1, 2, 3]
    assert max(float(value) for _, value in rows) == pytest.approx(spectrum["lambda_max"], rel=1e-9)


@needs_gnuplot
def test_the_job_file_will_do(single):
    result = succeed("report", single.parent / "job.yaml")
    assert f"report in {single}/report/index.html" in result.stdout


def with_figures(run, target):
    """A copy of a run whose summary has theory, training and alignment, even if the job did not ask for them."""
    shutil.copytree(run, target, ignore=shutil.ignore_patterns("kernels.zarr", "report"))
    value = summary(target)
    for variant in value["variants"]:
        variant["theory"] = dict(
            activation="relu", weight_variance=2.0, bias_variance=0.05, layers=4, positions=1,
            phase="critical", chi1=1.0, c_star=1.0, chi_c_star=1.0, critical_weight_variance=2.0,
            nngp={}, ntk={"lambda_max": 500.0, "bulk": 1.0})
        for kernel in ("nngp", "ntk"):
            variant[kernel]["training"] = dict(
                loss="mse", dynamics="flow", learning_rate=1.0, maximal_learning_rate=20.0,
                regularization=0.0, target_offset=0.1, method="eigenvectors", seconds_training=0.1,
                points=[dict(time=time, train_loss=1 / time, train_accuracy=0.5, test_loss=2 / time,
                             test_accuracy=0.4) for time in (1.0, 10.0, 100.0)]
                + [dict(train_loss=1e-3, train_accuracy=1.0, test_loss=0.01, test_accuracy=0.5)])
            variant[kernel]["alignment"] = dict(
                alignment=0.2, target_offset=0.1, participation=3.0, effective_dimensions=[],
                energies=[0.1, 0.15, 0.2], regularization=1e-6, seconds=0.1,
                targets=[dict(index=1, eigenvalue=9.0, train_accuracy=1.0, test_accuracy=0.9),
                         dict(index=2, eigenvalue=3.0, train_accuracy=0.9, test_accuracy=0.8)])
    (target / "summary.json").write_text(json.dumps(value))
    return target


@needs_gnuplot
def test_training_alignment_and_the_phase_diagram(single, tmp_path):
    run = with_figures(single, tmp_path / "run")
    assert not succeed("report", run).stderr
    figures = {attributes["id"] for attributes in Page(run / "report/index.html").all("figure")}
    assert {"learning-loss", "learning-accuracy", "alignment", "sign-targets", "phase-diagram"} <= figures
    assert "2\t0.05" in (run / "report/phase-diagram.tsv").read_text()


@needs_gnuplot
def test_learning_from_the_spectrum_with_measured_points(tmp_path):
    path = write_job(
        tmp_path, spectrum={"weights": True}, prediction={"regularization": [1e-4, 1e-1], "leave_one_out": True},
        generalization={"samples": [20, 60], "draws": 2})
    assert not [line for line in sentences(succeed("run", path, ranks=2)) if "diagonal" not in line]
    page = Page(tmp_path / "run/report/index.html")
    figures = {attributes["id"] for attributes in page.all("figure")}
    assert {"learning-curve", "target-energy", "class-energy", "training-curve", "evidence"} <= figures
    assert "generalized cross-validation" in page.text and "leave-one-out" in page.text
    found = summary(tmp_path / "run")["variants"][0]["ntk"]["generalization"]["regularizations"]
    drawn = [tuple(map(float, line.split("\t")))
             for line in (tmp_path / "run/report/learning-curve.tsv").read_text().splitlines()
             if line and not line.startswith("#")]
    for ridge in found:
        for point in ridge["learning_curve"] + ridge["measured"]:
            assert any(count == point["samples"] and value == pytest.approx(point["test_error"], rel=1e-6)
                       for count, value in drawn)
    energies = [line.split("\t") for line in (tmp_path / "run/report/target-energy.tsv").read_text().splitlines()
                if line and not line.startswith("#")]
    assert [float(energy) for rank, energy in energies if rank == "130"][:2] == pytest.approx([100, 100])


def test_figures_that_no_longer_apply_are_removed(single, tmp_path):
    run = with_figures(single, tmp_path / "run")
    report = run / "report"
    succeed("report", run)
    script = (report / "spectrum.gp").read_text()
    (report / "old-figure.gp").write_text(script.replace("spectrum.gp", "old-figure.gp").replace(
        "spectrum.svg", "old-figure.svg"))
    for name in ("old-figure.svg", "old-figure.tsv", "mine.tsv", "mine.svg"):
        (report / name).write_text("")
    # Files of the user, one of them a changed copy of a script.
    (report / "mine.gp").write_text(script)
    (report / "notes.txt").write_text("")
    succeed("report", run)
    assert not list(report.glob("old-figure.*"))
    assert len(list(report.glob("mine.*"))) == 3 and (report / "notes.txt").exists()
    assert (report / "spectrum.gp").read_text() == script


def test_without_gnuplot(single, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(single, run, ignore=shutil.ignore_patterns("kernels.zarr", "report"))
    result = subprocess.run([BINARY, "report", str(run)], capture_output=True, text=True,
                            env=dict(ENVIRONMENT, PATH="/nonexistent"))
    assert result.returncode == 0
    said = sentences(result)
    assert len(said) == 1 and "gnuplot is not in PATH" in said[0] and "gnuplot-nox" in said[0]
    page = Page(run / "report/index.html")
    assert "gnuplot" in page.text and not page.all("svg") and page.all("table")
    assert not list((run / "report").glob("*.svg"))
    for attributes in page.all("a"):
        assert (run / "report" / attributes["href"]).is_file()
    assert (run / "report/spectrum.gp").is_file() and (run / "report/spectrum.tsv").is_file()


def test_a_gnuplot_that_fails_is_said(single, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(single, run, ignore=shutil.ignore_patterns("kernels.zarr", "report"))
    (tmp_path / "gnuplot").write_text("#!/bin/sh\necho 'out of ink' >&2\nexit 3\n")
    (tmp_path / "gnuplot").chmod(0o755)
    result = subprocess.run([BINARY, "report", str(run)], capture_output=True, text=True,
                            env=dict(ENVIRONMENT, PATH=f"{tmp_path}:/usr/bin:/bin"))
    assert result.returncode == 0
    said = sentences(result)
    assert any("spectrum.svg" in line and "out of ink" in line for line in said)
    page = Page(run / "report/index.html")
    assert page.all("figure") and not page.all("svg") and page.all("table")


def test_a_run_that_has_no_results_yet(tmp_path):
    path = write_job(tmp_path)
    succeed("assemble", path)
    succeed("report", tmp_path / "run")
    page = Page(tmp_path / "run/report/index.html")
    assert "no results yet" in page.text and not page.all("figure")
    assert "Assembly" in page.text


def test_a_spectrum_that_is_gone_is_said(single, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(single, run, ignore=shutil.ignore_patterns("kernels.zarr", "report"))
    (run / "spectrum/ntk.npy").unlink()
    result = succeed("report", run)
    assert any("spectrum/ntk.npy" in line for line in sentences(result))
    assert "# NTK" not in (run / "report/spectrum.tsv").read_text()


@pytest.mark.parametrize("prepare, words", [
    (lambda run: None, ["is not a run folder", "does not exist"]),
    (lambda run: run.mkdir(), ["is not a run folder", "job.yaml"]),
    (lambda run: (run.mkdir(), (run / "job.yaml").write_text("{}")), ["no results yet", "summary.json"]),
])
def test_what_is_no_run_is_said(tmp_path, prepare, words):
    run = tmp_path / "none"
    prepare(run)
    result = ntk_dist("report", run)
    assert result.returncode == 66
    said = sentences(result)
    assert len(said) == 1 and all(word in said[0] for word in [str(run), *words]), result.stderr
    assert not (run / "report").exists()


def test_a_damaged_summary_is_said(single, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(single, run, ignore=shutil.ignore_patterns("kernels.zarr", "report"))
    (run / "summary.json").write_text("{")
    result = ntk_dist("report", run)
    assert result.returncode == 65 and "summary.json" in result.stderr


def test_the_terminal_shows_the_spectrum(single, sweep):
    environment = {key: value for key, value in ENVIRONMENT.items() if not key.startswith("LC_")}

    def lines(run, language):
        result = subprocess.run([BINARY, "report", str(run)], capture_output=True, text=True,
                                env=dict(environment, LANG=language))
        assert result.returncode == 0
        return [line for line in result.stdout.splitlines() if not line.startswith("report in")]

    for run in (single, sweep):
        blocks = lines(run, "C.UTF-8")
        assert any("█" in line for line in blocks) and max(map(len, blocks)) <= 80
        assert any("1e0" in line or "1e1" in line for line in blocks)
        assert "".join(lines(run, "C")).isascii()
    assert any("NTK: 130 eigenvalues" in line for line in lines(single, "C"))
