#include "standin.h"

struct line {
    const char *text;
    size_t size;
};

static size_t first_column;
static BOOL case_sensitive, reversed;

static int compare(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    size_t skip_x = first_column < x->size ? first_column : x->size;
    size_t skip_y = first_column < y->size ? first_column : y->size;
    size_t left = x->size - skip_x, right = y->size - skip_y, i;
    int result = 0;
    for (i = 0; i < left && i < right && !result; i++) {
        int p = (unsigned char)x->text[skip_x + i], q = (unsigned char)y->text[skip_y + i];
        result = case_sensitive ? p - q : toupper(p) - toupper(q);
    }
    if (!result) result = left < right ? -1 : left > right ? 1 : 0;
    /* Equal lines keep their order. */
    if (!result) return x->text < y->text ? -1 : x->text > y->text;
    return reversed ? -result : result;
}

static BOOL same(const struct line *a, const struct line *b)
{
    return a->size == b->size && (case_sensitive ? !memcmp(a->text, b->text, a->size) : !_strnicmp(a->text, b->text, a->size));
}

int tool_sort(int argc, WCHAR **argv)
{
    const WCHAR *input = NULL, *output = NULL;
    struct bytes data = {0}, result = {0};
    struct line *lines = NULL;
    size_t count = 0, room = 0, at, i;
    BOOL unique = FALSE;
    int a;
    for (a = 1; a < argc; a++) {
        if (!_wcsnicmp(argv[a], L"/R", 3) || !_wcsicmp(argv[a], L"/REVERSE")) reversed = TRUE;
        else if (!wcsncmp(argv[a], L"/+", 2)) first_column = (size_t)(_wtoi(argv[a] + 2) > 0 ? _wtoi(argv[a] + 2) - 1 : 0);
        else if (!_wcsicmp(argv[a], L"/C") || !_wcsicmp(argv[a], L"/CASE") || !_wcsicmp(argv[a], L"/CASE_SENSITIVE")) case_sensitive = TRUE;
        else if (!_wcsnicmp(argv[a], L"/UNIQ", 5)) unique = TRUE;
        else if (!_wcsnicmp(argv[a], L"/O", 2) && a + 1 < argc) output = argv[++a];
        else if ((!_wcsnicmp(argv[a], L"/M", 2) || !_wcsnicmp(argv[a], L"/L", 2) || !_wcsnicmp(argv[a], L"/REC", 4) || !_wcsnicmp(argv[a], L"/T", 2)) && a + 1 < argc) a++;
        else if (*argv[a] == '/') {
            complain(L"Invalid switch.\n");
            return 1;
        } else if (!input) input = argv[a];
        else {
            complain(L"Input file specified two times.\n");
            return 1;
        }
    }
    if (!read_file(input, &data)) {
        complain(L"%ls%ls\n", input, error_text(GetLastError()));
        return 1;
    }
    for (at = 0; at < data.size;) {
        size_t end = at;
        while (end < data.size && data.data[end] != '\n') end++;
        if (count == room) {
            room = room * 2 + 256;
            lines = regrab(lines, room * sizeof(*lines));
        }
        lines[count].text = (const char *)data.data + at;
        lines[count].size = end - at - (end > at && data.data[end - 1] == '\r');
        count++;
        at = end + 1;
    }
    qsort(lines, count, sizeof(*lines), compare);
    for (i = 0; i < count; i++) {
        if (unique && i && same(&lines[i - 1], &lines[i])) continue;
        append(&result, lines[i].text, lines[i].size);
        append(&result, "\r\n", 2);
    }
    if (!output) {
        say_bytes((char *)result.data, result.size);
    } else if (!write_file(output, result.data, result.size)) {
        complain(L"%ls%ls\n", output, error_text(GetLastError()));
        return 1;
    }
    return 0;
}
