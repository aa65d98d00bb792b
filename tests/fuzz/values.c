/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: what is read from short texts, each with its own way back: addresses, times, lengths of time, key files,
 * places of ledgers; and names that others chose, as terminals, pages and JSON get them.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "instant.h"
#include "json.h"
#include "json_scan.h"
#include "ledger_file.h"
#include "metrics_address.h"
#include "size.h"
#include "target.h"
#include "text.h"

#define TEXT_MAX 256U

static void
try_address(const char *text)
{
	struct metrics_address address, again;
	char host[INET6_ADDRSTRLEN], back[100];
	const struct sockaddr_in *four = (const struct sockaddr_in *)&address.socket;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address.socket;

	if (!ks_metrics_address_read(text, &address))
		return;
	if (address.socket.ss_family == AF_INET)
		(void)snprintf(back, sizeof(back), "%s:%u",
		               inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host)),
		               ntohs(four->sin_port));
	else
		(void)snprintf(back, sizeof(back), "[%s]:%u",
		               inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host)),
		               ntohs(six->sin6_port));
	require(ks_metrics_address_read(back, &again), "an address that cannot be read back");
	require(address.len == again.len &&
	                memcmp(&address.socket, &again.socket, address.len) == 0,
	        "another address");
}

static void
try_instant(const char *text)
{
	char back[INSTANT_SIZE];
	int64_t instant, again;

	if (!ks_instant_read(text, &instant))
		return;
	require(instant >= 0, "a time before 1970");
	ks_instant_write(instant, back);
	require(ks_instant_read(back, &again) && again == instant, "another time");
	ks_instant_write_plain(instant, back);
	ks_instant_write_minute(instant, back);
	ks_instant_write_date(instant, back);
	require(ks_instant_read(back, &again) && again <= instant && instant - again < DAY,
	        "another day");
}

static void
try_duration(const char *text)
{
	char back[INSTANT_SIZE];
	int64_t duration, again;

	if (!ks_duration_read(text, &duration))
		return;
	require(duration >= 0 && duration % SECOND == 0, "a length that cannot be");
	ks_duration_write(duration, back);
	require(ks_duration_read(back, &again) && again <= duration, "a longer time");
	ks_duration_write_exact(duration, back);
	require(is_plain_text(back), "no plain text");
}

static void
try_size(const char *text)
{
	uint64_t size, again;
	char back[32];

	if (!ks_size_read(text, &size) || size == SIZE_UNLIMITED)
		return;
	require(size > 0, "a size of nothing");
	(void)snprintf(back, sizeof(back), "%llu", (unsigned long long)size);
	require(ks_size_read(back, &again) && again == size, "another size");
}

/* Right files have 15 bytes, 64 digits and a line end, and no others are right. */
static void
try_key(const char *text)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	size_t len = strlen(text);
	bool is_right = len == 80 && strncmp(text, "keysieve-key-1:", 15) == 0 &&
	                strspn(text + 15, digits) == 64 && text[79] == '\n';
	int fd = file_of((const uint8_t *)text, len), r;
	struct ks_error error = { 0 };
	struct ks_key *key = NULL;
	char path[TARGET_PATH_SIZE];

	(void)path_of(fd, path);
	r = ks_key_read_file(path, &key, &error);
	require((r == KS_OK) == is_right, "a wrong key file, or a right one that is refused");
	require(is_right || strcmp(error.text, "no key file: see keysieve key new") == 0,
	        "other words");
	if (is_right)
		require(strlen(ks_key_id(key)) + 1 == KS_KEY_ID_SIZE, "no id");
	ks_key_free(key);
	(void)close(fd);
}

/* -------------------------------------------------------------- names of others ---- */

static char *
written(void (*write)(const char *text, FILE *out), const char *text)
{
	char *ret = NULL;
	size_t len;
	FILE *out = open_memstream(&ret, &len);

	require(out, "no memory");
	write(text, out);
	require(fclose(out) == 0 && strlen(ret) == len, "no memory, or a NUL");
	return ret;
}

static void
write_for_terminal(const char *text, FILE *out)
{
	require(*ks_text_print(text, SIZE_MAX, out) == '\0', "not all of it");
}

/* No control character, of one byte or two, and none that changes the direction of text. */
static void
check_shown(const char *text)
{
	static const char *const hidden[] = { "\u061c", "\u200b", "\u200e", "\u200f", "\u202a",
		                              "\u202b", "\u202c", "\u202d", "\u202e", "\u2066",
		                              "\u2067", "\u2068", "\u2069", "\u2028", "\u2029" };

	require(is_plain_text(text), "a control byte");
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		require(!strstr(text, hidden[i]), "a character that is not shown");
	for (; (text = strchr(text, 0xc2 - 256)); text++)
		require((unsigned char)text[1] >= 0xa0, "a control character");
}

static void
try_name(const char *name)
{
	char *terminal = written(write_for_terminal, name);
	char *page = written(ks_text_print_html, name), *json = written(ks_json_string, name);
	struct json_scan scan = { .text = (const uint8_t *)json, .len = strlen(json) };

	check_shown(terminal);
	require(ks_text_width(name) == ks_text_width(terminal), "another width");
	check_shown(page);
	require(!strpbrk(page, "<>\"'"), "a byte that ends text or an attribute");
	require(is_plain_text(json), "a control byte");
	require(ks_json_next(&scan) == JSON_STRING && ks_json_next(&scan) == JSON_END, "no string");
	free(terminal);
	free(page);
	free(json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct choices c = { data, len };
	unsigned way = choose(&c);
	char text[TEXT_MAX];
	int number;

	(void)choose_text(&c, text, sizeof(text));
	switch (way % 9) {
	case 0:
		try_address(text);
		break;
	case 1:
		try_instant(text);
		break;
	case 2:
		try_duration(text);
		break;
	case 3:
		try_key(text);
		break;
	case 4:
		number = ks_ledger_file_number(text);
		require(number >= -2 && (number != -1) == (strncmp(text, "fd:", 3) == 0),
		        "a path for a number, or the other way");
		break;
	case 8:
		try_size(text);
		break;
	default:
		try_name(text);
	}
	return 0;
}
