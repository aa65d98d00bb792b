# SPDX-License-Identifier: Apache-2.0
"""Running a tool so that nothing of it is left, whatever happens: each has a process group of its own."""

import os
import signal
import subprocess
import threading
from contextlib import contextmanager


class ToolFailed(Exception):
    """A tool ended with a status that is not its usual one, or did what no filter does."""


def check_status(tool, status):
    # grep's kind exits 1 when nothing matched.
    if status not in (0, 1):
        raise ToolFailed(f"{tool.name} failed with status {status}")


def pinned(core, argv):
    return ["taskset", "-c", str(core), *argv]


def places(tool, cores):
    """The cores of a tool: its own, or all of them."""
    return cores[1] if tool.cores == 1 else ",".join(map(str, sorted(set(cores))))


def kill(process):
    """It and what it started, unless it was waited for."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def running(argv, **how):
    """A process that is gone afterwards."""
    process = subprocess.Popen(argv, start_new_session=True, stderr=subprocess.DEVNULL, **how)
    try:
        yield process
    finally:
        kill(process)
        for stream in (process.stdin, process.stdout):
            if stream and not stream.closed:
                stream.close()
        process.wait()


@contextmanager
def time_limit(process, seconds):
    """Kill the process when the time is over; yields a function that tells whether it was."""
    fired = threading.Event()

    def fire():
        fired.set()
        kill(process)

    timer = threading.Timer(seconds, fire)
    timer.start()
    try:
        yield fired.is_set
    finally:
        timer.cancel()


def filtered(tool, data, limit):
    """What a tool makes of data on its stdin; None if it took over limit."""
    with running(tool.pipe(), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            out = process.communicate(data, timeout=limit)[0]
        except subprocess.TimeoutExpired:
            return None
        status = process.returncode
    check_status(tool, status)
    return out
