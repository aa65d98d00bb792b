/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function that takes the place of the one of that name: it returns failure if the call is to fail, otherwise what
 * that one returns. fault is an expression on the parameters, which gives what fault_of() does.
 */
#pragma once

#include <stdint.h>

#include "fault.h"

#define NEXT(name, pointer)                                                           \
	do {                                                                          \
		if (!(pointer))                                                       \
			(pointer) = (__typeof__(pointer))(uintptr_t)fault_next(name); \
	} while (0)

#define WRAP(type, name, parameters, arguments, fault, failure) \
	type name parameters;                                   \
	type name parameters                                    \
	{                                                       \
		static type(*next) parameters;                  \
		NEXT(#name, next);                              \
		if (fault_is_error(fault))                      \
			return failure;                         \
		return next arguments;                          \
	}
