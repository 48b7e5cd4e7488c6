#!/usr/bin/env python3
"""Writes a new protocol folder from scripts/templates/parser: new_parser.py NAME

The parser it writes works: it cuts a stream into lines. Change it, test by test, into the protocol."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "scripts/templates/parser"
# Template -> the file made from it.
FILES = {
    "meson.build.in": "l7/@name@/meson.build",
    "parser.h.in": "l7/@name@/@name@.h",
    "test_meson.build.in": "tests/unit/l7/@name@/meson.build",
    "parser_test.cc.in": "tests/unit/l7/@name@/@name@_test.cc",
    "parser_fuzz.cc.in": "tests/fuzz/@name@_fuzz.cc",
}
# Words of the language, and names that the namespace flowscope already has.
TAKEN = set(
    "alignas auto bool break case catch char class concept const continue default delete do double else "
    "enum explicit export extern false float for friend goto if inline int long namespace new not operator "
    "or and private protected public register requires return short signed sizeof static struct switch "
    "template this throw true try typedef typename union unsigned using virtual void volatile while xor "
    "tcp_flag parser registry".split())


def check_name(name):
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or len(name) > 24:
        sys.exit(f"new-parser: '{name}' must be lower_case, letters and digits, at most 24 long")
    if name in TAKEN:
        sys.exit(f"new-parser: '{name}' is a word that means something else already")
    for path in (ROOT / "l7" / name, ROOT / "tests/unit/l7" / name, ROOT / f"tests/fuzz/{name}_fuzz.cc"):
        if path.exists():
            sys.exit(f"new-parser: {path.relative_to(ROOT)} is there already")


def filled_in(text, name):
    words = {
        "@name@": name,
        "@Name@": "".join(part.capitalize() for part in name.split("_")),
        "@NAME@": name.upper(),
    }
    return re.sub(r"@(name|Name|NAME)@", lambda match: words[match.group(0)], text)


def offer_option(name):
    """Adds the word to the list of the option l7: what the build makes unless told otherwise."""
    path = ROOT / "meson_options.txt"
    text, count = re.subn(r"(option\('l7',[^\]]*?)\]", rf"\1, '{name}']", path.read_text(), count=1)
    if count != 1:
        sys.exit("new-parser: meson_options.txt has no list for the option l7")
    path.write_text(text)


def write_seed(name):
    """One seed in the form that the fuzz target reads: control byte, bytes."""
    folder = ROOT / "tests/fuzz/corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    line = filled_in("@NAME@ one\r\n", name).encode()[:63]
    (folder / "one_line_each_side").write_bytes(bytes([len(line) << 2]) + line + bytes([len(line) << 2 | 1]) + line)


def main(name):
    check_name(name)
    for template, target in FILES.items():
        path = ROOT / filled_in(target, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(filled_in((TEMPLATES / template).read_text(), name))
        if path.suffix in (".h", ".cc"):
            subprocess.run(["clang-format", "-i", str(path)], check=True)
        print(f"wrote {path.relative_to(ROOT)}")
    write_seed(name)
    offer_option(name)
    print(f"added '{name}' to the option l7 in meson_options.txt")
    print(f"next: scripts/dev test l7_{name}; scripts/dev fuzz {name}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
