#ifndef GSTTEST_HANG_H
#define GSTTEST_HANG_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
	const uint8_t *data;
	size_t size;
} span;

typedef struct hang hang;

hang *hang_new(void);
void hang_release(hang *h);
void hang_free(hang *h);

/* hang_sums waits for hang_release, then reads n spans and writes the checksum
 * of each to sums. */
void hang_sums(hang *h, const span *spans, int n, uint64_t *sums);

#endif
