/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target on files and on all files of directories: the corpus as an ordinary test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int
replay(const char *path)
{
	uint8_t data[65536];
	FILE *f = fopen(path, "re");
	size_t len;

	if (!f)
		return -1;
	len = fread(data, 1, sizeof(data), f);
	(void)fclose(f);
	(void)LLVMFuzzerTestOneInput(data, len);
	return 0;
}

int
main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++) {
		struct dirent **entries;
		int n = scandir(argv[i], &entries, NULL, alphasort);

		for (int k = 0; k < n; k++) {
			char path[4096];

			(void)snprintf(path, sizeof(path), "%s/%s", argv[i], entries[k]->d_name);
			if (entries[k]->d_type == DT_REG && replay(path) == 0)
				count++;
			free(entries[k]);
		}
		if (n >= 0)
			free(entries);
	}
	(void)printf("%d inputs replayed\n", count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
