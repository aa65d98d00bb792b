/* SPDX-License-Identifier: Apache-2.0 */
#include "contexts.h"

#include <stddef.h>

#define KEY   "\1"
#define NAME  "\2"
#define VALUE "\3"
#define ESC   "\x1b"

const char *const context_names[CONTEXT_COUNT] = { "bare", "JSON", "escaped", "header", "URL",
	                                           "env",  "ANSI", "python",  "split" };

const struct form key_forms[] = {
	{ CONTEXT_BARE, KEY },
	{ CONTEXT_BARE, "seen " KEY " in it" },

	{ CONTEXT_JSON, "{\"k\":\"" KEY "\",\"n\":1}", '"', 1 },
	{ CONTEXT_JSON, "{\"k\": [\"" KEY "\"], \"n\": 1}", '"', 1 },
	{ CONTEXT_JSON, "{\"k\":\"" KEY "\"}", '"', 1, .slashes = true },

	{ CONTEXT_ESCAPED_JSON, "{\"m\":\"{\\\"k\\\":\\\"" KEY "\\\"}\"}", '"', 2 },
	{ CONTEXT_ESCAPED_JSON, "{\"m\":\"{\\u0022k\\u0022:\\u0022" KEY "\\u0022}\"}", '"', 1 },
	{ CONTEXT_ESCAPED_JSON, "{\"m\":\"seen:\\n" KEY "\\n\"}", '"', 1 },
	{ CONTEXT_ESCAPED_JSON, "{\"m\":\"k\\t" KEY "\\r\\n\"}", '"', 1 },

	{ CONTEXT_HEADER, "> x-custom: " KEY "\r" },
	{ CONTEXT_HEADER, "X-Custom: [" KEY "]" },
	{ CONTEXT_HEADER, "map[X-Custom:[" KEY "] X-Other:[1]]" },

	{ CONTEXT_URL, "GET https://h.example/p?x=1&foo=" KEY "&y=2 HTTP/1.1" },
	{ CONTEXT_URL, "https://h.example/p%3Ffoo%3D" KEY "%26y%3D2" },
	{ CONTEXT_URL, "https://h.example/p?q=%22" KEY "%22" },

	{ CONTEXT_ENV, "A=1 FOO=" KEY " B=2" },
	{ CONTEXT_ENV, "export FOO=\"" KEY "\"", '"', 1 },
	{ CONTEXT_ENV, "FOO='" KEY "'" },

	{ CONTEXT_ANSI, ESC "[93m" KEY ESC "[0m" },
	{ CONTEXT_ANSI, "{\"m\":\"\\u001b[1;32m" KEY "\\u001b[0m\"}", '"', 1 },
	{ CONTEXT_ANSI, "#033[38;5;4m" KEY "#033[0m" },

	{ CONTEXT_PYTHON, "{'k': '" KEY "'}", '\'', 1 },
	{ CONTEXT_PYTHON, "k=b'" KEY "'", '\'', 1 },
	{ CONTEXT_PYTHON, "Foo(key='" KEY "', n=1)", '\'', 1 },
	{ CONTEXT_BARE, NULL },
};

const struct form setting_forms[] = {
	{ CONTEXT_BARE, KEY },
	{ CONTEXT_BARE, "seen " KEY " in it" },

	{ CONTEXT_JSON, "{\"" NAME "\": \"" VALUE "\", \"n\": 1}", '"', 1 },
	{ CONTEXT_JSON, "{\"" NAME "\":\"" VALUE "\"}", '"', 1, .slashes = true },
	{ CONTEXT_JSON, "{\"" NAME "\":[\"" VALUE "\"]}", '"', 1 },

	{ CONTEXT_ESCAPED_JSON, "{\"m\":\"{\\\"" NAME "\\\": \\\"" VALUE "\\\"}\"}", '"', 2 },
	{ CONTEXT_ESCAPED_JSON, "{\"m\":\"{\\\"" NAME "\\\":\\\"" VALUE "\\\"}\"}", '"', 2 },
	{ CONTEXT_ESCAPED_JSON, "\"{\\\\\\\"" NAME "\\\\\\\":\\\\\\\"" VALUE "\\\\\\\"}\"", '"',
	  3 },
	{ CONTEXT_ESCAPED_JSON, "\"{\\u0022" NAME "\\u0022:\\u0022" VALUE "\\u0022}\"", '"', 1 },
	{ CONTEXT_ESCAPED_JSON, "{\"m\":\"env:\\n" NAME "=" VALUE "\\n\"}", '"', 1 },

	{ CONTEXT_HEADER, "> " NAME ": " VALUE "\r" },
	{ CONTEXT_HEADER, NAME ":" VALUE },
	{ CONTEXT_HEADER, "map[" NAME ":[" VALUE "] X-Other:[1]]" },

	{ CONTEXT_URL, "GET /p?" NAME "=" VALUE "&x=1 HTTP/1.1", .words = true },
	{ CONTEXT_URL, "https://h.example/p?x=1&" NAME "=" VALUE, .words = true },
	{ CONTEXT_URL, "/p%3F" NAME "%3D" VALUE "%26x%3D1", .words = true },

	{ CONTEXT_ENV, "export " NAME "=" VALUE, .words = true },
	{ CONTEXT_ENV, "A=1 " NAME "=" VALUE " B=2" },
	{ CONTEXT_ENV, NAME "=\"" VALUE "\"", '"', 1 },
	{ CONTEXT_ENV, NAME "='" VALUE "'" },

	{ CONTEXT_ANSI, ESC "[36m" NAME ESC "[0m=" VALUE ESC "[0m" },
	{ CONTEXT_ANSI, NAME "=" ESC "[1;32m" VALUE ESC "[0m" },
	{ CONTEXT_ANSI, "\\u001b[36m" NAME "\\u001b[0m=" VALUE "\\u001b[0m", '"', 1 },

	{ CONTEXT_PYTHON, "{'" NAME "': '" VALUE "', 'n': 1}", '\'', 1 },
	{ CONTEXT_PYTHON, "[(b'" NAME "', b'" VALUE "')]", '\'', 1 },
	{ CONTEXT_PYTHON, "[('" NAME "', '" VALUE "')]", '\'', 1 },
	{ CONTEXT_PYTHON, "Foo(" NAME "='" VALUE "', n=1)", '\'', 1 },
	{ CONTEXT_BARE, NULL },
};
