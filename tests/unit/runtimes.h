/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models of what container runtimes and the journal make of an application's output. Each writes frames, and
 * beside them notes what a reader who joins the pieces would read, byte for byte, and where it lies in
 * the frames. Sources of what they do: docs/frames.md.
 */
#pragma once

#include <keysieve.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *at;
	size_t len, size;
};

/* Memory is enough, or the process ends. */
void bytes_add(struct bytes *bytes, const void *data, size_t len);
void bytes_add_text(struct bytes *bytes, const char *text);
void bytes_free(struct bytes *bytes);

/* Where a byte of payload lies in the frames. */
struct spot {
	size_t at;
	size_t width; /* 0: nowhere; more than 1: it is a part of what an escape stands for */
};

struct payload {
	struct bytes text;
	struct spot *spots;
	size_t spot_size;
};

enum runtime {
	RUNTIME_CONTAINERD,
	RUNTIME_CONMON,
	RUNTIME_DOCKER,
	RUNTIME_JOURNALD,
	RUNTIME_DOCKER_JOURNALD,
	RUNTIME_CONMON_JOURNALD,
	RUNTIME_COUNT
};

/* Streams of what is read. Messages that are nobody's, and other fields, are of the journal. */
enum { PAYLOAD_STDOUT, PAYLOAD_STDERR, PAYLOAD_ALONE, PAYLOAD_FIELDS, PAYLOAD_COUNT };

struct model {
	enum runtime runtime;
	size_t piece; /* bytes that are put into one frame, at most */
	uint64_t random;
	struct bytes frames;
	struct payload payloads[PAYLOAD_COUNT];
	struct bytes line[2]; /* what is gathered of a line */
};

const char *runtime_name(enum runtime runtime);
enum ks_frame runtime_frame(enum runtime runtime);
/* What the runtime takes if nobody sets it. */
size_t runtime_piece(enum runtime runtime);

void model_init(struct model *model, enum runtime runtime, size_t piece, uint64_t seed);
/* The application writes to PAYLOAD_STDOUT or PAYLOAD_STDERR. */
void model_write(struct model *model, unsigned stream, const uint8_t *data, size_t len);
/* It exits. */
void model_close(struct model *model);
void model_done(struct model *model);

/* Somebody else sends the journal a message; for other runtimes, nothing happens. */
void model_send(struct model *model, const uint8_t *message, size_t len);
