/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bar chart over time. One part of the timeline is one unit wide and the highest bar 100 units high; the
 * drawing is stretched to whatever width there is, so that all writing stands outside of it.
 */
#include <inttypes.h>

#include "report_page.h"

#define PARTS_MIN  48 /* a chart of few bars has empty time in front of them */
#define HEIGHT_MIN 3.0

struct chart {
	struct timeline timeline;
	int64_t width, begin, end; /* milliseconds of a part, and what the drawing shows */
	double highest;
	const struct leak *leak;
	FILE *out;
};

static void
measure(struct chart *c, const struct leak *leak, int64_t now)
{
	c->timeline = *leak->timeline;
	if (now >= leak->first)
		ks_timeline_add(&c->timeline, now, now, 0);
	c->width = ks_timeline_width(&c->timeline);
	c->begin = ks_timeline_begin(&c->timeline);
	c->end = c->begin + (int64_t)c->timeline.count * c->width;
	if (c->begin > c->end - PARTS_MIN * c->width)
		c->begin = c->end - PARTS_MIN * c->width;
	if (c->begin < 0)
		c->begin = 0;
	for (size_t i = 0; i < c->timeline.count; i++) {
		if (c->timeline.counts[i] > c->highest)
			c->highest = c->timeline.counts[i];
	}
}

/* Of a count that was spread over several parts, a part can have less than one. */
static uint64_t
whole(double n)
{
	return n < 1 ? 1 : (uint64_t)(n + 0.5);
}

static void
print_bar(const struct chart *c, size_t i)
{
	double height = c->timeline.counts[i] / c->highest * 100;
	int64_t from = ks_timeline_begin(&c->timeline) + (int64_t)i * c->width;
	bool is_after = c->leak->revoked_at != LEAK_NEVER && from > c->leak->revoked_at;
	char first[INSTANT_SIZE], last[INSTANT_SIZE];

	if (c->timeline.counts[i] <= 0)
		return;
	if (height < HEIGHT_MIN)
		height = HEIGHT_MIN;
	ks_instant_write_plain(from, first);
	ks_instant_write_plain(from + c->width, last);
	(void)fprintf(c->out,
	              "<rect%s x=\"%" PRId64 ".1\" y=\"%.1f\" width=\".8\" height=\"%.1f\">"
	              "<title>%s to %s: %" PRIu64 "</title></rect>\n",
	              is_after ? " class=\"after\"" : "", (from - c->begin) / c->width,
	              100 - height, height, first, last, whole(c->timeline.counts[i]));
}

static void
print_revocation(const struct chart *c)
{
	double x = (double)(c->leak->revoked_at - c->begin) / (double)c->width;

	if (c->leak->revoked_at < c->begin || c->leak->revoked_at > c->end)
		return;
	(void)fprintf(c->out,
	              "<line x1=\"%.2f\" y1=\"0\" x2=\"%.2f\" y2=\"100\" "
	              "vector-effect=\"non-scaling-stroke\"><title>revoked</title></line>\n",
	              x, x);
}

static void
print_axis(const struct chart *c)
{
	char first[INSTANT_SIZE], middle[INSTANT_SIZE], last[INSTANT_SIZE];
	bool is_long = c->end - c->begin > 7 * DAY;
	void (*write)(int64_t, char *) = is_long ? ks_instant_write_date : ks_instant_write_minute;

	write(c->begin, first);
	write(c->begin + (c->end - c->begin) / 2, middle);
	write(c->end - 1, last);
	(void)fprintf(c->out,
	              "<div class=\"axis\"><span>%s</span><span class=\"less\">%s</span>"
	              "<span>%s</span></div>\n",
	              first, middle, last);
}

static void
print_legend(const struct chart *c)
{
	char width[INSTANT_SIZE], revoked[INSTANT_SIZE];

	ks_duration_write_exact(c->width, width);
	(void)fprintf(c->out,
	              "<figcaption>Each bar is %s; the highest is %" PRIu64 ". Times are UTC.",
	              width, whole(c->highest));
	if (c->leak->revoked_at != LEAK_NEVER) {
		ks_instant_write_plain(c->leak->revoked_at, revoked);
		(void)fprintf(c->out, " The dashed line is its revocation, at %s.", revoked);
	}
	(void)fputs("</figcaption>", c->out);
}

void
ks_report_print_chart(const struct leak *leak, int64_t now, FILE *out)
{
	struct chart c = { .leak = leak, .out = out };

	measure(&c, leak, now);
	(void)fprintf(out,
	              "<figure>\n<svg viewBox=\"0 0 %" PRId64 " 100\" preserveAspectRatio=\"none\" "
	              "role=\"img\" aria-label=\"How often it was seen, over time\">\n",
	              (c.end - c.begin) / c.width);
	for (size_t i = 0; i < c.timeline.count; i++)
		print_bar(&c, i);
	print_revocation(&c);
	(void)fputs("</svg>\n", out);
	print_axis(&c);
	print_legend(&c);
	(void)fputs("</figure>\n", out);
}
