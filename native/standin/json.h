/* JSON as a tree, UTF-8 inside: what the stand-ins read from documents and write into answers. */
#ifndef STANDIN_JSON_H
#define STANDIN_JSON_H

#include <stdint.h>
#include <windows.h>

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_kind kind;
    double number;
    char *text;  /* JSON_STRING */
    char *name;  /* in an object */
    struct json *first, *last, *next;
};

/* NULL for what is not JSON. */
struct json *json_parse(const char *text);
struct json *json_copy(const struct json *value);
void json_free(struct json *value);
/* malloc'd, without blanks. */
char *json_print(const struct json *value);

struct json *json_object(void);
struct json *json_array(void);
struct json *json_text(const char *text);
struct json *json_number(double number);
struct json *json_bool(int value);
/* These take over `value`; json_set replaces a member of the same name. */
void json_push(struct json *array, struct json *value);
void json_set(struct json *object, const char *name, struct json *value);
void json_set_text(struct json *object, const char *name, const char *text);
void json_set_number(struct json *object, const char *name, double number);
void json_remove(struct json *object, const char *name);

/* NULL safe; names are compared without case, as the services do. */
struct json *json_get(const struct json *object, const char *name);
const char *json_get_text(const struct json *object, const char *name, const char *otherwise);
double json_get_number(const struct json *object, const char *name, double otherwise);
int json_get_bool(const struct json *object, const char *name);
int json_count(const struct json *array);
int json_is_empty(const struct json *value);

char *utf8_from_wide(const WCHAR *wide); /* NULL gives "" */
WCHAR *wide_from_utf8(const char *text);
char *format_text(const char *format, ...);

#endif
