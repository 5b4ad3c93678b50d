"""check_links.py FILE...: fails if a relative link in a Markdown file leads nowhere.

An anchor must be a heading of the file that it is in.
"""
import pathlib
import re
import sys

LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)|(?:src|href)=\"([^\"#]+)\"")


def anchors(path):
    """The anchors of a Markdown file's headings, as forges make them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def problems(path):
    for match in LINK.finditer(path.read_text(encoding="utf-8")):
        link, anchor = match[1] or match[3] or "", match[2]
        if re.match(r"[a-z]+:", link):
            continue
        goal = path.parent / link if link else path
        if not goal.exists():
            yield f"{path}: {link} does not exist"
        elif anchor and goal.suffix == ".md" and anchor not in anchors(goal):
            yield f"{path}: {link} has no heading #{anchor}"


found = [problem for name in sys.argv[1:] for problem in problems(pathlib.Path(name))]
print("\n".join(found), file=sys.stderr, end="\n" if found else "")
sys.exit(1 if found else 0)
