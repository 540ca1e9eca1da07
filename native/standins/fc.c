#include "standin.h"

struct line {
    const char *text;
    size_t size;
};

static BOOL ignore_case, numbers;
/* How many lines may differ before the files count as too different, and how many must agree again: Windows' defaults. */
static size_t window = 100, resync = 2;

static struct line *split(const struct bytes *data, size_t *count)
{
    struct line *lines = NULL;
    size_t room = 0, at = 0;
    *count = 0;
    while (at < data->size) {
        size_t end = at;
        while (end < data->size && data->data[end] != '\n') end++;
        if (*count == room) {
            room = room * 2 + 64;
            lines = regrab(lines, room * sizeof(*lines));
        }
        lines[*count].text = (const char *)data->data + at;
        lines[(*count)++].size = end - at - (end > at && data->data[end - 1] == '\r');
        at = end + 1;
    }
    return lines;
}

static BOOL same(const struct line *a, const struct line *b)
{
    return a->size == b->size && (ignore_case ? !_strnicmp(a->text, b->text, a->size) : !memcmp(a->text, b->text, a->size));
}

static void show(const WCHAR *name, const struct line *lines, size_t from, size_t to, size_t count)
{
    say(L"***** %ls\n", name);
    for (; from < to && from < count; from++) {
        if (numbers) say(L"%5lu:  ", (unsigned long)from + 1);
        say_bytes(lines[from].text, lines[from].size);
        say_bytes("\r\n", 2);
    }
}

static BOOL agree(const struct line *a, size_t i, size_t na, const struct line *b, size_t j, size_t nb)
{
    size_t k;
    for (k = 0; k < resync; k++) {
        if (i + k >= na || j + k >= nb) return i + k >= na && j + k >= nb;
        if (!same(&a[i + k], &b[j + k])) return FALSE;
    }
    return TRUE;
}

static int compare_text(const WCHAR *first, const struct bytes *x, const WCHAR *second, const struct bytes *y)
{
    size_t na, nb, i = 0, j = 0, sum, k;
    struct line *a = split(x, &na), *b = split(y, &nb);
    int different = 0;
    while (i < na || j < nb) {
        BOOL found = FALSE;
        if (i < na && j < nb && same(&a[i], &b[j])) {
            i++, j++;
            continue;
        }
        different = 1;
        for (sum = 1; sum <= 2 * window && !found; sum++) {
            for (k = 0; k <= sum && !found; k++) {
                if (k > window || sum - k > window || i + k > na || j + sum - k > nb || !agree(a, i + k, na, b, j + sum - k, nb)) continue;
                found = TRUE;
                show(first, a, i ? i - 1 : 0, i + k + 1, na);
                show(second, b, j ? j - 1 : 0, j + sum - k + 1, nb);
                say(L"*****\n\n");
                i += k;
                j += sum - k;
            }
        }
        if (!found) {
            show(first, a, i, i + window, na);
            show(second, b, j, j + window, nb);
            say(L"*****\n\nResync Failed.  Files are too different.\n\n");
            return 1;
        }
    }
    return different;
}

static int compare_binary(const WCHAR *first, const struct bytes *x, const WCHAR *second, const struct bytes *y)
{
    size_t shorter = x->size < y->size ? x->size : y->size, i;
    int different = 0;
    for (i = 0; i < shorter; i++) {
        if (x->data[i] == y->data[i]) continue;
        say(L"%08lX: %02X %02X\n", (unsigned long)i, x->data[i], y->data[i]);
        different = 1;
    }
    if (x->size == y->size) return different;
    say(L"FC: %ls longer than %ls\n\n", x->size > y->size ? first : second, x->size > y->size ? second : first);
    return 1;
}

static BOOL is_binary_name(const WCHAR *name)
{
    static const WCHAR *const extensions[] = {L".exe", L".com", L".sys", L".obj", L".lib", L".bin"};
    const WCHAR *dot = wcsrchr(name, '.');
    size_t i;
    for (i = 0; dot && i < sizeof(extensions) / sizeof(*extensions); i++)
        if (!_wcsicmp(dot, extensions[i])) return TRUE;
    return FALSE;
}

int tool_fc(int argc, WCHAR **argv)
{
    const WCHAR *names[2] = {0};
    struct bytes data[2] = {{0}, {0}};
    BOOL binary = FALSE, text = FALSE;
    int count = 0, i, different;
    for (i = 1; i < argc; i++) {
        if (is_switch(argv[i], L"B")) binary = TRUE;
        else if (is_switch(argv[i], L"L") || is_switch(argv[i], L"T") || is_switch(argv[i], L"A") || is_switch(argv[i], L"U")) text = TRUE;
        else if (is_switch(argv[i], L"C")) ignore_case = TRUE;
        else if (is_switch(argv[i], L"N")) numbers = TRUE;
        else if (!_wcsnicmp(argv[i], L"/LB", 3)) window = (size_t)_wtoi(argv[i] + 3);
        else if (*argv[i] == '/' && iswdigit(argv[i][1])) resync = (size_t)_wtoi(argv[i] + 1);
        else if (*argv[i] == '/') {
            complain(L"FC: Invalid Switch\n");
            return -1;
        } else if (count < 2) names[count++] = argv[i];
    }
    if (count < 2) {
        complain(L"FC: Insufficient number of file specifications\n");
        return -1;
    }
    if (wcspbrk(names[0], L"*?") || wcspbrk(names[1], L"*?")) return refuse(L"fc", L"wildcards are not supported", -1);
    for (i = 0; i < 2; i++) {
        if (read_file(names[i], &data[i])) continue;
        complain(L"FC: cannot open %ls - No such file or folder\n\n", names[i]);
        return 2;
    }
    say(L"Comparing files %ls and %ls\n", names[0], names[1]);
    different = binary || (!text && is_binary_name(names[0])) ? compare_binary(names[0], &data[0], names[1], &data[1])
                                                              : compare_text(names[0], &data[0], names[1], &data[1]);
    if (!different) say(L"FC: no differences encountered\n\n");
    return different;
}
