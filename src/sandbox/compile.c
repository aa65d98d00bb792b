/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs when keysieve is built: "compile FILE" writes the seccomp filters of all sets of parts as C, "compile" prints the
 * table of system calls for docs/sandbox.md. Made at run time by libseccomp, a filter would cost half a millisecond and
 * a library at each start; made here it costs a system call.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calls.h"
#include "seccomp_program.h"

#define FILTER_MAX 4096U /* of instructions, as the kernel has it */

/* Calls that are newer than libseccomp: "there is none", and the C library does without, as on an older kernel. */
#define NEWER 64

#define NAMESPACES                                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

/* What openat(2) has no use for here: nothing is emptied, and what is made has a name. */
#define NEVER_OPENED (O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

#define SPECIAL_BITS 07000U /* of a mode: as whom it runs that is executed */
#define EXECUTE_BITS 0111U

static _Noreturn void
fail(const char *what, const char *name, int r)
{
	(void)fprintf(stderr, "compile: %s: %s: %s\n", what, name, strerror(-r));
	exit(1);
}

/* ------------------------------------------------------------------------- rules ---- */

static void
add(scmp_filter_ctx filter, uint32_t action, const char *name, const struct scmp_arg_cmp *arguments,
    unsigned count)
{
	int number = seccomp_syscall_resolve_name(name), r;

	if (number == __NR_SCMP_ERROR)
		return; /* this libseccomp is older than the call */
	r = seccomp_rule_add_array(filter, action, number, count, arguments);
	if (r < 0 && r != -EDOM) /* this architecture has no such call */
		fail("cannot filter", name, r);
}

static void
allow_if(scmp_filter_ctx filter, const char *name, struct scmp_arg_cmp argument)
{
	add(filter, SCMP_ACT_ALLOW, name, &argument, 1);
}

static void
allow_values(scmp_filter_ctx filter, const char *name, unsigned argument, const uint64_t *values,
             size_t count)
{
	for (size_t i = 0; i < count; i++)
		allow_if(filter, name, SCMP_CMP(argument, SCMP_CMP_EQ, values[i]));
}

/* Who wants to write is refused and not ended: what could not be written is told as such. */
static void
refuse_if(scmp_filter_ctx filter, const char *name, struct scmp_arg_cmp argument)
{
	add(filter, SCMP_ACT_ERRNO(EACCES), name, &argument, 1);
}

static void
refuse_bits(scmp_filter_ctx filter, const char *name, unsigned argument, uint64_t bits)
{
	for (uint64_t bit = 1; bit && bit <= bits; bit <<= 1) {
		if (bits & bit)
			refuse_if(filter, name, SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, bit, bit));
	}
}

static void
allow_reading(scmp_filter_ctx filter, const char *name)
{
	uint64_t writing = O_ACCMODE | O_CREAT | O_TRUNC;

	refuse_bits(filter, name, 2, writing);
	allow_if(filter, name, SCMP_A2(SCMP_CMP_MASKED_EQ, writing, 0));
}

/*
 * Landlock is asked for what a descriptor will let do: by an access mode of 3 nothing, but its file's mode and owner can be
 * changed; and its versions 1 and 2 do not know of O_TRUNC.
 */
static void
allow_writing(scmp_filter_ctx filter, const char *name)
{
	static const uint64_t accesses[] = { O_RDONLY, O_WRONLY, O_RDWR };

	refuse_bits(filter, name, 2, NEVER_OPENED);
	refuse_if(filter, name, SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE, O_ACCMODE));
	refuse_bits(filter, name, 3, SPECIAL_BITS | EXECUTE_BITS);
	for (size_t i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
		const struct scmp_arg_cmp both[] = {
			SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | NEVER_OPENED, accesses[i]),
			SCMP_A3(SCMP_CMP_MASKED_EQ, SPECIAL_BITS | EXECUTE_BITS, 0),
		};

		add(filter, SCMP_ACT_ALLOW, name, both, 2);
	}
}

/* Nothing but a zero is allowed there. */
static void
allow_zero(scmp_filter_ctx filter, const char *name, unsigned argument)
{
	refuse_if(filter, name, SCMP_CMP(argument, SCMP_CMP_NE, 0));
	allow_if(filter, name, SCMP_CMP(argument, SCMP_CMP_EQ, 0));
}

#define ALLOW_VALUES(filter, name, argument, values) \
	allow_values(filter, name, argument, values, sizeof(values) / sizeof((values)[0]))

static void
allow(scmp_filter_ctx filter, const struct call *call)
{
	static const uint64_t controls[] = { F_GETFD,         F_SETFD,      F_GETFL,     F_SETFL,
		                             F_DUPFD_CLOEXEC, F_GETPIPE_SZ, F_SETPIPE_SZ };
	static const uint64_t terminals[] = { TCGETS, TIOCGWINSZ, FIONREAD };
	const struct scmp_arg_cmp asking[] = { SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0) };

	switch (call->limit) {
	case LIMIT_NONE:
		add(filter, SCMP_ACT_ALLOW, call->name, NULL, 0);
		break;
	case LIMIT_READING:
		allow_reading(filter, call->name);
		break;
	case LIMIT_WRITING:
		allow_writing(filter, call->name);
		break;
	case LIMIT_MODE:
		refuse_bits(filter, call->name, 1, SPECIAL_BITS);
		allow_if(filter, call->name, SCMP_A1(SCMP_CMP_MASKED_EQ, SPECIAL_BITS, 0));
		break;
	case LIMIT_OPEN:
		allow_zero(filter, call->name, 1);
		break;
	case LIMIT_FILES:
		allow_zero(filter, call->name, 2);
		break;
	case LIMIT_NAMED:
		allow_zero(filter, call->name, 4);
		break;
	case LIMIT_RENAME:
		refuse_if(filter, call->name, SCMP_A4(SCMP_CMP_GT, RENAME_NOREPLACE));
		allow_if(filter, call->name, SCMP_A4(SCMP_CMP_LE, RENAME_NOREPLACE));
		break;
	case LIMIT_NO_CODE:
		allow_if(filter, call->name, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
		break;
	case LIMIT_THREAD:
		allow_if(filter, call->name,
		         SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | NAMESPACES, CLONE_THREAD));
		break;
	case LIMIT_OWN:
		allow_if(filter, call->name, SCMP_A0(SCMP_CMP_EQ, SECCOMP_OWN_PID));
		break;
	case LIMIT_UNSENT:
		allow_if(filter, call->name, SCMP_A4(SCMP_CMP_EQ, 0));
		break;
	case LIMIT_ASKING:
		add(filter, SCMP_ACT_ALLOW, call->name, asking, 2);
		break;
	case LIMIT_FCNTL:
		ALLOW_VALUES(filter, call->name, 1, controls);
		break;
	case LIMIT_TERMINAL:
		ALLOW_VALUES(filter, call->name, 1, terminals);
		break;
	case LIMIT_PROMPT:
		allow_if(filter, call->name, SCMP_A1(SCMP_CMP_EQ, TCSETSF));
		break;
	case LIMIT_NAME:
		allow_if(filter, call->name, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
		break;
	}
}

static void
add_all(scmp_filter_ctx filter, uint32_t action, const char *const *names)
{
	for (; *names; names++)
		add(filter, action, *names, NULL, 0);
}

/* The greatest number of a call that libseccomp knows, for this architecture. */
static int
last_number(void)
{
	int last = 0;

	for (int i = 0; i < 2048; i++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);

		last = name ? i : last;
		free(name);
	}
	return last;
}

static void
refuse_newer(scmp_filter_ctx filter)
{
	int last = last_number();

	for (int i = 1; i <= NEWER; i++) {
		int r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), last + i, 0);

		if (r < 0)
			fail("cannot filter", "newer calls", r);
	}
	add(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", NULL, 0); /* its flags cannot be seen */
}

/* Where files are written, what is said of reading does not hold. */
static bool
is_replaced(const struct call *call, unsigned parts)
{
	return call->limit == LIMIT_READING && parts & (SECCOMP_PLACE | SECCOMP_WRITE);
}

static bool
is_allowed(const char *name, unsigned parts)
{
	for (const struct call *call = ks_calls; call->name; call++) {
		if ((call->parts & parts) && strcmp(call->name, name) == 0)
			return true;
	}
	return false;
}

static void
refuse_changes(scmp_filter_ctx filter, unsigned parts)
{
	for (const char *const *name = ks_calls_refused; *name; name++) {
		if (!is_allowed(*name, parts))
			add(filter, SCMP_ACT_ERRNO(EACCES), *name, NULL, 0);
	}
}

/* What is not refused is allowed. Of what openat2 opens the flags cannot be seen; the C library does without. */
static void
open_filter(scmp_filter_ctx filter)
{
	static const struct {
		const char *name;
		unsigned flags; /* the number of the argument; the mode is the next one */
	} opening[] = { { "open", 1 }, { "openat", 2 } };
	static const uint64_t controls[] = { FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR };

	add_all(filter, SCMP_ACT_ERRNO(EPERM), ks_calls_fatal);
	add_all(filter, SCMP_ACT_ERRNO(EACCES), ks_calls_refused_programs);
	for (size_t i = 0; i < sizeof(opening) / sizeof(opening[0]); i++) {
		const char *name = opening[i].name;
		unsigned flags = opening[i].flags;

		refuse_if(filter, name, SCMP_CMP(flags, SCMP_CMP_MASKED_EQ, O_ACCMODE, O_ACCMODE));
		refuse_if(filter, name,
		          SCMP_CMP(flags, SCMP_CMP_MASKED_EQ, O_ACCMODE | O_TRUNC, O_TRUNC));
		refuse_bits(filter, name, flags + 1, SPECIAL_BITS);
	}
	refuse_bits(filter, "creat", 1, SPECIAL_BITS);
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++)
		refuse_if(filter, "ioctl", SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, controls[i]));
	add(filter, SCMP_ACT_ERRNO(ENOSYS), "openat2", NULL, 0);
	refuse_newer(filter);
}

static void
close_filter(scmp_filter_ctx filter, unsigned parts)
{
	add_all(filter, SCMP_ACT_KILL_PROCESS, ks_calls_fatal);
	add_all(filter, SCMP_ACT_KILL_PROCESS, ks_calls_of_programs);
	for (const struct call *call = ks_calls; call->name; call++) {
		if ((call->parts & parts) && !is_replaced(call, parts))
			allow(filter, call);
	}
	refuse_changes(filter, parts);
	refuse_newer(filter);
}

static scmp_filter_ctx
make_filter(unsigned parts)
{
	bool is_open = parts & SECCOMP_PROGRAM;
	scmp_filter_ctx filter = seccomp_init(is_open ? SCMP_ACT_ALLOW : SCMP_ACT_TRAP);

	if (!filter || seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0 ||
	    seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) < 0)
		fail("no filter", "", -ENOMEM);
	if (is_open)
		open_filter(filter);
	else
		close_filter(filter, parts);
	return filter;
}

/* ------------------------------------------------------------------------ output ---- */

/* A file is the one way to get a filter out of libseccomp 2.5. */
static size_t export(scmp_filter_ctx filter, struct sock_filter *ret_code)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : seccomp_export_bpf(filter, fd);
	ssize_t n = r < 0 ? r : pread(fd, ret_code, FILTER_MAX * sizeof(*ret_code), 0);

	if (n < 0)
		fail("cannot export", "a filter", r < 0 ? r : -errno);
	(void)close(fd);
	return (size_t)n / sizeof(*ret_code);
}

static void
write_instructions(FILE *out, const struct sock_filter *code, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)fprintf(out, "\t{ %u, %u, %u, %" PRIu32 " },\n", code[i].code, code[i].jt,
		              code[i].jf, code[i].k);
}

/*
 * A tracer that wants a call not to be made, as strace(1) does to inject a fault, puts -1 in its place, which is no call: the
 * kernel makes none.
 */
static const struct sock_filter no_call[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UINT32_MAX, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static void
write_program(FILE *out, unsigned parts)
{
	static struct sock_filter code[FILTER_MAX];
	scmp_filter_ctx filter = make_filter(parts);
	size_t count = export(filter, code);

	seccomp_release(filter);
	(void)fprintf(out, "static const struct sock_filter code_%x[] = {\n", parts);
	write_instructions(out, no_call, sizeof(no_call) / sizeof(no_call[0]));
	write_instructions(out, code, count);
	(void)fprintf(out, "};\n");
}

static void
write_names(FILE *out)
{
	int last = last_number();

	(void)fprintf(out, "const char *const ks_seccomp_names[] = {\n");
	for (int i = 0; i <= last; i++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);

		if (name)
			(void)fprintf(out, "\t[%d] = \"%s\",\n", i, name);
		free(name);
	}
	(void)fprintf(out, "};\nconst size_t ks_seccomp_name_count = %d;\n", last + 1);
}

/* All that can be wanted: each command, with what its options add. */
static size_t
list_sets(unsigned *ret_sets)
{
	static const unsigned modes[] = { SECCOMP_STREAM, SECCOMP_STREAM | SECCOMP_WATCH };
	size_t n = 0;

	ret_sets[n++] = SECCOMP_PROGRAM;
	ret_sets[n++] = SECCOMP_BASE;
	ret_sets[n++] = SECCOMP_BASE | SECCOMP_WRITE;
	ret_sets[n++] = SECCOMP_BASE | SECCOMP_PROMPT;
	ret_sets[n++] = SECCOMP_BASE | SECCOMP_PLACE;
	ret_sets[n++] = SECCOMP_BASE | SECCOMP_PLACE | SECCOMP_COPY;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		ret_sets[n++] = SECCOMP_BASE | modes[i];
		ret_sets[n++] = SECCOMP_BASE | modes[i] | SECCOMP_WRITE;
		ret_sets[n++] = SECCOMP_BASE | modes[i] | SECCOMP_SERVER;
		ret_sets[n++] = SECCOMP_BASE | modes[i] | SECCOMP_WRITE | SECCOMP_SERVER;
	}
	return n;
}

static void
write_code(FILE *out)
{
	unsigned sets[32];
	size_t count = list_sets(sets);

	(void)fprintf(out,
	              "/* Made by src/sandbox/compile.c. */\n#include \"seccomp_program.h\"\n\n");
	for (size_t i = 0; i < count; i++)
		write_program(out, sets[i]);
	(void)fprintf(out, "const struct seccomp_program ks_seccomp_programs[] = {\n");
	for (size_t i = 0; i < count; i++)
		(void)fprintf(out, "\t{ %#x, sizeof(code_%x) / sizeof(code_%x[0]), code_%x },\n",
		              sets[i], sets[i], sets[i], sets[i]);
	(void)fprintf(out, "};\nconst size_t ks_seccomp_program_count = %zu;\n", count);
	write_names(out);
}

/* ---------------------------------------------------------------- documentation ---- */

static void
print_parts(unsigned parts)
{
	bool is_first = true;

	for (const struct call_part *part = ks_call_parts; part->name; part++) {
		if (!(part->parts & parts))
			continue;
		(void)printf("%s%s", is_first ? "" : ", ", part->name);
		is_first = false;
	}
}

static void
print_calls(const char *const *names)
{
	for (size_t i = 0; names[i]; i++)
		(void)printf("%s`%s`", i > 0 ? ", " : "", names[i]);
}

static void
print_table(void)
{
	(void)printf("| system call | needed for | limits |\n|---|---|---|\n");
	for (const struct call *call = ks_calls; call->name; call++) {
		(void)printf("| `%s` | ", call->name);
		print_parts(call->parts);
		(void)printf(" | %s |\n", ks_call_limit_text(call->limit));
	}
	(void)printf("\nThe kernel ends the process at once for ");
	print_calls(ks_calls_of_programs);
	(void)printf(", ");
	print_calls(ks_calls_fatal);
	(void)printf(".\n\nWhere the table does not allow them, these are refused with `EACCES`: ");
	print_calls(ks_calls_refused);
	(void)printf(
		".\n\nThe program of `rules import` may make other calls than these; it is refused "
		"with `EPERM` the calls for which other commands are ended, but those that it "
		"needs to run; with `EACCES` ");
	print_calls(ks_calls_refused_programs);
	(void)printf(
		", `open` and `openat` in the access mode 3, with `O_RDONLY` and `O_TRUNC`, or "
		"with mode bits above `0777`, `creat` with such bits, and `ioctl` with "
		"`FS_IOC_SETFLAGS` and `FS_IOC_FSSETXATTR`; with `ENOSYS` `openat2`, `clone3` "
		"and newer calls than its libseccomp.\n");
}

int
main(int argc, char **argv)
{
	FILE *out;

	if (argc < 2) {
		print_table();
		return 0;
	}
	out = fopen(argv[1], "we");
	if (!out)
		fail("cannot write", argv[1], -errno);
	write_code(out);
	if (ferror(out) || fclose(out) != 0)
		fail("cannot write", argv[1], -EIO);
	return 0;
}
