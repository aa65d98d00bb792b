/* SPDX-License-Identifier: Apache-2.0 */
/* See sighting.h. What others wrote (paths, names of rules) goes through ks_json_string(). */
#include "sighting.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "instant.h"
#include "json.h"

static void
write_text(const char *name, const char *text, FILE *out)
{
	(void)fprintf(out, ",\"%s\":", name);
	ks_json_string(text, out);
}

static void
write_number(const char *name, uint64_t number, int is_known, FILE *out)
{
	if (is_known)
		(void)fprintf(out, ",\"%s\":%" PRIu64, name, number);
	else
		(void)fprintf(out, ",\"%s\":null", name);
}

static void
write_time(const char *name, int64_t time, FILE *out)
{
	char text[INSTANT_SIZE];

	ks_instant_write(time, text);
	write_text(name, text, out);
}

static void
begin(const char *event, int64_t time, FILE *out)
{
	(void)fprintf(out, "{\"v\":1,\"event\":\"%s\"", event);
	write_time("time", time, out);
}

static void
write_key(const struct sighting *s, FILE *out)
{
	write_text("rule", s->rule, out);
	write_text("provider", s->provider, out);
	write_text("title", s->title, out);
	write_text("fingerprint", s->fingerprint, out);
	write_number("length", s->length, s->length != SIGHTING_NO_LENGTH, out);
	if (!s->known_source)
		return;
	write_text("known_source", s->known_source, out);
	write_number("known_number", s->known_number, 1, out);
}

static void
write_times(const struct seen_times *times, FILE *out)
{
	(void)fprintf(out, ",\"count\":%" PRIu64, times->count);
	write_time("first", times->first, out);
	write_time("last", times->last, out);
}

void
ks_sighting_write(const struct sighting *s, FILE *out)
{
	begin("finding", s->time, out);
	write_text("source", s->source, out);
	write_number("offset", s->offset, s->offset != SIGHTING_NO_OFFSET, out);
	write_number("line", s->line, s->line > 0, out);
	write_key(s, out);
	write_text("revoke", s->revoke, out);
	(void)fputs("}\n", out);
}

void
ks_sighting_write_repeat(const struct sighting *s, const struct seen_times *times, int64_t time,
                         FILE *out)
{
	begin("repeat", time, out);
	write_text("source", s->source, out);
	write_key(s, out);
	write_times(times, out);
	write_text("revoke", s->revoke, out);
	(void)fputs("}\n", out);
}

void
ks_sighting_write_suppressed(const struct seen_times *times, int64_t time, FILE *out)
{
	begin("suppressed", time, out);
	write_times(times, out);
	(void)fputs("}\n", out);
}

struct sighting *
ks_sighting_copy(const struct sighting *s)
{
	struct sighting copy = *s, *ret;
	const char **texts[] = { &copy.source,       &copy.rule,    &copy.title,
		                 &copy.provider,     &copy.revoke,  &copy.fingerprint,
		                 &copy.known_source, &copy.identity };
	size_t size = sizeof(copy);
	char *at;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		size += *texts[i] ? strlen(*texts[i]) + 1 : 0;
	ret = malloc(size);
	if (!ret)
		return NULL;
	at = (char *)(ret + 1);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t len = *texts[i] ? strlen(*texts[i]) + 1 : 0;

		if (len > 0)
			*texts[i] = memcpy(at, *texts[i], len);
		at += len;
	}
	*ret = copy;
	return ret;
}
