/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs that are read as one: which of them holds a place, and where in it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "keysieve.h"

struct input_place {
	const char *name;      /* borrowed */
	uint64_t bytes, lines; /* before it, in all that is read */
};

/* Zeros: none. */
struct input_places {
	struct input_place *items; /* in the order of reading */
	size_t count;
};

/* Make room for as many as files, which NULL ends, and for one if there are none. Returns KS_OK or KS_ERROR_MEMORY. */
int ks_input_places_init(struct input_places *places, char **files);
void ks_input_places_done(struct input_places *places);

/* The next input begins. */
void ks_input_places_add(struct input_places *places, const struct input_place *place);

/* Turn a finding's place in all that is read into that in an input. Returns its name. One was begun. */
const char *ks_input_places_find(const struct input_places *places, struct ks_finding *finding);
