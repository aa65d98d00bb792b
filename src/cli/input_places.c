/* SPDX-License-Identifier: Apache-2.0 */
/* See input_places.h. A finding may be told of when the input after its own has begun. */
#include "input_places.h"

#include <stdlib.h>

int
ks_input_places_init(struct input_places *places, char **files)
{
	size_t max = 1;

	while (files[max - 1])
		max++;
	*places = (struct input_places){ .items = calloc(max, sizeof(*places->items)) };
	return places->items ? KS_OK : KS_ERROR_MEMORY;
}

void
ks_input_places_done(struct input_places *places)
{
	free(places->items);
	*places = (struct input_places){ 0 };
}

void
ks_input_places_add(struct input_places *places, const struct input_place *place)
{
	places->items[places->count++] = *place;
}

const char *
ks_input_places_find(const struct input_places *places, struct ks_finding *finding)
{
	const struct input_place *place = &places->items[places->count - 1];

	while (place > places->items && place->bytes > finding->offset)
		place--;
	finding->offset -= place->bytes;
	finding->line -= finding->line > 0 ? place->lines : 0;
	return place->name;
}
