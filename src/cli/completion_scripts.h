/* SPDX-License-Identifier: Apache-2.0 */
/* The files of completion/, put into the binary when it is built. */
#pragma once

extern const char ks_completion_bash[], ks_completion_zsh[], ks_completion_fish[];
