/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file: options by their names, for all commands or under the name of one. */
#pragma once

#include "option_table.h"

struct config;

/*
 * Read path; "" and "none" mean no file, NULL means the usual one, which need not exist. All values are
 * tried, those for other commands too. Prints everything that is wrong, each with its place. Returns 0,
 * or an exit status. *ret_config may be NULL, for there is no file.
 */
int ks_config_read(const char *path, struct config **ret_config);
void ks_config_free(struct config *config);

/*
 * Take what config has for the option row of o->command, which can be done once. A section's value wins.
 * Says in *given where it comes from. Returns 0, or an exit status.
 */
int ks_config_apply(struct config *config, const struct option_row *row, struct options *o,
                    struct option_given *given);

/* The path of the file; NULL if there is none. */
const char *ks_config_path(const struct config *config);

/* Is there a section of this command? */
bool ks_config_has_section(const struct config *config, const struct command *command);
