/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping out of an explanation what could be a secret. */
#pragma once

#include "explanation.h"

/*
 * Find the ends of all runs of e->matches, which are ordered by rule and from. Where e->shown still has
 * what text has, write '#' over every run that is longer than SHOWN_RUN_MAX with the bytes of keys behind
 * it, and over what stands before an infix rule's trigger.
 */
void ks_conceal_runs(struct explanation *e, const struct ks_catalog *catalog, const uint8_t *text);
