/* Compute systems: documents, states, ends (hcs.md 2-4). Codes are computecore's; vmcompute.dll translates its own. */
#include "service.h"
#include "view.h"
#include "wclayer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct compute_system *systems;
static double next_serial = 1;

/* ---- documents: unknown members are refused, as the service does ---- */

struct shape {
    const char *path;
    const char *members;
};

static const struct shape shapes[] = {
    {"", " Owner SchemaVersion ShouldTerminateOnLastHandleClosed Container HostingSystemId HostedSystem VirtualMachine "},
    {".SchemaVersion", " Major Minor "},
    {".Container", " GuestOs Storage MappedDirectories MappedPipes Memory Processor Networking HvSocket "
                   "ContainerCredentialGuard RegistryChanges AssignedDevices AdditionalDeviceNamespace "},
    {".Container.GuestOs", " HostName "},
    {".Container.Storage", " Layers Path QoS "},
    {".Container.Storage.Layers", " Id Path PathType Cache "},
    {".Container.Storage.QoS", " IopsMaximum BandwidthMaximum "},
    {".Container.MappedDirectories", " HostPath HostPathType ContainerPath ReadOnly SupportCloudFiles "},
    {".Container.MappedPipes", " HostPath HostPathType ContainerPipeName "},
    {".Container.Memory", " SizeInMB "},
    {".Container.Processor", " Count Maximum Weight "},
    {".Container.Networking", " AllowUnqualifiedDnsQuery DnsSearchList NetworkSharedContainerName Namespace NetworkAdapters "},
    {".Container.RegistryChanges", " AddValues DeleteKeys "},
    {".Container.RegistryChanges.AddValues", " Key Name Type StringValue BinaryValue DWordValue QWordValue CustomType "},
    {".Container.RegistryChanges.AddValues.Key", " Hive Name Volatile "},
    {".Container.AssignedDevices", " Type InterfaceClassGuid LocationPath "},
    {".Container.ContainerCredentialGuard", " Cookie RpcEndpoint Transport CredentialSpec "},
};

static const struct shape v1_shapes[] = {
    {"", " SystemType Name Owner VolumePath LayerFolderPath Layers IgnoreFlushesDuringBoot HostName HvPartition HvRuntime "
         "EndpointList NetworkSharedContainerName AllowUnqualifiedDNSQuery DNSSearchList ProcessorCount ProcessorWeight "
         "ProcessorMaximum MemoryMaximumInMB StorageIOPSMaximum StorageBandwidthMaximum StorageSandboxSize MappedDirectories "
         "MappedPipes MappedVirtualDisks AssignedDevices Credentials Servicing ContainerType TerminateOnLastHandleClosed "},
    {".Layers", " ID Path "},
    {".HvRuntime", " ImagePath SkipTemplate LinuxInitrdFile LinuxKernelFile LinuxBootParameters BootSource WritableBootSource "},
    {".MappedDirectories", " HostPath ContainerPath ReadOnly BandwidthMaximum IOPSMaximum CreateInUtilityVM LinuxMetadata "},
    {".MappedPipes", " HostPath ContainerPipeName "},
    {".AssignedDevices", " InterfaceClassGuid "},
};

static BOOL known(const char *members, const char *name)
{
    char *word = format_text(" %s ", name);
    BOOL found = strstr(members, word) != NULL;
    free(word);
    return found;
}

/* The name of the first member that no document has, or NULL. */
static const char *unknown_member(const struct json *value, const char *path, const struct shape *table, size_t count)
{
    const struct json *at;
    const char *found = NULL;
    size_t index;
    if (value->kind == JSON_ARRAY) {
        for (at = value->first; at && !found; at = at->next) found = unknown_member(at, path, table, count);
        return found;
    }
    if (value->kind != JSON_OBJECT) return NULL;
    for (index = 0; index < count && strcmp(table[index].path, path); index++) continue;
    if (index == count) return NULL;
    for (at = value->first; at && !found; at = at->next) {
        char *inner = format_text("%s.%s", path, at->name);
        found = known(table[index].members, at->name) ? unknown_member(at, inner, table, count) : at->name;
        free(inner);
    }
    return found;
}

static BOOL is_volume_path(const char *path, BOOL slash)
{
    size_t length = strlen(path);
    return !strncmp(path, "\\\\?\\Volume{", 11) && length == (slash ? 49u : 48u) && path[47] == '}' && (!slash || path[48] == '\\');
}

static const char *wrong_v2(const struct json *document, const char *id)
{
    const struct json *container = json_get(document, "Container"), *storage = json_get(container, "Storage");
    const struct json *guard = json_get(container, "ContainerCredentialGuard");
    const struct json *processor = json_get(container, "Processor");
    if (!container && !json_get(document, "VirtualMachine") && !json_get(document, "HostedSystem"))
        return "the document has neither Container nor VirtualMachine nor HostedSystem";
    if (json_get_number(json_get(document, "SchemaVersion"), "Major", 0) != 2) return "SchemaVersion is not 2";
    if (!container) return NULL;
    if (json_is_empty(json_get(storage, "Layers"))) return "Storage.Layers is empty";
    if (!is_volume_path(json_get_text(storage, "Path", ""), TRUE)) return "Storage.Path is no volume path";
    if (json_count(processor) > 1) return "Processor: Count, Maximum and Weight exclude each other";
    if (guard && !credentials_known(id, guard)) return "ContainerCredentialGuard is no instance of this container";
    return NULL;
}

static const char *wrong_v1(const struct json *document, const char *id)
{
    BOOL hyperv = json_get_bool(document, "HvPartition");
    if (strcmp(json_get_text(document, "SystemType", ""), "Container")) return "SystemType is not Container";
    if (strcmp(json_get_text(document, "Name", ""), id)) return "Name is not the identifier";
    if (!json_get(document, "HvPartition")) return "HvPartition is missing";
    if (json_is_empty(json_get(document, "Layers"))) return "Layers is empty";
    if (hyperv && !json_get_text(json_get(document, "HvRuntime"), "ImagePath", NULL)) return "HvRuntime.ImagePath is missing";
    if (hyperv && json_get(document, "VolumePath")) return "VolumePath is for process isolation only";
    if (!hyperv && !is_volume_path(json_get_text(document, "VolumePath", ""), FALSE)) return "VolumePath is no volume path";
    return NULL;
}

/* A utility VM takes the disk, which it cannot while the host has it mounted. */
static BOOL disk_is_mounted(const struct json *document)
{
    static const WCHAR *const markers[] = {L"standin-active", L"sandbox.vhdx.standin-attached"};
    const char *given = json_get_text(document, "LayerFolderPath", NULL);
    WCHAR path[PATH_CHARS], *folder;
    SIZE_T at;
    BOOL found = FALSE;
    if (!json_get_bool(document, "HvPartition") || !given) return FALSE;
    folder = wide_from_utf8(given);
    for (at = 0; at < 2 && !found; at++) {
        path_of(path, folder, markers[at]);
        found = exists(path);
    }
    free(folder);
    return found;
}

static DWORD grace_of(const struct json *document)
{
    const struct json *values = json_get(json_get(json_get(document, "Container"), "RegistryChanges"), "AddValues"), *at;
    for (at = values ? values->first : NULL; at; at = at->next)
        if (!strcmp(json_get_text(at, "Name", ""), "WaitToKillServiceTimeout")) return (DWORD)atof(json_get_text(at, "StringValue", "5000"));
    return 5000;
}

/* ---- finding ---- */

static struct compute_system *live(const char *id)
{
    struct compute_system *at;
    for (at = systems; at; at = at->next)
        if (at->state != SYSTEM_STOPPED && !strcmp(at->id, id)) return at;
    return NULL;
}

/* By serial, so that a handle never means a later system of the same name. */
struct compute_system *system_of(const struct json *arguments)
{
    double serial = json_get_number(arguments, "system", 0);
    struct compute_system *at;
    for (at = systems; at && at->serial != serial; at = at->next) continue;
    return at;
}

/* NULL when the system is in one of the states (a bit set), else the failure. */
static struct json *unless(const struct compute_system *system, unsigned states)
{
    if (!system) return failed(HCS_CODE(0x10E), NULL);
    if (system->state == SYSTEM_STOPPED) return failed(HCS_CODE(0x110), NULL);
    return states >> system->state & 1 ? NULL : failed(HCS_CODE(0x105), NULL);
}

#define WHEN(state) (1u << (state))
#define ANY_STATE (WHEN(SYSTEM_CREATED) | WHEN(SYSTEM_RUNNING) | WHEN(SYSTEM_PAUSED))

static struct json *handle_answer(const struct compute_system *system)
{
    struct json *reply = answer(0);
    json_set_number(reply, "serial", system->serial);
    json_set_text(reply, "id", system->id);
    return reply;
}

/* ---- verbs ---- */

static struct json *create(const struct json *arguments)
{
    const char *id = json_get_text(arguments, "id", ""), *wrong, *unknown;
    struct json *document = json_parse(json_get_text(arguments, "document", ""));
    struct compute_system *system;
    BOOL v1 = json_get_bool(arguments, "v1");
    struct json *reply;
    /* vmcompute.dll takes both schemas. */
    if (document && v1 && !json_get(document, "SystemType")) v1 = FALSE;
    if (!document || document->kind != JSON_OBJECT) {
        json_free(document);
        return failed(HCS_CODE(0x10D), "the document is not JSON");
    }
    unknown = v1 ? unknown_member(document, "", v1_shapes, sizeof(v1_shapes) / sizeof(*v1_shapes))
                 : unknown_member(document, "", shapes, sizeof(shapes) / sizeof(*shapes));
    wrong = unknown ? unknown : v1 ? wrong_v1(document, id) : wrong_v2(document, id);
    if (wrong || !*id) {
        reply = failed(HCS_CODE(0x10D), wrong ? wrong : "no identifier");
        json_free(document);
        return reply;
    }
    if (live(id)) {
        json_free(document);
        return failed(HCS_CODE(0x10F), NULL);
    }
    if (disk_is_mounted(document)) {
        json_free(document);
        return failed(WIN32_CODE(ERROR_SHARING_VIOLATION), NULL);
    }
    system = calloc(1, sizeof(*system));
    system->id = _strdup(id);
    system->serial = next_serial++;
    new_guid(system->runtime_id);
    system->document = document;
    system->grace = grace_of(document);
    system->exit_type = "None";
    system->next = systems;
    systems = system;
    return handle_answer(system);
}

struct shutdown {
    double serial;
    DWORD grace;
};

/* After the signal: what still runs when the grace is over is ended, then the system is. */
static DWORD WINAPI finish_shutdown(void *context)
{
    struct shutdown *job = context;
    struct json *arguments = json_object();
    struct compute_system *system;
    ULONGLONG deadline = GetTickCount64() + job->grace;
    json_set_number(arguments, "system", job->serial);
    EnterCriticalSection(&service_lock);
    while ((system = system_of(arguments)) && system->state != SYSTEM_STOPPED && processes_running(system)) {
        ULONGLONG now = GetTickCount64();
        if (now >= deadline) {
            processes_terminate(system, 0xC000013A);
            break;
        }
        SleepConditionVariableCS(&service_changed, &service_lock, (DWORD)(deadline - now));
    }
    if (system && system->state != SYSTEM_STOPPED) system_ended(system, "GracefulExit", "Shutdown", "Client", 0);
    LeaveCriticalSection(&service_lock);
    json_free(arguments);
    free(job);
    return 0;
}

static struct json *begin_shutdown(struct compute_system *system)
{
    struct json *wrong = unless(system, WHEN(SYSTEM_RUNNING) | WHEN(SYSTEM_PAUSED));
    struct shutdown *job;
    HANDLE thread;
    if (wrong) return wrong;
    if (system->ending) return answer(0);
    system->ending = TRUE;
    if (system->state == SYSTEM_PAUSED) processes_suspend(system, FALSE);
    processes_signal(system, CTRL_SHUTDOWN_EVENT);
    job = calloc(1, sizeof(*job));
    job->serial = system->serial;
    job->grace = system->grace;
    thread = CreateThread(NULL, 0, finish_shutdown, job, 0, NULL);
    if (thread) CloseHandle(thread);
    return answer(0);
}

void system_ended(struct compute_system *system, const char *type, const char *detail, const char *initiator, CODE status)
{
    view_close(system->view);
    system->view = NULL;
    networks_release(system->id, system->document);
    system->state = SYSTEM_STOPPED;
    system->exit_type = type;
    system->exit_detail = detail;
    system->initiator = initiator;
    system->exit_status = status;
    WakeAllConditionVariable(&service_changed);
}

/* The utility VM attaches the scratch's disk itself; whoever asked for the system has not. */
static void fill_scratch(const struct json *document, const WCHAR *folder, WCHAR *volume)
{
    const struct json *layers = json_get(document, "Layers"), *at;
    WC_LAYER_DESCRIPTOR *list = calloc((size_t)json_count(layers) + 1, sizeof(*list));
    struct chain chain = {list, 0};
    SIZE_T index;
    for (at = layers ? layers->first : NULL; at; at = at->next) list[chain.count++].Path = wide_from_utf8(json_get_text(at, "Path", ""));
    if (!volume_make(folder, volume) || fill_volume(volume, &chain)) *volume = 0;
    for (index = 0; index < chain.count; index++) free((void *)list[index].Path);
    free(list);
}

static CODE open_view(struct compute_system *system)
{
    const char *path = json_get_text(json_get(json_get(system->document, "Container"), "Storage"), "Path", NULL);
    WCHAR *folder = wide_from_utf8(json_get_text(system->document, "LayerFolderPath", ""));
    WCHAR *named = wide_from_utf8(path ? path : json_get_text(system->document, "VolumePath", "")), disk[PATH_CHARS], volume[64] = L"";
    const struct json *mapped;
    HRESULT result;
    path_of(disk, folder, L"sandbox.vhdx");
    if (json_get_bool(system->document, "HvPartition") && *folder && exists(disk)) fill_scratch(system->document, folder, volume);
    mapped = json_get(json_get(system->document, "Container"), "MappedDirectories");
    if (!mapped) mapped = json_get(system->document, "MappedDirectories");
    result = view_open(*volume ? volume : named, mapped, &system->view);
    free(folder);
    free(named);
    return (CODE)result;
}

static struct json *verb(const struct json *arguments)
{
    struct compute_system *system = system_of(arguments);
    const char *name = json_get_text(arguments, "verb", "");
    struct json *wrong;
    CODE code;
    if (!strcmp(name, "start")) {
        if ((wrong = unless(system, WHEN(SYSTEM_CREATED)))) return wrong;
        if ((code = networks_attach(system->id, system->document))) return failed(code, "the network");
        if ((code = open_view(system))) {
            networks_release(system->id, system->document);
            return failed(code, "the container's C: cannot be shown");
        }
        system->state = SYSTEM_RUNNING;
        GetSystemTimeAsFileTime((FILETIME *)&system->started);
    } else if (!strcmp(name, "pause")) {
        if ((wrong = unless(system, WHEN(SYSTEM_RUNNING)))) return wrong;
        system->state = SYSTEM_PAUSED;
        processes_suspend(system, TRUE);
    } else if (!strcmp(name, "resume")) {
        if ((wrong = unless(system, WHEN(SYSTEM_PAUSED)))) return wrong;
        system->state = SYSTEM_RUNNING;
        processes_suspend(system, FALSE);
    } else if (!strcmp(name, "shutdown")) {
        return begin_shutdown(system);
    } else if (!strcmp(name, "terminate") || !strcmp(name, "crash")) {
        BOOL crash = *name == 'c';
        if ((wrong = unless(system, ANY_STATE))) return wrong;
        processes_terminate(system, crash ? 0xC0000005 : 0xC000013A);
        system_ended(system, crash ? "UnexpectedExit" : "ForcedExit", crash ? "UnexpectedExit" : "Terminate",
                     crash ? "Internal" : "Client", crash ? HCS_CODE(0x106) : 0);
    } else {
        return failed(0x80004001u, name);
    }
    WakeAllConditionVariable(&service_changed);
    return answer(0);
}

static struct json *exit_status(const struct compute_system *system)
{
    struct json *status = json_object(), *attribution = json_array(), *entry = json_object(), *exit = json_object();
    json_set_number(status, "Status", (int32_t)system->exit_status);
    json_set_text(status, "ExitType", system->exit_type);
    json_set_text(exit, "Detail", system->exit_detail);
    json_set_text(exit, "Initiator", system->initiator);
    json_set(entry, "SystemExit", exit);
    json_push(attribution, entry);
    json_set(status, "Attribution", attribution);
    return status;
}

static struct json *wait_exit(const struct json *arguments)
{
    struct compute_system *system = system_of(arguments);
    ULONGLONG deadline = GetTickCount64() + (ULONGLONG)json_get_number(arguments, "timeout", 0);
    struct json *reply;
    if (!system) return failed(HCS_CODE(0x10E), NULL);
    while (system->state != SYSTEM_STOPPED) {
        ULONGLONG now = GetTickCount64();
        if (now >= deadline) return failed(HCS_CODE(0x118), NULL);
        SleepConditionVariableCS(&service_changed, &service_lock, (DWORD)(deadline - now));
    }
    reply = answer(0);
    json_set(reply, "result", exit_status(system));
    return reply;
}

/* ---- properties ---- */

static const char *const state_names[] = {"Created", "Running", "Paused", "Stopped"};

static struct json *base_properties(const struct compute_system *system)
{
    struct json *properties = json_object();
    json_set_text(properties, "Id", system->id);
    json_set_text(properties, "SystemType", "Container");
    json_set_text(properties, "RuntimeOsType", "Windows");
    json_set_text(properties, "Name", system->id);
    json_set_text(properties, "Owner", json_get_text(system->document, "Owner", ""));
    json_set_text(properties, "RuntimeId", system->runtime_id);
    json_set_text(properties, "State", state_names[system->state]);
    json_set_text(properties, "ExitType", system->exit_type);
    return properties;
}

static BOOL listed(const struct json *names, const char *name)
{
    const struct json *at;
    for (at = names->first; at; at = at->next)
        if (at->kind == JSON_STRING && !strcmp(at->text, name)) return TRUE;
    return FALSE;
}

static struct json *properties(const struct json *arguments)
{
    struct compute_system *system = system_of(arguments);
    const char *text = json_get_text(arguments, "query", "");
    struct json *wrong = unless(system, ANY_STATE), *query, *types, *at, *reply, *result;
    if (wrong) return wrong;
    query = json_parse(*text ? text : "{}");
    if (!query) return failed(HCS_CODE(0x10D), "the query is not JSON");
    reply = answer(0);
    result = base_properties(system);
    types = json_get(query, "PropertyTypes");
    for (at = types ? types->first : NULL; at; at = at->next) {
        if (!strcmp(at->text, "Statistics")) json_set(result, "Statistics", processes_statistics(system));
        else if (!strcmp(at->text, "ProcessList")) json_set(result, "ProcessList", processes_list(system));
        else {
            json_free(query);
            json_free(reply);
            json_free(result);
            return failed(HCS_CODE(0x10D), "unknown property type");
        }
    }
    json_set(reply, "result", result);
    json_free(query);
    return reply;
}

static struct json *enumerate(const struct json *arguments)
{
    const char *text = json_get_text(arguments, "query", "");
    struct json *query = json_parse(*text ? text : "{}"), *list = json_array(), *reply = answer(0);
    struct compute_system *at;
    if (!query) {
        json_free(list);
        json_free(reply);
        return failed(HCS_CODE(0x10D), "the query is not JSON");
    }
    for (at = systems; at; at = at->next) {
        struct json *owners = json_get(query, "Owners"), *ids = json_get(query, "Ids"), *types = json_get(query, "Types");
        if (at->state == SYSTEM_STOPPED) continue;
        if (owners && !listed(owners, json_get_text(at->document, "Owner", ""))) continue;
        if (ids && !listed(ids, at->id)) continue;
        if (types && !listed(types, "Container")) continue;
        json_push(list, base_properties(at));
    }
    json_set(reply, "result", list);
    json_free(query);
    return reply;
}

static struct json *modify(const struct json *arguments)
{
    struct compute_system *system = system_of(arguments);
    struct json *request = json_parse(json_get_text(arguments, "request", "")), *wrong = unless(system, ANY_STATE), *reply;
    const char *path = json_get_text(request, "ResourcePath", "");
    if (wrong) reply = wrong;
    else if (!request) reply = failed(HCS_CODE(0x10D), "the request is not JSON");
    else if (!strcmp(path, "Container/Memory/SizeInMB") || !strcmp(path, "Container/Processor") ||
             !strcmp(path, "Container/MappedDirectories") || !strcmp(path, "Container/MappedPipes") ||
             !strcmp(json_get_text(request, "ResourceType", ""), "Network"))
        reply = answer(0);
    else reply = failed(HCS_CODE(0x10D), "unknown resource");
    json_free(request);
    return reply;
}

static struct json *world(void)
{
    struct json *reply = answer(0);
    struct compute_system *at;
    int alive = 0, running = 0;
    for (at = systems; at; at = at->next) {
        alive += at->state != SYSTEM_STOPPED;
        running += processes_running(at);
    }
    json_set_number(reply, "systems", alive);
    json_set_number(reply, "processes", running);
    json_set_number(reply, "credentials", credentials_count());
    networks_count(reply);
    return reply;
}

struct json *systems_call(const char *method, const struct json *arguments, DWORD pid)
{
    (void)pid;
    if (!strcmp(method, "system.create")) return create(arguments);
    if (!strcmp(method, "system.open")) {
        struct compute_system *system = live(json_get_text(arguments, "id", ""));
        return system ? handle_answer(system) : failed(HCS_CODE(0x10E), NULL);
    }
    if (!strcmp(method, "system.verb")) return verb(arguments);
    if (!strcmp(method, "system.wait")) return wait_exit(arguments);
    if (!strcmp(method, "system.properties")) return properties(arguments);
    if (!strcmp(method, "system.enumerate")) return enumerate(arguments);
    if (!strcmp(method, "system.modify")) return modify(arguments);
    if (!strcmp(method, "service.world")) return world();
    return NULL;
}
