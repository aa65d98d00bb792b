/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms of spelling. A form is a number: its kind, and the kind's options. Which of them a text has is known by its traits.
 * All by docs/definition.md, "Known values", and in its order.
 */
#pragma once

#include "known.h"

enum kind {
	KIND_RAW,
	KIND_BASE64,
	KIND_HEX,
	KIND_PERCENT,
	KIND_JSON,
	KIND_SHELL,
	KIND_XML,
	KIND_JSON_OF
};

#define KIND_BITS 3U

#define BASE64_URL   (1U << 3)
#define BASE64_END   (1U << 4) /* with the last character that the text does not fill */
#define BASE64_SHIFT 5U        /* how many bytes stand before the text in its first group */
#define BASE64_BREAK 7U        /* of one in lines: how they end */
#define LINE_BREAKS  3U

#define UPPER (1U << 3) /* hexadecimal digits; of hex, percent and JSON */

#define PERCENT_SET 4U

enum percent_set {
	PERCENT_RFC3986,
	PERCENT_SLASH,
	PERCENT_COMPONENT,
	PERCENT_FORM,
	PERCENT_PLUS,
	PERCENT_URI,      /* JavaScript's encodeURI */
	PERCENT_USERINFO, /* Go's url.UserPassword */
	PERCENT_SEGMENT,  /* Go's url.PathEscape */
	PERCENT_PATH,     /* what RFC 3986 allows in a path */
	PERCENT_GO_PATH,  /* Go's url.URL */
	PERCENT_GO_FRAGMENT,
	PERCENT_WEB_USERINFO, /* the sets of the WHATWG's URL standard */
	PERCENT_WEB_PATH,
	PERCENT_WEB_PATH_FORMER, /* before ^ was encoded there */
	PERCENT_WEB_QUERY,       /* of http and the like */
	PERCENT_WEB_QUERY_OTHER,
	PERCENT_WEB_FRAGMENT
};

#define JSON_NESTED (1U << 4)  /* in a string of another JSON document */
#define JSON_LONG   (1U << 5)  /* "\u000a", not "\n" */
#define JSON_SLASH  6U         /* enum json_where, as bits */
#define JSON_WIDE   8U         /* enum json_where */
#define JSON_HTML   10U        /* enum json_where; JSON_BOTH: ' and =, too, as Gson has it */
#define JSON_APOS   (1U << 12) /* ' is one of those that JSON_HTML is about */
#define JSON_DELETE (1U << 13) /* DEL is escaped: where JSON_WIDE is, or in the inner one */
#define JSON_LINES  14U        /* enum json_where: of JSON_WIDE, U+2028 and U+2029 only */

/*
 * KIND_JSON_OF is JSON as one library writes it and no other: System.Text.Json, whose digits are in upper case, or Go's
 * log/slog, with JSON_HTML and JSON_LINES. Both with JSON_NESTED, where .NET is the inner one.
 */
#define JSON_OF_DOTNET UPPER

enum json_where { JSON_NOWHERE = 0, JSON_INNER = 1, JSON_OUTER = 2, JSON_BOTH = 3 };

#define SHELL_STYLE 3U

enum shell_style {
	SHELL_SINGLE,     /* '..' with '\'' for a ' */
	SHELL_SINGLE_TOO, /* '..' with '"'"' for a ' */
	SHELL_DOUBLE,     /* ".." */
	SHELL_BACKSLASH,  /* as bash's printf %q */
	SHELL_DOLLAR,     /* $'..' */
	SHELL_OCTAL,      /* the same with \303 for bytes above 126 */
	SHELL_HEX,        /* as Python's repr of bytes */
	SHELL_TWICE,      /* '..' with '' for a ', as in SQL and YAML */
	SHELL_HEX_DOUBLE, /* as Python's repr of bytes that have a ' and no " */
	SHELL_WITHIN,     /* as SHELL_BACKSLASH, where something is before the text */
	SHELL_TOGETHER,   /* '..' with '"''"' for '', as dash's export -p */
	SHELL_REPR,       /* as Python's repr of text; the others as SHELL_HEX is to bytes */
	SHELL_REPR_DOUBLE,
	SHELL_ASCII, /* as Python's ascii() of it */
	SHELL_ASCII_DOUBLE
};

#define XML_GREATER (1U << 3) /* > is escaped too */
#define XML_QUOTES  4U        /* how " and ' are spelled: a number of them */
#define XML_STYLES  7U

enum trait {
	TRAIT_PERCENT = 1, /* not all bytes are unreserved in URLs */
	TRAIT_QUOTE = 2,   /* " or \ in it */
	TRAIT_SLASH = 4,
	TRAIT_HTML = 8,
	TRAIT_APOS = 16,
	TRAIT_SHORT = 32, /* a control character with a short escape */
	TRAIT_CONTROL = 64,
	TRAIT_WIDE = 128, /* bytes above 127 */
	TRAIT_EQUALS = 512,
	TRAIT_URL = 1024,  /* its base64 may have "+" or "/" */
	TRAIT_SHELL = 256, /* something that a shell takes for more than itself */
	TRAIT_WORD = 2048, /* so it does only for what is before it */
	TRAIT_DELETE = 4096,
	TRAIT_LINES = 8192, /* U+2028 or U+2029 */
	/* of text only, which has no byte that is no UTF-8 */
	TRAIT_PYTHON = 16384, /* bytes above 127 */
	TRAIT_DOTNET = 32768, /* what System.Text.Json escapes as nobody else does */
	TRAIT_GO = 65536      /* the same of Go's log/slog */
};

/* How many bytes stand before the text in its first group. */
static inline size_t
ks_form_base64_shift(unsigned form)
{
	return form >> BASE64_SHIFT & 3;
}

/* As many forms has a text, or fewer. */
#define FORM_MAX 2048U

/* Called with every form in which a text may be spelled differently. Non-zero: stop. */
typedef int (*form_fn)(void *ctx, unsigned form);
/* Returns 0, or what fn returned. */
int ks_form_each(const struct known_text *text, form_fn fn, void *ctx);
