/* SPDX-License-Identifier: Apache-2.0 */
/* How the command line and the rules want secrets to be masked, for a stream. */
#pragma once

#include "keysieve.h"
#include "options.h"
#include "rule_selection.h"

/*
 * Set in *stream what to mask with and what to leave readable. Borrows options and rules as long as the stream
 * lives. Findings and the sink are not touched.
 */
void ks_masking_set(const struct options *options, const struct rule_selection *rules,
                    struct ks_stream_options *stream);

/* Is there all that the masks need? Prints what is missing. Returns 0, or an exit status. */
int ks_masking_check(const struct options *options, const struct rule_selection *rules);

/*
 * Is there memory for a thread to mask with rules besides those in use? It is not kept: until it is used nobody else is to
 * take much. Prints a message if not. Returns 0, or an exit status.
 */
int ks_masking_try(const struct rule_selection *rules);
