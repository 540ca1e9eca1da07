#include "standin.h"

/* Tools that cannot work on Wine at all, and what to tell. */
static const struct {
    const WCHAR *name;
    const WCHAR *why;
    int exit_code;
} impossible[] = {
    {L"powershell", L"Windows PowerShell needs the .NET Framework, which Wine does not have. Use cmd, or an image that carries its own pwsh.exe", 1},
    {L"schtasks", L"Wine has no task scheduler", 1},
    {L"netsh", L"the network is configured by porthole, not from inside the container", 1},
    {L"dism", L"Windows features and packages do not exist on Wine", 50},
};

static const struct {
    const WCHAR *name;
    tool run;
} tools[] = {
    {L"cacls", tool_icacls},       {L"certutil", tool_certutil}, {L"choice", tool_choice},     {L"curl", tool_curl},
    {L"fc", tool_fc},              {L"findstr", tool_findstr},   {L"icacls", tool_icacls},     {L"mklink", tool_mklink},
    {L"net", tool_net},            {L"robocopy", tool_robocopy}, {L"setx", tool_setx},         {L"sort", tool_sort},
    {L"subst", tool_subst},        {L"systeminfo", tool_systeminfo}, {L"takeown", tool_icacls}, {L"tar", tool_tar},
    {L"tasklist", tool_tasklist},  {L"timeout", tool_timeout},   {L"where", tool_where},
};

int wmain(int argc, WCHAR **argv)
{
    WCHAR path[MAX_PATH], *extension;
    const WCHAR *name;
    size_t i;
    GetModuleFileNameW(NULL, path, MAX_PATH);
    extension = wcsrchr(path, '.');
    if (extension) *extension = 0;
    name = name_of(path);
    for (i = 0; i < sizeof(tools) / sizeof(*tools); i++)
        if (!_wcsicmp(name, tools[i].name)) return tools[i].run(argc, argv);
    for (i = 0; i < sizeof(impossible) / sizeof(*impossible); i++)
        if (!_wcsicmp(name, impossible[i].name)) return refuse(impossible[i].name, impossible[i].why, impossible[i].exit_code);
    return refuse(name, L"this name is not known to the stand-ins", 1);
}
