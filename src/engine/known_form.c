/* SPDX-License-Identifier: Apache-2.0 */
/* See known_form.h. Forms in which a text is spelled as in another one are left out where its traits tell, not everywhere. */
#include "known_form.h"

/* What JSON may spell with digits; what it may spell differently. */
#define TRAITS_DIGITS (TRAIT_WIDE | TRAIT_HTML | TRAIT_APOS | TRAIT_CONTROL | TRAIT_DELETE)
#define TRAITS_JSON   (TRAITS_DIGITS | TRAIT_QUOTE | TRAIT_SLASH | TRAIT_SHORT)

struct forms {
	const struct known_text *text;
	uint32_t traits;
	form_fn fn;
	void *ctx;
	int r;
};

static void
add_form(struct forms *f, unsigned form)
{
	if (f->r == 0)
		f->r = f->fn(f->ctx, form);
}

static void
add_base64_alphabets(struct forms *f, unsigned form)
{
	add_form(f, form);
	if (f->traits & TRAIT_URL)
		add_form(f, form | BASE64_URL);
}

static void
add_base64_options(struct forms *f, unsigned form)
{
	add_base64_alphabets(f, form);
	if ((ks_form_base64_shift(form) + f->text->len) % 3 !=
	    0) /* its last character is not full */
		add_base64_alphabets(f, form | BASE64_END);
}

static void
add_base64(struct forms *f)
{
	for (unsigned shift = 0; shift < 3; shift++)
		add_base64_options(f, KIND_BASE64 | shift << BASE64_SHIFT);
}

static void
add_base64_in_lines(struct forms *f)
{
	unsigned breaks = f->text->len > f->text->columns / 4 * 3 ? LINE_BREAKS : 1;

	for (unsigned i = 0; i < breaks; i++)
		add_base64_options(f, KIND_BASE64 | i << BASE64_BREAK);
}

static void
add_percent(struct forms *f)
{
	for (unsigned set = PERCENT_RFC3986; set <= PERCENT_WEB_FRAGMENT; set++) {
		add_form(f, KIND_PERCENT | set << PERCENT_SET);
		add_form(f, KIND_PERCENT | set << PERCENT_SET | UPPER);
	}
}

/* One choice of where what is escaped; the rest of the options. */
static void
add_json_options(struct forms *f, unsigned form)
{
	unsigned upper = f->traits & TRAITS_DIGITS ? UPPER : 0;
	unsigned html = form >> JSON_HTML & JSON_BOTH && f->traits & TRAIT_APOS ? JSON_APOS : 0;
	unsigned lines = form & JSON_NESTED ? JSON_BOTH : JSON_INNER;
	unsigned varying = upper | html | (f->traits & TRAIT_SHORT ? JSON_LONG : 0) |
	                   (f->traits & TRAIT_DELETE ? JSON_DELETE : 0) |
	                   (f->traits & TRAIT_LINES ? lines << JSON_LINES : 0);
	unsigned options = 0;

	do {
		add_form(f, form | options);
		options = (options - varying) & varying; /* the next subset */
	} while (options);
}

static void
add_json(struct forms *f, unsigned nested)
{
	unsigned slashes = f->traits & TRAIT_SLASH ? (nested ? JSON_BOTH : JSON_INNER) : 0;
	unsigned wides = f->traits & (TRAIT_WIDE | TRAIT_DELETE)
	                         ? (nested ? JSON_OUTER : JSON_INNER)
	                         : 0;
	unsigned htmls = f->traits & (TRAIT_HTML | TRAIT_APOS | TRAIT_EQUALS)
	                         ? (nested ? JSON_OUTER : JSON_INNER)
	                         : 0;

	for (unsigned slash = 0; slash <= slashes; slash++) {
		for (unsigned wide = 0; wide <= wides; wide++) {
			for (unsigned html = 0; html <= htmls; html++)
				add_json_options(f, KIND_JSON | nested | slash << JSON_SLASH |
				                            wide << JSON_WIDE | html << JSON_HTML);
		}
	}
}

static void
add_gson(struct forms *f)
{
	unsigned lines = f->traits & TRAIT_LINES ? JSON_INNER : 0;

	add_form(f, KIND_JSON | JSON_BOTH << JSON_HTML | lines << JSON_LINES);
}

static void
add_dotnet(struct forms *f)
{
	add_form(f, KIND_JSON_OF | JSON_OF_DOTNET);
	add_form(f, KIND_JSON_OF | JSON_OF_DOTNET | JSON_NESTED);
}

static void
add_go(struct forms *f, unsigned nested)
{
	unsigned lines = f->traits & TRAIT_LINES ? (nested ? JSON_BOTH : JSON_INNER) : 0;
	unsigned htmls = f->traits & TRAIT_HTML ? (nested ? JSON_OUTER : JSON_INNER) : 0;

	for (unsigned line = 0; line <= lines; line++) {
		for (unsigned html = 0; html <= htmls; html++)
			add_form(f, KIND_JSON_OF | nested | html << JSON_HTML | line << JSON_LINES);
	}
}

static void
add_python(struct forms *f)
{
	add_form(f, KIND_SHELL | SHELL_REPR << SHELL_STYLE);
	add_form(f, KIND_SHELL | SHELL_ASCII << SHELL_STYLE);
	if (f->traits & TRAIT_APOS) {
		add_form(f, KIND_SHELL | SHELL_REPR_DOUBLE << SHELL_STYLE);
		add_form(f, KIND_SHELL | SHELL_ASCII_DOUBLE << SHELL_STYLE);
	}
}

static void
add_shell(struct forms *f)
{
	for (unsigned style = SHELL_SINGLE; style <= SHELL_HEX_DOUBLE; style++)
		add_form(f, KIND_SHELL | style << SHELL_STYLE);
	if (f->traits & TRAIT_WORD)
		add_form(f, KIND_SHELL | SHELL_WITHIN << SHELL_STYLE);
	if (f->traits & TRAIT_APOS)
		add_form(f, KIND_SHELL | SHELL_TOGETHER << SHELL_STYLE);
	if (f->traits & TRAIT_PYTHON)
		add_python(f);
}

static void
add_xml(struct forms *f)
{
	for (unsigned style = 0; style < XML_STYLES; style++) {
		add_form(f, KIND_XML | style << XML_QUOTES);
		add_form(f, KIND_XML | style << XML_QUOTES | XML_GREATER);
	}
}

int
ks_form_each(const struct known_text *text, form_fn fn, void *ctx)
{
	uint32_t traits = text->traits;
	struct forms f = { text, traits, fn, ctx, 0 };

	if (text->columns > 0) {
		add_base64_in_lines(&f);
		return f.r;
	}
	add_form(&f, KIND_RAW);
	add_base64(&f);
	add_form(&f, KIND_HEX);
	add_form(&f, KIND_HEX | UPPER);
	if (traits & TRAIT_PERCENT)
		add_percent(&f);
	if (traits & TRAIT_EQUALS)
		add_gson(&f);
	if (traits & TRAITS_JSON) {
		add_json(&f, 0);
		add_json(&f, JSON_NESTED);
	}
	if (traits & TRAIT_DOTNET)
		add_dotnet(&f);
	if (traits & TRAIT_GO) {
		add_go(&f, 0);
		add_go(&f, JSON_NESTED);
	}
	if (traits & TRAIT_SHELL)
		add_shell(&f);
	if (traits & (TRAIT_HTML | TRAIT_QUOTE | TRAIT_APOS))
		add_xml(&f);
	return f.r;
}
