/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log files of Kubernetes' container runtimes (containerd, CRI-O, also Podman's k8s-file):
 *
 *     2026-11-22T10:00:01.123456789Z stdout P first piece of a line
 *     2026-11-22T10:00:01.123456790Z stdout F and its last one
 *
 * The tag P says that the line goes on in the next piece of the same stream. Behind it other tags may stand,
 * joined by ':', which nobody writes today: they are payload, each alone. Sources: kubernetes pkg/kubelet/kuberuntime/logs (parseCRILog), containerd
 * internal/cri/io/logger.go, conmon src/ctr_logging.c. What is no such line is raw text.
 *
 * Invariant: a header is covered when it is whole, the content as it comes.
 */
#include "cri.h"

#include <string.h>
#include <sys/types.h>

#include "bytes.h"
#include "parser.h"
#include "stamp.h"

#define HEADER_MAX 128U /* far more than any header; what has no content by then is none */

enum { STREAM_STDOUT, STREAM_STDERR, STREAM_RAW, STREAM_TAGS };

struct state {
	bool is_content; /* the line's header is behind us */
	bool is_partial;
	unsigned stream;
};

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
	line->tags = line->header + n;
	if (n < len && text[n] == ':') {
		while (n < len && text[n] != ' ' && text[n] != '\n')
			n++;
	}
	if (n == len)
		return CRI_HEADER_OPEN;
	line->header += n;
	line->tags_len = line->header - line->tags;
	line->header += text[n] == ' ';
	return text[n] == ' ' || text[n] == '\n' ? CRI_HEADER_WHOLE : CRI_HEADER_NONE;
}

enum cri_header
ks_cri_parse_header(const uint8_t *text, size_t len, struct cri_line *ret_line)
{
	size_t known = len < HEADER_MAX ? len : HEADER_MAX;
	size_t time_len = 0;
	enum stamp stamp = ks_stamp_parse(text, known, &time_len);
	const uint8_t *end = text + known, *p = text + time_len;
	enum cri_header header;

	if (stamp != STAMP_WHOLE || p == end)
		return stamp == STAMP_NONE ? CRI_HEADER_NONE : CRI_HEADER_OPEN;
	if (*p++ != ' ')
		return CRI_HEADER_NONE;
	header = parse_stream(p, (size_t)(end - p), ret_line);
	if (header == CRI_HEADER_WHOLE) {
		p += strlen("stdout ");
		ret_line->header = (size_t)(p - text);
		header = parse_tags(p, (size_t)(end - p), ret_line);
	}
	return header == CRI_HEADER_OPEN && known == HEADER_MAX ? CRI_HEADER_NONE : header;
}

static void
cover_header(struct ks_redactor *redactor, const struct cri_line *line)
{
	static const uint8_t hard_break[] = { '\0', '\n' };

	if (line->tags_len == 0) {
		ks_redactor_pass(redactor, line->header);
		return;
	}
	ks_redactor_pass(redactor, line->tags);
	ks_redactor_payload(redactor, STREAM_TAGS, line->tags_len);
	ks_redactor_context(redactor, STREAM_TAGS, hard_break, sizeof(hard_break));
	ks_redactor_pass(redactor, line->header - line->tags - line->tags_len);
}

/* Returns the bytes of the header, or -1 if it is not known yet what they are. */
static ssize_t
begin_line(struct state *state, struct ks_redactor *redactor, const uint8_t *data, size_t len,
           bool is_last)
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
	cover_header(redactor, &line);
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
			ssize_t header = begin_line(state, redactor, data, len, is_last);

			if (header < 0)
				return;
			n = (size_t)header;
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
