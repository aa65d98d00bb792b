/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test program's main() does. */
#pragma once

#include <check.h>
#include <stdlib.h>

#include "slowness.h"

/* Runs the suite. In TAP mode meson reads the results; a status of its own would hide them. */
static inline int
suite_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed && !getenv("CK_TAP_LOG_FILE_NAME") ? EXIT_FAILURE : EXIT_SUCCESS;
}
