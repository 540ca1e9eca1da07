/* Layers of vmcompute.dll and computestorage.dll (windows-layers.md 2, 4.1, 4.5): real folders, placeholders and a volume that is a folder. */
#ifndef STANDIN_WCLAYER_H
#define STANDIN_WCLAYER_H

#include "shadow.h"
#include "standin.h"
#include "volume.h"

typedef struct {
    GUID LayerId;
    ULONG Flags;
    PCWSTR Path;
} WC_LAYER_DESCRIPTOR;

#define PATH_CHARS 2048

/* One layer's folder after another, topmost first. */
struct chain {
    const WC_LAYER_DESCRIPTOR *layers;
    SIZE_T count;
};

/* A name in a directory; lists are sorted without regard to case. */
struct name {
    WCHAR text[260];
    DWORD attributes;
    struct name *next;
};

/* `\\?\` in front, as paths may be long. `below` may be empty. */
void path_of(WCHAR *path, const WCHAR *folder, const WCHAR *below);
struct name *list_folder(const WCHAR *path);
void free_names(struct name *names);
const struct name *find_name(const struct name *names, const WCHAR *text);
BOOL is_folder(const WCHAR *path);
BOOL exists(const WCHAR *path);
BOOL is_placeholder(const WCHAR *path);
/* Error codes are Win32's. */
DWORD copy_object(const WCHAR *from, const WCHAR *to);
DWORD write_text(const WCHAR *path, const char *text);
DWORD remove_all(const WCHAR *path);

/* Of a name in a folder: is it there, and an empty file of that name made or removed. */
BOOL has(const WCHAR *folder, const WCHAR *name);
DWORD mark(const WCHAR *folder, const WCHAR *name, BOOL set);

/* What a container on the chain sees of a directory of C:, and where an object of it really is; both by the layers' rules. */
struct name *merged_list(const struct chain *chain, const WCHAR *below);
BOOL merged_path(const struct chain *chain, const WCHAR *below, WCHAR *path);

DWORD import_tree(const WCHAR *layer, const WCHAR *from, const struct chain *chain);
DWORD fill_volume(const WCHAR *volume, const struct chain *chain);
DWORD export_tree(const WCHAR *volume, const WCHAR *to, const struct chain *chain);
/* The disk of a scratch takes what was written to its volume. */
void grow_disk(const WCHAR *scratch, const struct chain *chain);

#define BOOT_STORE L"Files\\EFI\\Microsoft\\Boot\\BCD"
/* Hives and layout of a base layer, as both DLLs make them; they must not be there before. */
DWORD set_up_base(const WCHAR *layer);
/* The boot store is changed with a utility VM's disks, which is why its copies are kept. */
void change_boot_store(const WCHAR *utility_vm);
/* Bytes of files that are new or changed. */
ULONGLONG changed_bytes(const WCHAR *volume, const struct chain *chain);

#endif
