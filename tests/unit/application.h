/* SPDX-License-Identifier: Apache-2.0 */
/* What applications write: lines with and without secrets, made up from a seed, and rules that find them. */
#pragma once

#include "runtimes.h"

extern const struct ks_rule application_rules[];
extern const size_t application_rule_count;

/* Add the template, in which '#' and '~' stand for any byte of a secret. */
void application_fill(struct bytes *text, const char *template, uint64_t *random);

/* Add one line, or some bytes that are none. */
void application_add_line(struct bytes *text, uint64_t *random);

/*
 * Write about len bytes to both streams, now to one and now to the other. Some lines are longer than
 * the model's pieces. Now and then something else is sent to the journal.
 */
void application_run(struct model *model, size_t len);
