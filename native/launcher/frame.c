#include "launcher.h"

static HANDLE events;
static CRITICAL_SECTION events_lock;

DWORD read_u32(struct reader *from)
{
    DWORD value;
    if (from->end - from->at < 4) {
        from->broken = TRUE;
        return 0;
    }
    memcpy(&value, from->at, 4);
    from->at += 4;
    return value;
}

const void *read_blob(struct reader *from, DWORD *size)
{
    const BYTE *bytes;
    *size = read_u32(from);
    if (from->broken || (SIZE_T)(from->end - from->at) < *size) {
        from->broken = TRUE;
        *size = 0;
        return NULL;
    }
    bytes = from->at;
    from->at += *size;
    return bytes;
}

const WCHAR *read_text(struct reader *from)
{
    DWORD size;
    const WCHAR *text = read_blob(from, &size);
    if (size < 2 || size % 2 || text[size / 2 - 1]) {
        from->broken = TRUE;
        return L"";
    }
    return text;
}

static void write_bytes(struct writer *to, const void *bytes, DWORD size)
{
    if (to->room - to->size < size) {
        DWORD room = (to->size + size) * 2 + 64;
        BYTE *grown = allocate(room);
        if (to->bytes) memcpy(grown, to->bytes, to->size);
        release(to->bytes);
        to->bytes = grown;
        to->room = room;
    }
    memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
}

void write_u32(struct writer *to, DWORD value)
{
    write_bytes(to, &value, 4);
}

void write_u64(struct writer *to, ULONGLONG value)
{
    write_bytes(to, &value, 8);
}

void write_blob(struct writer *to, const void *bytes, DWORD size)
{
    write_u32(to, size);
    write_bytes(to, bytes, size);
}

void write_text(struct writer *to, const WCHAR *text)
{
    write_blob(to, text, (DWORD)((text_length(text) + 1) * sizeof(WCHAR)));
}

static BOOL receive(HANDLE from, void *bytes, DWORD size)
{
    BYTE *at = bytes;
    while (size) {
        DWORD got = 0;
        if (!ReadFile(from, at, size, &got, NULL) || !got) return FALSE;
        at += got;
        size -= got;
    }
    return TRUE;
}

BOOL receive_frame(HANDLE from, DWORD *kind, DWORD *tag, BYTE **payload, DWORD *size)
{
    DWORD head[3];
    if (!receive(from, head, sizeof(head)) || head[0] < 8) return FALSE;
    *kind = head[1];
    *tag = head[2];
    *size = head[0] - 8;
    *payload = allocate(*size + 1);
    if (receive(from, *payload, *size)) return TRUE;
    release(*payload);
    return FALSE;
}

void open_events(HANDLE to)
{
    InitializeCriticalSection(&events_lock);
    events = to;
}

void send_frame(DWORD kind, DWORD tag, const struct writer *payload)
{
    struct writer frame = {0};
    DWORD size = payload ? payload->size : 0, sent = 0, at = 0;
    write_u32(&frame, size + 8);
    write_u32(&frame, kind);
    write_u32(&frame, tag);
    if (size) write_bytes(&frame, payload->bytes, size);
    EnterCriticalSection(&events_lock);
    while (at < frame.size && WriteFile(events, frame.bytes + at, frame.size - at, &sent, NULL) && sent) at += sent;
    LeaveCriticalSection(&events_lock);
    release(frame.bytes);
}

void send_u32(DWORD kind, DWORD tag, DWORD value)
{
    struct writer payload = {0};
    write_u32(&payload, value);
    send_frame(kind, tag, &payload);
    release(payload.bytes);
}
