#include "standin.h"

static int control(const WCHAR *name, BOOL start)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE);
    SC_HANDLE service = OpenServiceW(manager, name, SERVICE_START | SERVICE_STOP | SERVICE_QUERY_STATUS);
    SERVICE_STATUS status;
    DWORD wanted = start ? SERVICE_RUNNING : SERVICE_STOPPED, pending = start ? SERVICE_START_PENDING : SERVICE_STOP_PENDING;
    int waited;
    if (!service) {
        complain(L"The service name is invalid.\n\nMore help is available by typing NET HELPMSG 2185.\n");
        return 2;
    }
    if (QueryServiceStatus(service, &status) && status.dwCurrentState == wanted) {
        complain(start ? L"The requested service has already been started.\n" : L"The %ls service is not started.\n", name);
        return 2;
    }
    say(start ? L"The %ls service is starting" : L"The %ls service is stopping", name);
    if (!(start ? StartServiceW(service, 0, NULL) : ControlService(service, SERVICE_CONTROL_STOP, &status))) {
        DWORD error = GetLastError();
        say(L".\n");
        complain(L"The %ls service could not be %ls.\n\n%ls\n", name, start ? L"started" : L"stopped", error_text(error));
        return 2;
    }
    for (waited = 0; waited < 300 && QueryServiceStatus(service, &status) && status.dwCurrentState == pending; waited++) Sleep(100);
    say(L".\n");
    if (status.dwCurrentState != wanted) {
        complain(L"The %ls service could not be %ls.\n", name, start ? L"started" : L"stopped");
        return 2;
    }
    say(L"The %ls service was %ls successfully.\n", name, start ? L"started" : L"stopped");
    return 0;
}

static int list_running(void)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE);
    DWORD size = 0, count = 0, resume = 0, i;
    ENUM_SERVICE_STATUS_PROCESSW *services;
    EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_ACTIVE, NULL, 0, &size, &count, &resume, NULL);
    services = grab(size + sizeof(*services));
    resume = 0;
    if (!EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_ACTIVE, (BYTE *)services, size, &size, &count, &resume, NULL)) {
        complain(L"System error %lu has occurred.\n\n%ls\n", GetLastError(), error_text(GetLastError()));
        return 2;
    }
    say(L"These Windows services are started:\n\n");
    for (i = 0; i < count; i++) say(L"   %ls\n", services[i].lpDisplayName);
    say(L"\nThe command completed successfully.\n\n");
    return 0;
}

/* Wine's own `net` answers unknown commands with its usage and success: accounts, groups and shares do not exist there. */
int tool_net(int argc, WCHAR **argv)
{
    WCHAR text[160];
    if (argc == 2 && !_wcsicmp(argv[1], L"start")) return list_running();
    if (argc == 3 && !_wcsicmp(argv[1], L"start")) return control(argv[2], TRUE);
    if (argc == 3 && !_wcsicmp(argv[1], L"stop")) return control(argv[2], FALSE);
    if (argc < 2) {
        complain(L"The syntax of this command is:\n\nNET [ START | STOP ]\n");
        return 1;
    }
    _snwprintf(text, 159, L"'net %ls' needs accounts, groups, shares or a domain, which Wine does not have", argv[1]);
    text[159] = 0;
    return refuse(L"net", text, 2);
}
