/* SPDX-License-Identifier: Apache-2.0 */
/*
 * There is no packaged library for Landlock, so its three system calls are made here. Headers of the build machine may be
 * older than the kernel: what they lack is defined here, and each version of the kernel's interface gets what it
 * knows, as it refuses what it does not.
 */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset /* the same numbers for all architectures */
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

/* Of <linux/landlock.h>, which may be of any age. */
#define CREATE_RULESET_VERSION (1U << 0)
#define RULE_PATH_BENEATH      1

#define FS_EXECUTE     (UINT64_C(1) << 0)
#define FS_WRITE_FILE  (UINT64_C(1) << 1)
#define FS_READ_FILE   (UINT64_C(1) << 2)
#define FS_READ_DIR    (UINT64_C(1) << 3)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_REG    (UINT64_C(1) << 8)
#define FS_TRUNCATE    (UINT64_C(1) << 14)

/* All that a version knows. */
#define FS_VERSION_1 ((UINT64_C(1) << 13) - 1)
#define FS_REFER     (UINT64_C(1) << 13) /* version 2 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* version 5 */
#define NET_TCP      UINT64_C(3)         /* bind, connect: version 4 */
#define SCOPE_ALL    UINT64_C(3)         /* abstract sockets, signals: version 6 */

/* What can be allowed for a path that is no directory. */
#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

struct ruleset_attributes {
	uint64_t fs, net, scoped;
};

struct path_attributes {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

/* ------------------------------------------------------------------ what is there ---- */

int
ks_landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	return version > 0 ? (int)version : 0;
}

static uint64_t
handled_files(int version)
{
	return FS_VERSION_1 | (version >= 2 ? FS_REFER : 0) | (version >= 3 ? FS_TRUNCATE : 0) |
	       (version >= 5 ? FS_IOCTL_DEV : 0);
}

/* Older kernels want the rest of the structure to be left out, or to be zeros. */
static size_t
attributes_size(int version)
{
	if (version >= 6)
		return sizeof(struct ruleset_attributes);
	return offsetof(struct ruleset_attributes, net) + (version >= 4 ? sizeof(uint64_t) : 0);
}

int
ks_landlock_new(void)
{
	int version = ks_landlock_version();
	const struct ruleset_attributes attributes = { .fs = handled_files(version),
		                                       .net = NET_TCP,
		                                       .scoped = SCOPE_ALL };
	long fd;

	if (version == 0)
		return -ENOSYS;
	fd = syscall(SYS_landlock_create_ruleset, &attributes, attributes_size(version), 0);
	return fd < 0 ? -errno : (int)fd;
}

/* ------------------------------------------------------------------------- rules ---- */

static uint64_t
access_of(unsigned rights, bool is_directory)
{
	static const struct {
		unsigned right;
		uint64_t access;
	} table[] = {
		{ LANDLOCK_READ, FS_READ_FILE },
		{ LANDLOCK_LIST, FS_READ_DIR },
		{ LANDLOCK_WRITE, FS_WRITE_FILE | FS_TRUNCATE },
		{ LANDLOCK_CREATE, FS_MAKE_REG },
		{ LANDLOCK_REMOVE, FS_REMOVE_FILE },
		{ LANDLOCK_EXECUTE, FS_EXECUTE },
	};
	uint64_t access = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		access |= rights & table[i].right ? table[i].access : 0;
	return is_directory ? access : access & FS_OF_FILES;
}

static int
add_rule(int rules, int fd, unsigned rights)
{
	struct path_attributes attributes = { .parent_fd = fd };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return 0; /* nobody can open it then */
	attributes.allowed = access_of(rights, S_ISDIR(st.st_mode)) &
	                     handled_files(ks_landlock_version());
	if (attributes.allowed == 0)
		return 0;
	if (syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &attributes, 0) == 0)
		return 0;
	return errno == EBADFD ? 0 : -errno; /* a pipe: no rule is needed */
}

int
ks_landlock_allow(int rules, const char *path, unsigned rights)
{
	int fd = open(path, O_PATH | O_CLOEXEC), r;

	if (fd < 0) /* want of means, or a path that nobody can open */
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno : 0;
	r = add_rule(rules, fd, rights);
	(void)close(fd);
	return r;
}

int
ks_landlock_enforce(int rules)
{
	return syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? -errno : 0;
}
