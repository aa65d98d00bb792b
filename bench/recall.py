# SPDX-License-Identifier: Apache-2.0
"""Which of the planted keys a tool masks, and what else it changes."""

import base64
import bisect
import gzip
import json

from processes import ToolFailed, filtered


def line_ends(data):
    ends, at = [], data.find(b"\n")
    while at >= 0:
        ends.append(at)
        at = data.find(b"\n", at + 1)
    return ends


END = 12  # bytes of a secret by which it is known again among all others; in its line 8 do


def is_hidden(secret, text):
    return secret[:8] not in text and secret[-8:] not in text


def hidden_anywhere(secrets, out):
    """The same for all of them and one text, which is gone through once."""
    ends = {end for _, secret in secrets for end in (secret[:END], secret[-END:])}
    left = {end for at in range(len(out) - END + 1) if (end := out[at:at + END]) in ends}
    return [secret[:END] not in left and secret[-END:] not in left for _, secret in secrets]


def masked_by_line(secrets, data, out):
    """Is neither head nor tail of the secret left in its line? For masks of another length."""
    data_ends, out_ends = line_ends(data), line_ends(out)
    if not data_ends:  # one long line, which some cut: look for the secret anywhere
        return hidden_anywhere(secrets, out)
    if len(data_ends) != len(out_ends):
        raise ToolFailed("lines were lost or added")
    hidden = []
    for offset, secret in secrets:
        line = bisect.bisect_left(data_ends, offset)
        hidden.append(is_hidden(secret, out[out_ends[line - 1] + 1 if line else 0:out_ends[line]]))
    return hidden


def masked_in_place(secrets, data, out):
    """Is every byte of the secret another one? Returns that and the number of other bytes changed."""
    hidden, at, other = [], 0, 0
    for start, secret in [*secrets, (len(data), b"")]:
        if out[at:start] != data[at:start]:
            other += sum(a != b for a, b in zip(out[at:start], data[at:start]))
        at = start + len(secret)
        if secret:
            hidden.append(set(out[start:at]) == {ord("*")})
    return hidden, other


def hidden_in(tool, secrets, data, out):
    """For each secret whether it was masked, or reported; and the number of other bytes changed, or None."""
    if out.startswith(b"\x1f\x8b"):
        out = gzip.decompress(out)
    if tool.reports:
        return [secret in out for _, secret in secrets], None
    if len(out) == len(data) + 1 and out.endswith(b"\n"):  # some end their output with one more
        out = out[:-1]
    if len(out) == len(data):
        return masked_in_place(secrets, data, out)
    if len(out) < len(data) / 2:
        raise ToolFailed(f"only {len(out)} of {len(data)} bytes came out")
    return masked_by_line(secrets, data, out), None


def masked(tool, path, limit):
    """Which of the planted keys in a file a tool masks. Returns counts; None: it took over limit."""
    with open(path, "rb") as file:
        data = file.read()
    with open(path + ".truth", encoding="ascii") as file:
        truth = [json.loads(line) for line in file]
    secrets = [(t["offset"], data[t["offset"]:t["offset"] + t["length"]]) for t in truth]
    out = filtered(tool, data, limit)
    if out is None:
        return None
    hidden, other = hidden_in(tool, secrets, data, out)
    return count(tool, truth, hidden, other)


def count(tool, truth, hidden, other):
    missed, covered = {}, 0
    for t, is_masked in zip(truth, hidden):
        if tool.covers is None or t["kind"] in tool.covers:
            covered += 1
            if not is_masked:
                name = f"{t['kind']} in {t['context']}"
                missed[name] = missed.get(name, 0) + 1
    return {"kinds": len({t["kind"] for t in truth}), "planted": len(truth), "covered": covered, "masked": covered - sum(missed.values()),
            "masked_of_all": sum(hidden), "missed": missed, "other_bytes": other}


def known_is_masked(tool, values, limit):
    """Does it mask the values of that file, plain and in base64?"""
    with open(values, "rb") as file:
        some = file.read().split()[::97]
    lines = [(value, base64.b64encode(b"user:" + value + b"@host")) for value in some]
    out = filtered(tool, b"".join(b"value=%s base64=%s\n" % line for line in lines), limit)
    if out is None:
        return None
    left = sum(value in out or encoded in out for value, encoded in lines)
    return {"planted": len(some), "masked": len(some) - left}
