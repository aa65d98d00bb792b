/* SPDX-License-Identifier: Apache-2.0 */
/*
 * At most one selection waits, and at most one is prepared. One that was prepared replaces the one that waits, if it is right,
 * and nothing else replaces or frees what it was prepared from: so the thread may read that.
 */
#include "reload.h"

#include <unistd.h>

#include "masking.h"
#include "message.h"
#include "notify.h"
#include "passage.h"

/* Nanoseconds. */
#define PATIENCE_ONCE UINT64_C(2000000000)
#define PATIENCE_MAX  (5 * PATIENCE_ONCE)

#define PATIENCE_SHARE 10U /* of the time, so much is added */

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void
ks_reload_init(struct reload *reload, const struct options *options,
               const struct known_watch *watch, struct signals *signals)
{
	*reload = (struct reload){ .preparation = { options, watch, signals },
		                   .patience_max = PATIENCE_MAX,
		                   .patience = PATIENCE_MAX,
		                   .waited_at = ks_passage_clock() };
}

static void
forget_next(struct reload *reload)
{
	if (reload->is_ready)
		ks_rule_selection_done(&reload->next);
	reload->is_ready = false;
}

void
ks_reload_done(struct reload *reload)
{
	ks_preparation_done(&reload->preparation);
	forget_next(reload);
}

void
ks_reload_leave(const struct reload *reload, int status)
{
	if (ks_preparation_is_busy(&reload->preparation))
		_exit(status);
}

/* ------------------------------------------------------------- what was prepared ---- */

/* What the next ones come after. */
static struct rule_selection *
former_of(struct reload *reload, struct rule_selection *rules)
{
	return reload->is_ready ? &reload->next : rules;
}

static void
replace(struct reload *reload, struct rule_selection *rules, const struct rule_selection *next)
{
	uint64_t since = reload->is_ready ? reload->since : ks_passage_clock();

	ks_rule_selection_tell(next, former_of(reload, rules));
	forget_next(reload);
	reload->next = *next;
	reload->is_ready = true;
	reload->since = since;
}

static bool
is_fresh(const struct reload *reload)
{
	return !reload->next.known || ks_known_values_are_fresh(reload->next.known);
}

/* The known values, with the rules that there are. Returns whether all is right. */
static bool
take_known(struct reload *reload, struct rule_selection *rules)
{
	struct preparation *p = &reload->preparation;
	struct rule_selection next;

	if (!p->known_are_right || ks_masking_try(former_of(reload, rules)) != 0 ||
	    ks_rule_selection_share(&next, former_of(reload, rules)) != 0) {
		ks_message("the known values are not reloaded; those in use stay");
		return false;
	}
	next.known = p->next.known;
	p->next.known = NULL;
	replace(reload, rules, &next);
	return is_fresh(reload);
}

static bool
take_rules(struct reload *reload, struct rule_selection *rules)
{
	struct preparation *p = &reload->preparation;

	if (p->rules_are_right && p->known_are_right) {
		replace(reload, rules, &p->next);
		p->next = (struct rule_selection){ 0 };
		return is_fresh(reload);
	}
	ks_message("the rules are not reloaded; those in use stay");
	if (ks_known_values_are_asked(p->options))
		(void)take_known(reload, rules);
	return false;
}

/* If something has been prepared. */
static void
take(struct reload *reload, struct rule_selection *rules, struct telemetry *telemetry)
{
	struct preparation *p = &reload->preparation;

	if (!ks_preparation_has_begun(p) || ks_preparation_is_busy(p))
		return;
	ks_preparation_end(p);
	if (p->has_rules)
		ks_telemetry_note_reload(telemetry, take_rules(reload, rules));
	else if (!p->known_are_same)
		ks_telemetry_note_reload(telemetry, take_known(reload, rules));
	ks_preparation_done(p);
}

/* ---------------------------------------------------------------- what is raised ---- */

/*
 * Most of what is prepared is ready soon. Until then nothing is read, so that what is written after SIGHUP is masked by
 * the new rules; but a log does not stand still for long, nor often. Returns whether it is ready.
 */
static bool
wait_a_while(struct reload *reload)
{
	bool is_over;
	uint64_t from = ks_passage_clock(), waited;
	uint64_t left = least(reload->patience + (from - reload->waited_at) / PATIENCE_SHARE,
	                      reload->patience_max);

	if (left == 0)
		return false;
	is_over = ks_preparation_wait(&reload->preparation, least(left, PATIENCE_ONCE));
	reload->waited_at = ks_passage_clock();
	waited = reload->waited_at - from;
	reload->patience = left - least(left, waited);
	return is_over;
}

static bool
are_rules_awaited(const struct reload *reload)
{
	const struct preparation *p = &reload->preparation;

	return (reload->wanted & SIGNALS_RELOAD) || (ks_preparation_has_begun(p) && p->has_rules);
}

/* Every line that begins after it said so is masked by the new rules, if they are right. */
static void
tell_manager(struct reload *reload, unsigned raised)
{
	if (raised & SIGNALS_RELOAD) {
		ks_notify_reloading();
		reload->is_reloading = true;
	}
	if (reload->is_reloading && !are_rules_awaited(reload)) {
		ks_notify_ready();
		reload->is_reloading = false;
	}
}

void
ks_reload_attend(struct reload *reload, unsigned raised, struct rule_selection *rules,
                 struct telemetry *telemetry)
{
	struct preparation *p = &reload->preparation;

	reload->wanted |= raised & (SIGNALS_RELOAD | SIGNALS_KNOWN);
	take(reload, rules, telemetry);
	tell_manager(reload, raised);
	if (!reload->wanted || ks_preparation_has_begun(p))
		return;
	ks_preparation_begin(p, reload->wanted & SIGNALS_RELOAD, former_of(reload, rules)->known);
	reload->wanted = 0;
	if (wait_a_while(reload)) {
		take(reload, rules, telemetry);
		tell_manager(reload, 0);
	}
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
