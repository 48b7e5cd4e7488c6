#!/usr/bin/env python3
"""Checks that the code of the guides is code that is built: in docs/*-guide.md every fenced block names a file,
```cpp docs/examples/http_log.cc, and is a part of it, line by line; indentation that all its lines share may be
left out. Links to files of the tree must lead somewhere."""
import re
import textwrap

import source_tree

FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```\s*$", re.M | re.S)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)[^)]*\)")
# Of blocks in these languages no file is asked.
FREE = {"text", "sh"}


def unindented(lines):
    return textwrap.dedent("\n".join(line.rstrip() for line in lines)).splitlines()


def is_part(block, text):
    """Whether the lines of `block` follow each other somewhere in `text`."""
    wanted = unindented(block.splitlines())
    lines = text.splitlines()
    return any(unindented(lines[i:i + len(wanted)]) == wanted for i in range(len(lines) - len(wanted) + 1))


def block_problem(root, words, block):
    if words[:1] and words[0] in FREE and len(words) == 1:
        return None
    if len(words) != 2:
        return "a block does not say which file it is from"
    if not (root / words[1]).is_file():
        return f"a block is from {words[1]}, which is not there"
    if not block.strip() or not is_part(block, (root / words[1]).read_text()):
        first = block.strip().splitlines()[:1] or ["nothing"]
        return f"a block is not a part of {words[1]} as it says: {first[0]}"
    return None


def main():
    root = source_tree.root_from_arguments(__doc__)
    guides = [path for path in source_tree.files(root, {".md"}) if re.fullmatch(r"docs/[\w-]+-guide\.md", str(path))]
    problems = []
    for path in guides:
        text = source_tree.read(root, path)
        for match in FENCE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            problem = block_problem(root, match.group(1).split(), match.group(2))
            if problem:
                problems.append(f"{path}:{line}: {problem}")
        for target in LINK.findall(FENCE.sub("", text)):
            if not (root / path.parent / target).exists():
                problems.append(f"{path}: a link leads to {target}, which is not there")
    source_tree.report("guides", problems, len(guides))


if __name__ == "__main__":
    main()
