"""Runs notebooks."""

import json
import os

from small_jobs import ROOT


def execute(path, folder, **variables):
    """Runs a notebook in a folder; returns its outputs as one text."""
    import nbclient
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    before = dict(os.environ)
    os.environ.update(
        PYTHONPATH=str(ROOT / "python/src"),
        MPLBACKEND="module://matplotlib_inline.backend_inline",
        **variables,
    )
    try:
        nbclient.NotebookClient(
            notebook,
            timeout=1200,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
        ).execute()
    finally:
        os.environ.clear()
        os.environ.update(before)
    return json.dumps(notebook)
