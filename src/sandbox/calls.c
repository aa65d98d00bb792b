/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table was made from traces of all commands at all their tests (strace -f), and what the C library may use instead on other
 * architectures and in other versions. Names that an architecture does not have are passed over there.
 */
#include "calls.h"

#define BASE    SECCOMP_BASE
#define STREAM  SECCOMP_STREAM
#define WATCH   SECCOMP_WATCH
#define PLACE   SECCOMP_PLACE
#define COPY    SECCOMP_COPY
#define WRITE   SECCOMP_WRITE
#define SERVER  SECCOMP_SERVER
#define MAKING  (COPY | WRITE)
#define WRITING (PLACE | WRITE)

const struct call ks_calls[] = {
	/* What is open: the bytes. */
	{ "read", BASE },
	{ "readv", BASE },
	{ "pread64", BASE },
	{ "write", BASE },
	{ "writev", BASE },
	{ "sendto", BASE, LIMIT_UNSENT },
	{ "recvfrom", BASE, LIMIT_UNSENT },
	{ "lseek", BASE },
	{ "fadvise64", BASE },
	{ "close", BASE },
	{ "dup", BASE },
	{ "fcntl", BASE, LIMIT_FCNTL },
	{ "ioctl", BASE, LIMIT_TERMINAL },
	{ "ioctl", SECCOMP_PROMPT, LIMIT_PROMPT },
	{ "poll", BASE },
	{ "ppoll", BASE },

	/* Files, by name. */
	{ "openat", BASE, LIMIT_READING },
	{ "fstat", BASE },
	{ "stat", BASE },
	{ "lstat", BASE },
	{ "newfstatat", BASE },
	{ "statx", BASE },
	{ "access", BASE },
	{ "faccessat", BASE },
	{ "faccessat2", BASE },
	{ "readlink", BASE },
	{ "readlinkat", BASE },
	{ "getcwd", BASE },
	{ "getdents64", BASE },

	/* Memory. */
	{ "brk", BASE },
	{ "mmap", BASE, LIMIT_NO_CODE },
	{ "mprotect", BASE, LIMIT_NO_CODE },
	{ "munmap", BASE },
	{ "mremap", BASE },
	{ "madvise", BASE },
	{ "mlock", BASE },
	{ "mlock2", BASE },
	{ "munlock", BASE },
	{ "sysinfo", BASE },
	{ "prlimit64", BASE, LIMIT_ASKING },

	/* The process: time, locks, its own signals, its end. */
	{ "clock_gettime", BASE },
	{ "clock_getres", BASE },
	{ "gettimeofday", BASE },
	{ "time", BASE },
	{ "nanosleep", BASE },
	{ "clock_nanosleep", BASE },
	{ "restart_syscall", BASE },
	{ "futex", BASE },
	{ "sched_yield", BASE },
	{ "sched_getaffinity", BASE },
	{ "getrandom", BASE },
	{ "uname", BASE },
	{ "geteuid", BASE },
	{ "getpid", BASE },
	{ "gettid", BASE },
	{ "getuid", BASE },
	{ "geteuid", BASE },
	{ "getgid", BASE },
	{ "getegid", BASE },
	{ "rt_sigaction", BASE },
	{ "rt_sigprocmask", BASE },
	{ "rt_sigpending", BASE },
	{ "rt_sigtimedwait", BASE },
	{ "rt_sigreturn", BASE },
	{ "tgkill", BASE, LIMIT_OWN },
	{ "exit", BASE },
	{ "exit_group", BASE },

	/* Streams: timers, threads and how they wake each other. */
	{ "timer_create", STREAM },
	{ "timer_settime", STREAM },
	{ "timer_gettime", STREAM },
	{ "timer_delete", STREAM },
	{ "eventfd2", STREAM | PLACE },
	{ "clone", STREAM | PLACE, LIMIT_THREAD },
	{ "set_robust_list", STREAM | PLACE },
	{ "rseq", STREAM | PLACE },
	{ "prctl", STREAM, LIMIT_NAME },

	/* Files that change. */
	{ "inotify_init1", WATCH },
	{ "inotify_add_watch", WATCH },
	{ "inotify_rm_watch", WATCH },
	{ "statfs", WATCH },
	{ "fstatfs", WATCH | PLACE },

	/* Files that are written. */
	{ "openat", WRITING, LIMIT_WRITING },
	{ "pwrite64", WRITING },
	{ "ftruncate", WRITE },
	{ "fsync", WRITING },
	{ "fdatasync", WRITE },
	{ "flock", WRITE },
	{ "umask", WRITE },
	{ "rename", MAKING },
	{ "renameat", MAKING },
	{ "renameat2", MAKING, LIMIT_RENAME },
	{ "unlink", MAKING },
	{ "unlinkat", MAKING, LIMIT_FILES },
	{ "link", COPY },
	{ "linkat", COPY, LIMIT_NAMED },
	{ "fchmod", COPY, LIMIT_MODE },
	{ "fchown", COPY },
	{ "utimensat", PLACE, LIMIT_OPEN },
	{ "copy_file_range", COPY },
	{ "fgetxattr", PLACE },
	{ "fsetxattr", PLACE },
	{ "flistxattr", COPY },
	{ "fremovexattr", PLACE },

	/* The server of metrics. */
	{ "accept4", SERVER },
	{ "accept", SERVER },
	{ "recvmsg", SERVER },
	{ "sendmsg", SERVER },
	{ "shutdown", SERVER },
	{ "setsockopt", SERVER },
	{ "getsockopt", SERVER },
	{ "getsockname", SERVER },
	{ "epoll_create1", SERVER },
	{ "epoll_ctl", SERVER },
	{ "epoll_wait", SERVER },
	{ "epoll_pwait", SERVER },
	{ NULL },
};

const char *const ks_calls_fatal[] = {
	/* Other processes. */
	"kill",
	"tkill",
	"pidfd_open",
	"pidfd_getfd",
	"pidfd_send_signal",
	"process_madvise",
	"process_vm_readv",
	"process_vm_writev",
	"ptrace",
	"rt_sigqueueinfo",
	"rt_tgsigqueueinfo",

	/* Networks and other programs' sockets. */
	"bind",
	"connect",
	"listen",
	"sendmmsg",
	"socket",
	"socketpair",

	/* The kernel, and what it lets do around its checks. */
	"add_key",
	"bpf",
	"delete_module",
	"finit_module",
	"init_module",
	"io_uring_enter",
	"io_uring_register",
	"io_uring_setup",
	"ioperm",
	"iopl",
	"kexec_file_load",
	"kexec_load",
	"keyctl",
	"modify_ldt",
	"open_by_handle_at",
	"perf_event_open",
	"personality",
	"reboot",
	"request_key",
	"swapon",
	"syslog",
	"userfaultfd",

	/* Who and where it is. */
	"capset",
	"chroot",
	"fsconfig",
	"fsmount",
	"fsopen",
	"mount",
	"mount_setattr",
	"move_mount",
	"open_tree",
	"pivot_root",
	"setns",
	"setfsgid",
	"setfsuid",
	"setgid",
	"setgroups",
	"setregid",
	"setresgid",
	"setresuid",
	"setreuid",
	"setuid",
	"umount2",
	"unshare",
	NULL,
};

const char *const ks_calls_refused[] = {
	"chmod",     "chown",        "fchmod",    "fchmodat",     "fchmodat2",     "fchown",
	"fchownat",  "file_setattr", "fsetxattr", "fremovexattr", "ftruncate",     "futimesat",
	"lchown",    "link",         "linkat",    "lremovexattr", "lsetxattr",     "mkdir",
	"mkdirat",   "mknod",        "mknodat",   "removexattr",  "removexattrat", "rename",
	"renameat",  "renameat2",    "rmdir",     "setxattr",     "setxattrat",    "symlink",
	"symlinkat", "truncate",     "unlink",    "unlinkat",     "utime",         "utimensat",
	"utimes",    NULL,
};

const char *const ks_calls_refused_programs[] = {
	"chmod",        "chown",        "fchmod",      "fchmodat",      "fchmodat2", "fchown",
	"fchownat",     "file_setattr", "fsetxattr",   "fremovexattr",  "futimesat", "lchown",
	"lremovexattr", "lsetxattr",    "removexattr", "removexattrat", "setxattr",  "setxattrat",
	"truncate",     "utime",        "utimensat",   "utimes",        NULL,
};

const char *const ks_calls_of_programs[] = { "execve", "execveat", "fork", "vfork", NULL };

const struct call_part ks_call_parts[] = {
	{ SECCOMP_BASE, "all" },
	{ SECCOMP_STREAM, "masking" },
	{ SECCOMP_WATCH, "`follow`, `journal`" },
	{ SECCOMP_WRITE, "writing files" },
	{ SECCOMP_PLACE, "`--in-place`" },
	{ SECCOMP_COPY, "`--in-place` with new files" },
	{ SECCOMP_SERVER, "`--metrics-listen`" },
	{ SECCOMP_PROMPT, "`fingerprint`" },
	{ 0, NULL },
};

const char *
ks_call_limit_text(enum call_limit limit)
{
	switch (limit) {
	case LIMIT_NONE:
		break;
	case LIMIT_READING:
		return "for reading only, else `EACCES`";
	case LIMIT_WRITING:
		return "`O_RDONLY`, `O_WRONLY` or `O_RDWR`, not with `O_TRUNC` or `O_TMPFILE`, and "
		       "in a mode no bit but `0666`; else `EACCES`";
	case LIMIT_MODE:
		return "no bit but `0777`, else `EACCES`";
	case LIMIT_OPEN:
		return "of an open file, else `EACCES`";
	case LIMIT_FILES:
	case LIMIT_NAMED:
		return "without flags, else `EACCES`";
	case LIMIT_RENAME:
		return "no flag but `RENAME_NOREPLACE`, else `EACCES`";
	case LIMIT_NO_CODE:
		return "not with `PROT_EXEC`";
	case LIMIT_THREAD:
		return "threads only, in no namespace of their own";
	case LIMIT_OWN:
		return "to this process only";
	case LIMIT_UNSENT:
		return "without an address";
	case LIMIT_ASKING:
		return "of this process, to ask only";
	case LIMIT_FCNTL:
		return "`F_GETFD F_SETFD F_GETFL F_SETFL F_DUPFD_CLOEXEC F_GETPIPE_SZ "
		       "F_SETPIPE_SZ`";
	case LIMIT_TERMINAL:
		return "`TCGETS TIOCGWINSZ FIONREAD`";
	case LIMIT_PROMPT:
		return "`TCSETSF`";
	case LIMIT_NAME:
		return "`PR_SET_NAME`";
	}
	return "";
}
