/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libkeysieve: mask credentials in a stream of bytes, exactly and without waiting.
 *
 * Three kinds of object, from the shared to the private:
 *
 *   ks_ruleset   compiled rules. Immutable; any number of threads may use it.
 *   ks_scratch   working memory for one thread.
 *   ks_stream    one input stream. Used by one thread at a time, with that thread's scratch.
 *
 * and ks_catalog, in which rule files are gathered before they are compiled.
 *
 * What is masked does not depend on how the stream is cut into calls. The exact definition is in
 * docs/definition.md; in short: a rule's trigger (a bounded regular expression) ends where a secret
 * begins, and the longest sequence of the rule's body bytes that follows is the secret.
 *
 * Errors: functions return 0 or a negative enum ks_status. A stream that has failed stays failed:
 * nothing more comes out of it. The library never prints, exits, reads the environment or touches
 * signals. Text in a struct ks_error never holds bytes of the stream.
 *
 * Pointers: "borrows" = the callee may use it until the call returns, "takes" = it is the callee's
 * from now on, "lends" = valid for the caller until the object's next call. Ranges are half-open,
 * lengths and offsets are in bytes.
 */
#ifndef KEYSIEVE_H
#define KEYSIEVE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define KS_PUBLIC __attribute__((visibility("default")))
#else
#define KS_PUBLIC
#endif

enum ks_status {
	KS_OK = 0,
	KS_ERROR_MEMORY = -1,  /* an allocation failed */
	KS_ERROR_RULE = -2,    /* a rule is wrong: the text says how */
	KS_ERROR_FILE = -3,    /* a file cannot be read: sys holds errno */
	KS_ERROR_SYNTAX = -4,  /* a rule file is no valid YAML or not of the right form */
	KS_ERROR_UNKNOWN = -5, /* no rule or pack of that name */
	KS_ERROR_MISUSE = -6,  /* a call that is not allowed, or one on a failed stream */
	KS_ERROR_SINK = -7,    /* the caller's sink refused bytes */
	KS_ERROR_INTERNAL = -8 /* the pattern matcher failed, or a bug in keysieve */
};

/* Filled by the lowest function that knows what went wrong; untouched on success. */
struct ks_error {
	int status;      /* enum ks_status */
	int sys;         /* errno, or 0 */
	unsigned line;   /* place in a rule file, from 1; 0: none */
	unsigned column; /* from 1; 0: none */
	char key[16];    /* the rule's key that is wrong, such as "trigger"; empty: none */
	char file[128];  /* name of the rule file; empty: none. A long name keeps its end. */
	char text[224];  /* one line, no final stop */
};

/* A constant, one-line text for a status. Never NULL. */
KS_PUBLIC const char *ks_status_text(int status);

/*
 * Told of each thing that is wrong. status KS_OK: a warning, for what is right but not good. Borrows
 * error until return.
 */
typedef void (*ks_error_fn)(void *ctx, const struct ks_error *error);

/* The library's version, such as "0.1.0". */
KS_PUBLIC const char *ks_version(void);

/*
 * Have the memory in which libhs keeps parts of streams wiped before it is freed. For the whole process,
 * so it is left to the program; to be called before anything else. Errors: KS_ERROR_INTERNAL.
 */
KS_PUBLIC int ks_memory_wipe_on_free(void);

/* ---------------------------------------------------------------- rules ---- */

enum ks_kind {
	KS_KIND_PROVIDER = 0, /* the trigger itself proves a key: "sk-ant-..." */
	KS_KIND_CARRIER = 1   /* the trigger only says that a secret follows: "?key=" */
};

/*
 * What may not stand right before a trigger. A byte that ends an escape (\n, %3D, ESC[1m ...) may.
 */
enum ks_boundary {
	KS_BOUNDARY_NONE = 0,
	KS_BOUNDARY_ALNUM = 1, /* no letter, no digit */
	KS_BOUNDARY_WORD = 2,  /* nor an underscore */
	KS_BOUNDARY_TOKEN = 3  /* nor a hyphen */
};

/* Conditions on the first 64 bytes of a run; may be combined. */
enum ks_condition {
	KS_REQUIRE_DIGIT = 1,
	KS_REQUIRE_UPPER = 2,
	KS_REQUIRE_LOWER = 4,
	KS_REFUSE_PLACEHOLDER = 8 /* a reference such as ${NAME}, or an earlier mask */
};

/*
 * What is put in place of a masked region. What a region is masked with, the rules say whose masked parts begin
 * where it begins: the first of these as for struct ks_finding.
 */
enum ks_mask {
	KS_MASK_DEFAULT = 0, /* of a rule: as the stream does; of a stream: KS_MASK_FILL */
	KS_MASK_FILL = 1,    /* as many fill bytes; CR and LF stay */
	KS_MASK_TAG = 2,     /* "[REDACTED:rule-id]" */
	KS_MASK_HASH = 3,    /* "[REDACTED:rule-id#fingerprint]" */
	KS_MASK_FILL_HASH =
		4 /* fill, with the fingerprint at the end of regions of 32 bytes and more, unless
	                         a line ends there */
};

#define KS_KEEP_LAST_MAX 4U

/* The longest prefix of a run that conditions look at, and the longest maximum length. */
#define KS_RUN_DECIDED 64U

/*
 * One rule. Strings are borrowed until ks_ruleset_new() returns. NULL is allowed where it is said.
 * docs/rules.md describes each member for the writer of a rule file.
 */
struct ks_rule {
	const char *id;       /* [a-z0-9-]+, unique in the set */
	const char *provider; /* who issued it; NULL: nobody in particular */
	const char *title;    /* NULL: the id */
	const char *revoke;   /* where to revoke it; NULL: unknown */
	const char *trigger;  /* Hyperscan (PCRE) syntax, bounded, at least one byte */
	const char *body;   /* set of bytes in the notation of a bracket expression: A-Za-z0-9_- */
	const char *before; /* infix rules: "[set]{n}", what stands before the trigger; else NULL */
	const char *follow; /* set, one byte of which must follow a run under 64 bytes; or NULL */
	unsigned min;       /* least length of the run, 1..64 */
	unsigned max;       /* greatest, up to 64; 0: none */
	enum ks_kind kind;
	enum ks_boundary boundary;
	unsigned conditions; /* enum ks_condition */
	enum ks_mask mask;
	int has_keep_last;  /* non-zero: keep_last goes before the stream's */
	unsigned keep_last; /* 0..KS_KEEP_LAST_MAX; see struct ks_stream_options */
};

struct ks_ruleset;

/*
 * Compile rules. Borrows rules and their strings until return; order does not matter but for ties
 * (see struct ks_finding). On success *ret_set is the caller's to free.
 * Errors: KS_ERROR_MEMORY; KS_ERROR_RULE with the rule's id in the text; KS_ERROR_INTERNAL.
 */
KS_PUBLIC int ks_ruleset_new(const struct ks_rule *rules, size_t count, struct ks_ruleset **ret_set,
                             struct ks_error *reterr);
/* NULL is fine. All streams and scratches of the set must be gone. */
KS_PUBLIC void ks_ruleset_free(struct ks_ruleset *set);

/* What ks_ruleset_save() gave: what was made of a set's rules. Borrowed. */
struct ks_prepared {
	const uint8_t *bytes;
	size_t len;
};

/*
 * The same, but much faster where prepared was saved from the same rules (but for their masks) with the same versions of
 * keysieve and libhs; where it was not, or prepared is NULL, it is not used. prepared must come from a
 * trusted place.
 */
KS_PUBLIC int ks_ruleset_new_prepared(const struct ks_rule *rules, size_t count,
                                      const struct ks_prepared *prepared,
                                      struct ks_ruleset **ret_set, struct ks_error *reterr);
/*
 * Save what was compiled of set. *ret_bytes is the caller's to free().
 * Errors: KS_ERROR_MEMORY, KS_ERROR_INTERNAL.
 */
KS_PUBLIC int ks_ruleset_save(const struct ks_ruleset *set, uint8_t **ret_bytes, size_t *ret_len);

/* Is the rule right by itself? Borrows it until return. Errors: as for ks_ruleset_new(). */
KS_PUBLIC int ks_rule_check(const struct ks_rule *rule, struct ks_error *reterr);

/* Is b in the body, or in the set of 'before', of a rule that ks_rule_check() has found right? */
KS_PUBLIC int ks_rule_body_has(const struct ks_rule *rule, uint8_t b);
KS_PUBLIC int ks_rule_before_has(const struct ks_rule *rule, uint8_t b);
/* Where the run of such a rule that begins at text[from] ends, if nothing follows text[from, len). */
KS_PUBLIC size_t ks_rule_run_end(const struct ks_rule *rule, const uint8_t *text, size_t from,
                                 size_t len);

KS_PUBLIC size_t ks_ruleset_count(const struct ks_ruleset *set);

/* What the set costs. Constants of the set: no input makes a stream need more. */
struct ks_cost {
	size_t database; /* bytes, shared by all streams */
	size_t scratch;  /* bytes a thread, at most; only touched as far as the input asks for */
	size_t stream;   /* bytes a stream, at most */
	size_t held;     /* bytes of input that can be undecided at once, at most */
};
KS_PUBLIC void ks_ruleset_cost(const struct ks_ruleset *set, struct ks_cost *ret_cost);

/* -------------------------------------------------------------- streams ---- */

/*
 * A masked region: a maximal sequence of masked bytes (line ends in it count). rule is an index
 * into the rules given to ks_ruleset_new(): of all satisfied runs in the region a provider's goes
 * before a carrier's, then the one whose masked part begins first, then the one that was given
 * first. A known value goes before a carrier's run: if no provider's run is in the region, rule is
 * ks_ruleset_count(), which is no rule's number.
 */
struct ks_finding {
	size_t rule;
	uint64_t offset;         /* of the first masked byte, from the start of the stream */
	uint64_t length;         /* masked bytes */
	const char *fingerprint; /* lent until return; NULL: the stream makes none */
	uint64_t line;           /* of the first masked byte, from 1; 0: lines are not counted */
	size_t known; /* number of the first known value in it, see ks_known_add(); 0: none */
};

/*
 * Called once a finding, in order of offset, from within a stream's calls; it must not call back
 * into that stream. Borrows finding until return.
 */
typedef void (*ks_finding_fn)(void *ctx, const struct ks_finding *finding);

/*
 * Called with settled bytes, in order; lends data until return. A non-zero return fails the stream
 * with KS_ERROR_SINK. It must not call back into that stream.
 */
typedef int (*ks_sink_fn)(void *ctx, const uint8_t *data, size_t len);

/*
 * Called before bytes of the caller's buffer are filled, for who may want them back: each byte once at most, in order. Otherwise
 * as ks_sink_fn.
 */
typedef int (*ks_fill_fn)(void *ctx, uint8_t *data, size_t len);

/*
 * Is run[0, len), fewer than 64 bytes that a satisfied match of that rule would mask, to stay readable?
 * Non-zero: yes. Borrows run until return. It may be asked more than once about a match; its answer must
 * depend on rule and run alone.
 */
typedef int (*ks_allow_fn)(void *ctx, size_t rule, const uint8_t *run, size_t len);

/* Why a match masks its run, or does not. */
enum ks_reason {
	KS_REASON_MASKED = 0,
	KS_REASON_SHORT = 1,  /* the run is shorter than min */
	KS_REASON_LONG = 2,   /* the run is longer than max */
	KS_REASON_DIGIT = 3,  /* a digit is required, and there is none */
	KS_REASON_UPPER = 4,  /* the same for upper-case letters */
	KS_REASON_LOWER = 5,  /* and lower-case ones */
	KS_REASON_FOLLOW = 6, /* no byte of the set follows the run */
	KS_REASON_PLACEHOLDER = 7,
	KS_REASON_BEFORE = 8, /* not enough bytes of the set stand before the trigger */
	KS_REASON_BARE = 9,   /* a carrier's run is just a trigger, whose key is masked already */
	KS_REASON_ALLOWED = 10
};

/* A match of a rule's trigger: where its run is, and what came of it. */
struct ks_attempt {
	size_t rule;          /* as in struct ks_finding */
	uint64_t offset;      /* of the run, from the start of the stream */
	uint64_t length;      /* of the run, as far as it was known when this was decided */
	uint64_t masked_from; /* where the masked part begins, if reason is KS_REASON_MASKED */
	enum ks_reason reason;
};

/*
 * Called once a match, when it is decided, which need not be in order of offset. For those who write
 * rules, to show them what happens. Otherwise as ks_finding_fn. Not called for what stands where the
 * boundary does not allow it; of a trigger with {separator} or {name} there may be no call for a run that
 * is shorter than the least length of all such rules of the set.
 */
typedef void (*ks_attempt_fn)(void *ctx, const struct ks_attempt *attempt);

struct ks_scratch;
struct ks_fingerprint;
struct ks_known;

/* Working memory for one thread. Errors: KS_ERROR_MEMORY, KS_ERROR_INTERNAL. */
KS_PUBLIC int ks_scratch_new(const struct ks_ruleset *set, struct ks_scratch **ret_scratch);
/* NULL is fine. */
KS_PUBLIC void ks_scratch_free(struct ks_scratch *scratch);

/* Zero means the default. */
struct ks_stream_options {
	uint8_t fill;      /* the byte written over a secret; 0: '*' */
	enum ks_mask mask; /* any but KS_MASK_FILL needs a sink */
	unsigned
		keep_last; /* last bytes of a region that stay readable, with KS_MASK_FILL, if it has 32
	                         bytes or more; 0..KS_KEEP_LAST_MAX; more than 0 needs a sink */
	int counts_lines; /* non-zero: findings tell their line */
	int fills_only;   /* non-zero: fill, whatever mask, keep_last and the rules say */
	int keeps_length; /* non-zero: no mask may change the length: for a tag, bytes are filled; for a
	                         hash, with its fingerprint at the end */
	const struct ks_fingerprint *fingerprint; /* how to make them; borrowed. NULL: none are */
	const struct ks_known *known; /* compiled; masked too; borrowed. NULL: none are */
	ks_finding_fn on_finding;     /* NULL: findings are not reported */
	void *finding_ctx;
	ks_sink_fn sink; /* for ks_stream_feed(); NULL: for ks_stream_mask() */
	void *sink_ctx;
	ks_fill_fn on_fill; /* of ks_stream_mask() and its like; NULL: nobody wants to know */
	void *fill_ctx;
	ks_allow_fn is_allowed; /* NULL: no run is; else runs are held to their end, or 64 bytes */
	void *allow_ctx;
	ks_attempt_fn on_attempt; /* NULL: nobody wants to know */
	void *attempt_ctx;
	int begins_in_run; /* non-zero: what came before is not known; a run may reach into the stream,
	                      so its first bytes are masked as far as any rule's run can go */
};

/* Do masks, those of the options or of a rule, need a sink? They do but for KS_MASK_FILL with keep_last 0. */
KS_PUBLIC int ks_stream_needs_sink(const struct ks_ruleset *set,
                                   const struct ks_stream_options *options);

struct ks_stream;

/*
 * Begin a stream. Borrows set until the stream is freed. options may be NULL. Errors: KS_ERROR_MEMORY,
 * KS_ERROR_INTERNAL, KS_ERROR_MISUSE: a mask, of the options or of a rule, needs a sink or a fingerprint and
 * has none.
 */
KS_PUBLIC int ks_stream_new(const struct ks_ruleset *set, const struct ks_stream_options *options,
                            struct ks_stream **ret_stream);
/* Wipes what it held. NULL is fine. */
KS_PUBLIC void ks_stream_free(struct ks_stream *stream);
/* Begin anew, with the same options, as if the stream had just been made; also after an error. Allocates nothing. */
KS_PUBLIC void ks_stream_reset(struct ks_stream *stream);

/*
 * Mask in place. buf[0, held) are the bytes that the last call left unsettled, unchanged, where
 * held is ks_stream_held(); buf[held, len) are new. They are looked at once: held bytes are not
 * scanned again. On return buf[0, *ret_settled) is masked and may be written; buf[*ret_settled,
 * len) is still as it was and has to stand at the front of the next call's buffer. Allocates only
 * until the stream is warm. scratch is borrowed until return. Errors: KS_ERROR_MEMORY,
 * KS_ERROR_MISUSE (len < held, or the stream has failed or ended), KS_ERROR_INTERNAL; then nothing
 * in buf may be written.
 */
KS_PUBLIC int ks_stream_mask(struct ks_stream *stream, struct ks_scratch *scratch, uint8_t *buf,
                             size_t len, size_t *ret_settled);

/*
 * The input has ended: settle buf[0, held), the bytes that the last call left. All of it may be
 * written afterwards, and every finding has been reported. Errors as for ks_stream_mask().
 */
KS_PUBLIC int ks_stream_mask_end(struct ks_stream *stream, struct ks_scratch *scratch, uint8_t *buf,
                                 size_t held);

/*
 * Give up on what is undecided: settle buf[0, held), the bytes that the last call left, and mask all of
 * it. The stream goes on: what belongs to the same runs is masked when it comes. For an input that breaks
 * off, and for limits. Errors as for ks_stream_mask().
 */
KS_PUBLIC int ks_stream_mask_held(struct ks_stream *stream, struct ks_scratch *scratch,
                                  uint8_t *buf, size_t held);

/* How many bytes the last call left unsettled. */
KS_PUBLIC size_t ks_stream_held(const struct ks_stream *stream);

/* Is the last byte that settled in a masked region, whose finding is to come? Tells where that begins. */
KS_PUBLIC int ks_stream_region(const struct ks_stream *stream, uint64_t *ret_offset);

/*
 * Is nothing held, nothing begun that more bytes could make a match, no masked region without its finding?
 * Two streams of the same options that are idle, and whose last KS_LOOK_BACK bytes are the same, do the same with
 * all that follows.
 */
KS_PUBLIC int ks_stream_is_idle(const struct ks_stream *stream);
#define KS_LOOK_BACK 1024U

/*
 * Push bytes through: borrows data until return, calls the sink any number of times. A stream is
 * used either with ks_stream_feed() or with ks_stream_mask(), not with both.
 * Errors: as for ks_stream_mask(), and KS_ERROR_SINK.
 */
KS_PUBLIC int ks_stream_feed(struct ks_stream *stream, struct ks_scratch *scratch,
                             const uint8_t *data, size_t len);
/*
 * Give up on what is undecided, as ks_stream_mask_held() does: all is pushed out, and a region that goes on
 * ends here as far as masks and findings are concerned.
 */
KS_PUBLIC int ks_stream_feed_stop(struct ks_stream *stream, struct ks_scratch *scratch);
/* The input has ended: push out what was held. */
KS_PUBLIC int ks_stream_feed_end(struct ks_stream *stream, struct ks_scratch *scratch);

/* -------------------------------------------------------- known values ---- */

/*
 * Values that are masked wherever they stand, whatever they look like: as they are, and spelled in base64,
 * percent-encoded, as JSON strings, in hexadecimal digits and quoted for a shell (docs/known.md). Values and
 * what is made of them lie in locked memory that is in no core file and is wiped.
 * Immutable once compiled, like a ruleset; any number of streams and threads may use it then.
 */

/* Fewer bytes are no secret value; more are not taken. */
#define KS_KNOWN_MIN 8U
#define KS_KNOWN_MAX 1048576U

/* What their findings are called where others have the id of a rule: no rule has it. */
#define KS_KNOWN_ID "known-secret"

enum ks_known_verdict {
	KS_KNOWN_TAKEN = 0,
	KS_KNOWN_SHORT = 1, /* fewer than KS_KNOWN_MIN bytes */
	KS_KNOWN_LONG = 2,  /* more than KS_KNOWN_MAX bytes */
	KS_KNOWN_COMMON = 3 /* would mask what is no secret: a word, a simple pattern */
};

/* Errors: KS_ERROR_MEMORY. */
KS_PUBLIC int ks_known_new(struct ks_known **ret_known);
/* NULL is fine. No stream may use it any more; a redactor that has got others by ks_redactor_change() may. */
KS_PUBLIC void ks_known_free(struct ks_known *known);

/*
 * Add a value, which is copied. number, from 1, is what findings tell of it; more than one value may have the
 * same; of the same value twice, the first counts. Whether it was taken is told in *ret_verdict, which is not an error. Errors:
 * KS_ERROR_MEMORY, KS_ERROR_MISUSE (compiled already, or number 0).
 */
KS_PUBLIC int ks_known_add(struct ks_known *known, const uint8_t *value, size_t len, size_t number,
                           enum ks_known_verdict *ret_verdict);
/* To be called once, after the last value. Errors: KS_ERROR_MEMORY, KS_ERROR_MISUSE. */
KS_PUBLIC int ks_known_compile(struct ks_known *known);

/* How many values were taken. */
KS_PUBLIC size_t ks_known_count(const struct ks_known *known);
/* Is all of it in memory that is never swapped out? If not, the limit of locked memory is too low. */
KS_PUBLIC int ks_known_is_locked(const struct ks_known *known);
/* Bytes of input that can be undecided at once because of these values, at most. */
KS_PUBLIC size_t ks_known_held(const struct ks_known *known);

/* ------------------------------------------------------------ redactors ---- */

/*
 * A redactor masks a source that may be framed: container runtimes and the journal cut the lines of
 * applications into pieces with headers of their own. It tells what is payload, and of which stream, and
 * puts each stream through a ks_stream, so that a key in two pieces is masked in both. Everything else
 * passes as it is, in the order in which it came. The formats and their sources: docs/frames.md.
 */
enum ks_frame {
	KS_FRAME_AUTO = 0,   /* what the first bytes look like */
	KS_FRAME_RAW = 1,    /* no frames: one stream */
	KS_FRAME_CRI = 2,    /* "TIME stdout|stderr P|F TEXT": containerd, CRI-O, Podman */
	KS_FRAME_DOCKER = 3, /* {"log":"TEXT","stream":"stdout","time":"..."}: Docker's json-file */
	KS_FRAME_JOURNAL = 4 /* journalctl -o export */
};

/* "auto", "raw" ... Never NULL. */
KS_PUBLIC const char *ks_frame_name(enum ks_frame frame);
/* The other way. Returns 0, or KS_ERROR_UNKNOWN. */
KS_PUBLIC int ks_frame_parse(const char *name, enum ks_frame *ret_frame);
/*
 * The frames that a source which begins with data[0, len) has, as a redactor with KS_FRAME_AUTO takes it.
 * KS_FRAME_AUTO: it takes more to tell; never if is_last is not zero, nor of more than 192 bytes. For those who
 * have a faster way for raw text.
 */
KS_PUBLIC enum ks_frame ks_frame_detect(const uint8_t *data, size_t len, int is_last);

struct ks_redactor_options {
	enum ks_frame frame;
	/*
	 * The most bytes of output that wait for an undecided run, or for the end of a frame whose beginning
	 * says too little. Then the run is masked; the frame is taken as raw text. 0: 1 MiB. Not
	 * less than what a stream can hold back anyway: see struct ks_cost.
	 */
	size_t limit;
	int wants_restart; /* non-zero: restart points are kept, for ks_redactor_position() */
	int begins_behind_line; /* non-zero: as at a restart point, lines came before, which have ended */
	struct ks_stream_options
		stream; /* of each stream; the sink is the redactor's own and must be there */
};

struct ks_redactor;

/*
 * Begin a source. Borrows set until the redactor is freed. Offsets and lines of findings are those of the source.
 * Errors: KS_ERROR_MEMORY, KS_ERROR_MISUSE (no sink, or no such frames), KS_ERROR_INTERNAL.
 */
KS_PUBLIC int ks_redactor_new(const struct ks_ruleset *set,
                              const struct ks_redactor_options *options,
                              struct ks_redactor **ret_redactor);
/* Wipes what it held. NULL is fine. */
KS_PUBLIC void ks_redactor_free(struct ks_redactor *redactor);

/* Push bytes through, as ks_stream_feed() does. Errors: as there. */
KS_PUBLIC int ks_redactor_feed(struct ks_redactor *redactor, struct ks_scratch *scratch,
                               const uint8_t *data, size_t len);
/* The bytes that follow are of another file: a frame that was not finished will not be. */
KS_PUBLIC int ks_redactor_break(struct ks_redactor *redactor, struct ks_scratch *scratch);
/* The input has ended: push out what was held, as ks_stream_feed_end() does. */
KS_PUBLIC int ks_redactor_end(struct ks_redactor *redactor, struct ks_scratch *scratch);
/* It has not ended, but no more will be read: push out what was held, with undecided runs masked. */
KS_PUBLIC int ks_redactor_stop(struct ks_redactor *redactor, struct ks_scratch *scratch);

/* The frames that were recognised; KS_FRAME_AUTO as long as too little was seen. */
KS_PUBLIC enum ks_frame ks_redactor_frame(const struct ks_redactor *redactor);

/*
 * Has all been pushed out that was fed, up to the end of a line (of an entry of a journal), and can no run
 * go on? Then another redactor may take over here.
 */
KS_PUBLIC int ks_redactor_is_idle(const struct ks_redactor *redactor);
/*
 * Mask by other rules from here on, though something is open. In streams of the source in which nothing is, the new rules begin as if
 * another redactor took over. In the others what is undecided is masked, and runs and known
 * values that have begun are masked to their ends.
 * scratch is the former one; stream is as for ks_redactor_new(), but for its sink, which stays. Borrows set until the redactor is freed. Errors: as
 * for ks_redactor_feed().
 */
KS_PUBLIC int ks_redactor_change(struct ks_redactor *redactor, struct ks_scratch *scratch,
                                 const struct ks_ruleset *set,
                                 const struct ks_stream_options *stream);

/* Places in the input, in bytes since the redactor began. */
struct ks_redactor_position {
	uint64_t settled; /* all before it was given to the sink, and nothing from here on */
	uint64_t
		restart; /* <= settled: a new redactor that is fed from here on, with the frames that
	                     were recognised, gives the same bytes from settled on */
};
KS_PUBLIC void ks_redactor_position(const struct ks_redactor *redactor,
                                    struct ks_redactor_position *ret_position);

/* ----------------------------------------------------------------- keys ---- */

/* A secret of the user's, with which hashes of runs are made that nobody else can make or try. */
struct ks_key;

#define KS_HASH_SIZE   32U /* bytes of a hash */
#define KS_KEY_ID_SIZE 9U  /* 8 hexadecimal digits and a NUL */

/* Make a new key and write it to a file that does not exist yet, mode 0600. Errors: KS_ERROR_FILE. */
KS_PUBLIC int ks_key_create_file(const char *path, struct ks_error *reterr);
/* One that is nowhere else, for as long as nobody needs it again. Errors: KS_ERROR_MEMORY, KS_ERROR_INTERNAL. */
KS_PUBLIC int ks_key_new_random(struct ks_key **ret_key);
/* *ret_key is the caller's to free. Errors: KS_ERROR_FILE, KS_ERROR_MEMORY. */
KS_PUBLIC int ks_key_read_file(const char *path, struct ks_key **ret_key, struct ks_error *reterr);
/* Wipes it. NULL is fine. */
KS_PUBLIC void ks_key_free(struct ks_key *key);
/* Tells keys apart, and nothing else about them. Lent as long as the key is there. */
KS_PUBLIC const char *ks_key_id(const struct ks_key *key);

/* --------------------------------------------------------- fingerprints ---- */

/*
 * A fingerprint tells two secrets apart, and whether two are the same, to those who have the key with which
 * it was made: the key's id, "-", and 16 hexadecimal digits of a keyed hash (BLAKE2b). Notations do not matter:
 * line ends, and what %HH, \/, \n, \r and \u00HH stand for, are hashed alike.
 */
#define KS_FINGERPRINT_SIZE 26U /* with the final NUL */

struct ks_fingerprint;

/* Borrows key until it is freed. Returns NULL when memory is out. */
KS_PUBLIC struct ks_fingerprint *ks_fingerprint_new(const struct ks_key *key);
/* NULL is fine. */
KS_PUBLIC void ks_fingerprint_free(struct ks_fingerprint *fingerprint);
/* Of a secret in memory, borrowed until return. Writes KS_FINGERPRINT_SIZE bytes. Errors: KS_ERROR_MEMORY. */
KS_PUBLIC int ks_fingerprint_text(const struct ks_fingerprint *fingerprint, const uint8_t *run,
                                  size_t len, char *text);

/* -------------------------------------------------------------- catalog ---- */

/*
 * Rules gathered from the built-in packs and from files, switched on and off, then compiled.
 * Used by one thread.
 */
struct ks_catalog;

/* An empty catalog. Returns NULL when memory is out. */
KS_PUBLIC struct ks_catalog *ks_catalog_new(void);
KS_PUBLIC void ks_catalog_free(struct ks_catalog *catalog);

/*
 * Add the built-in rules. Those of the packs "ai", "carriers" and "cloud" are on, those of
 * "generic" off. Errors: KS_ERROR_MEMORY.
 */
KS_PUBLIC int ks_catalog_add_builtin(struct ks_catalog *catalog, struct ks_error *reterr);
/*
 * Add the rules of a file; a rule whose id is there already replaces that one. Then switch on and off
 * what the file says.
 * Errors: KS_ERROR_FILE, KS_ERROR_SYNTAX and KS_ERROR_RULE with file, line and column,
 * KS_ERROR_MEMORY. On an error the catalog is as it was.
 */
KS_PUBLIC int ks_catalog_add_file(struct ks_catalog *catalog, const char *path,
                                  struct ks_error *reterr);
/* The same for text in memory, borrowed until return; name stands for the file in errors. */
KS_PUBLIC int ks_catalog_add_text(struct ks_catalog *catalog, const char *name, const char *text,
                                  size_t len, struct ks_error *reterr);

/*
 * From now on leave the triggers of files that are added, all but a glance, to ks_catalog_compile_stored(), which
 * need not look at them if what it compiles is in the store: for a process that starts. So what is wrong with one is told of then,
 * with its place; unless a rule of another file has replaced it.
 */
KS_PUBLIC void ks_catalog_check_late(struct ks_catalog *catalog);

/*
 * Add a file as ks_catalog_add_file() does, but tell on_error of everything that is wrong with it, and
 * look closer: each rule is compiled alone; a trigger without two fixed bytes in a row is wrong, and
 * so is a rule that another file of the user's has added. What is right is added all the same.
 * Returns 0, or the first error's status.
 */
KS_PUBLIC int ks_catalog_check_file(struct ks_catalog *catalog, const char *path,
                                    ks_error_fn on_error, void *ctx);
/* Add the built-in rules after a look at each by itself. Otherwise the same. */
KS_PUBLIC int ks_catalog_check_builtin(struct ks_catalog *catalog, ks_error_fn on_error, void *ctx);

/* Switch a rule, or all rules of a pack, on or off by its name. Errors: KS_ERROR_UNKNOWN. */
KS_PUBLIC int ks_catalog_enable(struct ks_catalog *catalog, const char *name,
                                struct ks_error *reterr);
KS_PUBLIC int ks_catalog_disable(struct ks_catalog *catalog, const char *name,
                                 struct ks_error *reterr);
/* Is that the name of a built-in pack? */
KS_PUBLIC int ks_pack_exists(const char *name);

/* Switch all rules off. */
KS_PUBLIC void ks_catalog_disable_all(struct ks_catalog *catalog);

/*
 * One rule of the catalog, as its file describes it. Strings are the catalog's, until it changes.
 */
struct ks_catalog_entry {
	struct ks_rule rule;
	const char *pack; /* "ai", ...; "user" for a file of the user's */
	const char *file; /* where it was read */
	unsigned line, column;
	int enabled;
	const char *const *examples; /* templates, ended by NULL; see docs/rules.md */
	const char *const *counterexamples;
};

KS_PUBLIC size_t ks_catalog_count(const struct ks_catalog *catalog);
/* Entry number index, in the order in which they were added. index < ks_catalog_count(). */
KS_PUBLIC void ks_catalog_get(const struct ks_catalog *catalog, size_t index,
                              struct ks_catalog_entry *ret_entry);

/*
 * Compile the rules that are on, the user's before the built-in ones, so that they win ties. Rule
 * numbers in findings are those of the set: ret_index[n] is the catalog's index of rule n; it has
 * room for ks_catalog_count() numbers and may be NULL. Errors: as for ks_ruleset_new(),
 * KS_ERROR_RULE with the rule's place; a set with no rule is an error.
 */
KS_PUBLIC int ks_catalog_compile(const struct ks_catalog *catalog, struct ks_ruleset **ret_set,
                                 size_t *ret_index, struct ks_error *reterr);

/*
 * A place for what was compiled of rules that are not the built-in ones, such as a directory of files. A key
 * of KS_PREPARED_KEY bytes stands for the rules, the build of keysieve, the version of libhs and the kind of
 * processor that it is compiled for.
 */
#define KS_PREPARED_KEY 32

struct ks_prepared_store {
	/*
	 * Give what was saved under key; *ret_bytes is the caller's to free(). It must come from a
	 * trusted place. Returns 0, or anything else: there is nothing.
	 */
	int (*load)(void *ctx, const uint8_t *key, uint8_t **ret_bytes, size_t *ret_len);
	/* Save bytes, borrowed until return. It need not succeed. */
	void (*save)(void *ctx, const uint8_t *key, const uint8_t *bytes, size_t len);
	void *ctx;
};

/*
 * The same, but what must be compiled is looked for in store first, and is saved there afterwards.
 * store NULL: ks_catalog_compile().
 */
KS_PUBLIC int ks_catalog_compile_stored(const struct ks_catalog *catalog,
                                        const struct ks_prepared_store *store,
                                        struct ks_ruleset **ret_set, size_t *ret_index,
                                        struct ks_error *reterr);

/* ------------------------------------------------------------ allow-list ---- */

/* The runs that a catalog's files allow. Used by one thread at a time. */
struct ks_allowlist;

/*
 * Compile the allow-lists of a catalog's files for the set that ks_catalog_compile() made: index are its
 * numbers, count of them. Borrows key (NULL: there is none) until the list is freed. *ret_list is NULL if
 * nothing is allowed. Errors: KS_ERROR_RULE with its place: an expression is wrong, a rule unknown, a
 * hash of another key; KS_ERROR_MEMORY.
 */
KS_PUBLIC int ks_catalog_compile_allowlist(const struct ks_catalog *catalog, const size_t *index,
                                           size_t count, const struct ks_key *key,
                                           struct ks_allowlist **ret_list, struct ks_error *reterr);
/* NULL is fine. */
KS_PUBLIC void ks_allowlist_free(struct ks_allowlist *list);
/* A ks_allow_fn, whose ctx is a list. */
KS_PUBLIC int ks_allowlist_has(void *list, size_t rule, const uint8_t *run, size_t len);

/*
 * What stands for a run in an allow-list: "blake2b:..." or, with a key, "blake2b-keyed:...". Writes at most
 * size bytes with the final NUL; KS_HASH_TEXT_SIZE is enough. Borrows run and key. Errors: KS_ERROR_INTERNAL.
 */
#define KS_HASH_TEXT_SIZE 96U
KS_PUBLIC int ks_allow_hash_text(const struct ks_key *key, const uint8_t *run, size_t len,
                                 char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
