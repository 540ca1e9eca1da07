/* Streams of BackupRead and BackupWrite (windows-layers.md 3.2). */
#ifndef STANDIN_BACKUP_STREAM_H
#define STANDIN_BACKUP_STREAM_H

#include "shadow.h"

/* Bytes of a WIN32_STREAM_ID in front of its name. */
#define HEADER 20

/* `name` may be NULL. */
static inline void put_stream(struct blob *to, DWORD id, const struct blob *name, const void *body, DWORD length)
{
    BYTE header[HEADER] = {0};
    ULONGLONG size = length;
    memcpy(header, &id, 4);
    memcpy(header + 8, &size, 8);
    if (name) memcpy(header + 16, &name->length, 4);
    blob_append(to, header, HEADER);
    if (name) blob_append(to, name->bytes, name->length);
    blob_append(to, body, length);
}

#endif
