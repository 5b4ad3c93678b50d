"""Writes the pages of the example notebooks in docs/examples, with their outputs and figures.

    notebook_pages.py [NAME ...]    runs the notebooks in python/examples and writes their pages
    notebook_pages.py --check       fails if a page differs from its notebook in text or code

Running the notebooks needs nbclient, ipykernel, matplotlib, the package ntkdist and the program (NTK_DIST).
"""
import base64
import json
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "python/examples"
PAGES = ROOT / "docs/examples"
OUTPUT = re.compile(r"\n<!-- output -->\n.*?\n<!-- end of output -->\n", re.DOTALL)
# Figures as SVG with text that stays text, the same from run to run.
SETUP = """
import matplotlib_inline.backend_inline as inline
from matplotlib import rcParams
inline.set_matplotlib_formats("svg")
rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "ntkdist",
                 "font.sans-serif": ["DejaVu Sans", "sans-serif"], "figure.constrained_layout.use": True})
"""


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def text_of(value):
    return value if isinstance(value, str) else "".join(value)


def run(path):
    """The notebook with the outputs of its cells."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(SETUP))
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(notebook, timeout=600, kernel_name="python3",
                       resources={"metadata": {"path": folder}}).execute()
    del notebook.cells[0]
    return json.loads(nbformat.writes(notebook))


def as_seen(text):
    """What remains visible on a terminal after lines were overwritten."""
    text = text.replace(tempfile.gettempdir(), "/tmp")
    lines = [line.split("\r")[-1].rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join(lines).strip("\n")


def merged(outputs):
    """The outputs, with text that was written piece by piece joined."""
    result = []
    for output in outputs:
        is_stream = output["output_type"] == "stream"
        if is_stream and result and result[-1].get("name") == output["name"]:
            result[-1]["text"] = text_of(result[-1]["text"]) + text_of(output["text"])
        else:
            result.append(dict(output))
    return result


def output_text(output, name, figures):
    """One output of a cell as Markdown; figures are files next to the page."""
    if output["output_type"] == "stream":
        seen = as_seen(text_of(output["text"]))
        return f"```text\n{seen}\n```" if seen else ""
    data = output.get("data", {})
    for kind, suffix in (("image/svg+xml", "svg"), ("image/png", "png")):
        if kind in data:
            figures.append((suffix, text_of(data[kind])))
            return f"![figure {len(figures)}]({name}-{len(figures)}.{suffix})"
    if "text/html" in data:
        page = text_of(data["text/html"]).replace(tempfile.gettempdir(), "/tmp")
        return f'<div class="notebook-output">{page}</div>'
    return f"```text\n{text_of(data.get('text/plain', ''))}\n```"


def page_of(notebook, name, figures):
    """The notebook as Markdown, without outputs if it has none."""
    parts = []
    for cell in notebook["cells"]:
        source = text_of(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(f"{source}\n")
            if len(parts) == 1:
                parts.append(f"The notebook is [{name}.ipynb](../../python/examples/{name}.ipynb).\n")
            continue
        parts.append(f"```python\n{source}\n```\n")
        outputs = [output_text(output, name, figures) for output in merged(cell["outputs"])]
        shown = "\n\n".join(filter(None, outputs))
        if shown:
            parts[-1] += f"\n<!-- output -->\n{shown}\n<!-- end of output -->\n"
    return "\n".join(parts)


def write(name):
    PAGES.mkdir(exist_ok=True)
    figures = []
    page = page_of(run(NOTEBOOKS / f"{name}.ipynb"), name, figures)
    for old in PAGES.glob(f"{name}-[0-9]*.*"):
        old.unlink()
    for number, (suffix, content) in enumerate(figures, 1):
        path = PAGES / f"{name}-{number}.{suffix}"
        if suffix == "svg":
            # The time of drawing would change every page in every run.
            content = re.sub(r"\s*<dc:date>.*?</dc:date>", "", content)
            path.write_text(content.rstrip() + "\n", encoding="utf-8")
        else:
            path.write_bytes(base64.b64decode(content))
    (PAGES / f"{name}.md").write_text(page, encoding="utf-8")
    print(f"{PAGES / name}.md, {len(figures)} figures")


def check(names):
    """Whether all pages have the text and code of their notebooks."""
    stale = []
    for name in names:
        page = PAGES / f"{name}.md"
        expected = page_of(read(NOTEBOOKS / f"{name}.ipynb"), name, [])
        if not page.exists() or OUTPUT.sub("", page.read_text(encoding="utf-8")) != expected:
            stale.append(name)
    for name in stale:
        print(f"docs/examples/{name}.md is not the page of python/examples/{name}.ipynb; run "
              "`make notebooks`", file=sys.stderr)
    return not stale


def main():
    names = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    asked = sys.argv[1:]
    if asked == ["--check"]:
        sys.exit(0 if check(names) else 1)
    for name in asked or names:
        write(name)


if __name__ == "__main__":
    main()
