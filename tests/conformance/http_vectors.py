#!/usr/bin/env python3
"""Runs llhttp's test vectors through our HTTP parser and compares method, target, status and body length.

llhttp is a strict parser of one side that stops at the first fault; ours follows a stream whatever it holds. So a vector
is compared up to where llhttp stopped, and INTENDED names the vectors whose messages differ on purpose, with the reason.
The corpus is no part of this tree; without it the test is skipped."""
import base64
import collections
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import program as run

# Title of the vector -> why ours differs.
INTENDED = {
    "It should be unsafe to finish inside of the header": "we tell of a head that the stream's end cut, as far as it came",
    "Invalid HTTP version (lenient)": "a version that is not HTTP/1.x is refused; llhttp was told to take any",
    "SOURCE request with ICE": "another protocol with HTTP's grammar (Icecast)",
    "ICE response": "the same",
    "OPTIONS request with RTSP": "another protocol with HTTP's grammar (RTSP)",
    "RTSP response": "the same",
    "Content-Length reset when no body is received": "llhttp was told that this answers HEAD; we see one side alone",
    "amazon.com": "the one byte of content is a line feed, which the vector's expectation leaves out",
}


def ours(program, vectors):
    lines = []
    for vector in vectors:
        side = "response" if vector["type"].startswith("response") else "request"
        lines.append(f"{side} {base64.b64decode(vector['input_b64']).hex()}")
    out = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def shape(message):
    """What is compared of one of llhttp's messages."""
    if "status_code" in message:
        return (message["status_code"],)
    return (message.get("method"), message.get("url"))


def our_shape(message):
    if "status" in message:
        return (message["status"],)
    return tuple(bytes.fromhex(message[name]).decode("latin-1") for name in ("method", "url"))


def difference(vector, got):
    """Where ours differs from llhttp; empty when it does not."""
    wanted = [m for m in vector["messages"] if m.get("headers_complete")]
    for place, message in enumerate(wanted):
        if place >= len(got["messages"]):
            return f"message {place} {shape(message)} is missing"
        mine = got["messages"][place]
        if shape(message) != our_shape(mine):
            return f"message {place}: {our_shape(mine)}, llhttp {shape(message)}"
        if message.get("complete") and message["body_len"] != mine["body_len"]:
            return f"message {place}: body of {mine['body_len']} bytes, llhttp {message['body_len']}"
    if vector["error"] is None and len(got["messages"]) > len(wanted):
        return f"{len(got['messages']) - len(wanted)} messages more than llhttp"
    return ""


def main():
    corpus = run.corpus_folder()
    if corpus is None or not (corpus / "http_vectors.jsonl").exists():
        run.skip_all("no corpus here (FLOWSCOPE_CORPUS names its folder)")
    vectors = [json.loads(line) for line in (corpus / "http_vectors.jsonl").read_text().splitlines()]
    vectors = [vector for vector in vectors if vector["input_b64"]]
    results = ours(sys.argv[1], vectors)
    assert len(results) == len(vectors)
    counts = collections.Counter()
    failed = unflagged = 0
    differing = set()
    for vector, got in zip(vectors, results):
        found = difference(vector, got)
        title = vector["title"]
        if vector["error"] is not None and not got["anomalies"]:
            unflagged += 1
        if not found:
            counts["equal"] += 1
        elif title in INTENDED:
            counts["intended"] += 1
            differing.add(title)
        else:
            failed += 1
            print(f"FAIL {vector['type']} {vector['source']} \"{title}\": {found}")
    for title in sorted(set(INTENDED) - differing):
        failed += 1
        print(f"FAIL \"{title}\" does not differ any more; take it off the list")
    print(f"{len(vectors)} vectors: {counts['equal']} equal, {counts['intended']} differ on purpose, {failed} failed; "
          f"of those that llhttp refuses {unflagged} have no anomaly here")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
