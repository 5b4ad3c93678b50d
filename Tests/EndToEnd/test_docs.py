"""The examples and lists in README.md and docs/."""
import json
import re
import subprocess
import sys
import textwrap

from conftest import ROOT, ntk_dist, succeed, summary, write_job

README = (ROOT / "README.md").read_text()
REFERENCE = ROOT / "docs/reference"
SMALL = ["--set", "data={synthetic: {train: 130, test: 30}}", "--progress", "none"]


def blocks(page, start):
    """The indented code blocks of a page that begin with `start`."""
    found = re.findall(r"(?:^    .*\n(?:^\n(?=    ))?)+", page, re.M)
    return [text for text in map(textwrap.dedent, found) if text.startswith(start)]


def sections(page):
    """The text below each heading of the second level, by heading."""
    parts = re.split(r"^## (.+)\n", page, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def code(text):
    """The text that is formatted as code: between backticks on a line, and in indented blocks."""
    return "\n".join(map("".join, re.findall(r"`([^`\n]+)`|^    (.+)$", text, re.M)))


def run_python(code, folder):
    result = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def keys(value):
    """Every key of a JSON value."""
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


def test_the_readme_is_short():
    assert len(README.split()) <= 900


def test_the_job_and_the_python_of_the_readme_run(tmp_path):
    [job] = blocks(README, "data:")
    (tmp_path / "job.yaml").write_text(job)
    assert len(job.splitlines()) == 5
    succeed("run", "job.yaml", *SMALL, cwd=tmp_path)
    [code] = blocks(README, "import json")
    run_python(code + "assert theta.shape == (130, 130) and (theta == theta.T).all()\n"
               "assert eigenvectors.shape == (130, 10) and predictions.shape == (3, 30, 10)\n"
               "residual = theta @ eigenvectors[:, 0] - eigenvalues[-1] * eigenvectors[:, 0]\n"
               "assert abs(residual).max() < 1e-10 * eigenvalues[-1]\n", tmp_path)


def test_the_python_of_the_first_run_runs(tmp_path):
    page = (ROOT / "docs/guide/first-run.md").read_text()
    succeed("run", ROOT / "jobs/quickstart.yaml", *SMALL, "--set", "output=runs/demo", cwd=tmp_path)
    [code] = blocks(page, "import numpy")
    run_python(code, tmp_path)
    [job] = blocks(page, "data:")
    (tmp_path / "job.yaml").write_text(job)
    succeed("run", "job.yaml", *SMALL, cwd=tmp_path)


def test_the_job_on_arrays_runs(tmp_path):
    page = (ROOT / "docs/guide/your-own-arrays.md").read_text()
    run_python("import numpy as np\n"
               "for name, count in [('train', 40), ('test', 10)]:\n"
               "    np.save(f'{name}.npy', np.random.rand(count, 8, 8, 3))\n"
               "    np.save(f'{name}_labels.npy', np.arange(count) % 3)\n", tmp_path)
    [job] = blocks(page, "data:")
    (tmp_path / "job.yaml").write_text(job)
    succeed("run", "job.yaml", cwd=tmp_path)
    succeed("kernel", "job.yaml", "--rows", "train.npy", "--columns", "test.npy", "--output", "kernels",
            cwd=tmp_path)


def test_every_command_and_option_is_documented():
    page = (REFERENCE / "commands.md").read_text()
    parts = sections(page)
    listed = succeed("--help").stdout.split("SUBCOMMANDS:")[1].split("See 'ntk-dist")[0]
    commands = re.findall(r"^  ([a-z]+) ", listed, re.M)
    assert {"run", "assemble", "spectrum", "predict", "report"} <= set(commands)
    for command in commands:
        assert re.search(rf"^\| `{command}\b", page, re.M), command
        options = set(re.findall(r"--[a-z-]+", succeed("help", command).stdout.split("OPTIONS:")[-1]))
        own = code("".join(parts[title] for title in parts if command in re.findall(r"\w+", title)))
        assert options - set(re.findall(r"--[a-z-]+", own)) == {"--help", "--version"}, command


def test_every_key_of_a_summary_is_documented(tmp_path):
    parts = sections((REFERENCE / "outputs.md").read_text())
    path = write_job(
        tmp_path, network={"preset": "fcn", "depths": [1, 2], "activation": "erf", "weight_variance": 2.0},
        spectrum={"vectors": "all", "centred": True},
        prediction={"regularization": [1e-2, 1e-1], "validation": 20, "variance": True,
                    "leave_one_out": True},
        training={"times": [1, 10], "variance": True}, alignment={"targets": [1, 2]})
    succeed("run", path, "--progress", "none")
    (tmp_path / "tanh").mkdir()
    tanh = write_job(tmp_path / "tanh", network={"preset": "fcn", "depth": 1, "activation": "tanh"})
    succeed("assemble", tanh, "--progress", "none")
    (tmp_path / "cg").mkdir()
    iterated = write_job(tmp_path / "cg", spectrum=None, density={"probes": 2},
                         prediction={"regularization": [1e-2], "solver": "cg"})
    succeed("run", iterated, "--progress", "none")
    found = keys(summary(tmp_path / "run")).union(
        keys(summary(tmp_path / "tanh/run")), keys(summary(tmp_path / "cg/run")),
        *(keys(json.loads(path.read_text())) for path in (ROOT / "docs/results").glob("*.json")))
    assert len(found) > 60
    assert found - set(re.findall(r"\w+", code(parts["summary.json"]))) == set()
    files = re.findall(r"\w+\.npy", code(parts["The run folder"]))
    for path in (tmp_path / "run").rglob("*.npy"):
        pattern = re.sub(r"nngp|ntk", "ntk", re.sub(r"_phi_\d+", "_phi_J", path.name))
        assert pattern in files, path.name


def test_every_exit_status_is_documented():
    page = (REFERENCE / "exit-statuses.md").read_text()
    source = "".join(path.read_text() for path in (ROOT / "Sources").rglob("*.swift"))
    statuses = re.findall(r"case \w+ = (6\d|7\d)\b", source)
    assert len(statuses) >= 9
    assert [status for status in statuses if f"| {status} |" not in page] == []


def test_every_layer_is_documented(tmp_path):
    page = (REFERENCE / "layers.md").read_text()
    path = write_job(tmp_path, network=[{"no_such_layer": {}}])
    result = ntk_dist("plan", path, "--ranks", "1")
    known = re.search(r"known: ([a-z_, ]+)", result.stderr)
    assert known, result.stderr
    assert [name for name in known[1].split(", ") if f"`{name}`" not in page] == []
