"""What the catalogue costs when it is first used, and that it costs nothing before.

    python tests/benchmarks/catalogue_loading.py [--runs N]

First uses are measured in a Python of their own each, in which everything but the library is
loaded already, beside reading the same data from one file of JSON. Then the start of the program,
of the modules of its shell, and of `xmppshell explain`. The aim is at most 30 ms for a first use.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from measuring import ROOT, clean_environment, now, report, xmppshell

AIM = 0.030

BEFORE = """\
import json, pathlib, re, sys, time, tomllib, dataclasses, difflib, datetime, functools
import importlib.resources
from lxml import etree
import xmppshell.protocol.sasl_explain, xmppshell.protocol.errors, xmppshell.protocol.jid
from xmppshell.protocol.xml import Context, parse_element
element = parse_element({stanza!r}, Context.for_namespace())
began = time.perf_counter()
"""
AFTER = "\nprint(time.perf_counter() - began)\n"
STANZA = (
    b"<iq type='result' id='1' from='localhost'><query xmlns='jabber:iq:roster'>"
    b"<item jid='romeo@localhost' subscription='both'><group>Montague</group></item></query></iq>"
)
FIRST_USES = {
    "explain one stanza": "from xmppshell.knowledge.explain import explain_element\n"
    "explain_element(element)",
    "find one element by its name": "from xmppshell.knowledge.catalogue import catalogue\n"
    "assert catalogue().elements_named('ping')",
    "explain one word": "from xmppshell.knowledge.explain_term import explain_term\n"
    "assert explain_term('ping').cards",
    "read everything": "from xmppshell.knowledge.catalogue import catalogue\n"
    "assert len(catalogue().namespaces()) > 60",
    "the same data as JSON": "json.loads(pathlib.Path({json!r}).read_text('utf-8'))",
}
SHELL = "import xmppshell.terminal.shell, xmppshell.terminal.prompt"
LIBRARY = f"{SHELL}, xmppshell.knowledge.explain, xmppshell.terminal.explain_view"
LOADED = (
    f"{SHELL}, sys, gc\n"
    "from xmppshell.knowledge.catalogue import catalogue\n"
    "print(sorted(n for n in sys.modules if n.startswith('xmppshell.knowledge')),\n"
    "      catalogue.cache_info().currsize)"
)


def data_as_json(folder: Path) -> Path:
    """Write all topics into one file of JSON, and say how much it is."""
    topics = files("xmppshell.knowledge") / "data" / "topics"
    texts = [each.read_text("utf-8") for each in topics.iterdir() if each.name.endswith(".toml")]
    path = folder / "catalogue.json"
    path.write_text(json.dumps([tomllib.loads(text) for text in texts]), "utf-8")
    print(f"{len(texts)} topics, {sum(map(len, texts)) / 1000:.0f} kB of TOML, "
          f"{path.stat().st_size / 1000:.0f} kB of JSON")  # fmt: skip
    return path


def python(script: str) -> str:
    """Run a script in a Python of its own, and give what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=clean_environment(),
    )
    return done.stdout.strip()


def wall(command: list[str]) -> float:
    """Run a command to its end, and give the seconds it took."""
    began = now()
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=clean_environment()
    )
    return now() - began


def in_turn(measures: dict[str, Callable[[], float]], runs: int) -> dict[str, float]:
    """Take each measure in turn, `runs` times after one that does not count; give the medians."""
    times: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(runs + 1):
        for name, measure in measures.items():
            seconds = measure()
            if number:
                times[name].append(seconds)
    return {name: report(name, each) for name, each in times.items()}


def first_use(script: str) -> Callable[[], float]:
    """Give a measure of a script's time, without that of what it needs besides the library."""
    return lambda: float(python(BEFORE.format(stanza=STANZA) + script + AFTER))


def run(command: list[str]) -> Callable[[], float]:
    """Give a measure of a command's time."""
    return lambda: wall(command)


def main() -> None:
    """Measure and print."""
    sys.path.insert(0, str(ROOT))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        path = data_as_json(Path(folder))
        print("first use, in a Python of its own")
        medians = in_turn(
            {
                name: first_use(script.replace("{json!r}", repr(str(path))))
                for name, script in FIRST_USES.items()
            },
            runs,
        )
    slowest = max(medians["explain one stanza"], medians["explain one word"])
    print(f"slowest of the first uses {slowest * 1000:.1f} ms (aim: at most {AIM * 1000:.0f} ms)")
    print("whole programs")
    in_turn(
        {
            "python -c pass": run([sys.executable, "-c", "pass"]),
            "xmppshell --version": run(xmppshell("--version")),
            "xmppshell explain ping": run(xmppshell("explain", "ping")),
            "modules of the shell": run([sys.executable, "-c", SHELL]),
            "the same and the library": run([sys.executable, "-c", LIBRARY]),
        },
        runs,
    )
    print("loaded with the shell, and catalogues in memory:", python(LOADED.replace("{SHELL}", "")))


if __name__ == "__main__":
    main()
