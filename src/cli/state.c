/* SPDX-License-Identifier: Apache-2.0 */
/* See state.h. */
#include "state.h"

#include <string.h>

#include "message.h"
#include "options.h"

static int
fail(const struct ks_error *error)
{
	ks_message_error(error);
	return error->status == KS_ERROR_MEMORY ? EXIT_INTERNAL : EXIT_IO;
}

int
ks_state_open(struct state *s, const char *path, struct checkpoint *ret_saved)
{
	struct ks_error error;

	if (ks_checkpoint_file_open(path, &s->file, &error) != KS_OK ||
	    ks_checkpoint_file_read(s->file, ret_saved, &error) != KS_OK)
		return fail(&error);
	return 0;
}

void
ks_state_done(struct state *s)
{
	ks_checkpoint_file_close(s->file);
	*s = (struct state){ 0 };
}

int
ks_state_write(struct state *s, const struct checkpoint *checkpoint, struct metrics *metrics,
               bool *ret_is_written)
{
	struct ks_error error;
	int r = ks_checkpoint_file_write(s->file, checkpoint, &error);

	*ret_is_written = r == KS_OK;
	if (r == KS_OK) {
		s->has_begun = true;
		if (ks_complaint_settle(&s->failed))
			ks_message("the state can be written again");
		return 0;
	}
	ks_metrics_add(metrics, METRIC_STATE_ERRORS, 1);
	if (!s->has_begun || checkpoint->is_final)
		return fail(&error);
	if (ks_complaint_raise(&s->failed)) {
		ks_message_error(&error);
		ks_message("the state cannot be written; masking goes on");
	}
	return 0;
}
