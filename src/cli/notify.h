/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling the service manager how the service is, if there is one: nothing happens without
 * NOTIFY_SOCKET in the environment, or where keysieve was built without libsystemd.
 */
#pragma once

#include <stdint.h>

/* Find the manager: before the sandbox closes, for then nothing can be connected any more. */
void ks_notify_open(void);

/* It reads its input now: also the end of a reload, good or bad. */
void ks_notify_ready(void);
void ks_notify_reloading(void);
/* It has been asked to stop, or its input has ended. */
void ks_notify_stopping(void);

/* How often it must say that it is alive, in microseconds, for ks_signals_tick(); 0: it need not. */
uint64_t ks_notify_interval(void);
void ks_notify_alive(void);
