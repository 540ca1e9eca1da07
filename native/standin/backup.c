/*
 * kernel32.dll's backup streams (windows-layers.md 3.2), which Wine lacks. Content goes to the file, everything else to its
 * shadow. A context is the caller's until the call with `abort`; one that stays is a leak, one that ends in the middle of a
 * stream a violation.
 */
/* The headers declare them as imports. */
#define BackupRead ImportedBackupRead
#define BackupWrite ImportedBackupWrite
#include "backup-stream.h"
#include "privileges.h"
#include "shadow.h"
#include "standin.h"
#undef BackupRead
#undef BackupWrite

enum { STREAM_DATA = 1, STREAM_EA = 2, STREAM_SECURITY = 3, STREAM_ALTERNATE = 4, STREAM_REPARSE = 8, STREAM_SPARSE = 9, STREAM_LAST = 10 };

struct context {
    HANDLE file;
    BOOL writing;
    struct blob pending;    /* header and name that are not whole yet; all of the stream when reading */
    DWORD position;         /* reading */
    DWORD id;
    ULONGLONG left;         /* of the current stream's body */
    struct blob name, body; /* of streams that are kept */
    ULONGLONG offset;       /* of the next content byte */
    struct blob sparse;
    struct shadow shadow;
    DWORD error;
};

static BOOL is_directory(HANDLE file)
{
    BY_HANDLE_FILE_INFORMATION information;
    return GetFileInformationByHandle(file, &information) && (information.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY);
}

static void end_context(struct context *context, const char *function)
{
    struct context copy = *context;
    if (!ledger_close(context, LEDGER_LAYER, function)) return;
    free(copy.pending.bytes);
    free(copy.name.bytes);
    free(copy.body.bytes);
    free(copy.sparse.bytes);
    shadow_free(&copy.shadow);
}

static DWORD write_content(struct context *context, const BYTE *bytes, DWORD length)
{
    LARGE_INTEGER at;
    DWORD done;
    at.QuadPart = (LONGLONG)context->offset;
    if (is_directory(context->file)) return ERROR_ACCESS_DENIED;
    if (!SetFilePointerEx(context->file, at, NULL, FILE_BEGIN)) return GetLastError();
    if (length && !WriteFile(context->file, bytes, length, &done, NULL)) return GetLastError();
    context->offset += length;
    return 0;
}

/* The stream's body is whole. */
static DWORD end_stream(struct context *context, BOOL security)
{
    struct shadow *shadow = &context->shadow;
    switch (context->id) {
    case STREAM_SECURITY:
        if (!security) break;
        if (context->body.length < 20 || !IsValidSecurityDescriptor(context->body.bytes)) return ERROR_INVALID_SECURITY_DESCR;
        blob_set(&shadow->security, context->body.bytes, context->body.length);
        break;
    case STREAM_EA:
        blob_set(&shadow->extended, context->body.bytes, context->body.length);
        break;
    case STREAM_REPARSE:
        if (context->body.length < 8) return ERROR_INVALID_REPARSE_DATA;
        blob_set(&shadow->reparse, context->body.bytes, context->body.length);
        break;
    case STREAM_ALTERNATE:
        if (shadow->streams == SHADOW_STREAMS) return ERROR_DISK_FULL;
        blob_set(&shadow->stream[shadow->streams].name, context->name.bytes, context->name.length);
        blob_set(&shadow->stream[shadow->streams].data, context->body.bytes, context->body.length);
        shadow->streams++;
        break;
    case STREAM_SPARSE: {
        LONGLONG size = 0;
        LARGE_INTEGER end;
        memcpy(&size, context->sparse.bytes, 8);
        end.QuadPart = (LONGLONG)context->offset > size ? (LONGLONG)context->offset : size;
        SetFilePointerEx(context->file, end, NULL, FILE_BEGIN);
        SetEndOfFile(context->file);
        break;
    }
    }
    context->body.length = context->sparse.length = 0;
    shadow_save(context->file, shadow);
    return 0;
}

static DWORD take_body(struct context *context, const BYTE *bytes, DWORD length)
{
    if (context->id == STREAM_DATA) return write_content(context, bytes, length);
    if (context->id != STREAM_SPARSE) {
        blob_append(&context->body, bytes, length);
        return 0;
    }
    if (context->sparse.length < 8) {
        DWORD part = 8 - context->sparse.length < length ? 8 - context->sparse.length : length;
        blob_append(&context->sparse, bytes, part);
        if (context->sparse.length == 8) memcpy(&context->offset, context->sparse.bytes, 8);
        bytes += part;
        length -= part;
    }
    return length ? write_content(context, bytes, length) : 0;
}

static DWORD take(struct context *context, const BYTE *bytes, DWORD length, BOOL security)
{
    while (length) {
        DWORD code, part;
        if (!context->left) {
            DWORD name, need;
            blob_append(&context->pending, bytes, 1);
            bytes++;
            length--;
            if (context->pending.length < HEADER) continue;
            memcpy(&name, context->pending.bytes + 16, 4);
            need = HEADER + name;
            if (name > 1024) return ERROR_INVALID_DATA;
            if (context->pending.length < need) continue;
            memcpy(&context->id, context->pending.bytes, 4);
            memcpy(&context->left, context->pending.bytes + 8, 8);
            if (context->id < STREAM_DATA || context->id > STREAM_LAST) return ERROR_INVALID_DATA;
            blob_set(&context->name, context->pending.bytes + HEADER, name);
            context->pending.length = 0;
            if (context->id == STREAM_DATA) context->offset = 0;
            if (!context->left && (code = end_stream(context, security))) return code;
            continue;
        }
        part = context->left < length ? (DWORD)context->left : length;
        if ((code = take_body(context, bytes, part))) return code;
        bytes += part;
        length -= part;
        context->left -= part;
        if (!context->left && (code = end_stream(context, security))) return code;
    }
    return 0;
}

EXPORT BOOL __stdcall BackupWrite(HANDLE file, BYTE *buffer, DWORD length, DWORD *written, BOOL abort, BOOL security, void **state)
{
    struct context *context = *state;
    HRESULT fault;
    *written = 0;
    if (abort) {
        if (context && context->left) ledger_violation("%s ended in the middle of a stream", "BackupWrite");
        if (context) end_context(context, "BackupWrite");
        *state = NULL;
        return TRUE;
    }
    if ((fault = fault_of("BackupWrite", NULL))) {
        SetLastError(fault & 0xffff);
        return FALSE;
    }
    if (security && !is_enabled(L"SeRestorePrivilege")) {
        SetLastError(ERROR_PRIVILEGE_NOT_HELD);
        return FALSE;
    }
    if (!context) {
        context = *state = ledger_open(LEDGER_LAYER, sizeof(*context));
        context->file = file;
        context->writing = TRUE;
        /* What was kept under the file's number before; its attributes were just set. */
        shadow_load(file, &context->shadow);
        {
            DWORD known = context->shadow.known_attributes, attributes = context->shadow.attributes;
            shadow_free(&context->shadow);
            context->shadow.known_attributes = known;
            context->shadow.attributes = attributes;
        }
        shadow_save(file, &context->shadow);
    }
    if (!ledger_is_open(context, LEDGER_LAYER, "BackupWrite") || context->file != file || !context->writing) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    if (!context->error) context->error = take(context, buffer, length, security);
    if (context->error) {
        SetLastError(context->error);
        return FALSE;
    }
    *written = length;
    return TRUE;
}

/* ---- reading ---- */

static DWORD fill(struct context *context, BOOL security)
{
    struct shadow shadow;
    DWORD at;
    shadow_load(context->file, &shadow);
    if (security) {
        if (shadow.security.length) put_stream(&context->pending, STREAM_SECURITY, NULL, shadow.security.bytes, shadow.security.length);
        else put_stream(&context->pending, STREAM_SECURITY, NULL, usual_security, sizeof(usual_security));
    }
    if (shadow.extended.length) put_stream(&context->pending, STREAM_EA, NULL, shadow.extended.bytes, shadow.extended.length);
    if (shadow.reparse.length) put_stream(&context->pending, STREAM_REPARSE, NULL, shadow.reparse.bytes, shadow.reparse.length);
    if (!is_directory(context->file) && !shadow.reparse.length) {
        LARGE_INTEGER size = {{0, 0}}, start = {{0, 0}};
        BYTE *content;
        DWORD done = 0;
        GetFileSizeEx(context->file, &size);
        content = malloc((SIZE_T)size.QuadPart + 1);
        SetFilePointerEx(context->file, start, NULL, FILE_BEGIN);
        if (size.QuadPart && !ReadFile(context->file, content, (DWORD)size.QuadPart, &done, NULL)) {
            free(content);
            shadow_free(&shadow);
            return GetLastError();
        }
        put_stream(&context->pending, STREAM_DATA, NULL, content, done);
        free(content);
    }
    for (at = 0; at < shadow.streams; at++)
        put_stream(&context->pending, STREAM_ALTERNATE, &shadow.stream[at].name, shadow.stream[at].data.bytes, shadow.stream[at].data.length);
    shadow_free(&shadow);
    return 0;
}

EXPORT BOOL __stdcall BackupRead(HANDLE file, BYTE *buffer, DWORD length, DWORD *read, BOOL abort, BOOL security, void **state)
{
    struct context *context = *state;
    HRESULT fault;
    DWORD code;
    *read = 0;
    if (abort) {
        if (context) end_context(context, "BackupRead");
        *state = NULL;
        return TRUE;
    }
    if ((fault = fault_of("BackupRead", NULL))) {
        SetLastError(fault & 0xffff);
        return FALSE;
    }
    if (!context) {
        context = *state = ledger_open(LEDGER_LAYER, sizeof(*context));
        context->file = file;
        if ((code = fill(context, security))) {
            SetLastError(code);
            return FALSE;
        }
    }
    if (!ledger_is_open(context, LEDGER_LAYER, "BackupRead") || context->file != file || context->writing) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    if (length > context->pending.length - context->position) length = context->pending.length - context->position;
    memcpy(buffer, context->pending.bytes + context->position, length);
    context->position += length;
    *read = length;
    return TRUE;
}

/* For tests: what is below a path is going to be deleted by somebody who knows nothing of shadows. */
EXPORT void __stdcall StandinForget(const WCHAR *path);
EXPORT void __stdcall StandinForget(const WCHAR *path)
{
    WIN32_FIND_DATAW found;
    WCHAR pattern[1024];
    HANDLE search, file = CreateFileW(path, 0, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    BOOL directory;
    if (file == INVALID_HANDLE_VALUE) return;
    directory = is_directory(file);
    shadow_forget(file);
    CloseHandle(file);
    if (!directory) return;
    swprintf(pattern, 1024, L"%ls\\*", path);
    search = FindFirstFileW(pattern, &found);
    if (search == INVALID_HANDLE_VALUE) return;
    do {
        WCHAR child[1024];
        if (!wcscmp(found.cFileName, L".") || !wcscmp(found.cFileName, L"..")) continue;
        swprintf(child, 1024, L"%ls\\%ls", path, found.cFileName);
        StandinForget(child);
    } while (FindNextFileW(search, &found));
    FindClose(search);
}
