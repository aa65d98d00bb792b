/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The moving parts of a log line. A form is text with fields, each a % and a letter:
 *
 *   times    %t ISO  %T ISO with ns  %c with a comma  %y syslog  %a Apache  %e epoch seconds
 *   numbers  %d short  %D long  %f fraction  %g milliseconds  %p port or pid
 *   ids      %u UUID  %x %h %X %S hexadecimal, 8 16 32 64  %b base64url, 22
 *   names    %i IPv4  %H host  %U user  %s service  %N pod  %C Java class  %F file  %P URL path
 *            %q URL query  %A user agent  %M model  %G method  %k status  %L level
 *   text     %w word  %m message  %J Java stack frames  %Y Python traceback frames
 *   keys     %K bare  %V in a carrier  %Q in a URL query
 *   misses   %n a token that nearly is a key
 *   and      %% for a percent sign
 */
#pragma once

#include "log_pen.h"

/* Set the clock to a fixed day and draw from seed on. pen->p is the caller's to set. */
void pen_init(struct pen *pen, uint64_t seed);

/* Let the clock go on by a little. Call it once an event. */
void pen_tick(struct pen *pen);

/* Write a form. Unknown fields are a bug of the form. */
void form_write(struct pen *pen, const char *form);
