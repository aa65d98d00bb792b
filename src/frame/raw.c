/* SPDX-License-Identifier: Apache-2.0 */
/* No frames: every byte is payload of one stream. */
#include <string.h>

#include "parser.h"

static void
parse(void *state, struct ks_redactor *redactor, const uint8_t *data, size_t len, bool is_last)
{
	const uint8_t *last = memrchr(data, '\n', len);
	size_t lines = last ? (size_t)(last - data) + 1 : 0;

	(void)state;
	(void)is_last;
	if (lines) {
		ks_redactor_payload(redactor, 0, lines);
		ks_redactor_boundary(redactor);
	}
	if (len > lines)
		ks_redactor_payload(redactor, 0, len - lines);
}

const struct parser ks_raw_parser = { .frame = KS_FRAME_RAW, .state_size = 0, .parse = parse };
