/* What computecore.dll and vmcompute.dll share: the structures of hcs.md 1.1 and one handle's watch for the end. */
#ifndef STANDIN_HCS_H
#define STANDIN_HCS_H

#include "standin.h"

typedef struct {
    DWORD ProcessId;
    DWORD Reserved;
    HANDLE StdInput;
    HANDLE StdOutput;
    HANDLE StdError;
} HCS_PROCESS_INFORMATION;

/* The members that both kinds of system and process handles begin with. */
struct target {
    double system; /* serials of the service */
    double process;
    LONG calls; /* running now: closing is wrong while there are any */
    HCS_PROCESS_INFORMATION information;
    BOOL fetched; /* the caller has the stdio handles */
    struct watch *watch;
};

/* Waits for the end in a thread of its own, then calls `notify`, unless closed before. `watch_close` waits for a running one. */
struct watch;
typedef void (*notifier)(void *context, const struct json *status);
struct watch *watch_open(const struct target *target, notifier notify, void *context);
void watch_close(struct watch *watch);

struct json *target_arguments(const struct target *target);
/* The stdio handles of a `process.create` reply. */
void take_information(struct target *process, const struct json *reply);
void close_unfetched(struct target *process);
/* NULL for an empty result. malloc'd */
char *result_text(const struct json *reply);
void enter_call(struct target *target);
void leave_call(struct target *target);
void check_no_calls(const struct target *target, const char *function);

#endif
