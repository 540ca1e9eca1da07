/* Starting a container's process: in its container-init.exe, or in the service where there is no volume to be its C:. */
#include "child.h"
#include <stdlib.h>
#include <wchar.h>

static int by_name(const void *a, const void *b) { return _wcsicmp(*(WCHAR *const *)a, *(WCHAR *const *)b); }

static BOOL overridden(const WCHAR *entry, const struct json *variables)
{
    const struct json *at;
    for (at = variables ? variables->first : NULL; at; at = at->next) {
        WCHAR *name = wide_from_utf8(at->name);
        size_t length = wcslen(name);
        BOOL same = !_wcsnicmp(entry, name, length) && entry[length] == L'=';
        free(name);
        if (same) return TRUE;
    }
    return FALSE;
}

/* No container has these: Wine and the rig give them to their own programs. */
static BOOL of_the_rig(const WCHAR *entry)
{
    static const WCHAR *const names[] = {L"PORTHOLE_", L"WINE", L"LANG=", L"USER=", L"NODE_OPTIONS=", L"NODE_PATH="};
    size_t index;
    for (index = 0; index < sizeof(names) / sizeof(*names); index++)
        if (!wcsncmp(entry, names[index], wcslen(names[index]))) return TRUE;
    return FALSE;
}

/* This process' own without the rig's variables, with those of the document on top. */
static WCHAR *environment_block(const struct json *variables)
{
    WCHAR *own = GetEnvironmentStringsW(), *at, *block, *to;
    WCHAR **list = calloc(4096, sizeof(*list));
    size_t count = 0, index, size = 1;
    const struct json *variable;
    for (at = own; *at; at += wcslen(at) + 1)
        if (*at != L'=' && !of_the_rig(at) && !overridden(at, variables)) list[count++] = _wcsdup(at);
    for (variable = variables ? variables->first : NULL; variable && count < 4095; variable = variable->next) {
        char *pair = format_text("%s=%s", variable->name, variable->text ? variable->text : "");
        list[count++] = wide_from_utf8(pair);
        free(pair);
    }
    FreeEnvironmentStringsW(own);
    qsort(list, count, sizeof(*list), by_name);
    for (index = 0; index < count; index++) size += wcslen(list[index]) + 1;
    block = to = calloc(size + 1, sizeof(WCHAR));
    for (index = 0; index < count; index++) {
        wcscpy(to, list[index]);
        to += wcslen(to) + 1;
        free(list[index]);
    }
    free(list);
    return block;
}

/* A missing working directory is made, as HCS does. */
static BOOL make_directory(WCHAR *path)
{
    DWORD attributes = GetFileAttributesW(path);
    WCHAR *slash;
    BOOL made;
    if (attributes != INVALID_FILE_ATTRIBUTES) return (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    if (CreateDirectoryW(path, NULL)) return TRUE;
    slash = wcsrchr(path, L'\\');
    if (!slash || slash < path + 3) return FALSE;
    *slash = 0;
    made = make_directory(path);
    *slash = L'\\';
    return made && CreateDirectoryW(path, NULL);
}

DWORD child_start(const struct json *parameters, DWORD flags, STARTUPINFOW *startup, PROCESS_INFORMATION *information)
{
    const struct json *variables = json_get(parameters, "Environment");
    const char *path = json_get_text(variables, "PATH", NULL), *folder = json_get_text(parameters, "WorkingDirectory", "");
    WCHAR *command = wide_from_utf8(json_get_text(parameters, "CommandLine", ""));
    WCHAR *directory = wide_from_utf8(*folder ? folder : "C:\\windows\\system32");
    WCHAR *block = environment_block(variables);
    DWORD code = 0;
    if (path && (flags & CHILD_OWN_PATH)) {
        /* Programs are looked up in the caller's PATH. */
        WCHAR *wide = wide_from_utf8(path);
        SetEnvironmentVariableW(L"PATH", wide);
        free(wide);
    }
    if (!make_directory(directory)) code = ERROR_DIRECTORY;
    else if (!CreateProcessW(NULL, command, NULL, NULL, TRUE, CREATE_UNICODE_ENVIRONMENT | CREATE_NO_WINDOW | (flags & CREATE_SUSPENDED),
                             block, directory, startup, information))
        code = GetLastError();
    free(command);
    free(directory);
    free(block);
    return code;
}
