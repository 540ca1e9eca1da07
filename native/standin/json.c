#include "json.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory)
{
    if (!memory) ExitProcess(99);
    return memory;
}

static char *duplicate(const char *text)
{
    return strcpy(checked(malloc(strlen(text) + 1)), text);
}

static struct json *fresh(enum json_kind kind)
{
    struct json *value = checked(calloc(1, sizeof(*value)));
    value->kind = kind;
    return value;
}

struct json *json_object(void) { return fresh(JSON_OBJECT); }
struct json *json_array(void) { return fresh(JSON_ARRAY); }
struct json *json_bool(int value) { return fresh(value ? JSON_TRUE : JSON_FALSE); }

struct json *json_text(const char *text)
{
    struct json *value = fresh(JSON_STRING);
    value->text = duplicate(text ? text : "");
    return value;
}

struct json *json_number(double number)
{
    struct json *value = fresh(JSON_NUMBER);
    value->number = number;
    return value;
}

void json_free(struct json *value)
{
    if (!value) return;
    while (value->first) {
        struct json *next = value->first->next;
        json_free(value->first);
        value->first = next;
    }
    free(value->text);
    free(value->name);
    free(value);
}

void json_push(struct json *array, struct json *value)
{
    value->next = NULL;
    if (array->last) array->last->next = value;
    else array->first = value;
    array->last = value;
}

void json_remove(struct json *object, const char *name)
{
    struct json **at = &object->first, *before = NULL;
    while (*at) {
        if ((*at)->name && !_stricmp((*at)->name, name)) {
            struct json *gone = *at;
            *at = gone->next;
            if (object->last == gone) object->last = before;
            json_free(gone);
            return;
        }
        before = *at;
        at = &(*at)->next;
    }
}

void json_set(struct json *object, const char *name, struct json *value)
{
    json_remove(object, name);
    free(value->name);
    value->name = duplicate(name);
    json_push(object, value);
}

void json_set_text(struct json *object, const char *name, const char *text) { json_set(object, name, json_text(text)); }
void json_set_number(struct json *object, const char *name, double number) { json_set(object, name, json_number(number)); }

struct json *json_get(const struct json *object, const char *name)
{
    struct json *at;
    if (!object || object->kind != JSON_OBJECT) return NULL;
    for (at = object->first; at; at = at->next)
        if (!_stricmp(at->name, name)) return at;
    return NULL;
}

const char *json_get_text(const struct json *object, const char *name, const char *otherwise)
{
    struct json *found = json_get(object, name);
    return found && found->kind == JSON_STRING ? found->text : otherwise;
}

double json_get_number(const struct json *object, const char *name, double otherwise)
{
    struct json *found = json_get(object, name);
    return found && found->kind == JSON_NUMBER ? found->number : otherwise;
}

int json_get_bool(const struct json *object, const char *name)
{
    struct json *found = json_get(object, name);
    return found && found->kind == JSON_TRUE;
}

int json_count(const struct json *array)
{
    int count = 0;
    struct json *at;
    for (at = array ? array->first : NULL; at; at = at->next) count++;
    return count;
}

int json_is_empty(const struct json *value) { return !value || !value->first; }

/* ---- reading ---- */

static const char *skip_blank(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n') at++;
    return at;
}

static char *put_utf8(char *to, unsigned code)
{
    if (code < 0x80) *to++ = (char)code;
    else if (code < 0x800) {
        *to++ = (char)(0xC0 | code >> 6);
        *to++ = (char)(0x80 | (code & 63));
    } else if (code < 0x10000) {
        *to++ = (char)(0xE0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 63));
        *to++ = (char)(0x80 | (code & 63));
    } else {
        *to++ = (char)(0xF0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 63));
        *to++ = (char)(0x80 | (code >> 6 & 63));
        *to++ = (char)(0x80 | (code & 63));
    }
    return to;
}

static const char *read_hex(const char *at, unsigned *code)
{
    int digits;
    *code = 0;
    for (digits = 0; digits < 4; digits++, at++) {
        unsigned digit;
        if (*at >= '0' && *at <= '9') digit = (unsigned)(*at - '0');
        else if (*at >= 'a' && *at <= 'f') digit = (unsigned)(*at - 'a' + 10);
        else if (*at >= 'A' && *at <= 'F') digit = (unsigned)(*at - 'A' + 10);
        else return NULL;
        *code = *code << 4 | digit;
    }
    return at;
}

static const char *read_text(const char *at, char **text)
{
    char *to = checked(malloc(strlen(at) + 1)), *start = to;
    for (at++; *at && *at != '"';) {
        unsigned code, low;
        if (*at != '\\') {
            if ((unsigned char)*at < 0x20) goto bad;
            *to++ = *at++;
            continue;
        }
        switch (*++at) {
        case 'n': *to++ = '\n'; at++; break;
        case 'r': *to++ = '\r'; at++; break;
        case 't': *to++ = '\t'; at++; break;
        case 'b': *to++ = '\b'; at++; break;
        case 'f': *to++ = '\f'; at++; break;
        case '"':
        case '\\':
        case '/': *to++ = *at++; break;
        case 'u':
            if (!(at = read_hex(at + 1, &code))) goto bad;
            if (code >= 0xD800 && code < 0xDC00 && at[0] == '\\' && at[1] == 'u') {
                if (!(at = read_hex(at + 2, &low))) goto bad;
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            }
            to = put_utf8(to, code);
            break;
        default: goto bad;
        }
    }
    if (!at || *at != '"') goto bad;
    *to = 0;
    *text = start;
    return at + 1;
bad:
    free(start);
    return NULL;
}

static const char *read_value(const char *at, struct json **value, int depth);

static const char *read_members(const char *at, struct json *into, int depth)
{
    int object = into->kind == JSON_OBJECT;
    char end = object ? '}' : ']';
    at = skip_blank(at + 1);
    if (*at == end) return at + 1;
    for (;;) {
        struct json *value = NULL;
        char *name = NULL;
        at = skip_blank(at);
        if (object) {
            if (*at != '"' || !(at = read_text(at, &name))) return NULL;
            at = skip_blank(at);
            if (*at != ':') {
                free(name);
                return NULL;
            }
            at++;
        }
        if (!(at = read_value(at, &value, depth))) {
            free(name);
            return NULL;
        }
        value->name = name;
        json_push(into, value);
        at = skip_blank(at);
        if (*at == end) return at + 1;
        if (*at++ != ',') return NULL;
    }
}

static const char *read_value(const char *at, struct json **value, int depth)
{
    at = skip_blank(at);
    if (depth > 64) return NULL;
    if (*at == '{' || *at == '[') {
        *value = fresh(*at == '{' ? JSON_OBJECT : JSON_ARRAY);
        at = read_members(at, *value, depth + 1);
        if (!at) {
            json_free(*value);
            *value = NULL;
        }
        return at;
    }
    if (*at == '"') {
        char *text;
        if (!(at = read_text(at, &text))) return NULL;
        *value = fresh(JSON_STRING);
        (*value)->text = text;
        return at;
    }
    if (!strncmp(at, "true", 4)) return *value = json_bool(1), at + 4;
    if (!strncmp(at, "false", 5)) return *value = json_bool(0), at + 5;
    if (!strncmp(at, "null", 4)) return *value = fresh(JSON_NULL), at + 4;
    if (*at == '-' || (*at >= '0' && *at <= '9')) {
        char *end;
        double number = strtod(at, &end);
        *value = json_number(number);
        return end;
    }
    return NULL;
}

struct json *json_parse(const char *text)
{
    struct json *value = NULL;
    const char *end = text ? read_value(text, &value, 0) : NULL;
    if (end && *skip_blank(end) == 0) return value;
    json_free(value);
    return NULL;
}

/* ---- writing ---- */

struct buffer {
    char *text;
    size_t used, room;
};

static void put(struct buffer *to, const char *text, size_t length)
{
    if (to->used + length + 1 > to->room) {
        to->room = (to->used + length + 1) * 2;
        to->text = checked(realloc(to->text, to->room));
    }
    memcpy(to->text + to->used, text, length);
    to->used += length;
    to->text[to->used] = 0;
}

static void put_text(struct buffer *to, const char *text)
{
    put(to, "\"", 1);
    for (; *text; text++) {
        char escape[8];
        if (*text == '"' || *text == '\\') {
            escape[0] = '\\';
            escape[1] = *text;
            put(to, escape, 2);
        } else if ((unsigned char)*text < 0x20) put(to, escape, (size_t)sprintf(escape, "\\u%04x", *text));
        else put(to, text, 1);
    }
    put(to, "\"", 1);
}

static void print(struct buffer *to, const struct json *value)
{
    char number[40];
    struct json *at;
    switch (value->kind) {
    case JSON_NULL: put(to, "null", 4); break;
    case JSON_FALSE: put(to, "false", 5); break;
    case JSON_TRUE: put(to, "true", 4); break;
    case JSON_NUMBER:
        put(to, number, (size_t)sprintf(number, value->number == (double)(LONGLONG)value->number ? "%.0f" : "%.17g", value->number));
        break;
    case JSON_STRING: put_text(to, value->text); break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        put(to, value->kind == JSON_ARRAY ? "[" : "{", 1);
        for (at = value->first; at; at = at->next) {
            if (value->kind == JSON_OBJECT) {
                put_text(to, at->name);
                put(to, ":", 1);
            }
            print(to, at);
            if (at->next) put(to, ",", 1);
        }
        put(to, value->kind == JSON_ARRAY ? "]" : "}", 1);
    }
}

char *json_print(const struct json *value)
{
    struct buffer to = {0};
    put(&to, "", 0);
    if (value) print(&to, value);
    return to.text;
}

struct json *json_copy(const struct json *value)
{
    char *text = json_print(value);
    struct json *copy = json_parse(text);
    free(text);
    return copy;
}

/* ---- texts ---- */

char *utf8_from_wide(const WCHAR *wide)
{
    int length = wide ? WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL) : 1;
    char *text = checked(calloc(1, (size_t)length + 1));
    if (wide) WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, length, NULL, NULL);
    return text;
}

WCHAR *wide_from_utf8(const char *text)
{
    int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
    WCHAR *wide = checked(calloc((size_t)length + 1, sizeof(WCHAR)));
    MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, length);
    return wide;
}

char *format_text(const char *format, ...)
{
    va_list list;
    char *text;
    int length;
    va_start(list, format);
    length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    text = checked(malloc((size_t)length + 1));
    va_start(list, format);
    vsnprintf(text, (size_t)length + 1, format, list);
    va_end(list);
    return text;
}
