/* SPDX-License-Identifier: Apache-2.0 */
/* The notations in which logs show a key: the columns of the table. */
#pragma once

#include <stdbool.h>

enum context {
	CONTEXT_BARE,
	CONTEXT_JSON,
	CONTEXT_ESCAPED_JSON,
	CONTEXT_HEADER,
	CONTEXT_URL,
	CONTEXT_ENV,
	CONTEXT_ANSI,
	CONTEXT_PYTHON,
	CONTEXT_SPLIT
};
#define CONTEXT_COUNT 9

/* A column's head, at most 7 characters. */
extern const char *const context_names[CONTEXT_COUNT];

/* What a notation's text stands for these bytes. */
#define FORM_KEY   '\1' /* the key, with all that stands before it in the rule's example */
#define FORM_NAME  '\2' /* of a setting */
#define FORM_VALUE '\3' /* of that setting: the key, and a scheme before it */

/* One way to write a key in a context. */
struct form {
	enum context context;
	const char *text; /* NULL: the end of the list */
	char quote;       /* of the string that the key is in; 0: none, nothing is escaped */
	unsigned depth;   /* of strings within strings */
	bool slashes;     /* "/" is escaped, too */
	bool words;       /* no blanks: "_" in a name and "%20" in a value */
};

/* All of them: for keys as such, and for the values of settings. */
extern const struct form key_forms[];
extern const struct form setting_forms[];
