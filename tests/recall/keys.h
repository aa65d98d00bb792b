/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up keys of a rule: its first example shows the trigger, the bodies are drawn anew. */
#pragma once

#include <keysieve.h>
#include <stdbool.h>

#define KEY_LEN_MAX 4096U

/* The bytes that a part of a key is drawn from: printable, as in examples. */
struct alphabet {
	char bytes[80];
	size_t count;
};

/* What is the same in all keys of a rule. */
struct key_form {
	const struct ks_rule *rule; /* borrowed */
	bool body[256];
	struct alphabet all, digits, uppers, lowers; /* of the body */
	struct alphabet before;
	char *lead;        /* what stands before the run: the trigger, with the name it ends */
	size_t name_len;   /* lead[0, name_len) names a setting; 0: the rule knows no names */
	size_t value_from; /* where the value begins: in "authorization: Bearer " at the B */
	size_t documented; /* length of the example's run */
	char follow;       /* the byte that has to follow the run, or 0 */
};

enum key_length { KEY_LEAST, KEY_DOCUMENTED, KEY_LONG };
#define KEY_LENGTH_COUNT 3

/* One key. Of an infix rule all is secret, else the run. */
struct key {
	const struct key_form *form; /* borrowed */
	char text[KEY_LEN_MAX];      /* no string */
	size_t len;
	size_t secret_from, secret_to;
	size_t run_len;
};

/*
 * Read the rule's first example. Borrows rule until key_form_done(). False if its trigger does not
 * end where the example's secret begins.
 */
bool key_form_init(struct key_form *form, const struct ks_rule *rule, const char *example);
void key_form_done(struct key_form *form);

/* Draw a key. Borrows form for the key's life; random is the state of a splitmix64. */
void key_draw(struct key *key, const struct key_form *form, enum key_length length,
              uint64_t *random);
