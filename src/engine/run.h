/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs: how far a rule's body goes from a trigger's end, and whether the rule is satisfied by it.
 */
#pragma once

#include "ruleset.h"

/* A run [from, end) of a class, as far as a window shows it. */
struct run {
	size_t end;
	bool goes_on; /* bytes to come may belong to it: it ends at the window's end, or at an escape there */
};

enum verdict {
	VERDICT_UNSATISFIED,
	VERDICT_SATISFIED,
	VERDICT_OPEN /* depends on bytes to come */
};

/*
 * The run of class number k from buf[from]. With is_last nothing follows buf[len), so no run goes
 * on.
 */
struct run ks_run_find(const struct classes *classes, unsigned k, const uint8_t *buf, size_t from,
                       size_t len, bool is_last);

/* Bytes of a stream as far as they are known. */
struct view {
	const uint8_t *buf;
	size_t len;
	bool may_be_allowed; /* a run is not judged before its end, if that is among its first 64 bytes */
};

/* Three or more '*', and at most four other bytes behind them. */
bool ks_run_is_earlier_mask(const uint8_t *p, size_t len);

/*
 * Which of these conditions does the run [from, run.end), taken to be whole, not meet? One of
 * KS_REASON_SHORT to KS_REASON_PLACEHOLDER, or KS_REASON_MASKED: it meets all.
 */
enum ks_reason ks_run_refusal(const struct compiled_rule *rule, const struct classes *classes,
                              const struct view *view, size_t from, struct run run);

/*
 * Does the run [from, run.end) satisfy the rule's length, follow, require and refuse (conditions 1
 * to 4 of docs/definition.md)?
 */
enum verdict ks_run_judge(const struct compiled_rule *rule, const struct classes *classes,
                          const struct view *view, size_t from, struct run run);
