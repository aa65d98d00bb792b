/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A redactor that begins in the middle of a source and takes the place of the one that came from its front:
 *
 *     former      |--------- all before ---------|
 *     successor                     |- context --|------ part ------|
 *
 * Both are made with the same options, of frames that are known; where findings and output go may differ.
 */
#pragma once

#include <stdbool.h>

#include "keysieve.h"

/* Begin anew, as if it had just been made. Allocates nothing. */
void ks_redactor_reset(struct ks_redactor *redactor);

/* The successor was fed its context: what follows is the part. Returns false if something is open there: then it is none. */
bool ks_redactor_begin_part(struct ks_redactor *successor);

/*
 * former was fed all before the part. Is what the successor gave out of its part what former would have given out? Then
 * it goes on from here, with what it lacks of former, which is good for nothing but to be reset or freed. If not,
 * both are as they were.
 */
bool ks_redactor_succeed(struct ks_redactor *successor, struct ks_redactor *former);

/* Give out what the successor could not decide before it was one. Errors: as for ks_redactor_feed(). */
int ks_redactor_settle(struct ks_redactor *successor, struct ks_scratch *scratch);
