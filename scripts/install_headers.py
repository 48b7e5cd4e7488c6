#!/usr/bin/env python3
"""Called by `meson install`: copies the headers of the library to INCLUDEDIR/flowscope, as one tree with the
names that they have here. Arguments: source tree, build tree, include folder, protocols that are built in."""
import os
import pathlib
import shutil
import sys


def public_headers(source, protocols):
    """The headers of the library, relative to the source tree."""
    yield from source.glob("flowcore/**/*.h")
    yield from source.glob("l7/*.h")
    for folder in ("digest", "known", "scan", "signatures"):
        yield from source.glob(f"l7/{folder}/*.h")
    for protocol in protocols:
        yield from source.glob(f"l7/{protocol}/**/*.h")
    yield from source.glob("dataplane/pcap/*.h")


def copy(header, place):
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(header, place)
    place.chmod(0o644)


def main():
    source, build = map(pathlib.Path, sys.argv[1:3])
    target = pathlib.Path(os.environ["MESON_INSTALL_DESTDIR_PREFIX"]) / sys.argv[3] / "flowscope"
    headers = sorted(public_headers(source, sys.argv[4:]))
    for header in headers:
        copy(header, target / header.relative_to(source))
    copy(build / "l7/parser_list.h", target / "l7/parser_list.h")
    copy(source / "dataplane/capi/flowscope.h", target / "flowscope.h")
    if "MESON_INSTALL_QUIET" not in os.environ:
        print(f"Installing {len(headers) + 2} headers to {target}")


if __name__ == "__main__":
    main()
