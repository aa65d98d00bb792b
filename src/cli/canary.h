/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A synthetic key, put through the engine with the rules in use, by streams of its own: nothing of it gets into the
 * output, or is counted. It is made when it is needed, from an example of a rule.
 */
#pragma once

#include "options.h"
#include "rule_selection.h"

enum canary_result {
	CANARY_MASKED,
	CANARY_EXPOSED, /* 8 bytes of it in a row came out as they are */
	CANARY_NONE,    /* no rule in use has an example */
	CANARY_ERROR    /* it could not be put through: memory is out */
};

/*
 * Put one through. number says where it is cut in two: another place each time. *ret_rule: the rule that it was made
 * from, the catalogue's; untouched if there is none. What the user allows to stay readable is not asked for.
 */
enum canary_result ks_canary_run(const struct options *options, const struct rule_selection *rules,
                                 uint64_t number, const char **ret_rule);
