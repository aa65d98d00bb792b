/* SPDX-License-Identifier: Apache-2.0 */
/* Scanning: a window's new bytes go through Hyperscan once, and come out as candidates. */
#pragma once

#include "window.h"

/* How many leads can be open at once: one for each rule that has one and each byte that it can begin at. */
size_t ks_scan_leads_max(const struct ks_ruleset *set);

/*
 * Scan w->buf[held, len) with hs and put the candidates, those carried before them, into the scratch by
 * their ends; w->candidate_count is set. What can go on in the next window is in carry afterwards, but
 * for what ks_window_resolve() finds. Errors: KS_ERROR_INTERNAL.
 */
int ks_scan_window(struct window *w, struct carry *carry, hs_stream_t *hs);
