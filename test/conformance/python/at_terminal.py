"""Runs a command at a terminal of its own, types a line when it is asked for a password, and tells what was seen."""
import json
import os
import pty
import sys

asked = json.load(sys.stdin)
pid, terminal = pty.fork()
if pid == 0:
    output = os.open(asked["output"], os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(output, 1)
    os.execv(asked["command"][0], asked["command"])
seen = b""
typed = False
while True:
    try:
        read = os.read(terminal, 4096)
    except OSError:
        break
    if not read:
        break
    seen += read
    if b"password" in seen and not typed:
        typed = True
        os.write(terminal, (asked["line"] + "\r").encode())
_, status = os.waitpid(pid, 0)
print(json.dumps({"seen": seen.decode(), "status": os.waitstatus_to_exitcode(status)}))
