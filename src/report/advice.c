/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that incident guides agree on, in their order: revoke, replace, find the cause, watch. */
#include "advice.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

const char *
ks_leak_title(const struct leak *leak)
{
	return leak->title ? leak->title : leak->rule;
}

const char *
ks_leak_identity(const struct leak *leak, const char *none)
{
	if (leak->fingerprint)
		return leak->fingerprint;
	return leak->place ? leak->place : none;
}

const char *
ks_leak_state_word(enum leak_state state)
{
	switch (state) {
	case LEAK_GOES_ON:
		return "leaking";
	case LEAK_QUIET:
		return "quiet";
	case LEAK_REVOKED:
		break;
	}
	return "revoked";
}

int64_t
ks_leak_age(int64_t instant, int64_t now)
{
	return instant < now ? now - instant : 0;
}

void
ks_leak_write_ago(int64_t instant, int64_t now, char ret_text[2 * INSTANT_SIZE])
{
	char age[INSTANT_SIZE];

	ks_duration_write_words(ks_leak_age(instant, now), age);
	(void)snprintf(ret_text, (size_t)2 * INSTANT_SIZE,
	               now - instant < SECOND ? "just now" : "%s ago", age);
}

static const char *
provider_of(const struct leak *leak)
{
	return leak->provider ? leak->provider : "its provider";
}

/* Nobody but the user knows what opens with it. */
static bool
is_known_value(const struct leak *leak)
{
	return leak->place && !leak->provider && !leak->revoke;
}

static int
write_change(const struct leak *leak, char **ret_text)
{
	char when[INSTANT_SIZE];

	if (leak->revoked_at == LEAK_NEVER)
		return asprintf(ret_text, "Change it now: it is kept in %s.", leak->place);
	ks_instant_write_plain(leak->revoked_at, when);
	return asprintf(ret_text,
	                "It was changed at %s%s. Make sure that the old one of %s no longer works.",
	                when, leak->state == LEAK_GOES_ON ? ", and seen after that" : "",
	                leak->place);
}

static int
write_revocation(const struct leak *leak, char **ret_text)
{
	const char *where = leak->revoke ? leak->revoke : provider_of(leak);
	char when[INSTANT_SIZE];

	if (is_known_value(leak))
		return write_change(leak, ret_text);
	if (leak->revoked_at == LEAK_NEVER)
		return asprintf(ret_text,
		                leak->revoke ? "Revoke it now: %s" : "Revoke it now, at %s.",
		                where);
	ks_instant_write_plain(leak->revoked_at, when);
	return asprintf(ret_text, "It was revoked at %s%s. Make sure that it no longer works: %s",
	                when, leak->state == LEAK_GOES_ON ? ", and seen after that" : "", where);
}

static int
write_replacement(const struct leak *leak, char **ret_text)
{
	char since[INSTANT_SIZE];

	ks_instant_write_date(leak->first, since);
	if (is_known_value(leak))
		return asprintf(
			ret_text,
			"Put the new one in every place that uses it, and find out what the "
			"old one was used for since %s.",
			since);
	return asprintf(ret_text,
	                "Put a new key in every place that uses this one, and ask %s what it was "
	                "used for since %s.",
	                provider_of(leak), since);
}

static int
write_cause(const struct leak *leak, char **ret_text)
{
	const struct leak_source *source = leak->sources[0];
	char when[INSTANT_SIZE], line[32] = "", more[64] = "";

	ks_instant_write_plain(source->last, when);
	if (source->line != LEDGER_UNKNOWN)
		(void)snprintf(line, sizeof(line), ", line %" PRIu64, source->line);
	if (leak->source_count > 1)
		(void)snprintf(more, sizeof(more), ", then the other sources (%zu)",
		               leak->source_count - 1);
	return asprintf(ret_text,
	                "Find what writes it, and stop that. Begin with %s%s, where it was seen "
	                "last, at %s%s.",
	                source->name, line, when, more);
}

static int
write_watch(const struct leak *leak, char **ret_text)
{
	const char *name = ks_leak_identity(leak, "");
	char when[INSTANT_SIZE] = "TIME";

	if (leak->revoked_at != LEAK_NEVER)
		ks_instant_write(leak->revoked_at, when);
	return asprintf(ret_text,
	                "Watch for it: keysieve report --check --revoked-at %s%s%s LEDGER... fails "
	                "if it is seen again.",
	                name, *name ? "=" : "", when);
}

int
ks_advice_init(struct advice *advice, const struct leak *leak)
{
	static int (*const writers[ADVICE_STEPS])(const struct leak *,
	                                          char **) = { write_revocation, write_replacement,
		                                               write_cause, write_watch };

	*advice = (struct advice){ 0 };
	for (size_t i = 0; i < ADVICE_STEPS; i++) {
		if (writers[i](leak, &advice->steps[i]) < 0) {
			advice->steps[i] = NULL;
			return -ENOMEM;
		}
	}
	return 0;
}

void
ks_advice_done(struct advice *advice)
{
	for (size_t i = 0; i < ADVICE_STEPS; i++)
		free(advice->steps[i]);
}
