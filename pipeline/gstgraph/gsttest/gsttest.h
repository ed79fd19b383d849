#ifndef GSTTEST_H
#define GSTTEST_H

#include <stdint.h>
#include <stdlib.h>

typedef struct {
	uint64_t memory;
	int64_t pts, duration, running_time;
	char caps[256];
} spied;

typedef struct spy spy;

spy *spy_new(void *element, const char *pad);
void spy_free_text(char *text);
int spy_count(spy *s);
void spy_get(spy *s, int i, spied *to);
void limit_pool(void *element, int n);
void deinit(void);

#endif
