/*
 * The first process of a container in the rig: starts what the service asks for, inside, where C: is the container's. All of it
 * is in one job, so that nothing is left when the system ends. Its argument is the name of the service's pipe (view.h).
 */
#include "child.h"
#include "view.h"
#include <stdlib.h>

static HANDLE job;

static BOOL transfer(HANDLE pipe, void *data, DWORD size, BOOL write)
{
    char *at = data;
    while (size) {
        DWORD done = 0;
        if (!(write ? WriteFile(pipe, at, size, &done, NULL) : ReadFile(pipe, at, size, &done, NULL)) || !done) return FALSE;
        at += done;
        size -= done;
    }
    return TRUE;
}

static struct view_reply start(const struct view_request *request, const char *text)
{
    struct view_reply reply = {0};
    struct json *parameters = json_parse(text);
    STARTUPINFOW startup = {0};
    PROCESS_INFORMATION information = {0};
    int index;
    for (index = 0; index < 3; index++) SetHandleInformation(request->handles[index], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    startup.cb = sizeof(startup);
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdInput = request->handles[0];
    startup.hStdOutput = request->handles[1];
    startup.hStdError = request->handles[2];
    reply.code = child_start(parameters, CREATE_SUSPENDED | CHILD_OWN_PATH, &startup, &information);
    for (index = 0; index < 3; index++) CloseHandle(request->handles[index]);
    json_free(parameters);
    if (reply.code) return reply;
    AssignProcessToJobObject(job, information.hProcess);
    ResumeThread(information.hThread);
    CloseHandle(information.hThread);
    reply.pid = information.dwProcessId;
    reply.process = information.hProcess;
    return reply;
}

static BOOL serve(HANDLE pipe)
{
    struct view_request request;
    struct view_reply reply;
    char *text;
    BOOL whole;
    if (!transfer(pipe, &request, sizeof(request), FALSE)) return FALSE;
    text = calloc(1, (size_t)request.length + 1);
    whole = transfer(pipe, text, request.length, FALSE);
    if (whole) {
        reply = start(&request, text);
        whole = transfer(pipe, &reply, sizeof(reply), TRUE);
    }
    free(text);
    return whole;
}

int main(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION counts;
    const WCHAR *name = wcsrchr(GetCommandLineW(), L' ');
    DWORD pid = GetCurrentProcessId();
    HANDLE pipe = CreateFileW(name ? name + 1 : L"", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (pipe == INVALID_HANDLE_VALUE) return 1;
    job = CreateJobObjectW(NULL, NULL);
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof(limits));
    if (!transfer(pipe, &pid, sizeof(pid), TRUE)) return 1;
    while (serve(pipe)) continue;
    TerminateJobObject(job, 0xC000013A);
    while (QueryInformationJobObject(job, JobObjectBasicAccountingInformation, &counts, sizeof(counts), NULL) && counts.ActiveProcesses)
        Sleep(1);
    return 0;
}
