#include "standin.h"

static void show_value(const WCHAR *label, const WCHAR *name)
{
    WCHAR value[256] = L"N/A";
    DWORD size = sizeof(value);
    RegGetValueW(HKEY_LOCAL_MACHINE, L"Software\\Microsoft\\Windows NT\\CurrentVersion", name, RRF_RT_REG_SZ, NULL, value, &size);
    say(L"%-27ls%ls\n", label, value);
}

/* What is known in a container; hotfixes, hardware and time of installation are not. */
int tool_systeminfo(int argc, WCHAR **argv)
{
    WCHAR name[256], version[64] = L"";
    DWORD size = 256;
    OSVERSIONINFOW os;
    MEMORYSTATUSEX memory;
    SYSTEM_INFO system;
    (void)argv;
    if (argc > 1) return refuse(L"systeminfo", L"options are not supported", 1);
    memset(&os, 0, sizeof(os));
    os.dwOSVersionInfoSize = sizeof(os);
    memory.dwLength = sizeof(memory);
    {
        /* GetVersionEx answers by the manifest; this does not. */
        LONG(WINAPI * get_version)(OSVERSIONINFOW *) = (void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "RtlGetVersion");
        if (get_version) get_version(&os);
    }
    _snwprintf(version, 63, L"%lu.%lu.%lu N/A Build %lu", os.dwMajorVersion, os.dwMinorVersion, os.dwBuildNumber, os.dwBuildNumber);
    GetComputerNameW(name, &size);
    GetSystemInfo(&system);
    GlobalMemoryStatusEx(&memory);
    say(L"\n%-27ls%ls\n", L"Host Name:", name);
    show_value(L"OS Name:", L"ProductName");
    say(L"%-27ls%ls\n", L"OS Version:", version);
    say(L"%-27ls%ls\n", L"OS Manufacturer:", L"Microsoft Corporation");
    show_value(L"OS Configuration:", L"InstallationType");
    say(L"%-27ls%ls\n", L"System Type:", L"x64-based PC");
    say(L"%-27ls%lu Processor(s) Installed.\n", L"Processor(s):", system.dwNumberOfProcessors);
    say(L"%-27ls%ls\n", L"Windows Directory:", L"C:\\Windows");
    say(L"%-27ls%ls\n", L"System Directory:", L"C:\\Windows\\system32");
    say(L"%-27ls%llu MB\n", L"Total Physical Memory:", memory.ullTotalPhys >> 20);
    say(L"%-27ls%llu MB\n", L"Available Physical Memory:", memory.ullAvailPhys >> 20);
    return 0;
}
