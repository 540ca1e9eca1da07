#include "launcher.h"

/* The compiler may emit calls to these even in freestanding code. */
void *memcpy(void *to, const void *from, size_t size)
{
    BYTE *t = to;
    const BYTE *f = from;
    while (size--) *t++ = *f++;
    return to;
}

void *memset(void *to, int value, size_t size)
{
    BYTE *t = to;
    while (size--) *t++ = (BYTE)value;
    return to;
}

void *allocate(SIZE_T size)
{
    void *block = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, size);
    if (!block) ExitProcess(ERROR_NOT_ENOUGH_MEMORY);
    return block;
}

void release(void *block)
{
    if (block) HeapFree(GetProcessHeap(), 0, block);
}

SIZE_T text_length(const WCHAR *text)
{
    SIZE_T length = 0;
    while (text[length]) length++;
    return length;
}

WCHAR *joined(const WCHAR *a, const WCHAR *b)
{
    SIZE_T first = text_length(a), second = text_length(b);
    WCHAR *text = allocate((first + second + 1) * sizeof(WCHAR));
    memcpy(text, a, first * sizeof(WCHAR));
    memcpy(text + first, b, second * sizeof(WCHAR));
    return text;
}

static WCHAR lower(WCHAR c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

BOOL same_name(const WCHAR *a, const WCHAR *b)
{
    while (*a && lower(*a) == lower(*b)) a++, b++;
    return lower(*a) == lower(*b);
}
