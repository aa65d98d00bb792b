/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: what is written comes back; what was damaged does not. Identities of files. */
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "checkpoint_file.h"
#include "directory.h"
#include "suite.h"

#define HEX_SIZE (2U * crypto_generichash_BYTES)

/* ------------------------------------------------------------------------ text ---- */

/* A path of every byte that a path may have. */
static char *
make_path(void)
{
	char *path = calloc(1, 257);

	for (int i = 1; i < 256; i++)
		path[i - 1] = (char)i;
	return path;
}

static struct file_identity
make_identity(uint8_t seed)
{
	struct file_identity identity = {
		UINT64_MAX - seed, seed, 1234567890123456789, 1024, { 0 }
	};

	memset(identity.head_hash, 0xa0 + seed, sizeof(identity.head_hash));
	return identity;
}

static void
make_checkpoint(struct checkpoint *c)
{
	*c = (struct checkpoint){
		.source_count = 2, .has_output = true, .is_final = true, .looked = UINT64_MAX
	};
	c->output_path = strdup("/var/log/app.redacted");
	c->output = make_identity(1);
	c->output_length = INT64_MAX;
	c->sources = calloc(2, sizeof(*c->sources));
	c->sources[0] = (struct checkpoint_source){ .path = make_path(),
		                                    .frame = KS_FRAME_CRI,
		                                    .restart = UINT64_MAX - 1,
		                                    .settled = UINT64_MAX,
		                                    .part_count = 2 };
	c->sources[0].parts = calloc(2, sizeof(*c->sources[0].parts));
	for (uint8_t i = 0; i < 2; i++)
		c->sources[0].parts[i] = (struct checkpoint_part){ make_path(), make_identity(i),
			                                           7U + i, i };
	c->sources[1] = (struct checkpoint_source){ .path = strdup("journal"),
		                                    .frame = KS_FRAME_JOURNAL,
		                                    .cursor = strdup("s=0a1b;i=2;b=3") };
}

static void
identity_is(const struct file_identity *a, const struct file_identity *b)
{
	ck_assert_uint_eq(a->device, b->device);
	ck_assert_uint_eq(a->inode, b->inode);
	ck_assert_uint_eq(a->birth, b->birth);
	ck_assert_uint_eq(a->head_length, b->head_length);
	ck_assert_mem_eq(a->head_hash, b->head_hash, FILE_HASH_SIZE);
}

static void
source_is(const struct checkpoint_source *a, const struct checkpoint_source *b)
{
	ck_assert_str_eq(a->path, b->path);
	ck_assert_int_eq(a->frame, b->frame);
	ck_assert_uint_eq(a->restart, b->restart);
	ck_assert_uint_eq(a->settled, b->settled);
	ck_assert_pstr_eq(a->cursor, b->cursor);
	ck_assert_uint_eq(a->part_count, b->part_count);
	for (size_t i = 0; i < a->part_count; i++) {
		ck_assert_str_eq(a->parts[i].path, b->parts[i].path);
		identity_is(&a->parts[i].identity, &b->parts[i].identity);
		ck_assert_uint_eq(a->parts[i].source_offset, b->parts[i].source_offset);
		ck_assert_uint_eq(a->parts[i].file_offset, b->parts[i].file_offset);
	}
}

static void
checkpoint_is(const struct checkpoint *a, const struct checkpoint *b)
{
	ck_assert_int_eq(a->is_final, b->is_final);
	ck_assert(a->looked == b->looked);
	ck_assert_int_eq(a->has_output, b->has_output);
	ck_assert_pstr_eq(a->output_path, b->output_path);
	identity_is(&a->output, &b->output);
	ck_assert_uint_eq(a->output_length, b->output_length);
	ck_assert_uint_eq(a->source_count, b->source_count);
	for (size_t i = 0; i < a->source_count; i++)
		source_is(&a->sources[i], &b->sources[i]);
}

static void
refused(const char *text, size_t len, const char *reason)
{
	struct checkpoint checkpoint;
	struct ks_error error;

	ck_assert_int_eq(ks_checkpoint_parse(text, len, &checkpoint, &error), KS_ERROR_SYNTAX);
	ck_assert_msg(strstr(error.text, reason), "%s", error.text);
	ck_assert_ptr_nonnull(strstr(error.text, "remove it to begin anew"));
}

START_TEST(round_trip)
{
	struct checkpoint written, read;
	struct ks_error error;
	char *text;
	size_t len;

	make_checkpoint(&written);
	ck_assert_int_eq(ks_checkpoint_format(&written, &text, &len), KS_OK);
	ck_assert_uint_eq(strlen(text), len);
	for (size_t i = 0; i < len; i++)
		ck_assert(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
	ck_assert_int_eq(ks_checkpoint_parse(text, len, &read, &error), KS_OK);
	checkpoint_is(&read, &written);
	free(text);
	ks_checkpoint_done(&written);
	ks_checkpoint_done(&read);
}
END_TEST

START_TEST(round_trip_of_nothing)
{
	struct checkpoint nothing = { 0 }, read;
	struct ks_error error;
	char *text;
	size_t len;

	ck_assert_int_eq(ks_checkpoint_format(&nothing, &text, &len), KS_OK);
	ck_assert_int_eq(ks_checkpoint_parse(text, len, &read, &error), KS_OK);
	checkpoint_is(&read, &nothing);
	free(text);
	ks_checkpoint_done(&read);
}
END_TEST

START_TEST(damage)
{
	static const uint8_t bits[] = { 0x01, 0x02, 0x10, 0x20, 0x80, 0xff };
	struct checkpoint checkpoint;
	char *text;
	size_t len;

	make_checkpoint(&checkpoint);
	ck_assert_int_eq(ks_checkpoint_format(&checkpoint, &text, &len), KS_OK);
	for (size_t i = 0; i < len; i++) {
		refused(text, i, "checkpoint");
		for (size_t k = 0; k < sizeof(bits); k++) {
			text[i] ^= (char)bits[k];
			refused(text, len, "checkpoint");
			text[i] ^= (char)bits[k];
		}
	}
	refused(text, len + 1, "damaged"); /* the NUL */
	free(text);
	ks_checkpoint_done(&checkpoint);
}
END_TEST

/* A body with the right checksum. */
static void
body_refused(const char *body, const char *version, const char *reason)
{
	uint8_t hash[crypto_generichash_BYTES];
	char hex[HEX_SIZE + 1], text[2048];

	(void)crypto_generichash(hash, sizeof(hash), (const uint8_t *)body, strlen(body), NULL, 0);
	(void)sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	(void)snprintf(text, sizeof(text), "{\"keysieve-checkpoint\": %s, \"blake2b\": \"%s\",\n%s",
	               version, hex, body);
	refused(text, strlen(text), reason);
}

START_TEST(other_files)
{
	body_refused("\"sources\": []}\n", "2", "of another version");
	body_refused("\"sources\": []}\n", "10", "of another version");
	refused("", 0, "no checkpoint of keysieve");
	refused("{}", 2, "no checkpoint of keysieve");
	refused("# cursor\n", 9, "no checkpoint of keysieve");
}
END_TEST

#define IDENTITY "\"device\": 1, \"inode\": 2, \"birth\": 0, \"head\": 0, \"hash\": "
#define ZEROS    "\"00000000000000000000000000000000\""
#define SOURCES  "\"is_final\": true, \"sources\": "
#define SOURCE   "\"path\": \"a\", \"frame\": \"raw\", "

static const char *const nonsense[] = {
	"}",
	"\"is_final\": true}",
	"\"sources\": []}",
	SOURCES "[]",
	SOURCES "{}}",
	SOURCES "1}",
	SOURCES "[1]}",
	SOURCES "[{}]}",
	SOURCES "[&a [*a]]}",
	SOURCES
	"[{\"path\": \"a\", \"frame\": \"c\", \"restart\": 1, \"settled\": 1, \"parts\": []}]}",
	SOURCES
	"[{\"path\": \"%\", \"frame\": \"raw\", \"restart\": 1, \"settled\": 1, \"parts\": []}]}",
	SOURCES
	"[{\"path\": \"%0\", \"frame\": \"raw\", \"restart\": 1, \"settled\": 1, \"parts\": []}]}",
	SOURCES
	"[{\"path\": \"%00\", \"frame\": \"raw\", \"restart\": 1, \"settled\": 1, \"parts\": []}]}",
	SOURCES
	"[{\"path\": \"%xy\", \"frame\": \"raw\", \"restart\": 1, \"settled\": 1, \"parts\": []}]}",
	SOURCES "[{" SOURCE "\"restart\": 2, \"settled\": 1, \"parts\": []}]}",
	SOURCES "[{" SOURCE "\"restart\": -1, \"settled\": 1, \"parts\": []}]}",
	SOURCES "[{" SOURCE "\"restart\": , \"settled\": 1, \"parts\": []}]}",
	SOURCES "[{" SOURCE "\"restart\": 1, \"settled\": 18446744073709551616, \"parts\": []}]}",
	SOURCES "[{" SOURCE "\"restart\": 1, \"settled\": 1}]}",
	SOURCES "[{" SOURCE "\"restart\": 1, \"settled\": 1, \"parts\": [{}]}]}",
	"\"output\": {\"path\": \"a\", \"length\": 1, " IDENTITY "\"00\"}, " SOURCES "[]}",
	"\"output\": {\"path\": \"a\", \"length\": 9223372036854775808, " IDENTITY ZEROS
	"}, " SOURCES "[]}",
	"\"output\": {\"path\": \"a\", \"length\": 1, \"device\": 1, \"inode\": 2, \"birth\": 0, "
	"\"head\": 1025, \"hash\": " ZEROS "}, " SOURCES "[]}",
};

/* Not that a checksum is ever right by chance: but nothing that can be in the file may do harm. */
START_TEST(right_checksum_of_nonsense)
{
	body_refused(nonsense[_i], "1", "makes no sense");
}
END_TEST

/* ------------------------------------------------------------------------ file ---- */

static struct checkpoint_file *
open_file(const char *path)
{
	struct checkpoint_file *file;
	struct ks_error error;

	ck_assert_msg(ks_checkpoint_file_open(path, &file, &error) == KS_OK, "%s", error.text);
	return file;
}

static void
open_refused(const char *path, int sys, const char *reason)
{
	struct checkpoint_file *file;
	struct ks_error error;

	ck_assert_int_eq(ks_checkpoint_file_open(path, &file, &error), KS_ERROR_FILE);
	ck_assert_int_eq(error.sys, sys);
	ck_assert_msg(strstr(error.text, reason), "%s", error.text);
	ck_assert_ptr_nonnull(strstr(error.file, path));
}

START_TEST(write_and_read)
{
	struct checkpoint_file *file = open_file("state");
	struct checkpoint written, read;
	struct ks_error error;
	struct stat st;

	ck_assert_int_eq(ks_checkpoint_file_read(file, &read, &error), KS_OK);
	checkpoint_is(&read, &(struct checkpoint){ 0 });
	make_checkpoint(&written);
	for (int i = 0; i < 3; i++) {
		written.output_length = (uint64_t)i;
		file_append("state.tmp", "what a killed process left");
		ck_assert_int_eq(ks_checkpoint_file_write(file, &written, &error), KS_OK);
		ck_assert(!file_exists("state.tmp"));
		ck_assert_int_eq(ks_checkpoint_file_read(file, &read, &error), KS_OK);
		checkpoint_is(&read, &written);
		ks_checkpoint_done(&read);
	}
	ck_assert_int_eq(stat("state", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ks_checkpoint_done(&written);
	ks_checkpoint_file_close(file);
}
END_TEST

START_TEST(damaged_file)
{
	struct checkpoint_file *file;
	struct checkpoint read;
	struct ks_error error;

	file_append("state", "");
	file = open_file("state");
	ck_assert_int_eq(ks_checkpoint_file_read(file, &read, &error), KS_ERROR_FILE);
	ck_assert_ptr_nonnull(strstr(error.text, "no checkpoint of keysieve"));
	ck_assert_ptr_nonnull(strstr(error.file, "/state"));
	ks_checkpoint_file_close(file);
	file_is("state", "");
}
END_TEST

START_TEST(places_where_none_can_be)
{
	ck_assert_int_eq(mkdir("sub", 0777), 0);
	ck_assert_int_eq(mkfifo("pipe", 0666), 0);
	ck_assert_int_eq(symlink("nothing", "link"), 0);
	file_append("file", "");
	open_refused("sub", 0, "no regular file");
	open_refused("pipe", 0, "no regular file");
	open_refused("/dev/null", 0, "no regular file");
	open_refused("file/state", ENOTDIR, "");
	open_refused("none/state", ENOENT, "");
	open_refused("none/", EISDIR, "");
	open_refused("none/..", ENOENT, "");
	open_refused("", EISDIR, "");
	open_refused("link", ENOENT, "link to nothing");
	ck_assert(!file_exists("sub.lock") && !file_exists("pipe.lock"));
	ck_assert_int_eq(mkdir("state.tmp", 0777), 0);
	open_refused("state", EEXIST, "");
}
END_TEST

/* The unprivileged one is another process, that the others stay what they are. */
START_TEST(directory_that_cannot_be_written)
{
	struct checkpoint_file *file;
	struct ks_error error;
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (geteuid() == 0 && (setegid(65534) < 0 || seteuid(65534) < 0))
			_exit(1);
		status = ks_checkpoint_file_open("/state", &file, &error);
		_exit(status != KS_ERROR_FILE || error.sys != EACCES);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(lock)
{
	struct checkpoint_file *file = open_file("state"), *again;
	struct checkpoint nothing = { 0 };
	struct ks_error error;

	open_refused("state", EWOULDBLOCK, "in use by another process");
	ck_assert_int_eq(ks_checkpoint_file_write(file, &nothing, &error), KS_OK);
	open_refused("state", EWOULDBLOCK, "in use by another process");
	ck_assert_int_eq(unlink("state"), 0);
	open_refused("state", EWOULDBLOCK, "in use by another process");
	again = open_file("other");
	ks_checkpoint_file_close(again);
	ks_checkpoint_file_close(file);
	again = open_file("state");
	ks_checkpoint_file_close(again);
}
END_TEST

/* The link stays, and locks what it leads to. */
START_TEST(symbolic_link)
{
	struct checkpoint_file *file = open_file("state");
	struct checkpoint nothing = { 0 };
	struct ks_error error;
	struct stat st;

	ck_assert_int_eq(symlink("state", "link"), 0);
	ck_assert_int_eq(ks_checkpoint_file_write(file, &nothing, &error), KS_OK);
	open_refused("state", EWOULDBLOCK, "in use by another process");
	ks_checkpoint_file_close(file);
	file = open_file("link");
	ck_assert_int_eq(ks_checkpoint_file_write(file, &nothing, &error), KS_OK);
	ck_assert_int_eq(lstat("link", &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ks_checkpoint_file_close(file);
}
END_TEST

/* ---------------------------------------------------------------------- identity ---- */

static bool
matches(const struct file_identity *identity, const char *name)
{
	int fd = open(name, O_RDONLY);
	bool does = ks_file_identity_matches(identity, fd) == 1;

	(void)close(fd);
	return does;
}

static struct file_identity
identify(const char *name)
{
	struct file_identity identity;
	int fd = open(name, O_RDONLY);

	ck_assert_int_eq(ks_file_identity_read(fd, &identity), 0);
	(void)close(fd);
	return identity;
}

START_TEST(identity)
{
	struct file_identity id;

	file_append("a", "first\n");
	file_append("b", "first\n");
	id = identify("a");
	ck_assert_uint_eq(id.head_length, 6);
	ck_assert(matches(&id, "a"));
	ck_assert(!matches(&id, "b"));
	file_append("a", "second\n");
	ck_assert_int_eq(rename("a", "c"), 0);
	ck_assert(matches(&id, "c"));
	ck_assert_int_eq(truncate("c", 6), 0);
	ck_assert(matches(&id, "c"));
	ck_assert_int_eq(truncate("c", 5), 0);
	ck_assert(!matches(&id, "c"));
	file_append("c", "?then other things\n");
	ck_assert(!matches(&id, "c"));
	id.birth++;
	ck_assert_int_eq(truncate("c", 0), 0);
	file_append("c", "first\n");
	ck_assert_int_eq(matches(&id, "c"), identify("c").birth == 0);
	id.birth = 0;
	ck_assert(matches(&id, "c"));
	ck_assert(!matches(&id, "none"));
}
END_TEST

START_TEST(identity_of_long_and_empty_files)
{
	char kilobyte[FILE_HEAD_MAX + 1] = "";
	struct file_identity id;

	file_append("a", "");
	id = identify("a");
	ck_assert_uint_eq(id.head_length, 0);
	memset(kilobyte, 'x', FILE_HEAD_MAX);
	file_append("a", kilobyte);
	ck_assert(matches(&id, "a"));
	id = identify("a");
	ck_assert_uint_eq(id.head_length, FILE_HEAD_MAX);
	file_append("a", "y");
	ck_assert(matches(&id, "a"));
	ck_assert_uint_eq(identify("a").head_length, FILE_HEAD_MAX);
}
END_TEST

/* It is neither the same nor another one: whoever asks must not read it from its beginning. */
START_TEST(identity_of_what_cannot_be_read)
{
	struct file_identity id;
	int fd;

	file_append("a", "first\n");
	id = identify("a");
	fd = open("a", O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ks_file_identity_matches(&id, fd), -EBADF);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(ks_file_identity_matches(&id, fd), -EBADF);
}
END_TEST

/* ------------------------------------------------------------------------- all ---- */

int
main(void)
{
	Suite *suite = suite_create("checkpoint");
	TCase *text = tcase_create("text"), *file = tcase_create("file");

	tcase_set_timeout(text, 60);
	tcase_add_test(text, round_trip);
	tcase_add_test(text, round_trip_of_nothing);
	tcase_add_test(text, damage);
	tcase_add_test(text, other_files);
	tcase_add_loop_test(text, right_checksum_of_nonsense, 0,
	                    sizeof(nonsense) / sizeof(nonsense[0]));
	tcase_add_checked_fixture(file, directory_make, directory_remove);
	tcase_add_test(file, write_and_read);
	tcase_add_test(file, damaged_file);
	tcase_add_test(file, places_where_none_can_be);
	tcase_add_test(file, lock);
	tcase_add_test(file, symbolic_link);
	tcase_add_test(file, identity);
	tcase_add_test(file, identity_of_long_and_empty_files);
	tcase_add_test(file, identity_of_what_cannot_be_read);
	tcase_add_test(text, directory_that_cannot_be_written);
	suite_add_tcase(suite, text);
	suite_add_tcase(suite, file);
	return suite_main(suite);
}
