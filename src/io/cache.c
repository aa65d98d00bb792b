/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file is named after its key:
 *
 *     magic | hash of the key and the rest | the bytes that were saved
 *
 * The hash finds damage: nothing is synced to the disk, so that a file can be anything after a crash. It is no defence
 * against people; that is done by looking at who may write. So it is a fast one: BLAKE2b took a tenth of a start.
 * Owner and mode are those of open descriptors, so that nothing is exchanged between the look and the use, and files are
 * opened below the descriptor of their directory.
 *
 * Files are written under another name, and renamed. Such names are random: two that start at once do not
 * meet. What a kill leaves behind is dropped with what is old.
 */
#include "cache.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptor.h"
#include "directory.h"
#include "pages.h"

#define MAGIC        "keysieve cache\n" /* and its NUL: 16 bytes */
#define LANES        4U
#define HASH_SIZE    (LANES * sizeof(uint64_t))
#define HEADER_SIZE  (sizeof(MAGIC) + HASH_SIZE)
#define NAME_SIZE    (2 * CACHE_KEY + 1) /* a key in hexadecimal, and a NUL */
#define NEW_NAME     ".new-"             /* and 16 digits: until it is whole */
#define SIZE_ONE_MAX ((size_t)32 << 20)  /* far more than any set of rules needs */
#define SIZE_ALL_MAX ((size_t)64 << 20)
#define FILES_MAX    64U

static_assert(HASH_SIZE == CACHE_KEY, "a hash begins with the key");

/* ---------------------------------------------------------------------- trust ---- */

/* May only its owner write here, and is that root or who runs this? */
static bool
is_trusted(const struct stat *st)
{
	return (st->st_uid == geteuid() || st->st_uid == 0) && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* Returns a descriptor, CACHE_UNTRUSTED or a negative errno. Descriptors are greater: 0 to 2 are open. */
static int
open_directory(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR ? CACHE_UNTRUSTED : -errno;
	if (fstat(fd, &st) == 0 && is_trusted(&st))
		return fd;
	(void)close(fd);
	return CACHE_UNTRUSTED;
}

void
ks_cache_make(const char *path)
{
	size_t len = (size_t)(ks_directory_entry(path) - path);
	char *parent;

	if (mkdir(path, 0700) == 0 || errno != ENOENT || len < 2)
		return;
	parent = strndup(path, len - 1);
	if (parent && mkdir(parent, 0700) == 0)
		(void)mkdir(path, 0700);
	free(parent);
}

/* -------------------------------------------------------------------- reading ---- */

static void
name_file(const uint8_t *key, char *name)
{
	(void)sodium_bin2hex(name, NAME_SIZE, key, CACHE_KEY);
}

/* Returns a descriptor or a negative errno; what is no file, or may be written by others, is damaged. */
static int
open_file(int directory, const char *name, struct stat *ret_st)
{
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return errno == ELOOP ? -EBADMSG : -errno;
	if (fstat(fd, ret_st) == 0 && S_ISREG(ret_st->st_mode) && is_trusted(ret_st) &&
	    ret_st->st_nlink == 1 && (size_t)ret_st->st_size > HEADER_SIZE &&
	    (size_t)ret_st->st_size <= SIZE_ONE_MAX)
		return fd;
	(void)close(fd);
	return -EBADMSG;
}

/* Every step can be undone: what differs in one word of a lane, or in the key only, never has the same hash. */
static void
add_words(uint64_t lanes[LANES], const uint8_t *bytes)
{
	uint64_t words[LANES];

	memcpy(words, bytes, sizeof(words));
	for (unsigned i = 0; i < LANES; i++) {
		lanes[i] = (lanes[i] ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
		lanes[i] ^= lanes[i] >> 32;
	}
}

static void
make_hash(const uint8_t *key, const uint8_t *bytes, size_t len, uint8_t *hash)
{
	uint64_t lanes[LANES], length[LANES] = { len };
	uint8_t rest[HASH_SIZE] = { 0 };
	size_t whole = len - len % HASH_SIZE;

	memcpy(lanes, key, sizeof(lanes));
	for (size_t at = 0; at < whole; at += HASH_SIZE)
		add_words(lanes, bytes + at);
	memcpy(rest, bytes + whole, len - whole);
	add_words(lanes, rest);
	add_words(lanes, (const uint8_t *)length);
	memcpy(hash, lanes, sizeof(lanes));
}

static void
make_header(const uint8_t *key, const uint8_t *bytes, size_t len, uint8_t *header)
{
	memcpy(header, MAGIC, sizeof(MAGIC));
	make_hash(key, bytes, len, header + sizeof(MAGIC));
}

/* Returns 0 or a negative errno. */
static int
read_file(int fd, size_t len, const uint8_t *key, uint8_t **ret_bytes)
{
	uint8_t header[HEADER_SIZE], wanted[HEADER_SIZE];
	uint8_t *bytes = malloc(len);
	int r = bytes ? ks_descriptor_read_at(fd, header, HEADER_SIZE, 0) : -ENOMEM;

	if (bytes)
		ks_pages_populate(bytes, len);
	if (r == 0)
		r = ks_descriptor_read_at(fd, bytes, len, HEADER_SIZE);
	if (r == 0) {
		make_header(key, bytes, len, wanted);
		r = memcmp(header, wanted, HEADER_SIZE) == 0 ? 0 : -EBADMSG;
	}
	if (r == 0)
		*ret_bytes = bytes;
	else
		free(bytes);
	return r;
}

int
ks_cache_load(const char *directory, const uint8_t *key, uint8_t **ret_bytes, size_t *ret_len)
{
	char name[NAME_SIZE];
	struct stat st = { 0 };
	int fd, r, directory_fd = open_directory(directory);

	if (directory_fd <= CACHE_UNTRUSTED)
		return directory_fd;
	name_file(key, name);
	r = fd = open_file(directory_fd, name, &st);
	(void)close(directory_fd);
	if (fd < 0)
		return r;
	r = read_file(fd, (size_t)st.st_size - HEADER_SIZE, key, ret_bytes);
	if (r == 0)
		*ret_len = (size_t)st.st_size - HEADER_SIZE;
	(void)close(fd);
	return r;
}

/* ------------------------------------------------------------------- dropping ---- */

struct usage {
	size_t files, bytes;
	char oldest[NAME_SIZE];
	time_t oldest_time; /* of its last use, as far as the file system notes that: once a day is enough */
};

/* Somebody may have named a directory in which there is more. */
static bool
is_own(const char *name)
{
	bool is_new = strncmp(name, NEW_NAME, strlen(NEW_NAME)) == 0;
	const char *digits = is_new ? name + strlen(NEW_NAME) : name;
	size_t count = strspn(digits, "0123456789abcdef");

	return !digits[count] && count == (is_new ? 16 : NAME_SIZE - 1);
}

static void
count_file(int directory, const char *name, struct usage *usage)
{
	struct stat st;
	time_t used;

	if (!is_own(name) || fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    S_ISDIR(st.st_mode))
		return;
	used = st.st_atime > st.st_mtime ? st.st_atime : st.st_mtime;
	if (usage->files++ == 0 || used < usage->oldest_time) {
		usage->oldest_time = used;
		memcpy(usage->oldest, name, strlen(name) + 1); /* is_own(): it fits */
	}
	usage->bytes += (size_t)st.st_size;
}

static bool
measure(int directory, struct usage *usage)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	*usage = (struct usage){ .files = 0 };
	if (!entries) {
		if (fd >= 0)
			(void)close(fd);
		return false;
	}
	while ((entry = readdir(entries)))
		count_file(directory, entry->d_name, usage);
	(void)closedir(entries);
	return true;
}

static void
make_room(int directory)
{
	struct usage usage;

	while (measure(directory, &usage) &&
	       (usage.files > FILES_MAX || usage.bytes > SIZE_ALL_MAX)) {
		if (unlinkat(directory, usage.oldest, 0) < 0 && errno != ENOENT)
			return;
	}
}

/* -------------------------------------------------------------------- writing ---- */

/* To go over that limit would be the end of the process. */
static bool
is_allowed_size(size_t len)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
	       len < limit.rlim_cur;
}

/* Returns 0 or a negative errno. */
static int
write_file(int fd, const uint8_t *key, const uint8_t *bytes, size_t len)
{
	uint8_t header[HEADER_SIZE];
	int r;

	make_header(key, bytes, len, header);
	r = ks_descriptor_write(fd, header, sizeof(header));
	return r == 0 ? ks_descriptor_write(fd, bytes, len) : r;
}

/* Returns 0 or a negative errno. */
static int
put_file(int directory, const uint8_t *key, const uint8_t *bytes, size_t len)
{
	char name[NAME_SIZE], other[sizeof(NEW_NAME) + 16];
	uint64_t number;
	int fd, r;

	name_file(key, name);
	randombytes_buf(&number, sizeof(number));
	(void)snprintf(other, sizeof(other), NEW_NAME "%016" PRIx64, number);
	fd = openat(directory, other, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_file(fd, key, bytes, len);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && renameat(directory, other, directory, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(directory, other, 0);
	return r;
}

int
ks_cache_save(const char *directory, const uint8_t *key, const uint8_t *bytes, size_t len)
{
	int r, fd;

	if (len > SIZE_ONE_MAX - HEADER_SIZE || !is_allowed_size(len + HEADER_SIZE))
		return -EFBIG;
	fd = open_directory(directory);
	if (fd <= CACHE_UNTRUSTED)
		return fd;
	r = put_file(fd, key, bytes, len);
	if (r == 0)
		make_room(fd);
	(void)close(fd);
	return r;
}
