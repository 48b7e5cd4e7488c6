"""Two network namespaces joined by a veth pair, with HTTP between them.

The namespaces have no names: each lives as long as a sleeping process in it, and those die with the test,
however it ends. So nothing is ever left behind."""
import os
import shutil
import subprocess
import sys
import time

OUR_ADDRESS, SERVER_ADDRESS, SERVER_PORT = "192.0.2.1", "192.0.2.2", 8000
SLEEPER = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sleep", "600"]
SERVER = """
import http.server
class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = b"x" * 5000
        self.send_response(404 if "missing" in self.path else 200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments): pass
http.server.ThreadingHTTPServer(("%s", %d), Page).serve_forever()
""" % (SERVER_ADDRESS, SERVER_PORT)


def missing():
    """Why there can be no namespaces here, or an empty text."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for tool in ("ip", "unshare", "nsenter", "setpriv", "curl"):
        if shutil.which(tool) is None:
            return f"there is no {tool}"
    if subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode != 0:
        return "network namespaces are not allowed here"
    return ""


class Network:
    """`with Network() as network`: veth0 on our side, the server behind it."""

    def __enter__(self):
        self.children = []
        try:
            self.ours, self.theirs = self._namespace(), self._namespace()
            self.veth()
            self.children.append(subprocess.Popen(self.inside(self.theirs) + [sys.executable, "-c", SERVER]))
            self._until("the HTTP server answers", lambda: self.get("/ready").returncode == 0)
        except BaseException:
            self.__exit__()
            raise
        return self

    def veth(self):
        """The pair between the namespaces; again where it was taken away."""
        self._ip("link", "add", "veth0", "netns", str(self.ours), "type", "veth", "peer", "name", "veth1", "netns",
                 str(self.theirs))
        for pid, device, address in ((self.ours, "veth0", OUR_ADDRESS), (self.theirs, "veth1", SERVER_ADDRESS)):
            self._ip("addr", "add", address + "/24", "dev", device, inside=pid)
            # One frame for one segment, as on a wire: a virtual device lets 64 KiB pass otherwise.
            self._ip("link", "set", device, "gso_max_segs", "1", "up", inside=pid)

    def __exit__(self, *error):
        for child in reversed(self.children):
            child.kill()
            child.wait()

    def inside(self, pid=None):
        """What makes a command run in a namespace; ours unless told."""
        return ["setpriv", "--pdeathsig", "KILL", "nsenter", "--net", "--target", str(pid or self.ours)]

    def get(self, path):
        return subprocess.run(
            self.inside() + ["curl", "--silent", "--output", "/dev/null", "--max-time", "5", "--noproxy", "*",
                             "--user-agent", "flowscope-test", f"http://{SERVER_ADDRESS}:{SERVER_PORT}{path}"],
            capture_output=True, text=True, check=False)

    def _namespace(self):
        child = subprocess.Popen(SLEEPER)
        self.children.append(child)
        own = os.readlink("/proc/self/ns/net")
        # unshare execs sleep, so the process stays the same.
        self._until("a namespace of its own", lambda: os.readlink(f"/proc/{child.pid}/ns/net") != own)
        return child.pid

    def _ip(self, *arguments, inside=None):
        subprocess.run((self.inside(inside) if inside else []) + ["ip", *arguments], check=True)

    @staticmethod
    def _until(what, condition):
        end = time.monotonic() + 20
        while not condition():
            if time.monotonic() > end:
                raise RuntimeError(f"waited 20 s for {what}")
            time.sleep(0.05)
