/*
 * computestorage.dll (windows-layers.md 4.3, 4.5). Layers are the folders of wclayer.h; a writable layer is the volume of an
 * attached disk, with its state in the folder that the disk lies in: `standin-initialized`, `standin-filter`. Nobody has
 * published what wrong orders give: a code that says what is wrong, and a violation where callers must know better.
 *
 *   PORTHOLE_STANDIN_MODE  `disk-handles` (disks are formatted by their device, as before Windows build 18362), `no-volume`
 *                          (an attached disk has no mount path, as without an administrator's rights)
 */
#include "disk.h"
#include "privileges.h"
#include "wclayer.h"
#include <computestorage.h>
#include <stdio.h>

#define INITIALIZED L"standin-initialized"
#define FILTER L"standin-filter"
#define TRIED L"standin-filter-tried"
#define OVERLAY L"standin-overlay"
#define HR(code) ((code) ? FAILURE_OF_WIN32(code) : S_OK)
#define VOLUME L"\\\\?\\Volume{"

/* ---- arguments ---- */

static DWORD check_folder(PCWSTR path)
{
    WCHAR below[PATH_CHARS];
    if (!path || wcslen(path) < 4 || path[1] != L':' || path[wcslen(path) - 1] == L'\\') return ERROR_INVALID_NAME;
    if (!is_enabled(L"SeBackupPrivilege") || !is_enabled(L"SeRestorePrivilege")) return ERROR_PRIVILEGE_NOT_HELD;
    path_of(below, path, NULL);
    return is_folder(below) ? 0 : ERROR_PATH_NOT_FOUND;
}

/* The folder of the disk that a volume is of; the volume without its last backslash goes to `volume`. */
static DWORD check_volume(PCWSTR path, WCHAR *volume, WCHAR *folder)
{
    WCHAR line[PATH_CHARS], disk[PATH_CHARS];
    if (!path || wcsncmp(path, VOLUME, wcslen(VOLUME)) || wcslen(path) >= 64) return ERROR_INVALID_NAME;
    wcscpy(volume, path);
    if (volume[wcslen(volume) - 1] == L'\\') volume[wcslen(volume) - 1] = 0;
    swprintf(line, PATH_CHARS, L"%ls\\" VOLUME_STATE L"\\folder", volume);
    if (!volume_read_line(line, folder, 1000)) return ERROR_PATH_NOT_FOUND;
    path_of(disk, folder, L"sandbox.vhdx");
    return disk_is_attached(disk) ? 0 : ERROR_NOT_READY;
}

static BOOL is_guid(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    SIZE_T at;
    for (at = 0; form[at]; at++)
        if (form[at] == '-' ? text[at] != '-' : !isxdigit((unsigned char)text[at])) return FALSE;
    return !text[at];
}

/* A layer's id is the same in every call: placeholders lead by it. */
static BOOL is_its_id(const WCHAR *layer, const char *id)
{
    WCHAR path[PATH_CHARS];
    char known[64] = "";
    DWORD done = 0;
    HANDLE file;
    path_of(path, layer, L"standin-id");
    if (!exists(path) && !write_text(path, id)) return TRUE;
    file = CreateFileW(path, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    /* Another thread is writing it down: a later call compares. */
    if (file == INVALID_HANDLE_VALUE) return TRUE;
    ReadFile(file, known, sizeof(known) - 1, &done, NULL);
    CloseHandle(file);
    return !done || !_stricmp(known, id);
}

static void free_chain(struct chain *chain)
{
    WC_LAYER_DESCRIPTOR *layers = (WC_LAYER_DESCRIPTOR *)chain->layers;
    SIZE_T at;
    for (at = 0; at < chain->count; at++) free((void *)layers[at].Path);
    free(layers);
    memset(chain, 0, sizeof(*chain));
}

static BOOL is_version(const struct json *version)
{
    return json_get_number(version, "Major", 0) == 2 && json_get_number(version, "Minor", -1) >= 1;
}

/* `LayerData`. `filter` receives FilterType, which only overlays have. */
static HRESULT read_layers(PCWSTR text, struct chain *chain, char *filter)
{
    char *utf8 = utf8_from_wide(text);
    struct json *data = text ? json_parse(utf8) : NULL;
    const struct json *layers = json_get(data, "Layers"), *at;
    WC_LAYER_DESCRIPTOR *made = calloc((SIZE_T)json_count(layers) + 1, sizeof(*made));
    HRESULT result = S_OK;
    free(utf8);
    memset(chain, 0, sizeof(*chain));
    chain->layers = made;
    if (!data) result = HCS(0x10d); /* HCS_E_INVALID_JSON */
    else if (!is_version(json_get(data, "SchemaVersion"))) result = E_INVALIDARG;
    if (!result && filter) strncpy(filter, json_get_text(data, "FilterType", ""), 15);
    else if (!result && json_get(data, "FilterType")) result = E_INVALIDARG;
    for (at = !result && layers ? layers->first : NULL; at && !result; at = at->next) {
        WCHAR *path = wide_from_utf8(json_get_text(at, "Path", ""));
        const char *id = json_get_text(at, "Id", "");
        made[chain->count++].Path = path;
        if (!is_guid(id)) result = E_INVALIDARG;
        else if (!filter && !has(path, L"Files")) result = FAILURE_OF_WIN32(ERROR_PATH_NOT_FOUND);
        else if (!is_its_id(path, id)) {
            ledger_violation("%s has two ids", json_get_text(at, "Path", ""));
            result = E_INVALIDARG;
        }
    }
    json_free(data);
    if (result) free_chain(chain);
    return result;
}

static HRESULT read_os_type(PCWSTR options, BOOL *is_vm)
{
    char *utf8 = utf8_from_wide(options);
    struct json *parsed = options ? json_parse(utf8) : NULL;
    const char *type = json_get_text(parsed, "Type", "");
    HRESULT result = S_OK;
    if (!parsed) result = HCS(0x10d);
    else if (strcmp(type, "Vm") && strcmp(type, "Container")) result = E_INVALIDARG;
    *is_vm = !strcmp(type, "Vm");
    json_free(parsed);
    free(utf8);
    return result;
}

/* ---- layers ---- */

static const WCHAR *const deltas[] = {L"DefaultUser_Delta", L"Sam_Delta", L"Security_Delta", L"Software_Delta", L"System_Delta"};

static BOOL is_whole(const WCHAR *from)
{
    WCHAR below[64];
    SIZE_T at;
    if (!has(from, L"tombstones.txt") || !has(from, L"Files.$wcidirs$") || !has(from, L"Hives.$wcidirs$")) return FALSE;
    for (at = 0; at < sizeof(deltas) / sizeof(*deltas); at++) {
        swprintf(below, 64, L"Hives\\%ls", deltas[at]);
        if (!has(from, below)) return FALSE;
    }
    return TRUE;
}

/* Removes from the layer what the list names: `\path` below Files, one a line. */
static DWORD apply_tombstones(const WCHAR *layer, const WCHAR *from)
{
    static const char first[] = "\xef\xbb\xbfVersion 1.0";
    WCHAR path[PATH_CHARS], files[PATH_CHARS], name[PATH_CHARS];
    DWORD done = 0, code = 0;
    char *text, *line, *next;
    HANDLE file;
    path_of(path, from, L"tombstones.txt");
    file = CreateFileW(path, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return GetLastError();
    text = calloc(1, GetFileSize(file, NULL) + 1);
    ReadFile(file, text, GetFileSize(file, NULL), &done, NULL);
    CloseHandle(file);
    if (strncmp(text, first, sizeof(first) - 1)) code = ERROR_INVALID_DATA;
    path_of(files, layer, L"Files");
    for (line = strchr(text, '\n'); line && !code; line = next) {
        if ((next = strchr(++line, '\n'))) *next = 0;
        if (*line && line[strlen(line) - 1] == '\r') line[strlen(line) - 1] = 0;
        if (!*line) continue;
        if (*line != '\\') code = ERROR_INVALID_DATA;
        MultiByteToWideChar(CP_UTF8, 0, line + 1, -1, name, PATH_CHARS);
        path_of(path, files, name);
        if (!code) code = remove_all(path);
    }
    free(text);
    return code;
}

EXPORT HRESULT WINAPI HcsImportLayer(PCWSTR layer, PCWSTR from, PCWSTR data)
{
    HRESULT result = fault_of("HcsImportLayer", NULL);
    struct chain chain = {NULL, 0};
    DWORD code = result ? 0 : check_folder(layer);
    if (!result && !code) result = read_layers(data, &chain, NULL);
    if (!result && !code && !chain.count) code = ERROR_NOT_SUPPORTED; /* base layers are set up where they are */
    if (!result && !code && has(layer, L"Files")) code = ERROR_ALREADY_EXISTS;
    if (!result && !code) code = import_tree(layer, from, &chain);
    /* It is seen too late, when the files are there. */
    if (!result && !code && !is_whole(from)) code = ERROR_PATH_NOT_FOUND;
    if (!result && !code) code = apply_tombstones(layer, from);
    free_chain(&chain);
    if (!result) result = HR(code);
    log_call("HcsImportLayer", result, "layer", layer, "from", from, "data", data, NULL);
    return result;
}

EXPORT HRESULT WINAPI HcsExportLayer(PCWSTR layer, PCWSTR to, PCWSTR data, PCWSTR options)
{
    HRESULT result = fault_of("HcsExportLayer", NULL);
    struct chain chain = {NULL, 0};
    WCHAR volume[64], folder[PATH_CHARS];
    char *text = utf8_from_wide(options);
    struct json *parsed = options ? json_parse(text) : NULL;
    DWORD code = 0;
    if (!result && !parsed) result = HCS(0x10d);
    if (!result) result = read_layers(data, &chain, NULL);
    /* Read-only layers are never exported here: their tars are kept. */
    if (!result && !json_get_bool(parsed, "IsWritableLayer")) code = ERROR_NOT_SUPPORTED;
    if (!result && !code) code = check_volume(layer, volume, folder);
    if (!result && !code && !has(folder, FILTER)) code = ERROR_NOT_READY;
    if (!result && !code) code = check_folder(to);
    if (!result && !code) code = export_tree(volume, to, &chain);
    if (!result && !code) grow_disk(folder, &chain);
    json_free(parsed);
    free(text);
    free_chain(&chain);
    if (!result) result = HR(code);
    log_call("HcsExportLayer", result, "layer", layer, "to", to, "data", data, "options", options, NULL);
    return result;
}

EXPORT HRESULT WINAPI HcsExportLegacyWritableLayer(PCWSTR mount, PCWSTR hives, PCWSTR to, PCWSTR data)
{
    HRESULT result = fault_of("HcsExportLegacyWritableLayer", NULL);
    struct chain chain = {NULL, 0};
    WCHAR volume[64], folder[PATH_CHARS];
    DWORD code = result ? 0 : check_volume(mount, volume, folder);
    if (!result && !code) code = check_folder(hives);
    if (!result && !code) code = check_folder(to);
    if (!result && !code) result = read_layers(data, &chain, NULL);
    if (!result && !code) code = export_tree(volume, to, &chain);
    free_chain(&chain);
    if (!result) result = HR(code);
    log_call("HcsExportLegacyWritableLayer", result, "mount", mount, "hives", hives, "to", to, "data", data, NULL);
    return result;
}

EXPORT HRESULT WINAPI HcsDestroyLayer(PCWSTR layer)
{
    HRESULT result = fault_of("HcsDestroyLayer", NULL);
    WCHAR path[PATH_CHARS], volume[64];
    DWORD code = result ? 0 : check_folder(layer);
    if (!result && !code) {
        path_of(path, layer, L"sandbox.vhdx");
        if (disk_is_attached(path)) code = ERROR_SHARING_VIOLATION;
        else if (volume_find(layer, volume)) code = remove_all(volume);
        path_of(path, layer, NULL);
        if (!code) code = remove_all(path);
    }
    if (!result) result = HR(code);
    log_call("HcsDestroyLayer", result, "layer", layer, NULL);
    return result;
}

/* ---- base layers ---- */

/* FALSE while somebody has the disk open. */
static BOOL is_free(const WCHAR *layer, const WCHAR *name)
{
    WCHAR path[PATH_CHARS];
    HANDLE file;
    path_of(path, layer, name);
    file = CreateFileW(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return GetLastError() != ERROR_SHARING_VIOLATION;
    CloseHandle(file);
    return TRUE;
}

EXPORT HRESULT WINAPI HcsSetupBaseOSLayer(PCWSTR layer, HANDLE disk, PCWSTR options)
{
    HRESULT result = fault_of("HcsSetupBaseOSLayer", NULL);
    WCHAR path[PATH_CHARS];
    BOOL is_vm = FALSE;
    DWORD code = result ? 0 : check_folder(layer);
    if (!result && !code) result = read_os_type(options, &is_vm);
    if (!result && !code && !is_vm) {
        if (disk) result = E_INVALIDARG;
        else if (!is_free(layer, L"blank-base.vhdx")) code = ERROR_SHARING_VIOLATION;
        else code = set_up_base(layer);
    }
    if (!result && !code && is_vm) {
        if (!disk || !disk_path(disk, path)) result = E_HANDLE;
        else if (!disk_is_attached(path)) code = ERROR_NOT_READY;
        /* The folder above Files is wanted. */
        else if (!has(layer, L"Files")) code = ERROR_GEN_FAILURE;
        else if (!has(layer, BOOT_STORE)) code = ERROR_FILE_NOT_FOUND;
        else change_boot_store(layer);
    }
    if (!result) result = HR(code);
    log_call("HcsSetupBaseOSLayer", result, "layer", layer, "options", options, NULL);
    return result;
}

EXPORT HRESULT WINAPI HcsSetupBaseOSVolume(PCWSTR layer, PCWSTR at, PCWSTR options)
{
    HRESULT result = fault_of("HcsSetupBaseOSVolume", NULL);
    WCHAR volume[64], folder[PATH_CHARS];
    BOOL is_vm = FALSE;
    DWORD code = result ? 0 : check_folder(layer);
    if (!result && !code) result = read_os_type(options, &is_vm);
    /* Any other volume is left alone, and nothing said of it. */
    if (!result && !code && !check_volume(at, volume, folder)) code = set_up_base(layer);
    if (!result) result = HR(code);
    log_call("HcsSetupBaseOSVolume", result, "layer", layer, "volume", at, "options", options, NULL);
    return result;
}

/* ---- disks ---- */

EXPORT HRESULT WINAPI HcsFormatWritableLayerVhd(HANDLE disk)
{
    HRESULT result = fault_of("HcsFormatWritableLayerVhd", NULL);
    WCHAR path[PATH_CHARS] = L"", *suffix;
    char text[DISK_TEXT] = "";
    BOOL is_device = FALSE;
    DWORD done;
    if (!result && !disk_path(disk, path)) result = E_HANDLE;
    suffix = wcsstr(path, DISK_ATTACHED);
    if (suffix) {
        is_device = TRUE;
        *suffix = 0;
    }
    if (!result && is_device != mode_is("disk-handles")) result = FAILURE_OF_WIN32(ERROR_INVALID_FUNCTION);
    if (!result && !is_device && disk_is_attached(path)) result = FAILURE_OF_WIN32(ERROR_SHARING_VIOLATION);
    if (!result && (!disk_text(path, text) || strcmp(text, DISK_MADE))) result = E_INVALIDARG;
    if (!result) {
        HANDLE file = CreateFileW(path, FILE_APPEND_DATA, 7, NULL, OPEN_EXISTING, 0, NULL);
        if (file == INVALID_HANDLE_VALUE || !WriteFile(file, DISK_FORMATTED, sizeof(DISK_FORMATTED) - 1, &done, NULL)) result = E_FAIL;
        CloseHandle(file);
    }
    log_call("HcsFormatWritableLayerVhd", result, "disk", path, NULL);
    return result;
}

EXPORT HRESULT WINAPI HcsGetLayerVhdMountPath(HANDLE disk, PWSTR *mount)
{
    HRESULT result = fault_of("HcsGetLayerVhdMountPath", NULL);
    WCHAR path[PATH_CHARS] = L"", folder[PATH_CHARS], volume[80] = L"";
    char *text;
    *mount = NULL;
    if (!result && !disk_path(disk, path)) result = E_HANDLE;
    if (!result && !disk_is_attached(path)) result = FAILURE_OF_WIN32(ERROR_NOT_READY);
    if (!result && !disk_has_volume(path)) result = FAILURE_OF_WIN32(ERROR_NOT_FOUND);
    if (!result && !mode_is("no-volume")) {
        wcscpy(folder, path);
        *wcsrchr(folder, L'\\') = 0;
        if (!volume_make(folder + (wcsncmp(folder, L"\\\\?\\", 4) ? 0 : 4), volume)) result = E_FAIL;
        wcscat(volume, L"\\");
    }
    if (!result) {
        text = utf8_from_wide(volume);
        *mount = ledger_string(text, ALLOCATOR_LOCAL);
        free(text);
    }
    log_call("HcsGetLayerVhdMountPath", result, "disk", path, "mount", volume, NULL);
    return result;
}

/* ---- writable layers ---- */

static HRESULT initialize(PCWSTR mount, PCWSTR data, PCWSTR options)
{
    struct chain chain;
    WCHAR volume[64], folder[PATH_CHARS];
    HRESULT result;
    DWORD code;
    if (options) return E_INVALIDARG;
    if ((code = check_volume(mount, volume, folder))) return HR(code);
    if (has(folder, INITIALIZED)) return FAILURE_OF_WIN32(ERROR_ALREADY_EXISTS);
    if ((result = read_layers(data, &chain, NULL))) return result;
    if (!chain.count) result = E_INVALIDARG;
    free_chain(&chain);
    return result ? result : HR(mark(folder, INITIALIZED, TRUE));
}

EXPORT HRESULT WINAPI HcsInitializeWritableLayer(PCWSTR mount, PCWSTR data, PCWSTR options)
{
    HRESULT result = fault_of("HcsInitializeWritableLayer", NULL);
    if (!result) result = initialize(mount, data, options);
    log_call("HcsInitializeWritableLayer", result, "mount", mount, "data", data, NULL);
    return result;
}

EXPORT HRESULT WINAPI HcsInitializeLegacyWritableLayer(PCWSTR mount, PCWSTR hives, PCWSTR data, PCWSTR options)
{
    HRESULT result = fault_of("HcsInitializeLegacyWritableLayer", NULL);
    if (!result) result = HR(check_folder(hives));
    if (!result) result = initialize(mount, data, options);
    log_call("HcsInitializeLegacyWritableLayer", result, "mount", mount, "hives", hives, "data", data, NULL);
    return result;
}

/* A filter lives as long as its disk: one that goes with a handle takes the filter along. */
static void check_lifetime(const WCHAR *folder)
{
    WCHAR path[PATH_CHARS];
    char text[DISK_TEXT] = "";
    path_of(path, folder, L"sandbox.vhdx" DISK_ATTACHED);
    if (!disk_text(path, text) || strcmp(text, "permanent")) ledger_violation("%s was given a disk that goes with its handle", "HcsAttachLayerStorageFilter");
}

EXPORT HRESULT WINAPI HcsAttachLayerStorageFilter(PCWSTR mount, PCWSTR data)
{
    HRESULT result = fault_of("HcsAttachLayerStorageFilter", NULL);
    struct chain chain = {NULL, 0};
    WCHAR volume[64], folder[PATH_CHARS];
    DWORD code = result ? 0 : check_volume(mount, volume, folder);
    if (!result && !code && !has(folder, INITIALIZED)) code = ERROR_PATH_NOT_FOUND;
    if (!result && !code && has(folder, FILTER)) code = ERROR_ALREADY_EXISTS;
    if (!result && !code) result = read_layers(data, &chain, NULL);
    if (!result && !code && !chain.count) result = E_INVALIDARG;
    if (!result && !code) {
        check_lifetime(folder);
        mark(folder, TRIED, FALSE);
        code = fill_volume(volume, &chain);
        if (!code) code = mark(folder, FILTER, TRUE);
    }
    free_chain(&chain);
    if (!result) result = HR(code);
    log_call("HcsAttachLayerStorageFilter", result, "mount", mount, "data", data, NULL);
    return result;
}

EXPORT HRESULT WINAPI HcsDetachLayerStorageFilter(PCWSTR mount)
{
    HRESULT result = fault_of("HcsDetachLayerStorageFilter", NULL);
    WCHAR volume[64], folder[PATH_CHARS];
    DWORD code = check_volume(mount, volume, folder);
    if (result && !code && has(folder, FILTER)) mark(folder, TRIED, TRUE);
    if (!result && !code && !has(folder, FILTER)) code = ERROR_NOT_FOUND;
    if (!result && !code) code = mark(folder, FILTER, FALSE);
    if (!result) result = HR(code);
    log_call("HcsDetachLayerStorageFilter", result, "mount", mount, NULL);
    return result;
}

/* ---- overlays, which the published header lacks ---- */

static HRESULT overlay(const char *function, PCWSTR mount, PCWSTR data, BOOL attach)
{
    HRESULT result = fault_of(function, NULL);
    struct chain chain = {NULL, 0};
    WCHAR volume[64], folder[PATH_CHARS];
    char filter[16] = "";
    DWORD code = result ? 0 : check_volume(mount, volume, folder);
    if (!result && !code) result = read_layers(data, &chain, filter);
    if (!result && !code && strcmp(filter, "UnionFS") && strcmp(filter, "WCIFS")) result = E_INVALIDARG;
    if (!result && !code && attach && !chain.count) result = E_INVALIDARG;
    if (!result && !code && attach == has(folder, OVERLAY)) code = attach ? ERROR_ALREADY_EXISTS : ERROR_NOT_FOUND;
    if (!result && !code) code = mark(folder, OVERLAY, attach);
    free_chain(&chain);
    if (!result) result = HR(code);
    log_call(function, result, "mount", mount, "data", data, NULL);
    return result;
}

EXPORT HRESULT WINAPI HcsAttachOverlayFilter(PCWSTR mount, PCWSTR data);
EXPORT HRESULT WINAPI HcsAttachOverlayFilter(PCWSTR mount, PCWSTR data)
{
    return overlay("HcsAttachOverlayFilter", mount, data, TRUE);
}

EXPORT HRESULT WINAPI HcsDetachOverlayFilter(PCWSTR mount, PCWSTR data);
EXPORT HRESULT WINAPI HcsDetachOverlayFilter(PCWSTR mount, PCWSTR data)
{
    return overlay("HcsDetachOverlayFilter", mount, data, FALSE);
}
