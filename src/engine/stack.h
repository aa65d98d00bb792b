/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What functions leave behind. Which of them, of the libraries too, copies bytes of a text to its stack or has them in a register is not
 * for us to say: so where a secret was at hand, all that the stack has below is wiped when they have returned.
 */
#pragma once

/* More than masking and the making of known values use: tests/unit/test_wipe.c measures it. */
#define STACK_WIPED (24U << 10)

/* Wipe STACK_WIPED bytes below the caller's frame and, on x86-64, the vector registers. */
void ks_stack_wipe(void);
