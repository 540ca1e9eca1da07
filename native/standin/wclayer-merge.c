/*
 * What the layer filter would show. A directory that a layer brings is listed in it whole: its own objects, and placeholders
 * for the parents' ones. A name that is not listed there is deleted. A directory that is only a placeholder is the parents'.
 */
#include "wclayer.h"

static BOOL real_path(const WC_LAYER_DESCRIPTOR *layer, const WCHAR *below, WCHAR *path)
{
    WCHAR files[PATH_CHARS];
    path_of(files, layer->Path, L"Files");
    path_of(path, files, below);
    return exists(path) && !is_placeholder(path);
}

struct name *merged_list(const struct chain *chain, const WCHAR *below)
{
    WCHAR path[PATH_CHARS];
    SIZE_T at;
    for (at = 0; at < chain->count; at++)
        if (real_path(&chain->layers[at], below, path)) return is_folder(path) ? list_folder(path) : NULL;
    return NULL;
}

BOOL merged_path(const struct chain *chain, const WCHAR *below, WCHAR *path)
{
    SIZE_T at;
    WCHAR parent[PATH_CHARS], *slash;
    struct name *names;
    BOOL listed;
    if (*below) {
        wcscpy(parent, below);
        slash = wcsrchr(parent, L'\\');
        if (slash) *slash = 0;
        else parent[0] = 0;
        names = merged_list(chain, parent);
        slash = wcsrchr(below, L'\\');
        listed = find_name(names, slash ? slash + 1 : below) != NULL;
        free_names(names);
        if (!listed) return FALSE;
    }
    for (at = 0; at < chain->count; at++)
        if (real_path(&chain->layers[at], below, path)) return TRUE;
    return FALSE;
}

static DWORD fill(const WCHAR *to, const WCHAR *below, const struct chain *chain)
{
    struct name *names = merged_list(chain, below), *at;
    DWORD code = 0;
    for (at = names; at && !code; at = at->next) {
        WCHAR child[PATH_CHARS], source[PATH_CHARS], target[PATH_CHARS];
        if (*below) swprintf(child, PATH_CHARS, L"%ls\\%ls", below, at->text);
        else wcscpy(child, at->text);
        if (!merged_path(chain, child, source)) continue;
        path_of(target, to, child);
        code = copy_object(source, target);
        if (!code && is_folder(source)) {
            code = fill(to, child, chain);
            if (!code) code = copy_object(source, target); /* its times again */
        }
    }
    free_names(names);
    return code;
}

DWORD fill_volume(const WCHAR *volume, const struct chain *chain)
{
    WCHAR filled[PATH_CHARS], hives[PATH_CHARS];
    DWORD code;
    path_of(filled, volume, VOLUME_STATE L"\\filled");
    if (exists(filled)) return 0;
    code = fill(volume, L"", chain);
    path_of(hives, volume, VOLUME_STATE L"\\Hives");
    CreateDirectoryW(hives, NULL);
    return code ? code : write_text(filled, "");
}
