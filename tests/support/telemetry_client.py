"""A client of DPDK's telemetry socket, as dpdk-telemetry.py is one."""
import json
import pathlib
import socket


def socket_path(prefix):
    """Where a run with this --file-prefix is to be asked."""
    return pathlib.Path(f"/var/run/dpdk/{prefix}/dpdk_telemetry.v2")


class Telemetry:
    """One session. Answers of commands that a run does not know, or has nothing to say to yet, are None."""

    def __init__(self, prefix):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(10)
        self.socket.connect(str(socket_path(prefix)))
        self.greeting = json.loads(self.socket.recv(16384))

    def ask(self, command):
        self.socket.send(command.encode())
        return json.loads(self.socket.recv(self.greeting["max_output_len"]))[command.split(",")[0]]

    def ours(self, name):
        return self.ask("/flowscope/" + name)

    def close(self):
        self.socket.close()
