#!/usr/bin/env python3
"""Checks who includes whom: the table of docs/architecture.md, and which library is used where."""
import re

import source_tree

# Folder -> what its files may include besides their own folder. A name stands for the folder and all
# below it. The longest folder that a file lies in decides.
MAY_INCLUDE = {
    "flowcore/base": [],
    "flowcore/packet": ["flowcore/base"],
    "flowcore/table": ["flowcore/base"],
    "flowcore/extract": ["flowcore/base", "flowcore/packet"],
    "flowcore/stream": ["flowcore/base", "flowcore/packet"],
    "flowcore/track": ["flowcore/base", "flowcore/packet", "flowcore/extract", "flowcore/table"],
    # l7/NAME (one protocol) is added by protocol_folder() below; this is l7's own files.
    "l7": ["flowcore", "l7"],
    "config": ["flowcore/base"],
    "dataplane/pipeline": ["flowcore", "l7"],
    "dataplane/pcap": ["flowcore", "l7", "dataplane/pipeline"],
    "dataplane/dpdk": ["flowcore", "dataplane/pipeline"],
    "dataplane/export": ["flowcore", "l7", "dataplane/pipeline"],
    "dataplane/capi": ["flowcore", "l7", "dataplane/pipeline", "dataplane/export"],
    "dataplane/app": ["flowcore", "l7", "config", "dataplane"],
    # A program shown to users sees what an installed library offers, and nothing else.
    "docs": ["flowcore", "l7", "dataplane/pcap", "dataplane/capi", "docs"],
    "tests": ["flowcore", "l7", "config", "dataplane", "tests", "perf", "docs"],
    "perf": ["flowcore", "l7", "config", "dataplane", "tests", "perf"],
}
PROTOCOL_MAY_INCLUDE = ["flowcore/base", "l7/parser.h", "l7/first_bytes.h", "l7/digest"]
# A protocol that carries another's messages reads them by the other's code.
PROTOCOL_MAY_INCLUDE_TOO = {
    "l7/quic": ["l7/tls"],
    "l7/openvpn": ["l7/tls"],
    # Signatures are found by scans.
    "l7/signatures": ["l7/scan"],
    # Protocols without a parser: declarations, and the table made from them.
    "l7/known": ["l7/byte_pattern.h", "l7/first_bytes_table.h"],
}

# Library headers (a pattern of the name) -> folders whose files may include them.
LIBRARIES = {
    r"rte_.*": ["dataplane/dpdk", "dataplane/app", "tests", "perf"],
    r"pcap(/.*|\.h)": ["dataplane/pcap", "tests", "perf"],
    r"hs(/.*|\.h)": ["l7"],
    r"asio(/.*|\.hpp)": ["dataplane/pcap", "docs", "tests"],
    r"yaml-cpp/.*": ["config", "tests"],
    r"prometheus/.*": ["dataplane/app", "tests"],
    r"CLI/.*": ["dataplane/app", "tests", "perf"],
    r"nlohmann/.*": ["dataplane/app", "tests"],
    r"spdlog/.*": ["dataplane/app", "tests", "perf"],
    r"fmt/.*": ["config", "dataplane", "tests", "perf"],
    r"openssl/.*": ["l7", "dataplane/export", "tests", "perf"],
    r"(gtest|gmock|rapidcheck|benchmark)[/.].*": ["tests", "perf"],
}
# The library part of the tree has no threads, clock or I/O of its own.
FORBIDDEN_SYSTEM = {
    "flowcore": r"(thread|mutex|shared_mutex|condition_variable|future|chrono|iostream|fstream|"
                r"functional|memory_resource|sys/socket\.h|pthread\.h|time\.h|ctime)",
    "l7": r"(thread|mutex|shared_mutex|condition_variable|future|chrono|iostream|fstream|"
          r"functional|memory_resource|sys/socket\.h|pthread\.h|time\.h|ctime)",
}


def lies_in(path, folder):
    return path == folder or path.startswith(folder + "/")


def protocol_folder(path):
    """l7/NAME for a file below it, else None."""
    match = re.match(r"(l7/[^/]+)/", path)
    return match.group(1) if match else None


def rule_of(path):
    """The folder whose rule holds for `path`, and what it may include."""
    protocol = protocol_folder(path)
    if protocol:
        return protocol, PROTOCOL_MAY_INCLUDE + PROTOCOL_MAY_INCLUDE_TOO.get(protocol, [])
    folders = [folder for folder in MAY_INCLUDE if lies_in(path, folder)]
    if not folders:
        return None, []
    folder = max(folders, key=len)
    return folder, MAY_INCLUDE[folder]


def project_problem(path, name):
    folder, allowed = rule_of(path)
    if folder is None:
        return f"lies in a folder that the layer table does not know; it includes {name}"
    if "/" not in name:
        return f'includes "{name}": write the path from the source root'
    if lies_in(name, folder) or any(lies_in(name, other) for other in allowed):
        return None
    return f"is in {folder}, which may not include {name}"


def library_problem(path, name):
    for pattern, folders in LIBRARIES.items():
        if re.fullmatch(pattern, name) and not any(lies_in(path, folder) for folder in folders):
            return f"includes <{name}>, which belongs in {', '.join(folders)} only"
    for folder, pattern in FORBIDDEN_SYSTEM.items():
        if lies_in(path, folder) and re.fullmatch(pattern, name):
            return f"includes <{name}>: {folder} has no threads, clock, callbacks or I/O of its own"
    return None


def main():
    root = source_tree.root_from_arguments(__doc__)
    problems = []
    hyperscan_users = []
    paths = source_tree.cxx_files(root)
    for path in map(str, paths):
        for number, name, is_project in source_tree.includes(source_tree.read(root, path)):
            problem = project_problem(path, name) if is_project else library_problem(path, name)
            if problem:
                problems.append(f"{path}:{number}: {problem}")
            if not is_project and re.fullmatch(r"hs(/.*|\.h)", name):
                hyperscan_users.append(path)
    if len(set(hyperscan_users)) > 1:
        problems.append(f"Hyperscan is used by more than one file: {', '.join(sorted(set(hyperscan_users)))}")
    source_tree.report("layers", problems, len(paths))


if __name__ == "__main__":
    main()
