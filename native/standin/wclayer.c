/*
 * The exports. State is in the layer's own folder, as the calls may come from several processes: `standin-active`,
 * `standin-prepared`, and the volume. Wrong orders give the codes that callers must know; some are violations too.
 */
#include "privileges.h"
#include "wclayer.h"
#include <stdio.h>

typedef struct {
    int Flavour;
    PCWSTR HomeDir;
} WC_DRIVER_INFO;

#define ACTIVE L"standin-active"
#define PREPARED L"standin-prepared"
#define HR(code) ((code) ? FAILURE_OF_WIN32(code) : S_OK)

static LONG preparing;

/* What every call wants: our flavour, a full path of a folder without a last backslash. */
static DWORD check(const WC_DRIVER_INFO *driver, const WCHAR *id, BOOL must_exist)
{
    WCHAR path[PATH_CHARS];
    if (!driver || driver->Flavour != 1 || !driver->HomeDir || *driver->HomeDir || !id) return ERROR_INVALID_PARAMETER;
    if (wcslen(id) < 3 || (id[1] != L':' && wcsncmp(id, L"\\\\?\\", 4)) || id[wcslen(id) - 1] == L'\\') return ERROR_INVALID_NAME;
    path_of(path, id, NULL);
    if (must_exist && !is_folder(path)) return ERROR_PATH_NOT_FOUND;
    if (!is_enabled(L"SeBackupPrivilege") || !is_enabled(L"SeRestorePrivilege")) return ERROR_PRIVILEGE_NOT_HELD;
    return 0;
}

static void guid_of(const WCHAR *name, GUID *guid)
{
    ULONGLONG one = 0xcbf29ce484222325ull, two = 0x84222325cbf29ce4ull;
    for (; *name; name++) {
        one = (one ^ *name) * 0x100000001b3ull;
        two = (two ^ (*name + 7u)) * 0x100000001b3ull;
    }
    memcpy(guid, &one, 8);
    memcpy((BYTE *)guid + 8, &two, 8);
    guid->Data3 = (guid->Data3 & 0x0fff) | 0x5000;
    guid->Data4[0] = (guid->Data4[0] & 0x3f) | 0x80;
}

/* Every parent is a layer, and its id is the one that belongs to its folder's name. */
static DWORD check_chain(const struct chain *chain)
{
    SIZE_T at;
    for (at = 0; at < chain->count; at++) {
        const WCHAR *path = chain->layers[at].Path, *name = path ? wcsrchr(path, L'\\') : NULL;
        GUID guid;
        if (!name || !has(path, L"Files")) return ERROR_PATH_NOT_FOUND;
        guid_of(name + 1, &guid);
        if (memcmp(&guid, &chain->layers[at].LayerId, sizeof(guid))) {
            ledger_violation("%s has a descriptor whose id is not its folder's", "a layer");
            return ERROR_INVALID_PARAMETER;
        }
    }
    return 0;
}

#define BEGIN(name, must_exist)                  \
    HRESULT result = fault_of(name, NULL);       \
    DWORD code = 0;                              \
    if (!result) code = check(driver, id, must_exist)

#define END(name)                       \
    if (!result) result = HR(code);     \
    log_call(name, result, "id", id, NULL); \
    return result

EXPORT HRESULT __stdcall ActivateLayer(const WC_DRIVER_INFO *driver, PCWSTR id)
{
    BEGIN("ActivateLayer", TRUE);
    if (!result && !code && has(id, L"sandbox.vhdx") && !has(id, ACTIVE)) code = mark(id, ACTIVE, TRUE);
    END("ActivateLayer");
}

EXPORT HRESULT __stdcall DeactivateLayer(const WC_DRIVER_INFO *driver, PCWSTR id)
{
    BEGIN("DeactivateLayer", TRUE);
    if (!result && !code && has(id, L"sandbox.vhdx")) {
        if (has(id, PREPARED)) code = ERROR_BUSY;
        else if (!has(id, ACTIVE)) code = ERROR_NOT_READY;
        else code = mark(id, ACTIVE, FALSE);
    }
    END("DeactivateLayer");
}

EXPORT HRESULT __stdcall PrepareLayer(const WC_DRIVER_INFO *driver, PCWSTR id, const WC_LAYER_DESCRIPTOR *layers, SIZE_T count)
{
    struct chain chain = {layers, count};
    WCHAR volume[PATH_CHARS];
    BEGIN("PrepareLayer", TRUE);
    if (!result && !code && InterlockedIncrement(&preparing) > 1) code = ERROR_TIMEOUT;
    if (!result && !code) code = check_chain(&chain);
    if (!result && !code && has(id, L"sandbox.vhdx")) {
        if (!has(id, ACTIVE)) code = ERROR_NOT_READY;
        else if (has(id, PREPARED)) code = ERROR_ALREADY_EXISTS;
        else {
            if (!volume_make(id, volume)) code = ERROR_GEN_FAILURE;
            if (!code) code = fill_volume(volume, &chain);
            if (!code) code = mark(id, PREPARED, TRUE);
        }
    }
    if (!result) InterlockedDecrement(&preparing);
    END("PrepareLayer");
}

/* The chain is not told again: the disk grows at the next export, or by what the marker says. */
EXPORT HRESULT __stdcall UnprepareLayer(const WC_DRIVER_INFO *driver, PCWSTR id)
{
    BEGIN("UnprepareLayer", TRUE);
    if (!result && !code && has(id, L"sandbox.vhdx")) {
        if (!has(id, PREPARED)) code = ERROR_NOT_FOUND;
        else code = mark(id, PREPARED, FALSE);
    }
    END("UnprepareLayer");
}

EXPORT HRESULT __stdcall GetLayerMountPath(const WC_DRIVER_INFO *driver, PCWSTR id, SIZE_T *length, WCHAR *buffer)
{
    WCHAR path[PATH_CHARS];
    BEGIN("GetLayerMountPath", TRUE);
    if (!result && !code) {
        wcscpy(path, id);
        if (has(id, L"sandbox.vhdx")) {
            if (!has(id, ACTIVE) && !has(id, L"sandbox.vhdx.standin-attached")) code = ERROR_NOT_READY;
            else if (!volume_make(id, path)) code = ERROR_GEN_FAILURE;
        }
        if (!code && buffer && *length <= wcslen(path)) code = ERROR_INSUFFICIENT_BUFFER;
        if (!code && buffer) wcscpy(buffer, path);
        if (!code) *length = wcslen(path) + 1;
    }
    END("GetLayerMountPath");
}

static DWORD make_disk(const WCHAR *folder, const WCHAR *name)
{
    WCHAR path[PATH_CHARS];
    path_of(path, folder, name);
    return write_text(path, "vhdxfile stand-in");
}

EXPORT HRESULT __stdcall CreateSandboxLayer(const WC_DRIVER_INFO *driver, PCWSTR id, ULONG_PTR parent, const WC_LAYER_DESCRIPTOR *layers, SIZE_T count)
{
    struct chain chain = {layers, count};
    BEGIN("CreateSandboxLayer", FALSE);
    if (!result && !code && (parent || !count)) code = ERROR_INVALID_PARAMETER;
    if (!result && !code) code = check_chain(&chain);
    if (!result && !code) {
        WCHAR from[PATH_CHARS], to[PATH_CHARS];
        path_of(to, id, NULL);
        if (!is_folder(to) && !CreateDirectoryW(to, NULL)) code = GetLastError();
        path_of(from, layers[count - 1].Path, L"blank.vhdx");
        path_of(to, id, L"sandbox.vhdx");
        if (!code && !CopyFileW(from, to, TRUE)) code = GetLastError();
    }
    END("CreateSandboxLayer");
}

EXPORT HRESULT __stdcall ExpandSandboxSize(const WC_DRIVER_INFO *driver, PCWSTR id, ULONGLONG size)
{
    BEGIN("ExpandSandboxSize", TRUE);
    if (!result && !code) {
        char text[32];
        WCHAR path[PATH_CHARS];
        sprintf(text, "%llu", size);
        path_of(path, id, L"standin-size");
        if (!has(id, L"sandbox.vhdx")) code = ERROR_FILE_NOT_FOUND;
        else if (size < 20ull << 30) code = ERROR_INVALID_PARAMETER;
        else code = write_text(path, text);
    }
    END("ExpandSandboxSize");
}

EXPORT HRESULT __stdcall ImportLayer(const WC_DRIVER_INFO *driver, PCWSTR id, PCWSTR folder, const WC_LAYER_DESCRIPTOR *layers, SIZE_T count)
{
    struct chain chain = {layers, count};
    BEGIN("ImportLayer", TRUE);
    if (!result && !code && !count) code = ERROR_INVALID_PARAMETER;
    if (!result && !code && has(id, L"Files")) code = ERROR_ALREADY_EXISTS;
    if (!result && !code && has(folder, L"tombstones.txt")) code = ERROR_INVALID_DATA;
    if (!result && !code) code = check_chain(&chain);
    if (!result && !code) code = import_tree(id, folder, &chain);
    END("ImportLayer");
}

EXPORT HRESULT __stdcall ExportLayer(const WC_DRIVER_INFO *driver, PCWSTR id, PCWSTR folder, const WC_LAYER_DESCRIPTOR *layers, SIZE_T count)
{
    struct chain chain = {layers, count};
    WCHAR volume[PATH_CHARS], to[PATH_CHARS];
    BEGIN("ExportLayer", TRUE);
    if (!result && !code) code = check_chain(&chain);
    if (!result && !code) {
        path_of(to, folder, NULL);
        /* Active, made complete by one preparation, and not filtered now. */
        if (!has(id, ACTIVE) || has(id, PREPARED) || !volume_find(id, volume)) code = ERROR_NOT_READY;
        else if (!is_folder(to)) code = ERROR_PATH_NOT_FOUND;
        else code = export_tree(volume, folder, &chain);
        if (!code) grow_disk(id, &chain);
    }
    END("ExportLayer");
}

EXPORT HRESULT __stdcall DestroyLayer(const WC_DRIVER_INFO *driver, PCWSTR id)
{
    BEGIN("DestroyLayer", FALSE);
    if (!result && !code) {
        WCHAR path[PATH_CHARS];
        WCHAR volume[64];
        path_of(path, id, NULL);
        if (has(id, PREPARED)) code = ERROR_SHARING_VIOLATION;
        else if (volume_find(id, volume)) code = remove_all(volume);
        if (code) {
        } else if (exists(path)) code = remove_all(path);
    }
    END("DestroyLayer");
}

EXPORT HRESULT __stdcall NameToGuid(PCWSTR name, GUID *guid)
{
    HRESULT result = fault_of("NameToGuid", NULL);
    if (!result && (!name || !*name || wcschr(name, L'\\') || wcschr(name, L'/'))) {
        ledger_violation("%s wants the last part of a path", "NameToGuid");
        result = E_INVALIDARG;
    }
    if (!result) guid_of(name, guid);
    return result;
}

EXPORT HRESULT __stdcall ProcessBaseImage(PCWSTR id)
{
    static const WC_DRIVER_INFO any = {1, L""};
    const WC_DRIVER_INFO *driver = &any;
    BEGIN("ProcessBaseImage", TRUE);
    if (!result && !code) code = set_up_base(id);
    if (!result && !code) code = make_disk(id, L"blank-base.vhdx");
    if (!result && !code) code = make_disk(id, L"blank.vhdx");
    END("ProcessBaseImage");
}

EXPORT HRESULT __stdcall ProcessUtilityImage(PCWSTR id)
{
    static const WC_DRIVER_INFO any = {1, L""};
    const WC_DRIVER_INFO *driver = &any;
    BEGIN("ProcessUtilityImage", TRUE);
    if (!result && !code && !has(id, BOOT_STORE)) code = ERROR_FILE_NOT_FOUND;
    if (!result && !code) code = make_disk(id, L"SystemTemplateBase.vhdx");
    if (!result && !code) code = make_disk(id, L"SystemTemplate.vhdx");
    if (!result && !code) change_boot_store(id);
    END("ProcessUtilityImage");
}

EXPORT HRESULT __stdcall GrantVmAccess(PCWSTR vm, PCWSTR id)
{
    HRESULT result = fault_of("GrantVmAccess", NULL);
    WCHAR path[PATH_CHARS];
    path_of(path, id, NULL);
    if (!result && !exists(path)) result = FAILURE_OF_WIN32(ERROR_FILE_NOT_FOUND);
    log_call("GrantVmAccess", result, "vm", vm, "path", id, NULL);
    return result;
}
