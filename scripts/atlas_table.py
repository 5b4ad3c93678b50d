#!/usr/bin/env python3
"""Writes the tables of docs/results/atlas.md from the summaries in the same folder.

    atlas_table.py            writes them between the page's markers
    atlas_table.py --check    fails if the page has different tables

A summary is docs/results/atlas-NAME.summary.json. NAME is architecture, activation and depth, such as fcn-relu-10.
"""
import json
import pathlib
import re
import sys

RESULTS = pathlib.Path(__file__).resolve().parents[1] / "docs/results"
PAGE = RESULTS / "atlas.md"
# The regularization of the measured points that the table shows.
RIDGE = 0.01


def number(x):
    """The number with three digits or more, easy to read."""
    return f"{x:,.0f}" if abs(x) >= 999.5 else f"{x:.3g}"


def order(path):
    """Architecture, activation, depth."""
    return [int(part) if part.isdigit() else part for part in re.split(r"[-.]", path.name)]


def network(variant):
    """The layers without the readout, and the variances."""
    theory = variant["theory"]
    variances = f"{theory['weight_variance']:.7g}, {theory['bias_variance']:.7g}"
    return f"{theory['activation']}, depth {theory['layers'] - 1} | {variances}"


def spectrum_row(path, variant):
    spectrum, theory = variant["ntk"]["spectrum"], variant["theory"]["ntk"]
    law = variant["ntk"]["generalization"]["power_laws"]["eigenvalues"]
    tails = variant["ntk"]["generalization"]["effective_dimensions"]["tails"]
    cells = [
        f"[{network(variant).replace(' |', f']({path.name}) |')}",
        f"{number(spectrum['lambda_max'])} ({number(theory['lambda_max'])})",
        number(spectrum["lambda_2"]),
        f"{number(spectrum['bulk_median'])} ({number(theory['bulk'])})",
        f"{number(spectrum['lambda_min'])} ± {number(spectrum['noise_floor'])}",
        f"{law['exponent']:.2f} ({law['spread'][0]:.2f} to {law['spread'][1]:.2f})",
        number(tails[0]["effective_rank"]),
    ]
    return "| " + " | ".join(cells) + " |"


def learning_row(path, variant):
    ntk = variant["ntk"]
    parts = {one["part"]: one["eigenvectors"] for one in ntk["spectrum"]["weights"]["leading"]}
    measured = next(one["measured"] for one in ntk["generalization"]["regularizations"]
                    if one["regularization"] == RIDGE)
    cells = [network(variant).split(" |")[0], f"{parts[0.5]:,}", f"{parts[0.9]:,}"]
    cells += [f"{one['predicted_test_error']:.5f} / {one['test_error']:.5f}" for one in measured]
    cells.append(f"{measured[-1]['test_accuracy']:.2%}")
    return "| " + " | ".join(cells) + " |"


def figure_row(path, variant):
    stem = path.name.removesuffix(".summary.json")
    title = network(variant).split(" |")[0]
    figures = [("spectrum", "Eigenvalues by rank"), ("learning-curve", "Learning curves"),
               ("target-energy", "Part of the labels in the leading eigenvectors")]
    cells = [f"![{text}, {title}]({stem}-{name}.svg)" for name, text in figures]
    return "| " + " | ".join([title, *cells]) + " |"


def tables():
    runs = [(path, json.loads(path.read_text())["variants"][0])
            for path in sorted(RESULTS.glob("atlas-*.summary.json"), key=order)]
    samples = [one["samples"] for one in
               runs[0][1]["ntk"]["generalization"]["regularizations"][0]["measured"]]
    lines = ["| network | weight, bias variance | λ₁ (theory) | λ₂ | median (theory) | smallest ± noise floor "
             "| exponent of the decay (its spread) | trace / λ₁ |", "|" + "---|" * 8]
    lines += [spectrum_row(*run) for run in runs]
    lines += ["", "| network | eigenvectors with half of the labels | with 90 % | "
              + " | ".join(f"squared error from {m:,} images: predicted / measured" for m in samples)
              + f" | accuracy, {samples[-1]:,} images |", "|" + "---|" * (4 + len(samples))]
    lines += [learning_row(*run) for run in runs]
    lines += ["", "| network | eigenvalues by rank | learning curves, and measured points "
              "| labels in the leading eigenvectors |", "|" + "---|" * 4]
    lines += [figure_row(*run) for run in runs]
    return "\n".join(lines)


def main():
    text = PAGE.read_text()
    begin, end = "<!-- atlas_table.py -->\n", "\n<!-- end -->"
    head, rest = text.split(begin)
    page = head + begin + tables() + end + rest.split(end, 1)[1]
    if "--check" not in sys.argv:
        PAGE.write_text(page)
    elif page != text:
        sys.exit(f"{PAGE} has other tables than its summaries give; run scripts/atlas_table.py")


if __name__ == "__main__":
    main()
