/* SPDX-License-Identifier: Apache-2.0 */
/* One option in a configuration file. */
#pragma once

#include "option_table.h"
#include "rule_value.h"

struct command;

struct setting {
	const struct option_row *row;
	const struct command *section; /* NULL: for all commands */
	struct place place;
	bool is_on;   /* a switch */
	char **texts; /* of an option with argument: one, or those of a list */
	size_t count;
};

void ks_setting_done(struct setting *setting);

/* Is there nothing where a value could be? */
bool ks_setting_is_null(const yaml_node_t *node);

/* Read the value of setting->row. Complains of what is wrong. Returns 0, or an error's status. */
int ks_setting_read(struct setting *setting, struct parser *p, const yaml_node_t *node);

/* Can it be taken? Complains and returns as above. */
int ks_setting_try(const struct setting *setting, struct parser *p);

/*
 * Take it, which changes it; file is named in messages. Prints what is wrong. Returns 0, or an exit
 * status.
 */
int ks_setting_take(const struct setting *setting, const char *file, struct options *o);
