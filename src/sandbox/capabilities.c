/* SPDX-License-Identifier: Apache-2.0 */
/* The names of attributes are in memory, where seccomp cannot see them; so the kernel's own check has to refuse. */
#include "capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

int
ks_capabilities_drop(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	struct __user_cap_data_struct *set = &sets[CAP_TO_INDEX(CAP_SETFCAP)];
	const uint32_t bit = CAP_TO_MASK(CAP_SETFCAP);

	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	if (((set->permitted | set->inheritable) & bit) == 0)
		return 0;
	set->permitted &= ~bit;
	set->effective &= ~bit;
	set->inheritable &= ~bit;
	return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}
