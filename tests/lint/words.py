#!/usr/bin/env python3
"""Checks the words of the code: names that say nothing, unfinished work, constructs the style refuses."""
import re

import source_tree

# As a part of a type or file name (CONTRIBUTING.md, Names). `data()`, `info` and the like stay free as
# members of other people's types.
TYPE_WORDS = "Manager|Handler|Helper|Util|Utils|Data|Info|Context|Connection|Processor"
IDENTIFIER_WORDS = "manager|handler|helper|util|utils|connection|context"
# Names that are not ours: of libraries, of the operating system, of a protocol's own fields.
FOREIGN_NAMES = re.compile(r"rte_\w+|sa_handler|io_context|SSL_\w+|EVP_\w+|PCAP_\w+|pcap_\w+")
# The terms of protocols: TLS record and extension types, the TCP header's field.
FIELD_TERMS = re.compile(r"(Application|Early)Data|DataOffset")

# Folders on the packet path, and what must not stand in them.
PACKET_PATH = ("flowcore/", "l7/", "dataplane/pipeline/")
PACKET_PATH_WORDS = {
    r"\bstd::function\b": "std::function",
    r"\bvirtual\b": "virtual",
    r"\bthrow\b": "throw",
    r"\btry\s*\{": "try",
    r"\bdynamic_cast\b": "dynamic_cast",
    r"\btypeid\b": "typeid",
    r"\bstd::(recursive_|shared_)?mutex\b": "a lock",
    r"\bshared_ptr\b": "shared_ptr",
    r"\bstd::(cout|cerr|clog)\b": "an output stream",
    r"\b(printf|puts)\s*\(": "printing",
    r"\bclock_gettime\b|\bgettimeofday\b|\bstd::chrono\b|\brdtsc\b": "a clock",
    r"\bthread_local\b": "thread_local",
}
# Where bytes may be seen as something else: the byte view itself, memory that is ours and not a packet's,
# and the SIMD types.
REINTERPRET_CAST_ALLOWED = re.compile(
    r"flowcore/base/.*|flowcore/table/.*|flowcore/[a-z_]+/[a-z0-9_]*simd[a-z0-9_]*\.(h|cc)"
    # The state of a library's hash, in storage of ours.
    r"|l7/digest/digest\.cc"
)

# Anywhere in C++.
FORBIDDEN_CODE = {
    # Literal suffixes have no other name; clang-tidy's own mark excuses a line that says why.
    r"\busing\s+namespace\s+(?!std::(\w+::)*\w*literals\b)": "using namespace",
    r"\bprocess\s*\(": "process() (say what is done)",
    r"#\s*if\s+0\b": "code switched off by #if 0",
    r"\bgoto\b": "goto",
    r"\bconst_cast\b": "const_cast",
}
# Anywhere in any text file.
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(work|tmp/wt|root|home/[a-z]+|Users/[A-Za-z]+)/")
BLOCK_COMMENT = re.compile(r"/\*")

TEXT_SUFFIXES = {
    ".h", ".cc", ".c", ".build", ".txt", ".md", ".py", ".sh", ".yaml", ".yml", ".in", ".lua", "",
}
# These speak of the words they look for, or are texts of others.
NOT_CHECKED = re.compile(r"tests/lint/.*|LICENSE-.*|tests/(fuzz/corpus|golden|conformance)/.*|CONTRIBUTING\.md")


def name_problems(path, code):
    for match in re.finditer(r"\b[A-Za-z_]\w*\b", code):
        name = match.group(0)
        if FOREIGN_NAMES.fullmatch(name) or code[max(0, match.start() - 2):match.start()] == "::" and (
                code[:match.start()].endswith("std::")):
            continue
        words = re.findall(r"[A-Z][a-z0-9]*|[a-z0-9]+", FIELD_TERMS.sub("", name))
        if name[0].isupper() and "_" not in name:
            bad = [word for word in words if re.fullmatch(TYPE_WORDS, word)]
        else:
            bad = [word for word in name.lower().split("_") if re.fullmatch(IDENTIFIER_WORDS, word)]
        if bad:
            yield match.start(), f"the name {name} says '{bad[0]}'; see CONTRIBUTING.md, Names"


def code_problems(path, text):
    code = source_tree.without_comments_and_strings(text)
    yield from name_problems(path, code)
    for pattern, what in FORBIDDEN_CODE.items():
        for match in re.finditer(pattern, code):
            line = text.splitlines()[code.count("\n", 0, match.start())]
            if "NOLINT(google-build-using-namespace)" not in line:
                yield match.start(), f"{what} is not used here"
    if path.startswith(PACKET_PATH):
        for pattern, what in PACKET_PATH_WORDS.items():
            for match in re.finditer(pattern, code):
                yield match.start(), f"{what} is not used on the packet path"
        if not REINTERPRET_CAST_ALLOWED.fullmatch(path):
            for match in re.finditer(r"\breinterpret_cast\b", code):
                yield match.start(), "only Bytes, ByteReader and SIMD types look at memory as bytes"


def line_problems(text):
    for match in UNFINISHED.finditer(text):
        yield match.start(), f"unfinished work ({match.group(0)})"
    for match in MACHINE_PATHS.finditer(text):
        yield match.start(), f"a path of one machine ({match.group(0)})"


def main():
    root = source_tree.root_from_arguments(__doc__)
    problems = []
    paths = [
        path for path in map(str, source_tree.files(root, TEXT_SUFFIXES)) if not NOT_CHECKED.fullmatch(path)
    ]
    for path in paths:
        text = source_tree.read(root, path)
        found = list(line_problems(text))
        if path.endswith((".h", ".cc", ".c")):
            code = source_tree.without_comments_and_strings(text)
            # Offsets in `code` differ from those in `text`; lines do not.
            problems += [f"{path}:{code.count(chr(10), 0, at) + 1}: {what}" for at, what in code_problems(path, text)]
            stem = path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
            if any(re.fullmatch(IDENTIFIER_WORDS, word) for word in stem.split("_")):
                problems.append(f"{path}: the file's name says nothing; see CONTRIBUTING.md, Names")
        problems += [f"{path}:{text.count(chr(10), 0, at) + 1}: {what}" for at, what in found]
    source_tree.report("words", problems, len(paths))


if __name__ == "__main__":
    main()
