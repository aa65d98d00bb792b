/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that leave signals to the one that started them. */
#pragma once

#include <pthread.h>

/* As pthread_create(). Returns 0 or a positive errno. */
int ks_thread_start(pthread_t *ret_thread, void *(*work)(void *ctx), void *ctx);
