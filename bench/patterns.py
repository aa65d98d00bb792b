# SPDX-License-Identifier: Apache-2.0
"""The 20 patterns of the tools that need patterns, in each tool's own notation.

A pattern is written so that PCRE, Rust and, without the ?:, POSIX read it alike, and begins with a
literal (one that does not makes perl ten times slower: it no longer builds a trie). It names the
kinds of key (log_keys.c) that it covers; only those count for the recall of a tool.
"""

import re

PATTERNS = (
    ("openai", r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,}", ("openai-project", "openai-service")),
    ("anthropic", r"sk-ant-[a-z0-9]{3,10}-[A-Za-z0-9_-]{20,}", ("anthropic-api", "anthropic-oauth")),
    ("openrouter", r"sk-or-v1-[0-9a-f]{20,}", ("openrouter",)),
    ("sk", r"sk-[A-Za-z0-9]{32,}", ("openai-legacy", "deepseek")),
    ("google", r"AIza[A-Za-z0-9_-]{30,}", ("google-api",)),
    ("groq", r"gsk_[A-Za-z0-9]{40,}", ("groq",)),
    ("huggingface", r"hf_[A-Za-z0-9]{30,}", ("huggingface",)),
    ("xai", r"xai-[A-Za-z0-9]{40,}", ("xai",)),
    ("perplexity", r"pplx-[A-Za-z0-9]{32,}", ("perplexity",)),
    ("nvidia", r"nvapi-[A-Za-z0-9_-]{40,}", ("nvidia",)),
    ("replicate", r"r8_[A-Za-z0-9]{30,}", ("replicate",)),
    ("together", r"tgp_v1_[A-Za-z0-9_-]{30,}", ("together",)),
    ("pinecone", r"pcsk_[A-Za-z0-9_]{40,}", ("pinecone",)),
    ("langsmith", r"lsv2_(?:pt|sk)_[0-9a-f_]{20,}", ("langsmith",)),
    ("github", r"gh[pousr]_[A-Za-z0-9]{36,}", ("github",)),
    ("aws", r"AKIA[A-Z0-9]{16}", ("aws-access-key",)),
    ("vault", r"hvs\.[A-Za-z0-9_-]{24,}", ("vault",)),
    ("jwt", r"eyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{10,}", ("jwt",)),
    ("stripe", r"sk_(?:live|test)_[A-Za-z0-9]{20,}", ("stripe",)),
    ("slack", r"xox[abprs]-[A-Za-z0-9-]{20,}", ("slack",)),
)

COVERED = frozenset(kind for _, _, kinds in PATTERNS for kind in kinds)
REGEX = "|".join(pattern for _, pattern, _ in PATTERNS)
REGEX_POSIX = REGEX.replace("(?:", "(")
MASK = "[REDACTED]"


def hyperscan_patterns(path):
    """The 20 patterns for scanloop: without open repeats, which would call back at every byte."""
    with open(path, "w", encoding="ascii") as file:
        for _, pattern, _ in PATTERNS:
            file.write(pattern.replace(",}", "}") + "\n")


def rule_file(path):
    """The 20 patterns as rules of keysieve's: what stands before the last set is the trigger. Returns their ids."""
    ids, text = [], ""
    for name, pattern, _ in PATTERNS:
        trigger, body, least = re.fullmatch(r"(.*)\[([^]]*)\]\{(\d+),?\}", pattern).groups()
        if name == "jwt":  # a trigger cannot be as wide as two of its parts
            trigger, body, least = "eyJ", "A-Za-z0-9_.-", 48
        ids.append("bench-" + name)
        text += (f"- id: {ids[-1]}\n  trigger: '{trigger}'\n  body: '{body}'\n  length: {least}..\n"
                 f"  examples: ['x{{body:{least}}}']\n")
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return ids


def lua_patterns():
    """The 20 patterns as Lua has them: no alternatives and no counts, so that each is written out."""
    for _, pattern, _ in PATTERNS:
        alternatives = re.search(r"\(\?:([^)]*)\)", pattern)
        for word in alternatives.group(1).split("|") if alternatives else [""]:
            one = pattern.replace(alternatives.group(0), word) if alternatives else pattern
            first = re.match(r"(.*?)\[([^]]*)\](_)", one)
            for letter in first.group(2) if first and len(first.group(2)) < 8 else [""]:
                yield lua_pattern(one.replace(f"[{first.group(2)}]", letter, 1) if letter else one)


def lua_pattern(pattern):
    """Without alternatives: literals, and sets with a count."""
    out = ""
    sets = r"(\\.|[^\[])|\[([^]]*)\](?:\{(\d+)(?:(,)(\d*))?\})?"
    for literal, characters, least, is_range, most in re.findall(sets, pattern):
        if literal:
            out += "%" + literal[-1] if not literal[-1].isalnum() else literal
        else:
            one = "[" + characters.rstrip("-") + ("%-" if characters.endswith("-") else "") + "]"
            out += one * int(least or 1)
            if is_range:
                out += (one + "?") * (int(most) - int(least)) if most else one + "*"
    return out
