/* SPDX-License-Identifier: Apache-2.0 */
/* See file_identity.h. Files are read by place, so that their offset stays where its owner left it. */
#include "file_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "stack.h"

uint64_t
ks_file_clock(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

int
ks_file_identity_read_inode(int fd, struct file_identity *ret)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &st) < 0)
		return -errno;
	*ret = (struct file_identity){
		.device = makedev(st.stx_dev_major, st.stx_dev_minor),
		.inode = st.stx_ino,
	};
	if (st.stx_mask & STATX_BTIME)
		ret->birth = (uint64_t)st.stx_btime.tv_sec * 1000000000U + st.stx_btime.tv_nsec;
	return 0;
}

/* The hash of the first bytes of a file, at most max. */
static int
read_head(int fd, size_t max, struct file_identity *identity)
{
	uint8_t head[FILE_HEAD_MAX];
	size_t len = 0;
	int r = 0;

	while (len < max) {
		ssize_t n = pread(fd, head + len, max - len, (off_t)len);
		if (n > 0)
			len += (size_t)n;
		else if (n == 0)
			break;
		else if (errno != EINTR) {
			r = -errno;
			break;
		}
	}
	identity->head_length = (uint32_t)len;
	if (r == 0 && len > 0)
		(void)crypto_generichash(identity->head_hash, FILE_HASH_SIZE, head, len, NULL, 0);
	explicit_bzero(head, sizeof(head));
	ks_stack_wipe(); /* of what hashed it */
	return r;
}

int
ks_file_identity_read(int fd, struct file_identity *ret_identity)
{
	struct file_identity identity;
	int r = ks_file_identity_read_inode(fd, &identity);

	if (r == 0)
		r = read_head(fd, FILE_HEAD_MAX, &identity);
	if (r == 0)
		*ret_identity = identity;
	return r;
}

bool
ks_file_identity_is_inode(const struct file_identity *a, const struct file_identity *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       (a->birth == b->birth || a->birth == 0 || b->birth == 0);
}

int
ks_file_identity_matches(const struct file_identity *identity, int fd)
{
	struct file_identity now = { 0 };
	int r = ks_file_identity_read_inode(fd, &now);

	if (r < 0 || !ks_file_identity_is_inode(identity, &now))
		return r;
	r = read_head(fd, identity->head_length, &now);
	if (r < 0)
		return r;
	return now.head_length == identity->head_length &&
	       memcmp(now.head_hash, identity->head_hash, FILE_HASH_SIZE) == 0;
}
