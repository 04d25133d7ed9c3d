"""Does for a command what systemd does for a service with a socket and Type=notify: opens the socket, hands it over as
descriptor 3, listens for its notices, and stops it when a line comes in. Prints a JSON line for each thing that happens."""
import json
import os
import signal
import socket
import sys
import threading

asked = json.loads(sys.stdin.readline())


def tell(**what):
    print(json.dumps(what), flush=True)


listener = socket.create_server(("127.0.0.1", 0))
notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notices.bind(asked["notify"])
pid = os.fork()
if pid == 0:
    os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)
    environment = dict(os.environ, NOTIFY_SOCKET=asked["notify"], WATCHDOG_USEC=asked["watchdog"])
    environment.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), WATCHDOG_PID=str(os.getpid()))
    output = os.open(os.devnull, os.O_WRONLY)
    os.dup2(output, 1)
    os.execve(asked["command"][0], asked["command"], environment)
tell(port=listener.getsockname()[1], pid=pid)
listener.close()


def stop():
    sys.stdin.readline()
    os.kill(pid, signal.SIGTERM)


threading.Thread(target=stop, daemon=True).start()


def listen():
    while True:
        notice = notices.recv(4096).decode().split()
        if notice == ["END"]:
            return
        # With it systemd-notify waits until what it sent was read.
        if notice != ["BARRIER=1"]:
            tell(notice=notice)


listening = threading.Thread(target=listen)
listening.start()
_, status = os.waitpid(pid, 0)
# Behind all that the command sent.
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"END", asked["notify"])
listening.join()
tell(status=os.waitstatus_to_exitcode(status))
