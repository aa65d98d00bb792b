/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Macros are replaced as text before anything else looks at a trigger. They are the one definition of
 * what stands between the name of a setting and its value, in all the ways that logs write it.
 */
#include "macro.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "byteset.h"
#include "keysieve.h"

/* A quote: plain, escaped, of HTML, percent-encoded, of JSON. */
#define QUOTE "(?i:\\\\{0,3}[\"'`]|&(?:quot|apos|#0?3[49]|#x2[27]);|%2[27]|\\\\{1,2}u002[27])"

/* Colours of a terminal, as they are or escaped. */
#define COLOURS                                                     \
	"(?:(?:\\x1b|\\\\x1b|\\\\u(?:001b|\\{1b\\})|\\\\033|\\\\e)" \
	"\\[[0-9;]{0,8}m){0,2}"

#define RESET "(?:\\x1b\\[0?m)?"

#define INDENT "\\r?\\n[ \\t]{1,12}"

#define ASSIGNMENT                                                                               \
	"(?:[ \\t]{0,12}:" RESET "[ \\t]{0,40}"             /* name : value, in columns too */   \
	"|: ?[|>][+-]?" INDENT                              /* YAML's blocks */                  \
	"|[ \\t]{1,40}[:=?+.]{0,3}=>?" RESET "[ \\t]{1,12}" /* name = value, in columns too */   \
	"|[:=?+.]{0,3}=>?"                                  /* name=value */                     \
	"|=>" INDENT                                        /* ["name"]=> and the value below */ \
	"|-?>(?:" INDENT ")?"                               /* <name>value, name->value */       \
	"|[ \\t]->[ \\t]"                                   /* name -> value */                  \
	"|%3[ADad](?:%20|\\+)?"                             /* name%3Dvalue */                   \
	"|\\\\{1,2}u003[ADEade])"                           /* name\u003dvalue */

/* What says of which type a value is, or holds it. */
#define TYPE                                                                                          \
	"(?:(?:(?:Some|Ok|Optional)\\()?(?:(?:api|access|auth|client|secret)?(?:key|token|secret|"    \
	"string|str)|Some|Ok|Optional|Slice)?"                                                        \
	"[\\[(]{1,2}(?:\\r?\\n[ \\t]{1,20})?" /* Some(ApiKey("value")), a list on lines of its own */ \
	"|\\[\\]string\\{"                    /* Go's %#v */                                          \
	"|\\{" QUOTE "(?:S|string|stringValue|value)" QUOTE ": ?"        /* {"string": value} */      \
	"|string\\([0-9]{1,5}\\) "                                       /* PHP's var_dump() */       \
	"|\\(string\\)(?: \\(len=[0-9]{1,5}\\) )?|\\(\\[\\]string\\)\\[" /* Go's spew */              \
	"|0x[0-9a-f]{4,16}[ \\t]"                                        /* gdb's */                  \
	")?"

/* What may still be a part of the name, or of the sentence: keys, key_2, key_prod, key provided. */
#define NAME_END                                                 \
	"s?(?:[ _]?[0-9]{1,2}|[ _-](?:provided|is|not[ _]valid)" \
	"|[_-](?:prod|production|dev|development|staging|stage|test|live|value|base64|base))?"

/* PHP's print_r(): [name:protected] */
#define ACCESS "(?::protected|:private)?"

#define SEPARATOR                                                                                \
	"(?i:" NAME_END COLOURS "(?:" QUOTE "?" ACCESS "[\\])]?" COLOURS ASSIGNMENT COLOURS TYPE \
	"(?:[ \\t]?[bfru@$]?" QUOTE QUOTE "?)?"                /* 'name': b'value' */            \
	"|" QUOTE COLOURS ",[ \\t]?" COLOURS "[bfru@$]?" QUOTE /* ('name', 'value') */           \
	"))"

const char ks_macro_separator[] = SEPARATOR;

static const struct macro {
	const char *name, *text;
} macros[] = {
	{ "{separator}", SEPARATOR },
	{ "{name}",
	  "(?:[a-z0-9_.-]{0,20}| (?:api |access |secret |auth )?)(?:key|token|secret|pat)" },
	{ "{quote}", QUOTE },
};

#define MACRO_COUNT (sizeof(macros) / sizeof(macros[0]))

const char *
ks_macro_text(size_t i)
{
	return i < MACRO_COUNT ? macros[i].text : NULL;
}

static const struct macro *
find_macro(const char *p)
{
	for (size_t i = 0; *p == '{' && i < MACRO_COUNT; i++) {
		if (strncmp(p, macros[i].name, strlen(macros[i].name)) == 0)
			return &macros[i];
	}
	return NULL;
}

/* Write trigger to to, if it is not NULL; returns the length. */
static size_t
expand(const char *trigger, char *to)
{
	size_t len = 0;

	while (*trigger) {
		const struct macro *macro = find_macro(trigger);
		const char *end = macro ? trigger + strlen(macro->name) : ks_element_end(trigger);
		const char *text = macro ? macro->text : trigger;
		size_t n = macro ? strlen(text) : (size_t)(end - trigger);

		for (size_t i = 0; to && i < n; i++)
			to[len + i] = text[i];
		len += n;
		trigger = end;
	}
	return len;
}

char *
ks_macro_expand(const char *trigger)
{
	size_t len = expand(trigger, NULL);
	char *expanded = malloc(len + 1);

	if (expanded) {
		(void)expand(trigger, expanded);
		expanded[len] = '\0';
	}
	return expanded;
}

int
ks_macro_split_name(const char *trigger, char **ret_name)
{
	size_t len = strlen(trigger), tail = sizeof(SEPARATOR) - 1;
	char *name;

	*ret_name = NULL;
	if (len == 0 || trigger[len - 1] != '}')
		return KS_OK;
	name = ks_macro_expand(trigger);
	if (!name)
		return KS_ERROR_MEMORY;
	len = strlen(name);
	if (len <= tail || strcmp(name + len - tail, SEPARATOR) != 0) {
		free(name);
		return KS_OK;
	}
	name[len - tail] = '\0';
	*ret_name = name;
	return KS_OK;
}
