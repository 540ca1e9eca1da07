/*
 * What processes of a compute system see as C:. Where the document names a volume that exists, they are started by a
 * container-init.exe of their own below a Unix process that shows it the volume (container-view.c); otherwise, as in tests
 * that are not about files, by the service, and see the rig's C:.
 */
#ifndef STANDIN_VIEW_H
#define STANDIN_VIEW_H

#include "json.h"

/* From the service to container-init.exe; process parameters as JSON follow. */
struct view_request {
    DWORD length;
    HANDLE handles[3]; /* stdin, stdout, stderr, as container-init.exe has them; it closes them */
};

struct view_reply {
    DWORD code, pid;
    HANDLE process; /* container-init.exe's; the service takes it */
};

struct view;

/*
 * `*view` is NULL where there is no such volume. `volume`: `\\?\Volume{guid}`, a last backslash is allowed. `mapped`: the
 * document's MappedDirectories, or NULL. An HRESULT.
 */
HRESULT view_open(const WCHAR *volume, const struct json *mapped, struct view **view);
/* As child_start; the handles of `startup` stay the caller's. Of `information` only process and its ID are filled in. */
DWORD view_start(struct view *view, const struct json *parameters, const STARTUPINFOW *startup, PROCESS_INFORMATION *information);
/* Ends everything that runs in it; returns when nothing of it is left. */
void view_close(struct view *view);

#endif
