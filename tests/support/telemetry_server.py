"""A program's telemetry socket as DPDK makes it, with answers of the test's own. A thread each for the socket and
for its clients."""
import json
import os
import socket
import threading


class TelemetryServer:
    """`with TelemetryServer(path, answers) as server`: answers maps a command (without its arguments) to what stands
    below it, or to a function of the number of times it was asked before. An unknown command is answered as DPDK
    does, by null."""

    def __init__(self, path, answers):
        self.path, self.answers, self.asked, self.clients = str(path), answers, {}, []

    def __enter__(self):
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.bind(self.path)
        self.socket.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """As if the program had ended."""
        for each in [self.socket, *self.clients]:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()
        if os.path.exists(self.path):
            os.unlink(self.path)

    def _accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.clients.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            client.send(json.dumps({"version": "DPDK 22.11.11", "pid": 1, "max_output_len": 16384}).encode())
            while command := client.recv(1024):
                client.send(self._answer(command.decode().split(",")[0]))
        except OSError:
            return

    def _answer(self, command):
        times = self.asked.get(command, 0)
        self.asked[command] = times + 1
        answer = self.answers.get(command)
        text = json.dumps({command: answer(times) if callable(answer) else answer})
        assert len(text) <= 16384, "DPDK cuts longer answers"
        return text.encode()


def running(prefix_pid=4242):
    """Answers of a program on which 2 million packets a second arrive."""
    def step(begin, each):
        return lambda times: begin + times * each

    packets = step(1_000_000, 2_000_000)
    return {
        "/flowscope/info": lambda t: {"version": "0.1.0", "verb": "run", "pid": prefix_pid, "uptime_s": 10 + t, "workers": 2,
                                      "destination": "eve.json"},
        "/flowscope/ports": lambda t: {"ports": [
            {"name": "net_pcap0 (net_pcap)", "packets": packets(t), "bytes": packets(t) * 500, "missed": 7 * t,
             "loss_known": 1},
            {"name": "net_af_packet0 (net_af_packet)", "packets": 5, "bytes": 300, "missed": 0, "loss_known": 0}]},
        "/flowscope/workers": lambda t: {"workers": {
            "0": {"worker": 0, "packets": packets(t) // 4 * 3, "bytes": 0, "flows_live": 1000, "flows_created": 0,
                  "flows_evicted": 0, "sessions": 0, "records": 100 * t, "shed": 0},
            "1": {"worker": 1, "packets": packets(t) // 4, "bytes": 0, "flows_live": 234, "flows_created": 0,
                  "flows_evicted": 0, "sessions": 0, "records": 50 * t, "shed": 0}}},
        "/flowscope/flows": lambda t: {"live": 1234, "created": 5000 * t, "ended": 4000 * t, "evicted": 3 * t, "sessions": 9,
                                       "top": [{"src_ip": f"192.0.2.{i}", "src_port": 1000 + i, "dest_ip": "2001:db8::1",
                                                "dest_port": 443, "proto": "TCP", "app_proto": "tls\x1b[2J",
                                                "bytes": 125_000 * i * (t + 1), "packets": 100 * i * (t + 1), "age_s": 60 - i}
                                               for i in range(1, 41)]},
        "/flowscope/ledger": lambda t: {"received": packets(t), "tracked": packets(t) - 10, "not_ip": 10, "missed": 7 * t,
                                        "balanced": 1},
        "/flowscope/l7": lambda t: {"protocols": [{"name": "tls", "flows": 800, "records": 1600},
                                                  {"name": "http", "flows": 100 + t, "records": 200}],
                                    "parse_errors": 0, "identified": 900},
        "/flowscope/export": lambda t: {"destination": "eve.json", "bytes_written": 15_000 * t, "lines_lost": 0, "error": "",
                                        "records": {"flow": 100 * t, "http": 50 * t}, "shed": {"flow": 0}},
    }
