#include "standin.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(const char *line)
{
    WCHAR path[MAX_PATH];
    HANDLE file;
    DWORD written;
    if (!GetEnvironmentVariableW(L"PORTHOLE_STANDIN_LOG", path, MAX_PATH)) return;
    file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return;
    WriteFile(file, line, (DWORD)strlen(line), &written, NULL);
    CloseHandle(file);
}

void log_line(struct json *line);
void log_line(struct json *line)
{
    char *text = json_print(line), *whole = format_text("%s\n", text);
    append(whole);
    free(text);
    free(whole);
    json_free(line);
}

CORE void log_call(const char *function, HRESULT result, ...)
{
    struct json *line = json_object(), *arguments = json_object();
    char code[16];
    va_list list;
    const char *name;
    DWORD kept = GetLastError();
    json_set_number(line, "pid", GetCurrentProcessId());
    json_set_text(line, "call", function);
    va_start(list, result);
    while ((name = va_arg(list, const char *))) {
        char *text = utf8_from_wide(va_arg(list, const WCHAR *));
        json_set_text(arguments, name, text);
        free(text);
    }
    va_end(list);
    json_set(line, "arguments", arguments);
    sprintf(code, "0x%08lx", (unsigned long)result);
    json_set_text(line, "result", code);
    log_line(line);
    SetLastError(kept);
}

/* ---- faults ---- */

struct fault {
    char function[64];
    LONG countdown; /* 0 = every call */
    HRESULT result;
    BOOL late;
    char *document;
    struct fault *next;
};

static SRWLOCK lock = SRWLOCK_INIT;
static struct fault *faults;
static BOOL read_environment;
/* The document of the fault that this thread had last. No __thread: that would need the compiler's own DLLs. */
static DWORD document_slot = TLS_OUT_OF_INDEXES;

static void keep_document(char *document)
{
    if (document_slot == TLS_OUT_OF_INDEXES) document_slot = TlsAlloc();
    free(TlsGetValue(document_slot));
    TlsSetValue(document_slot, document);
}

static void add_fault(const char *function, LONG countdown, HRESULT result, BOOL late, const char *document)
{
    struct fault *added = calloc(1, sizeof(*added));
    struct fault **at = &faults;
    strncpy(added->function, function, sizeof(added->function) - 1);
    added->countdown = countdown;
    added->result = result;
    added->late = late;
    added->document = document && *document ? _strdup(document) : NULL;
    while (*at) at = &(*at)->next;
    *at = added;
}

static void from_environment(void)
{
    char text[4096], *at, *next;
    DWORD length = GetEnvironmentVariableA("PORTHOLE_STANDIN_FAULTS", text, sizeof(text));
    read_environment = TRUE;
    if (!length || length >= sizeof(text)) return;
    for (at = text; at; at = next) {
        char function[64] = "";
        long countdown = 1;
        unsigned result = 0;
        if ((next = strchr(at, ','))) *next++ = 0;
        if (sscanf(at, "%63[^:]:%ld:%x", function, &countdown, &result) == 3)
            add_fault(function, countdown, (HRESULT)result, strstr(at, ":late") != NULL, NULL);
    }
}

CORE HRESULT fault_of(const char *function, BOOL *late)
{
    struct fault **at;
    HRESULT result = S_OK;
    if (late) *late = FALSE;
    AcquireSRWLockExclusive(&lock);
    if (!read_environment) from_environment();
    for (at = &faults; *at; at = &(*at)->next) {
        struct fault *fault = *at;
        if (strcmp(fault->function, function)) continue;
        if (fault->countdown > 1) {
            fault->countdown--;
            continue;
        }
        result = fault->result;
        if (late) *late = fault->late;
        keep_document(fault->document ? _strdup(fault->document) : NULL);
        if (fault->countdown == 1) {
            *at = fault->next;
            free(fault->document);
            free(fault);
        }
        break;
    }
    ReleaseSRWLockExclusive(&lock);
    /* 0x0BADnnnn: the call does not return for that many hundredths of a second, and then does what it should. */
    if ((result & 0xffff0000) != 0x0bad0000) return result;
    Sleep((result & 0xffff) * 10);
    return S_OK;
}

CORE char *fault_document(void)
{
    char *document = document_slot == TLS_OUT_OF_INDEXES ? NULL : TlsGetValue(document_slot);
    if (document) TlsSetValue(document_slot, NULL);
    return document;
}

/* For tests inside the process. `countdown` 1 = the next call, 0 = every call until cleared. */
CORE void __stdcall StandinFault(const WCHAR *function, int32_t countdown, uint32_t result, int32_t late, const WCHAR *document);
CORE void __stdcall StandinFault(const WCHAR *function, int32_t countdown, uint32_t result, int32_t late, const WCHAR *document)
{
    char *name = utf8_from_wide(function), *text = utf8_from_wide(document);
    AcquireSRWLockExclusive(&lock);
    add_fault(name, countdown, (HRESULT)result, late, text);
    ReleaseSRWLockExclusive(&lock);
    free(name);
    free(text);
}

CORE void __stdcall StandinClearFaults(void);
CORE void __stdcall StandinClearFaults(void)
{
    AcquireSRWLockExclusive(&lock);
    while (faults) {
        struct fault *next = faults->next;
        free(faults->document);
        free(faults);
        faults = next;
    }
    ReleaseSRWLockExclusive(&lock);
}

/* What there is in the service, as JSON, in a buffer of the caller. Gives the length that it needs. */
CORE uint32_t __stdcall StandinWorld(char *buffer, uint32_t size);
CORE uint32_t __stdcall StandinWorld(char *buffer, uint32_t size)
{
    struct json *reply = service_call("service.world", NULL);
    char *text = json_print(reply);
    uint32_t length = (uint32_t)strlen(text) + 1;
    if (length <= size) memcpy(buffer, text, length);
    free(text);
    json_free(reply);
    return length;
}

/* ---- modes ---- */

static char mode[128];
static BOOL mode_known;

CORE void __stdcall StandinMode(const WCHAR *text);
CORE void __stdcall StandinMode(const WCHAR *text)
{
    WideCharToMultiByte(CP_UTF8, 0, text, -1, mode, sizeof(mode), NULL, NULL);
    mode_known = TRUE;
}

CORE BOOL mode_is(const char *name)
{
    if (!mode_known) {
        GetEnvironmentVariableA("PORTHOLE_STANDIN_MODE", mode, sizeof(mode));
        mode_known = TRUE;
    }
    return strstr(mode, name) != NULL;
}
