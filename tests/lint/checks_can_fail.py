#!/usr/bin/env python3
"""Breaks a small tree in one way at a time and demands that the check for it says so; a check that
cannot fail would be worth nothing."""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

# A tree that every check accepts.
GOOD_TREE = {
    ".clang-format": "BasedOnStyle: Google\nColumnLimit: 100\n",
    "meson_options.txt": "",
    "tests/fuzz/meson.build": "fuzz_targets = {}\n",
    "flowcore/base/meson.build": "files('a.cc', 'clock.h')\n",
    "flowcore/base/clock.h": "#pragma once\n\n#include <cstdint>\n\ninline uint8_t one() { return 1; }\n",
    "flowcore/base/a.h": "#pragma once\n\n// TCP's own words are fine: the Connection header.\nint a();\n",
    "flowcore/base/a.cc": '#include "flowcore/base/a.h"\n\nint a() { return 1; }\n',
    "scripts/go": "#!/usr/bin/env bash\nset -euo pipefail\necho go\n",
    "README.md": "Text.\n",
    "docs/a-guide.md": "[See](../README.md)\n\n```cpp flowcore/base/a.cc\nint a() { return 1; }\n```\n",
}

HEADER = "#pragma once\n\n"
# Check, what is wrong, the files that make it so, a part of the message.
BROKEN = [
    ("layers", "a lower layer includes a higher one",
     {"flowcore/base/a.h": '#include "flowcore/track/burst_tracker.h"\n'}, "may not include"),
    ("layers", "a protocol includes another",
     {"l7/http/http.h": '#include "l7/tls/tls.h"\n'}, "l7/http, which may not include"),
    ("layers", "a protocol includes the tracker",
     {"l7/http/http.h": '#include "flowcore/packet/layers.h"\n'}, "may not include"),
    ("layers", "the pipeline includes DPDK", {"dataplane/pipeline/worker.h": "#include <rte_mbuf.h>\n"}, "rte_mbuf"),
    ("layers", "libpcap outside its folder", {"dataplane/app/main.cc": "#include <pcap/pcap.h>\n"}, "pcap"),
    ("layers", "Hyperscan in two files",
     {"l7/one.cc": "#include <hs/hs.h>\n", "l7/two.cc": "#include <hs/hs.h>\n"}, "more than one file"),
    ("layers", "a path that is not from the root", {"flowcore/base/a.cc": '#include "a.h"\n'}, "source root"),
    ("layers", "an unknown folder", {"dataplane/new/a.h": '#include "flowcore/base/a.h"\n'}, "does not know"),
    ("layers", "a thread in the library", {"flowcore/base/a.h": "#include <thread>\n"}, "no threads"),
    ("words", "a type that says nothing", {"flowcore/base/a.h": "class FlowManager {};\n"}, "Manager"),
    ("words", "a variable that says nothing", {"flowcore/base/a.h": "int flow_context;\n"}, "context"),
    ("words", "a file that says nothing", {"flowcore/base/string_util.h": HEADER}, "file's name"),
    ("words", "process()", {"flowcore/base/a.h": "void process(int);\n"}, "process()"),
    ("words", "unfinished work", {"docs/a.md": "TODO: write\n"}, "unfinished"),
    ("words", "code switched off", {"flowcore/base/a.h": "#if 0\n#endif\n"}, "#if 0"),
    ("words", "using namespace", {"tests/a.cc": "using namespace std;\n"}, "using namespace"),
    ("words", "a cast of packet memory",
     {"flowcore/packet/a.h": "auto x = reinterpret_cast<int*>(p);\n"}, "look at memory"),
    ("words", "a lock on the packet path", {"dataplane/pipeline/a.h": "std::mutex m;\n"}, "a lock"),
    ("words", "a path of one machine", {"README.md": "see /" + "work/x\n"}, "one machine"),
    ("sizes", "a long header", {"flowcore/base/a.h": "\n" * 301}, "the limit is 300"),
    ("sizes", "a long source", {"flowcore/base/a.cc": "\n" * 601}, "the limit is 600"),
    ("dead_files", "a source that is not built", {"flowcore/base/b.cc": ""}, "no meson.build"),
    ("dead_files", "a header that nothing includes", {"flowcore/base/b.h": ""}, "nothing includes"),
    ("dead_files", "a fuzz target that is not listed", {"tests/fuzz/b_fuzz.cc": ""}, "no meson.build"),
    ("guides", "code that is nowhere",
     {"docs/a-guide.md": "```cpp flowcore/base/a.cc\nint a() { return 2; }\n```\n"}, "not a part of"),
    ("guides", "code of a file that is not there", {"docs/a-guide.md": "```cpp b.cc\nb();\n```\n"}, "not there"),
    ("guides", "code of no file", {"docs/a-guide.md": "```cpp\nint a() { return 1; }\n```\n"}, "which file"),
    ("guides", "a link to nowhere", {"docs/a-guide.md": "[See](b.md)\n"}, "leads to b.md"),
    ("format", "a line that is not formatted", {"flowcore/base/a.h": "int   a( );\n"}, "not formatted"),
    ("shell", "an unquoted variable", {"scripts/go": "#!/usr/bin/env bash\nls $1\n"}, "SC2086"),
    ("headers", "a header that needs another", {"flowcore/base/b.h": HEADER + "uint8_t a();\n"}, "compile alone"),
]


def run_check(check, files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return subprocess.run(
            [sys.executable, str(HERE / f"{check}.py"), "--root", folder],
            capture_output=True, text=True, check=False)


def main():
    failures = []
    for check in sorted({check for check, *_ in BROKEN}):
        run = run_check(check, GOOD_TREE)
        if run.returncode != 0:
            failures.append(f"{check} refuses the good tree:\n{run.stdout}{run.stderr}")
    for check, what, files, message in BROKEN:
        run = run_check(check, {**GOOD_TREE, **files})
        if run.returncode != 1 or message not in run.stdout:
            failures.append(f"{check} does not see {what}:\n{run.stdout}{run.stderr}")
    for failure in failures:
        print(failure)
    print(f"checks_can_fail: {len(BROKEN)} faults tried, {len(failures)} missed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
