/* SPDX-License-Identifier: Apache-2.0 */
/* The public header stands alone, in C99. */
#include <keysieve.h>

int header_stands_alone(void);

int
header_stands_alone(void)
{
	return ks_version() != NULL;
}
