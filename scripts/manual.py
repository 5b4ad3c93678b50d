"""The manual page of ntk-dist, in man's format, from `ntk-dist --experimental-dump-help` on standard input."""
import json
import sys


def escaped(text):
    return (text or "").replace("\\", "\\e").replace("-", "\\-").replace("\n", " ")


def synopsis(argument):
    value = f"<{argument.get('valueName', '')}>"
    names = argument.get("names", [])
    if not names:
        text = value
    else:
        name = argument.get("preferredName", names[0])
        text = ("--" if name["kind"] == "long" else "-") + name["name"]
        if argument["kind"] == "option":
            text += f" {value}"
    return f"[{text}]" if argument.get("isOptional", False) else text


def names(argument):
    listed = [("--" if n["kind"] == "long" else "-") + n["name"] for n in argument.get("names", [])]
    value = f" <{argument['valueName']}>" if argument["kind"] == "option" else ""
    return ", ".join(name + value for name in listed) or f"<{argument['valueName']}>"


def command(tool, path):
    arguments = [a for a in tool.get("arguments", []) if a.get("shouldDisplay", True)]
    yield f".SS {escaped(' '.join(path))}"
    yield escaped(" ".join([*path, *map(synopsis, arguments)]))
    yield ".PP"
    yield escaped(tool.get("abstract"))
    if tool.get("discussion"):
        yield ".PP"
        yield escaped(tool["discussion"])
    for argument in arguments:
        if argument.get("abstract"):
            yield ".TP"
            yield f".B {escaped(names(argument))}"
            yield escaped(argument["abstract"])


def page(tool, version):
    yield f'.TH NTK\\-DIST 1 "" "ntk\\-dist {escaped(version)}"'
    yield ".SH NAME"
    yield f"ntk\\-dist \\- {escaped(tool['abstract'])}"
    yield ".SH DESCRIPTION"
    yield escaped(tool.get("discussion"))
    yield ".SH COMMANDS"
    for sub in tool["subcommands"]:
        if sub["commandName"] != "help" or sub.get("arguments"):
            yield from command(sub, [tool["commandName"], sub["commandName"]])
    yield ".SH FILES"
    yield "The documentation and example jobs are in share/doc/ntk\\-dist and share/ntk\\-dist below the prefix."


if __name__ == "__main__":
    print("\n".join(page(json.load(sys.stdin)["command"], sys.argv[1])))
