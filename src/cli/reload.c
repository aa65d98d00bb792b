/* SPDX-License-Identifier: Apache-2.0 */
/* At most one selection waits: a second reload replaces the first one's, if it is right. */
#include "reload.h"

#include "masking.h"
#include "message.h"
#include "notify.h"
#include "passage.h"

void
ks_reload_done(struct reload *reload)
{
	if (reload->is_ready)
		ks_rule_selection_done(&reload->next);
	reload->is_ready = false;
}

static void
replace(struct reload *reload, const struct rule_selection *rules,
        const struct rule_selection *next)
{
	uint64_t since = reload->is_ready ? reload->since : ks_passage_clock();

	ks_rule_selection_tell(next, reload->is_ready ? &reload->next : rules);
	ks_reload_done(reload);
	reload->next = *next;
	reload->is_ready = true;
	reload->since = since;
}

static bool
is_fresh(const struct reload *reload)
{
	return !reload->next.known || ks_known_values_are_fresh(reload->next.known);
}

bool
ks_reload_prepare_known(struct reload *reload, struct rule_selection *rules,
                        const struct options *options)
{
	struct rule_selection next;

	if (!ks_known_watch_is_current(reload->watch))
		return true;
	if (ks_rule_selection_share(&next, options, reload->is_ready ? &reload->next : rules) !=
	            0 ||
	    ks_masking_try(&next) != 0) {
		ks_rule_selection_done(&next);
		ks_message("the known values are not reloaded; those in use stay");
		return false;
	}
	if (!ks_known_watch_is_current(reload->watch)) { /* half of a file may have been read */
		ks_rule_selection_done(&next);
		return true;
	}
	replace(reload, rules, &next);
	return is_fresh(reload);
}

bool
ks_reload_prepare(struct reload *reload, struct rule_selection *rules,
                  const struct options *options)
{
	struct rule_selection next;
	bool is_right;

	ks_notify_reloading();
	is_right = ks_rule_selection_renew(&next, options,
	                                   reload->is_ready ? &reload->next : rules) == 0 &&
	           ks_masking_check(options, &next) == 0 && ks_masking_try(&next) == 0;
	if (is_right) {
		replace(reload, rules, &next);
		is_right = is_fresh(reload);
	} else {
		ks_rule_selection_done(&next);
		ks_message("the rules are not reloaded; those in use stay");
		if (ks_known_values_are_asked(options))
			(void)ks_reload_prepare_known(reload, rules, options);
	}
	ks_notify_ready(); /* every line that begins from now on is masked by these rules */
	return is_right;
}

int
ks_reload_apply(struct reload *reload, struct rule_selection *rules, struct statistics *stats)
{
	const struct rule_selection *next = &reload->next;
	int r = ks_statistics_change(stats, next->catalog, next->index,
	                             ks_ruleset_count(next->set));

	if (r != KS_OK)
		return r;
	ks_rule_selection_done(rules);
	*rules = reload->next;
	reload->is_ready = false;
	return KS_OK;
}
