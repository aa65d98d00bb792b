/* SPDX-License-Identifier: Apache-2.0 */
/* Which file is this, whatever its name is now? */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FILE_HEAD_MAX  1024U
#define FILE_HASH_SIZE 16U

/*
 * Inode numbers are used again when a file is gone. So a file's birth counts too, where the file system
 * keeps it, and its first bytes: a file that only grows keeps them, one that was emptied and written anew
 * (copytruncate) does not.
 */
struct file_identity {
	uint64_t device, inode;
	uint64_t birth;       /* nanoseconds since 1970; 0: unknown */
	uint32_t head_length; /* bytes from the file's first on that the hash is of; 0: no hash */
	uint8_t head_hash[FILE_HASH_SIZE];
};

/* The time as file systems take it, in nanoseconds since 1970: a file that is born later is not older. */
uint64_t ks_file_clock(void);

/*
 * The identity of an open file as it is now, with a head of FILE_HEAD_MAX bytes or the whole file. fd must
 * be open for reading; its offset stays. Returns 0 or a negative errno.
 */
int ks_file_identity_read(int fd, struct file_identity *ret_identity);

/*
 * Is this the file whose identity was read, with the same head? A file that is shorter now than that
 * head is not. Returns 1, 0, or a negative errno: it cannot be read.
 */
int ks_file_identity_matches(const struct file_identity *identity, int fd);

/* The same without a head. fd need not be open for reading. */
int ks_file_identity_read_inode(int fd, struct file_identity *ret_identity);
/* Is it the same inode, as far as can be told without its bytes? */
bool ks_file_identity_is_inode(const struct file_identity *a, const struct file_identity *b);
