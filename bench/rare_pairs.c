/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds pairs of bytes that are rare in logs: the markers of src/engine/known_rare.c.
 *
 *     rare_pairs PRICE GROUPS LOG...
 *
 * PRICE is that of a pair in logs, in pairs of values: the higher, the rarer are those that are found. GROUPS is 8 or 16. Each group is a product of two sets of bytes, and each set one of a set of lower halves and one of upper halves. One after
 * the other they are chosen by hill climbing from many beginnings, so that they have as many as possible of the pairs that values made
 * by chance have, and as few as possible of those of the logs. Prints the table, and how much of both it has.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX 16
#define STARTS     400 /* of which the best is taken */
#define LETTERS \
	0.7 /* so many values are letters and digits, the others have all that can be printed */
#define READ_MAX  (4U << 20)
#define SET_BITS  22 /* 16 lower halves, and the upper ones from 2 to 7 */
#define PAIR_BITS (2 * SET_BITS)

struct table {
	double price;
	double values[128][128], logs[128][128]; /* parts of all pairs */
	uint8_t taken[128][128];
};

/* Bits of a group: those of the set of its first byte, then those of its second. */
static int
has(uint64_t group, unsigned place, unsigned byte)
{
	uint64_t set = group >> (place * SET_BITS);

	return byte >= 32 && (set >> (byte & 15) & 1) && (set >> (16 + (byte >> 4) - 2) & 1);
}

static double
weigh(const struct table *table, uint64_t group)
{
	double weight = 0;

	for (unsigned a = 32; a < 128; a++) {
		if (!has(group, 0, a))
			continue;
		for (unsigned b = 32; b < 128; b++) {
			if (has(group, 1, b) && !table->taken[a][b])
				weight += table->values[a][b] - table->price * table->logs[a][b];
		}
	}
	return weight;
}

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t
climb(const struct table *table, uint64_t group)
{
	double weight = weigh(table, group);

	for (int is_better = 1; is_better;) {
		is_better = 0;
		for (int bit = 0; bit < PAIR_BITS; bit++) {
			uint64_t other = group ^ UINT64_C(1) << bit;

			if (weigh(table, other) > weight + 1e-12) {
				group = other;
				weight = weigh(table, group);
				is_better = 1;
			}
		}
	}
	return group;
}

static uint64_t
find_group(struct table *table, uint64_t *random)
{
	uint64_t best = 0;

	for (int start = 0; start < STARTS; start++) {
		uint64_t group = next_random(random) & next_random(random);

		group = climb(table, group & (UINT64_MAX >> (64 - PAIR_BITS)));
		if (weigh(table, group) > weigh(table, best))
			best = group;
	}
	for (unsigned a = 0; a < 128; a++) {
		for (unsigned b = 0; b < 128; b++)
			table->taken[a][b] |= (uint8_t)(has(best, 0, a) && has(best, 1, b));
	}
	return best;
}

static void
count_values(struct table *table)
{
	for (int a = '!'; a <= '~'; a++) {
		for (int b = '!'; b <= '~'; b++) {
			table->values[a][b] = (1 - LETTERS) / 94 / 94;
			if (isalnum(a) && isalnum(b))
				table->values[a][b] += LETTERS / 62 / 62;
		}
	}
}

/* Its pairs; of all logs each counts the same. */
static int
count_log(struct table *table, const char *path, int logs)
{
	static unsigned counts[128][128];
	FILE *file = fopen(path, "r");
	int before = EOF, byte;
	unsigned all = 0;

	if (!file) {
		perror(path);
		return 0;
	}
	for (; all < READ_MAX && (byte = getc(file)) != EOF; all++, before = byte) {
		if (before >= 0 && before < 128 && byte < 128)
			counts[before][byte]++;
	}
	(void)fclose(file);
	for (int i = 0; i < 128 * 128 && all > 0; i++) {
		table->logs[i / 128][i % 128] += (double)counts[i / 128][i % 128] / all / logs;
		counts[i / 128][i % 128] = 0;
	}
	return 1;
}

/* The groups that each half of a byte chooses. */
static void
print_halves(const uint64_t *groups, unsigned place)
{
	for (int upper = 0; upper < 2; upper++) {
		printf("%s{", upper ? " " : "{ ");
		for (int half = 0; half < 16; half++) {
			unsigned chosen = 0;
			int bit = upper ? 16 + half - 2 : half;

			for (int i = 0; i < 8 && (!upper || (half >= 2 && half < 8)); i++)
				chosen |= (unsigned)(groups[i] >> (place * SET_BITS) >> bit & 1)
				          << i;
			printf(" 0x%02x,", chosen);
		}
		printf(" }%s\n", upper ? " }," : ",");
	}
}

int
main(int argc, char **argv)
{
	static struct table table;
	uint64_t groups[GROUPS_MAX], random = 88172645463325252;
	double values = 0, logs = 0;
	int group_count;

	if (argc < 4) {
		(void)fputs("usage: rare_pairs PRICE GROUPS LOG...\n", stderr);
		return EXIT_FAILURE;
	}
	table.price = strtod(argv[1], NULL);
	group_count = strcmp(argv[2], "8") == 0 ? 8 : GROUPS_MAX;
	count_values(&table);
	for (int i = 3; i < argc; i++) {
		if (!count_log(&table, argv[i], argc - 3))
			return EXIT_FAILURE;
	}
	for (int i = 0; i < group_count; i++)
		groups[i] = find_group(&table, &random);
	for (int set = 0; set < group_count; set += 8) {
		print_halves(groups + set, 0);
		print_halves(groups + set, 1);
	}
	for (int i = 0; i < 128 * 128; i++) {
		values += table.taken[i / 128][i % 128] * table.values[i / 128][i % 128];
		logs += table.taken[i / 128][i % 128] * table.logs[i / 128][i % 128];
	}
	printf("%.1f %% of the pairs of values, %.2f %% of those of logs\n", 100 * values,
	       100 * logs);
	return EXIT_SUCCESS;
}
