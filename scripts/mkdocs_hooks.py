"""Lets pages link to files of the repository outside docs/, as they do when read on a forge.

Each such file is copied into the site below repository/, Markdown as a page. A link to a file that does
not exist fails the strict build.
"""
import logging
import os
import pathlib
import re

from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]*)?\)")
log = logging.getLogger("mkdocs.hooks.repository")


def target(source, link):
    """The file outside docs/ to which `link` in the file `source` points; None for other links."""
    if re.match(r"[a-z]+:", link):
        return None
    path = pathlib.Path(os.path.normpath(source.parent / link))
    if path.is_relative_to(DOCS) or not path.is_relative_to(ROOT):
        return None
    return path


def outside(source):
    text = source.read_text(encoding="utf-8")
    found = {target(source, match[2]) for match in LINK.finditer(text)} - {None}
    for path in sorted(found):
        if not path.exists():
            log.warning("%s links to %s, which does not exist", source.relative_to(ROOT),
                        path.relative_to(ROOT))
    return {path for path in found if path.is_file()}


def text_of(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md" and not text.startswith("# "):
        text = f"# {path.parent.name}\n\n{text}"
    return text


def in_site(path):
    """A page keeps its name; other files open as text in every browser."""
    name = f"repository/{path.relative_to(ROOT)}"
    return name if path.suffix == ".md" else name + ".txt"


def on_files(files, config):
    waiting = [path for page in DOCS.rglob("*.md") for path in outside(page)]
    seen = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        files.append(File.generated(config, in_site(path), content=text_of(path)))
        if path.suffix == ".md":
            waiting += outside(path)
    return files


def on_page_markdown(markdown, page, config, files):
    uri = page.file.src_uri
    is_copy = uri.startswith("repository/")
    source = ROOT / uri.removeprefix("repository/") if is_copy else DOCS / uri
    here = os.path.dirname(uri)

    def rewritten(match):
        path = target(source, match[2])
        if path is not None and path.is_file():
            goal = in_site(path)
        elif is_copy and not re.match(r"[a-z]+:", match[2]):
            inside = pathlib.Path(os.path.normpath(source.parent / match[2]))
            if not inside.is_relative_to(DOCS):
                return match[0]
            goal = str(inside.relative_to(DOCS))
        else:
            return match[0]
        return f"{match[1]}{os.path.relpath(goal, here or '.')}{match[3] or ''})"

    return LINK.sub(rewritten, markdown)
