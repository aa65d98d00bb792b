/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames: to mask the frames and join them is to join them and mask the whole, for what models of the runtimes
 * make of generated output, wherever they cut it, and however the frames are cut again on their way.
 */
#include <stdio.h>
#include <string.h>

#include "application.h"
#include "framed.h"
#include "suite.h"

static void
check_model(struct framed *f, struct model *m)
{
	struct bytes expected = framed_expect(f, m);

	f->name = runtime_name(m->runtime);
	f->frame = runtime_frame(m->runtime);
	framed_check(f, &m->frames, &expected);
	bytes_free(&expected);
}

START_TEST(generated_output)
{
	struct framed f;
	struct model m;

	framed_init(&f);
	for (f.seed = 1; f.seed <= 60; f.seed++) {
		size_t piece = 1 + f.seed * f.seed % 100;

		model_init(&m, (enum runtime)_i, piece, f.seed);
		application_run(&m, f.seed % 3 ? 200 : 1500);
		check_model(&f, &m);
		model_done(&m);
	}
	framed_done(&f);
}
END_TEST

/* With the lengths at which runtimes cut. */
START_TEST(long_lines)
{
	struct framed f;
	struct model m;

	framed_init(&f);
	for (f.seed = 1; f.seed <= 3; f.seed++) {
		model_init(&m, (enum runtime)_i, runtime_piece((enum runtime)_i), f.seed);
		application_run(&m, 120000);
		check_model(&f, &m);
		model_done(&m);
	}
	framed_done(&f);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("frame");
	TCase *tcase = tcase_create("runtimes");

	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, generated_output, 0, RUNTIME_COUNT);
	tcase_add_loop_test(tcase, long_lines, 0, RUNTIME_COUNT);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
