/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets are random; nothing here looks like one. */
#include "application.h"

#include <string.h>

#include "harness.h"

const struct ks_rule application_rules[] = {
	{ .id = "provider",
	  .trigger = "pk-[a-z]{2}-",
	  .body = "A-Za-z0-9_-",
	  .min = 20,
	  .boundary = KS_BOUNDARY_ALNUM },
	{ .id = "carrier",
	  .trigger = "[?&]key=",
	  .body = "A-Za-z0-9+/_-",
	  .min = 8,
	  .kind = KS_KIND_CARRIER },
	{ .id = "named",
	  .trigger = "acme{name}{separator}",
	  .body = "A-Z0-9",
	  .min = 12,
	  .kind = KS_KIND_CARRIER },
	{ .id = "infix",
	  .trigger = "JQQJ99",
	  .before = "[A-Za-z0-9]{24}",
	  .body = "A-Za-z0-9",
	  .min = 6 },
	{ .id = "followed",
	  .trigger = "://user:",
	  .body = "^\\s@",
	  .follow = "@",
	  .min = 3,
	  .kind = KS_KIND_CARRIER },
	{ .id = "slashes", .trigger = "b64:", .body = "A-Za-z0-9+/=", .min = 12 },
	{ .id = "pem",
	  .trigger = "-----BEGIN( RSA)? THING-----",
	  .body = "A-Za-z0-9+/=\\s\\\\",
	  .min = 40 },
};

const size_t application_rule_count = sizeof(application_rules) / sizeof(application_rules[0]);

static const char *const lines[] = {
	"ordinary words of an ordinary line",
	"",
	"log pk-ab-################################ and more",
	"pk-ab-###################################################################################"
	"#",
	"pk-ab-########## is too short, pk-ab-####################",
	"GET /?key=############ HTTP/1.1",
	"GET /?key=pk-ab-######################## x",
	"GET /?key=####%2B####\\/#### and &key=#####%2F &key=##\\u002B######",
	"{\"acme_token\": \"####################\", \"x\":\"<tag> & more\"}",
	"{\"msg\":\"{\\\"acme_token\\\": \\\"####################\\\"}\"}",
	"value ########################JQQJ99#################### and words",
	"#########################################JQQJ99######JQQJ99#######",
	"redis://user:############@host redis://user:##",
	"b64:######/####+####\\/######== b64:####",
	"-----BEGIN "
	"THING-----\n################################\n################################\n"
	"####################\n-----END THING-----",
	"-----BEGIN RSA THING-----\r\n################\r\n################\r\n-----END",
	"\"-----BEGIN THING-----\\n################################\\n########\\n-----END\"",
	"r\xc3\xa9sum\xc3\xa9 \xe2\x82\xac \xf1\x9f\x98\x80 \xe2\x80\xa8 "
	"pk-ab-####################\xc3\xa9",
	"not UTF-8: \xff\xfe pk-ab-####################\xe2\x80",
	"tab\tand \x1b[31macme_key\x1b[0m=\x1b[32m##############\x1b[0m and \x7f",
	"acme key: |\n  ##############",
	"\rprogress 50%\rprogress 100%\r",
};

static uint8_t
random_body_byte(uint64_t *random)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	return (uint8_t)alphabet[random_next(random) % (sizeof(alphabet) - 1)];
}

void
application_fill(struct bytes *text, const char *template, uint64_t *random)
{
	for (; *template; template ++) {
		uint8_t byte = (uint8_t) * template;

		if (byte == '#' || byte == '~')
			byte = random_body_byte(random);
		bytes_add(text, &byte, 1);
	}
}

void
application_add_line(struct bytes *text, uint64_t *random)
{
	application_fill(text, lines[random_next(random) % (sizeof(lines) / sizeof(lines[0]))],
	                 random);
	if (random_next(random) % 16 == 0)
		bytes_add(text, "\0", 1);
	if (random_next(random) % 4)
		bytes_add_text(text, random_next(random) % 16 ? "\n" : "\r\n");
}

/* A run that nothing in it ends, or plain words. */
static void
add_long_line(struct bytes *text, size_t len, uint64_t *random)
{
	size_t end = text->len + len + random_next(random) % (len + 1);
	bool is_secret = random_next(random) % 4 == 0;

	application_fill(text, is_secret ? "pk-ab-" : "long: ", random);
	while (text->len < end) {
		if (!is_secret && random_next(random) % 8 == 0)
			application_fill(text, " ?key=############ ", random);
		application_fill(text, is_secret ? "################" : "words, ", random);
	}
	bytes_add_text(text, "\n");
}

void
application_run(struct model *m, size_t len)
{
	struct bytes text[2] = { { NULL }, { NULL } }, message = { NULL };
	uint64_t random = m->random;

	for (size_t written = 0; written < len;) {
		unsigned stream = random_next(&random) % 2;
		struct bytes *t = &text[stream];
		size_t n;

		if (random_next(&random) % 32 == 0 && m->piece < len)
			add_long_line(t, m->piece, &random);
		application_add_line(t, &random);
		if (t->len) {
			n = 1 + random_next(&random) % t->len;
			model_write(m, stream, t->at, n);
			memmove(t->at, t->at + n, t->len -= n);
			written += n;
		}
		message.len = 0;
		application_add_line(&message, &random);
		if (random_next(&random) % 8 == 0)
			model_send(m, message.at, message.len);
	}
	for (unsigned stream = 0; stream < 2; stream++)
		model_write(m, stream, text[stream].at, text[stream].len);
	model_close(m);
	bytes_free(&text[0]);
	bytes_free(&text[1]);
	bytes_free(&message);
}
