/*
 * Pumps between the Win32 pipes that programs get and the Unix fifos that the monitor holds. libuv on Windows refuses Unix
 * pipes (EBADF), hence the hop.
 */
#include "launcher.h"

#define BUFFER_SIZE 65536

struct pump {
    HANDLE thread;
    HANDLE from;
    HANDLE to;
    BOOL closes_to_only;
    CRITICAL_SECTION lock;
    BOOL given_up;
    volatile LONG reading;
    volatile DWORD last_activity;
    volatile LONG finished;
    volatile LONG users;
};

static void drop(struct pump *pump)
{
    if (InterlockedDecrement(&pump->users)) return;
    CloseHandle(pump->thread);
    DeleteCriticalSection(&pump->lock);
    release(pump);
}

static void close_target(struct pump *pump)
{
    EnterCriticalSection(&pump->lock);
    if (pump->to) CloseHandle(pump->to);
    pump->to = NULL;
    LeaveCriticalSection(&pump->lock);
}

static BOOL forward(struct pump *pump, const BYTE *bytes, DWORD size)
{
    while (size) {
        DWORD sent = 0;
        HANDLE to = pump->to;
        if (!to || !WriteFile(to, bytes, size, &sent, NULL) || !sent) return FALSE;
        bytes += sent;
        size -= sent;
    }
    return TRUE;
}

static DWORD WINAPI run_pump(void *argument)
{
    struct pump *pump = argument;
    BYTE *buffer = allocate(BUFFER_SIZE);
    for (;;) {
        DWORD got = 0;
        BOOL more;
        InterlockedExchange(&pump->reading, 1);
        more = ReadFile(pump->from, buffer, BUFFER_SIZE, &got, NULL);
        InterlockedExchange(&pump->reading, 0);
        pump->last_activity = GetTickCount();
        /* A zero-byte write on a message of a pipe reads as zero bytes with success: only a fifo ends that way. */
        if (!more || (!got && pump->closes_to_only)) break;
        if (got && !forward(pump, buffer, got)) break;
    }
    close_target(pump);
    CloseHandle(pump->from);
    release(buffer);
    InterlockedExchange(&pump->finished, 1);
    drop(pump);
    return 0;
}

static struct pump *start_pump(HANDLE from, HANDLE to, BOOL from_fifo)
{
    struct pump *pump = allocate(sizeof(*pump));
    pump->from = from;
    pump->to = to;
    pump->closes_to_only = from_fifo;
    pump->users = from_fifo ? 1 : 2;
    pump->last_activity = GetTickCount();
    InitializeCriticalSection(&pump->lock);
    pump->thread = CreateThread(NULL, 65536, run_pump, pump, STACK_SIZE_PARAM_IS_A_RESERVATION | CREATE_SUSPENDED, NULL);
    ResumeThread(pump->thread);
    return pump;
}

/* Nobody waits for it: it ends with its fifo, or when the program no longer reads. */
struct pump *start_input_pump(HANDLE unix_end, HANDLE child_end)
{
    return start_pump(unix_end, child_end, TRUE);
}

struct pump *start_output_pump(HANDLE child_end, HANDLE unix_end)
{
    return start_pump(child_end, unix_end, FALSE);
}

/*
 * The process has ended. A pump that still delivers is left alone however slow its reader is; one that has waited in a read
 * for DRAIN_GRACE_MS is held open by a grandchild: its fifo is closed, so that the monitor sees the end of the stream.
 */
void drain_pumps(struct pump **pumps, int count)
{
    DWORD ended = GetTickCount();
    int left = count, i;
    while (left) {
        for (i = 0; i < count; i++) {
            struct pump *pump = pumps[i];
            DWORD since;
            if (!pump) continue;
            since = pump->last_activity - ended < 0x80000000u ? pump->last_activity : ended;
            if (!pump->finished && !(pump->reading && GetTickCount() - since >= DRAIN_GRACE_MS)) continue;
            if (!pump->finished) close_target(pump);
            drop(pump);
            pumps[i] = NULL;
            left--;
        }
        if (left == 1) {
            for (i = 0; i < count; i++)
                if (pumps[i]) WaitForSingleObject(pumps[i]->thread, 100);
        } else if (left) {
            Sleep(20);
        }
    }
}
