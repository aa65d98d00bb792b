/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log files of Kubernetes' container runtimes (containerd, CRI-O, also Podman's k8s-file):
 *
 *     2026-11-22T10:00:01.123456789Z stdout P first piece of a line
 *     2026-11-22T10:00:01.123456790Z stdout F and its last one
 *
 * The tag P says that the line goes on in the next piece of the same stream. Behind it other tags may stand,
 * joined by ':'. Sources: kubernetes pkg/kubelet/kuberuntime/logs (parseCRILog), containerd
 * internal/cri/io/logger.go, conmon src/ctr_logging.c. What is no such line is raw text.
 *
 * Invariant: a header is covered when it is whole, the content as it comes.
 */
#include "cri.h"

#include <string.h>
#include <sys/types.h>

#include "bytes.h"
#include "bytes16.h"
#include "parser.h"

#define HEADER_MAX 128U /* far more than any header; what has no content by then is none */

enum { STREAM_STDOUT, STREAM_STDERR, STREAM_RAW };

struct state {
	bool is_content; /* the line's header is behind us */
	bool is_partial;
	unsigned stream;
};

/* "2026-11-22T10:00:01" with '0' for any digit. */
static const char time_shape[] = "0000-00-00T00:00:00";

#define SHAPE_LEN (sizeof(time_shape) - 1)

/* Have 16 bytes this shape? */
static bool
has_shape(const uint8_t *text, const char *shape)
{
	bytes16 bytes = ks_bytes16(text), wanted = ks_bytes16(shape);
	bytes16 is_digit = (bytes16)(bytes - '0' <= 9) & (bytes16)(wanted == '0');

	return ks_bytes16_first(~(is_digit | (bytes16)(bytes == wanted))) == sizeof(bytes);
}

/* How much of text[0, len) has the shape of the beginning of a time? */
static size_t
match_time(const uint8_t *text, size_t len)
{
	const size_t last = SHAPE_LEN - sizeof(bytes16);
	size_t n = 0;

	if (len >= SHAPE_LEN && has_shape(text, time_shape) &&
	    has_shape(text + last, time_shape + last))
		return SHAPE_LEN; /* as nearly always */
	for (; n < len && time_shape[n]; n++) {
		bool is_digit = text[n] >= '0' && text[n] <= '9';

		if (time_shape[n] == '0' ? !is_digit : text[n] != (uint8_t)time_shape[n])
			break;
	}
	return n;
}

/* One of the streams' names, and a space. */
static enum cri_header
parse_stream(const uint8_t *text, size_t len, struct cri_line *line)
{
	static const char *const names[] = { "stdout ", "stderr " };

	for (unsigned i = 0; i < 2; i++) {
		if (ks_bytes_begin(text, len, names[i])) {
			line->stream = i;
			return len < strlen(names[i]) ? CRI_HEADER_OPEN : CRI_HEADER_WHOLE;
		}
	}
	return CRI_HEADER_NONE;
}

/* P or F, and what may be joined to it; then a space, or the end of a line without content. */
static enum cri_header
parse_tags(const uint8_t *text, size_t len, struct cri_line *line)
{
	size_t n = 1;

	if (len == 0)
		return CRI_HEADER_OPEN;
	if (*text != 'P' && *text != 'F')
		return CRI_HEADER_NONE;
	line->is_partial = *text == 'P';
	if (n < len && text[n] == ':') {
		while (n < len && text[n] != ' ' && text[n] != '\n')
			n++;
	}
	if (n == len)
		return CRI_HEADER_OPEN;
	line->header += n + (text[n] == ' ');
	return text[n] == ' ' || text[n] == '\n' ? CRI_HEADER_WHOLE : CRI_HEADER_NONE;
}

enum cri_header
ks_cri_parse_header(const uint8_t *text, size_t len, struct cri_line *ret_line)
{
	size_t known = len < HEADER_MAX ? len : HEADER_MAX;
	const uint8_t *end = text + known, *p = text + match_time(text, known);
	enum cri_header header;

	if (p < end && p < text + SHAPE_LEN)
		return CRI_HEADER_NONE;
	while (p < end && *p != ' ' && *p != '\n') /* fractions and the zone */
		p++;
	if (p == end)
		return known == HEADER_MAX ? CRI_HEADER_NONE : CRI_HEADER_OPEN;
	if (*p++ == '\n')
		return CRI_HEADER_NONE;
	header = parse_stream(p, (size_t)(end - p), ret_line);
	if (header == CRI_HEADER_WHOLE) {
		p += strlen("stdout ");
		ret_line->header = (size_t)(p - text);
		header = parse_tags(p, (size_t)(end - p), ret_line);
	}
	return header == CRI_HEADER_OPEN && known == HEADER_MAX ? CRI_HEADER_NONE : header;
}

/* Returns the bytes of the header, or -1 if it is not known yet what they are. */
static ssize_t
begin_line(struct state *state, const uint8_t *data, size_t len, bool is_last)
{
	struct cri_line line;
	enum cri_header header = ks_cri_parse_header(data, len, &line);

	if (header == CRI_HEADER_OPEN && !is_last)
		return -1;
	state->is_content = true;
	state->stream = STREAM_RAW;
	state->is_partial = false;
	if (header != CRI_HEADER_WHOLE)
		return 0;
	state->stream = line.stream;
	state->is_partial = line.is_partial;
	return (ssize_t)line.header;
}

/* Content, up to the line's end. Returns how much was covered. */
static size_t
cover_content(struct state *state, struct ks_redactor *redactor, const uint8_t *data, size_t len)
{
	const uint8_t *end = memchr(data, '\n', len);
	size_t n = end ? (size_t)(end - data) + 1 : len, payload = n - (end && state->is_partial);

	if (payload > 0)
		ks_redactor_payload(redactor, state->stream, payload);
	if (!end)
		return n;
	if (state->is_partial)
		ks_redactor_pass(redactor, 1);
	ks_redactor_boundary(redactor);
	state->is_content = false;
	return n;
}

static void
parse(void *opaque, struct ks_redactor *redactor, const uint8_t *data, size_t len, bool is_last)
{
	struct state *state = opaque;

	while (len > 0) {
		size_t n;

		if (state->is_content) {
			n = cover_content(state, redactor, data, len);
		} else {
			ssize_t header = begin_line(state, data, len, is_last);

			if (header < 0)
				return;
			n = (size_t)header;
			if (n > 0)
				ks_redactor_pass(redactor, n);
		}
		data += n;
		len -= n;
	}
}

static void
restart(void *opaque, struct ks_redactor *redactor)
{
	struct state *state = opaque;

	(void)redactor;
	state->is_content = false;
}

const struct parser ks_cri_parser = {
	.frame = KS_FRAME_CRI,
	.state_size = sizeof(struct state),
	.parse = parse,
	.restart = restart,
};
