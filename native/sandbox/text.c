#include "sandbox.h"

/* The compiler may emit calls to these even in freestanding code. */
void *memcpy(void *to, const void *from, size_t size)
{
    char *t = to;
    const char *f = from;
    while (size--) *t++ = *f++;
    return to;
}

void *memset(void *to, int value, size_t size)
{
    char *t = to;
    while (size--) *t++ = (char)value;
    return to;
}

void copy(void *to, const void *from, size_t size)
{
    memcpy(to, from, size);
}

size_t length_of(const char *text)
{
    size_t length = 0;
    while (text[length]) length++;
    return length;
}

int equal(const char *a, const char *b)
{
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

int starts_with(const char *text, const char *prefix)
{
    while (*prefix)
        if (*text++ != *prefix++) return 0;
    return 1;
}

long number_of(const char *text)
{
    long value = 0;
    while (*text >= '0' && *text <= '9') value = value * 10 + (*text++ - '0');
    return value;
}

char *decimal(long value, char *room)
{
    char *at = room + 23;
    unsigned long rest = value < 0 ? 0ul - (unsigned long)value : (unsigned long)value;
    *at = 0;
    do *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0) *--at = '-';
    return at;
}

void say(int fd, const char *const *words)
{
    char line[1024];
    size_t size = 0;
    for (; *words; words++) {
        const char *at = *words;
        if (size && size < sizeof(line) - 1) line[size++] = ' ';
        for (; *at && size < sizeof(line) - 1; at++) line[size++] = *at == '\n' ? ' ' : *at;
    }
    line[size++] = '\n';
    sys_write(fd, line, size);
}
