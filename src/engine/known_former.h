/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Former known values, at the place where others took over: what they had begun is masked as far as the next bytes go on with it.
 *
 *     ... gone |- - open bytes - -|- - - new bytes - - -|
 *                                 ^ others are known from here on
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "known.h"

struct known_former {
	const struct ks_known *known; /* shared: it stays until this is done */
	uint8_t *gone;                /* bytes that are less than a pattern that begins so */
	size_t gone_len;
	size_t begun; /* of them came before others took over */
};

/* Takes gone, which has room for a pattern more. */
void ks_known_former_init(struct known_former *former, const struct ks_known *known, uint8_t *gone,
                          size_t gone_len);
void ks_known_former_done(struct known_former *former);

/*
 * Returns how many of the next bytes, one after the other, can still become what was begun, or end it. *ret_goes_on: the bytes
 * behind them can too.
 */
size_t ks_known_former_follow(struct known_former *former, const uint8_t *next, size_t len,
                              bool *ret_goes_on);
