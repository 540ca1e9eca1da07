/* standin-service.exe: the state behind the stand-in DLLs. One lock guards all of it; waits give it up. */
#ifndef STANDIN_SERVICE_H
#define STANDIN_SERVICE_H

#include "json.h"

typedef uint32_t CODE; /* an HRESULT as unsigned number */

#define WIN32_CODE(code) (0x80070000u | (code))
#define HCS_CODE(low) (0x80370000u | (low))
#define HCN_CODE(low) (0x803B0000u | (low))

extern CRITICAL_SECTION service_lock;
extern CONDITION_VARIABLE service_changed;

/* Answers are objects with `hr`; `result` is what the service would put into a result document. */
struct json *answer(CODE code);
/* With a ResultError that has one event; `message` may be NULL. */
struct json *failed(CODE code, const char *message);

/* Each takes the arguments and the client's pid, is called under the lock, and answers NULL for a method that it lacks. */
struct json *systems_call(const char *method, const struct json *arguments, DWORD pid);
struct json *processes_call(const char *method, const struct json *arguments, DWORD pid);
struct json *credentials_call(const char *method, const struct json *arguments, DWORD pid);
struct json *networks_call(const char *method, const struct json *arguments, DWORD pid);

void networks_count(struct json *world);
/* What a starting system is given; what its end gives back. An endpoint is in one namespace or one system of schema 1. */
CODE networks_attach(const char *container, const struct json *document);
void networks_release(const char *container, const struct json *document);
int credentials_count(void);
/* Whether this is what the guard answered for an instance of that container. */
BOOL credentials_known(const char *id, const struct json *guard);

/* ---- systems and their processes ---- */

enum system_state { SYSTEM_CREATED, SYSTEM_RUNNING, SYSTEM_PAUSED, SYSTEM_STOPPED };

struct process;
struct view;

struct compute_system {
    char *id;
    char runtime_id[40];
    double serial;
    enum system_state state;
    BOOL ending;
    const char *exit_type, *exit_detail, *initiator;
    CODE exit_status;
    DWORD grace; /* milliseconds between a shutdown and the end of what still runs */
    struct json *document;
    ULONGLONG started, ended_cpu_user, ended_cpu_kernel, peak;
    struct process *processes;
    struct view *view; /* while it runs; NULL where C: is the rig's */
    struct compute_system *next;
};

struct process {
    double serial;
    DWORD id, exit_code;
    BOOL exited;
    HANDLE handle;
    HANDLE stdin_copy; /* until the client says CloseHandle StdIn, as HCS holds its own */
    BOOL console;
    SHORT width, height;
    char *image;
    ULONGLONG created;
    struct compute_system *system;
    struct process *next;
};

struct compute_system *system_of(const struct json *arguments);
void system_ended(struct compute_system *system, const char *type, const char *detail, const char *initiator, CODE status);
/* Ends, suspends or signals all that run. */
void processes_terminate(struct compute_system *system, DWORD code);
void processes_suspend(struct compute_system *system, BOOL suspend);
void processes_signal(struct compute_system *system, DWORD event);
int processes_running(const struct compute_system *system);
struct json *processes_list(const struct compute_system *system);
struct json *processes_statistics(struct compute_system *system);
void new_guid(char text[40]);

#endif
