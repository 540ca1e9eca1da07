#include "standin.h"
#include <objbase.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void log_line(struct json *line);

static const char *const kind_names[LEDGER_KINDS] = {"operations", "systems", "processes", "callbacks", "namespaces", "layers", "hives"};

struct entry {
    void *memory;
    int kind; /* enum ledger_kind, or LEDGER_KINDS + enum ledger_allocator for strings */
    BOOL open;
    SIZE_T size;
    struct entry *next;
};

#define BUCKETS 1021
static SRWLOCK lock = SRWLOCK_INIT;
static struct entry *buckets[BUCKETS];
static LONG open_count[LEDGER_KINDS + 2], total_count[LEDGER_KINDS + 2];
static struct json *violations;

static struct entry **place(const void *memory)
{
    struct entry **at = &buckets[((ULONG_PTR)memory >> 4) % BUCKETS];
    while (*at && (*at)->memory != memory) at = &(*at)->next;
    return at;
}

static void note(const char *format, const char *about)
{
    char *text = format_text(format, about);
    if (!violations) violations = json_array();
    if (json_count(violations) < 50) json_push(violations, json_text(text));
    free(text);
}

CORE void ledger_violation(const char *format, const char *about)
{
    AcquireSRWLockExclusive(&lock);
    note(format, about);
    ReleaseSRWLockExclusive(&lock);
}

static void remember(void *memory, int kind, SIZE_T size)
{
    struct entry **at;
    AcquireSRWLockExclusive(&lock);
    at = place(memory);
    if (!*at) {
        *at = calloc(1, sizeof(**at));
        (*at)->memory = memory;
    }
    (*at)->kind = kind;
    (*at)->open = TRUE;
    (*at)->size = size;
    open_count[kind]++;
    total_count[kind]++;
    ReleaseSRWLockExclusive(&lock);
}

CORE void *ledger_open(enum ledger_kind kind, SIZE_T size)
{
    void *memory = calloc(1, size);
    remember(memory, kind, size);
    return memory;
}

static BOOL check(const void *handle, enum ledger_kind kind, const char *function, BOOL close)
{
    struct entry *found;
    AcquireSRWLockExclusive(&lock);
    found = *place(handle);
    if (!found || found->kind != (int)kind) {
        note("%s was given something that is no handle of its kind", function);
        found = NULL;
    } else if (!found->open) {
        note("%s was given a handle that was closed", function);
        found = NULL;
    } else if (close) {
        found->open = FALSE;
        open_count[kind]--;
    }
    ReleaseSRWLockExclusive(&lock);
    return found != NULL;
}

CORE BOOL ledger_is_open(const void *handle, enum ledger_kind kind, const char *function)
{
    return check(handle, kind, function, FALSE);
}

CORE BOOL ledger_close(void *handle, enum ledger_kind kind, const char *function)
{
    return check(handle, kind, function, TRUE);
}

CORE void ledger_poison(void *handle, SIZE_T size) { memset(handle, 0xDD, size); }

CORE WCHAR *ledger_string(const char *text, enum ledger_allocator allocator)
{
    WCHAR *wide, *given;
    SIZE_T size;
    if (!text) return NULL;
    wide = wide_from_utf8(text);
    size = (wcslen(wide) + 1) * sizeof(WCHAR);
    given = allocator == ALLOCATOR_LOCAL ? LocalAlloc(LMEM_FIXED, size) : CoTaskMemAlloc(size);
    memcpy(given, wide, size);
    free(wide);
    remember(given, LEDGER_KINDS + (int)allocator, size);
    return given;
}

CORE void ledger_freed(void *memory, enum ledger_allocator allocator)
{
    struct entry **at, *found;
    if (!memory) return;
    AcquireSRWLockExclusive(&lock);
    at = place(memory);
    found = *at;
    if (found && found->open && found->kind >= LEDGER_KINDS) {
        if (found->kind != LEDGER_KINDS + (int)allocator)
            note("a string was freed with %s, which is the other allocator", allocator == ALLOCATOR_LOCAL ? "LocalFree" : "CoTaskMemFree");
        memset(memory, 0xDD, found->size);
        open_count[found->kind]--;
        /* The heap will use this address again: it must not be taken for ours then. */
        *at = found->next;
        free(found);
    } else if (found && found->kind < LEDGER_KINDS) {
        note("%s was given a handle", allocator == ALLOCATOR_LOCAL ? "LocalFree" : "CoTaskMemFree");
    }
    ReleaseSRWLockExclusive(&lock);
}

/* `ending`: this thread is the last one. Another that was ended in the middle of a call holds the lock for ever then. */
static struct json *state(BOOL ending)
{
    struct json *object = json_object(), *open = json_object(), *total = json_object();
    int kind;
    if (!ending) AcquireSRWLockExclusive(&lock);
    for (kind = 0; kind < LEDGER_KINDS; kind++) {
        json_set_number(open, kind_names[kind], open_count[kind]);
        json_set_number(total, kind_names[kind], total_count[kind]);
    }
    json_set_number(open, "localStrings", open_count[LEDGER_KINDS]);
    json_set_number(open, "taskStrings", open_count[LEDGER_KINDS + 1]);
    json_set_number(total, "localStrings", total_count[LEDGER_KINDS]);
    json_set_number(total, "taskStrings", total_count[LEDGER_KINDS + 1]);
    json_set(object, "open", open);
    json_set(object, "total", total);
    json_set(object, "violations", violations ? json_copy(violations) : json_array());
    if (!ending) ReleaseSRWLockExclusive(&lock);
    return object;
}

/* For tests inside the process: the ledger as JSON, in a buffer of the caller. Gives the length that it needs. */
CORE uint32_t __stdcall StandinLedger(char *buffer, uint32_t size);
CORE uint32_t __stdcall StandinLedger(char *buffer, uint32_t size)
{
    struct json *object = state(FALSE);
    char *text = json_print(object);
    uint32_t length = (uint32_t)strlen(text) + 1;
    if (length <= size) memcpy(buffer, text, length);
    free(text);
    json_free(object);
    return length;
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved)
{
    if (reason == DLL_PROCESS_ATTACH) DisableThreadLibraryCalls(instance);
    if (reason == DLL_PROCESS_DETACH) {
        struct json *line = json_object();
        json_set_number(line, "pid", GetCurrentProcessId());
        json_set(line, "exit", state(reserved != NULL));
        log_line(line);
    }
    return TRUE;
}
