# SPDX-License-Identifier: Apache-2.0
"""A log as container runtimes write it down: the same bytes for the same log."""

import json

TIME = "2026-03-11T09:12:33.170381224Z"
CRI_PART = 16384 - 1  # containerd cuts a line there


def cri(data):
    """Lines of the CRI: time, stream, P (there is more) or F."""
    lines = []
    for number, line in enumerate(data.split(b"\n")[:-1]):
        head = f"{TIME} {'stderr' if number % 7 == 0 else 'stdout'} ".encode()
        while len(line) > CRI_PART:
            lines.append(head + b"P " + line[:CRI_PART])
            line = line[CRI_PART:]
        lines.append(head + b"F " + line)
    return b"\n".join(lines) + b"\n"


def docker(data):
    """Docker's json-file."""
    lines = []
    for number, line in enumerate(data.split(b"\n")[:-1]):
        log = json.dumps(line.decode("utf-8", "replace") + "\n", ensure_ascii=False)
        stream = "stderr" if number % 7 == 0 else "stdout"
        lines.append(f'{{"log":{log},"stream":"{stream}","time":"{TIME}"}}'.encode())
    return b"\n".join(lines) + b"\n"
