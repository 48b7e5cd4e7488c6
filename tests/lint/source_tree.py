"""What every lint check needs: the files of the tree, C++ without comments and strings, and a way to
report."""
import argparse
import os
import pathlib
import re
import sys

CXX_FOLDERS = ("flowcore", "l7", "config", "dataplane", "tests", "perf", "docs")

# A comment, a raw string, a string or a character literal. A digit separator is no character literal.
_SKIPPED = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^\s()\\]{0,16})\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'",
    re.DOTALL,
)


def files(root, suffixes, folders=None):
    """Paths below `root` with one of the suffixes, relative, sorted; no build or hidden folders but .ci."""
    found = []
    for folder, below, names in os.walk(root):
        below[:] = [
            name for name in below
            if not name.startswith("build") and name != "__pycache__"
            and (not name.startswith(".") or name == ".ci")
        ]
        relative = pathlib.PurePosixPath(os.path.relpath(folder, root))
        for name in names:
            # In a git worktree .git is a file.
            if name == ".git":
                continue
            path = relative / name
            if suffixes is not None and path.suffix not in suffixes:
                continue
            if folders is not None and path.parts[0] not in folders:
                continue
            found.append(path)
    return sorted(found)


def cxx_files(root):
    return files(root, {".h", ".cc", ".c"}, CXX_FOLDERS)


def read(root, path):
    return (pathlib.Path(root) / path).read_text(encoding="utf-8", errors="replace")


def without_comments_and_strings(text):
    """The same text with comments blanked and literals emptied; line numbers stay."""

    def blank(match):
        token = match.group(0)
        newlines = "\n" * token.count("\n")
        if token.startswith(("//", "/*")):
            return " " + newlines
        return '""' + newlines if token[0] != "'" else "' '"

    return _SKIPPED.sub(blank, text)


def includes(text):
    """(line number, name, is_project) of each #include; project includes are written in quotes."""
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', line)
        if match:
            yield number, match.group(1) or match.group(2), match.group(1) is not None


def root_from_arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", default=".", help="top folder of the source tree")
    return pathlib.Path(parser.parse_args().root)


def report(name, problems, checked):
    """Prints the problems and ends the program; exit status 1 when there are any."""
    for problem in problems:
        print(problem)
    print(f"{name}: {checked} checked, {len(problems)} problems")
    sys.exit(1 if problems else 0)
