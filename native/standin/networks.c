/* HNS' objects (networking.md 1, 2): networks, endpoints, namespaces, host ports. */
#include "service.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct json *networks, *endpoints, *namespaces; /* arrays */

static void prepare(void)
{
    if (networks) return;
    networks = json_array();
    endpoints = json_array();
    namespaces = json_array();
}

/* ---- numbers ---- */

static uint32_t random_number(void)
{
    static uint32_t seed;
    LARGE_INTEGER now;
    QueryPerformanceCounter(&now);
    seed = seed * 1664525u + 1013904223u + (uint32_t)now.QuadPart;
    return seed >> 4 ^ seed << 11;
}

static BOOL parse_address(const char *text, uint32_t *address, const char **end)
{
    int part;
    *address = 0;
    for (part = 0; part < 4; part++) {
        char *after;
        unsigned long number;
        if (*text < '0' || *text > '9') return FALSE;
        number = strtoul(text, &after, 10);
        if (number > 255) return FALSE;
        *address = *address << 8 | (uint32_t)number;
        text = after;
        if (part < 3 && *text++ != '.') return FALSE;
    }
    if (end) *end = text;
    return end || !*text;
}

static BOOL parse_prefix(const char *text, uint32_t *address, int *length)
{
    const char *end;
    char *after;
    if (!parse_address(text, address, &end) || *end != '/') return FALSE;
    *length = (int)strtol(end + 1, &after, 10);
    return !*after && after > end + 1 && *length >= 0 && *length <= 32;
}

static uint32_t mask_of(int length) { return length ? 0xFFFFFFFFu << (32 - length) : 0; }

static const char *address_text(uint32_t address)
{
    static char text[4][20];
    static int slot;
    slot = (slot + 1) & 3;
    sprintf(text[slot], "%u.%u.%u.%u", (unsigned)(address >> 24), (unsigned)(address >> 16 & 255), (unsigned)(address >> 8 & 255), (unsigned)(address & 255));
    return text[slot];
}

/* ---- answers ---- */

static const struct {
    CODE code;
    const char *text;
} texts[] = {
    {HCN_CODE(1), "The network was not found. "},
    {HCN_CODE(2), "The endpoint was not found. "},
    {HCN_CODE(0xB), "Invalid network type. "},
    {HCN_CODE(0xD), "The provided policy configuration is invalid or missing parameters. "},
    {HCN_CODE(0x10), "A network with this name already exists. "},
    {HCN_CODE(0x14), "This endpoint is already attached to the switch. "},
    {HCN_CODE(0x16), "Port mapping is not supported on the given network. "},
    {HCN_CODE(0x1B), "Invalid JSON document string. "},
    {HCN_CODE(0x1E), "IP address is either invalid or not part of any configured subnet(s). "},
    {HCN_CODE(0x2F), "An address provided is invalid or reserved. "},
    {HCN_CODE(0x30), "The prefix provided is invalid. "},
    {WIN32_CODE(0x20), "The process cannot access the file because it is being used by another process. "},
    {WIN32_CODE(0x57), "The parameter is incorrect. "},
    {WIN32_CODE(0x490), "Element not found. "},
};

static struct json *refuse(CODE code)
{
    struct json *reply = answer(code), *envelope = json_object();
    const char *text = "Unspecified error ";
    size_t index;
    for (index = 0; index < sizeof(texts) / sizeof(*texts); index++)
        if (texts[index].code == code) text = texts[index].text;
    json_set(envelope, "Success", json_bool(0));
    json_set_text(envelope, "Error", text);
    json_set_number(envelope, "ErrorCode", code);
    json_set(reply, "result", envelope);
    return reply;
}

static struct json *give(struct json *output)
{
    struct json *reply = answer(0), *envelope = json_object();
    json_set(envelope, "Success", json_bool(1));
    if (output) json_set(envelope, "Output", output);
    json_set(reply, "result", envelope);
    return reply;
}

static struct json *by_id(const struct json *list, const char *id)
{
    struct json *at;
    for (at = list->first; at; at = at->next)
        if (!_stricmp(json_get_text(at, "ID", ""), id)) return at;
    return NULL;
}

static void drop(struct json *list, struct json *item)
{
    struct json **at = &list->first, *before = NULL;
    while (*at != item) {
        before = *at;
        at = &(*at)->next;
    }
    *at = item->next;
    if (list->last == item) list->last = before;
    item->next = NULL;
    json_free(item);
}

/* ---- networks ---- */

static BOOL overlaps(uint32_t address, int length)
{
    const struct json *network, *subnet;
    for (network = networks->first; network; network = network->next) {
        const struct json *subnets = json_get(network, "Subnets");
        for (subnet = subnets ? subnets->first : NULL; subnet; subnet = subnet->next) {
            uint32_t other;
            int other_length;
            if (parse_prefix(json_get_text(subnet, "AddressPrefix", ""), &other, &other_length)) {
                uint32_t mask = mask_of(length < other_length ? length : other_length);
                if ((address & mask) == (other & mask)) return TRUE;
            }
        }
    }
    return FALSE;
}

static CODE plan_subnet(struct json *subnet)
{
    const char *prefix = json_get_text(subnet, "AddressPrefix", "0.0.0.0/0");
    const char *gateway = json_get_text(subnet, "GatewayAddress", NULL);
    uint32_t address, gateway_address;
    int length;
    char *text, id[40];
    if (!parse_prefix(prefix, &address, &length)) return HCN_CODE(0x30);
    if (!length) {
        int tries;
        for (tries = 0; tries < 4096; tries++) {
            address = 0xAC100000u + ((random_number() & 0xFF) << 12);
            if (!overlaps(address, 20)) break;
        }
        length = 20;
        gateway = NULL;
    } else if (overlaps(address, length)) return WIN32_CODE(ERROR_INVALID_PARAMETER);
    address &= mask_of(length);
    gateway_address = address + 1;
    if (gateway && (!parse_address(gateway, &gateway_address, NULL) || (gateway_address & mask_of(length)) != address)) return HCN_CODE(0x1E);
    text = format_text("%s/%d", address_text(address), length);
    json_set_text(subnet, "AddressPrefix", text);
    json_set_text(subnet, "GatewayAddress", address_text(gateway_address));
    free(text);
    new_guid(id);
    json_set_text(subnet, "ID", id);
    return 0;
}

static BOOL has_subnets_of_its_own(const char *type) { return !_stricmp(type, "nat") || !_stricmp(type, "ics"); }

static struct json *create_network(const struct json *document)
{
    static const char *const types[] = {"nat", "ics", "transparent", "l2bridge", "l2tunnel", "overlay", "private", "internal", "mirrored"};
    struct json *network, *subnet, *subnets, *at;
    const char *type = json_get_text(document, "Type", "nat"), *name = json_get_text(document, "Name", "");
    BOOL known = FALSE;
    char id[40], mac[20];
    uint32_t block;
    size_t index;
    for (index = 0; index < sizeof(types) / sizeof(*types); index++) known |= !_stricmp(types[index], type);
    if (!known) return refuse(HCN_CODE(0xB));
    for (at = networks->first; at; at = at->next)
        if (!strcmp(json_get_text(at, "Name", ""), name)) return refuse(HCN_CODE(0x10));
    network = json_copy(document);
    if (!json_get(network, "Subnets") && has_subnets_of_its_own(type)) {
        json_set(network, "Subnets", json_array());
        json_push(json_get(network, "Subnets"), json_object());
    }
    subnets = json_get(network, "Subnets");
    for (subnet = subnets ? subnets->first : NULL; subnet; subnet = subnet->next) {
        CODE code = plan_subnet(subnet);
        if (code) {
            json_free(network);
            return refuse(code);
        }
    }
    new_guid(id);
    if (!json_get(network, "ID")) json_set_text(network, "ID", id);
    json_set_text(network, "Type", type);
    json_set_number(network, "State", 1);
    json_set_number(network, "Flags", !_stricmp(type, "nat") ? 8 : 0);
    json_set_number(network, "Version", 55834574851.0);
    json_set_number(network, "CurrentEndpointCount", 0);
    json_set(network, "AdditionalParams", json_object());
    if (!json_get(network, "MacPools")) {
        struct json *pools = json_array(), *pool = json_object();
        block = random_number() & 0xFFF;
        sprintf(mac, "00-15-5D-%02X-%X0-00", (unsigned)(block >> 4), (unsigned)(block & 15));
        json_set_text(pool, "StartMacAddress", mac);
        sprintf(mac, "00-15-5D-%02X-%XF-FF", (unsigned)(block >> 4), (unsigned)(block & 15));
        json_set_text(pool, "EndMacAddress", mac);
        json_push(pools, pool);
        json_set(network, "MacPools", pools);
    }
    json_push(networks, network);
    return give(json_copy(network));
}

/* ---- endpoints ---- */

static BOOL same_network(const struct json *endpoint, const char *id) { return !_stricmp(json_get_text(endpoint, "VirtualNetwork", ""), id); }

static BOOL in_use(const char *network, const char *member, const char *value)
{
    const struct json *at;
    for (at = endpoints->first; at; at = at->next)
        if (same_network(at, network) && !_stricmp(json_get_text(at, member, ""), value)) return TRUE;
    return FALSE;
}

static CODE plan_address(struct json *endpoint, const struct json *network)
{
    const struct json *subnets = json_get(network, "Subnets"), *subnet;
    const char *wanted = json_get_text(endpoint, "IPAddress", NULL), *id = json_get_text(network, "ID", "");
    CODE code = HCN_CODE(0x1E);
    if (json_is_empty(subnets)) return wanted ? HCN_CODE(0x1E) : 0;
    for (subnet = subnets->first; subnet; subnet = subnet->next) {
        const char *gateway = json_get_text(subnet, "GatewayAddress", "");
        uint32_t base, address, span, start, offset;
        int length;
        if (!parse_prefix(json_get_text(subnet, "AddressPrefix", ""), &base, &length)) continue;
        span = length >= 31 ? 0 : (uint32_t)((1ull << (32 - length)) - 2);
        if (wanted) {
            if (!parse_address(wanted, &address, NULL)) return HCN_CODE(0x1E);
            if ((address & mask_of(length)) != base) continue;
            if (address == base || address == (base | ~mask_of(length)) || !strcmp(address_text(address), gateway) ||
                in_use(id, "IPAddress", address_text(address)))
                return HCN_CODE(0x2F);
        } else {
            start = span ? random_number() % span : 0;
            code = HCN_CODE(0x2F);
            for (offset = 0; offset < span; offset++) {
                address = base + 1 + (start + offset) % span;
                if (strcmp(address_text(address), gateway) && !in_use(id, "IPAddress", address_text(address))) break;
            }
            if (offset == span) continue;
        }
        json_set_text(endpoint, "IPAddress", address_text(address));
        json_set_number(endpoint, "PrefixLength", length);
        json_set_text(endpoint, "GatewayAddress", gateway);
        return 0;
    }
    return code;
}

static void plan_mac(struct json *endpoint, const struct json *network)
{
    const char *wanted = json_get_text(endpoint, "MacAddress", NULL);
    char mac[32];
    if (wanted) {
        char *at;
        strncpy(mac, wanted, 31);
        mac[31] = 0;
        for (at = mac; *at; at++) *at = *at == ':' ? '-' : (char)(*at >= 'a' && *at <= 'f' ? *at - 32 : *at);
    } else {
        const struct json *pools = json_get(network, "MacPools");
        const char *start = json_get_text(pools ? pools->first : NULL, "StartMacAddress", "00-15-5D-00-00-00");
        do {
            unsigned low = random_number() & 0xFFF;
            sprintf(mac, "%.13s%X-%02X", start, low >> 8, low & 0xFF);
        } while (in_use(json_get_text(network, "ID", ""), "MacAddress", mac));
    }
    json_set_text(endpoint, "MacAddress", mac);
}

static BOOL port_is_taken(const char *protocol, double port)
{
    const struct json *endpoint, *policy;
    for (endpoint = endpoints->first; endpoint; endpoint = endpoint->next) {
        const struct json *policies = json_get(endpoint, "Policies");
        for (policy = policies ? policies->first : NULL; policy; policy = policy->next)
            if (!strcmp(json_get_text(policy, "Type", ""), "NAT") && !_stricmp(json_get_text(policy, "Protocol", ""), protocol) &&
                json_get_number(policy, "ExternalPort", 0) == port)
                return TRUE;
    }
    return FALSE;
}

static BOOL is_port(double number, double least) { return number >= least && number <= 65535 && number == (double)(int)number; }

static CODE plan_policies(struct json *endpoint, const struct json *network)
{
    struct json *policies = json_get(endpoint, "Policies"), *policy;
    double next = 49152;
    for (policy = policies ? policies->first : NULL; policy; policy = policy->next) {
        const char *protocol = json_get_text(policy, "Protocol", "");
        double external = json_get_number(policy, "ExternalPort", 0);
        if (strcmp(json_get_text(policy, "Type", ""), "NAT")) continue;
        if ((_stricmp(protocol, "tcp") && _stricmp(protocol, "udp")) || !is_port(json_get_number(policy, "InternalPort", 0), 1) || !is_port(external, 0))
            return HCN_CODE(0xD);
        if (_stricmp(json_get_text(network, "Type", ""), "nat") && _stricmp(json_get_text(network, "Type", ""), "ics")) return HCN_CODE(0x16);
        if (external == 0) {
            while (port_is_taken(protocol, next)) next++;
            json_set_number(policy, "ExternalPort", next++);
        } else if (port_is_taken(protocol, external)) return WIN32_CODE(ERROR_SHARING_VIOLATION);
    }
    return 0;
}

static void count_endpoints(struct json *network, int change)
{
    json_set_number(network, "CurrentEndpointCount", json_get_number(network, "CurrentEndpointCount", 0) + change);
}

static struct json *create_endpoint(const struct json *document)
{
    struct json *network = by_id(networks, json_get_text(document, "VirtualNetwork", "")), *endpoint;
    char id[40];
    CODE code;
    if (!network) return refuse(HCN_CODE(1));
    endpoint = json_copy(document);
    code = plan_address(endpoint, network);
    if (!code) code = plan_policies(endpoint, network);
    if (code) {
        json_free(endpoint);
        return refuse(code);
    }
    plan_mac(endpoint, network);
    new_guid(id);
    if (!json_get(endpoint, "ID")) json_set_text(endpoint, "ID", id);
    if (!json_get(endpoint, "Name")) json_set_text(endpoint, "Name", "Ethernet");
    json_set_text(endpoint, "VirtualNetworkName", json_get_text(network, "Name", ""));
    json_set_number(endpoint, "State", 1);
    json_set(endpoint, "SharedContainers", json_array());
    json_push(endpoints, endpoint);
    count_endpoints(network, 1);
    return give(json_copy(endpoint));
}

static struct json *namespace_with(const char *endpoint)
{
    struct json *namespace, *resource;
    for (namespace = namespaces->first; namespace; namespace = namespace->next)
        for (resource = json_get(namespace, "Resources")->first; resource; resource = resource->next)
            if (!_stricmp(json_get_text(json_get(resource, "Data"), "Id", ""), endpoint)) return namespace;
    return NULL;
}

static BOOL detach(struct json *namespace, const char *endpoint)
{
    struct json *resources = json_get(namespace, "Resources"), *resource;
    for (resource = resources->first; resource; resource = resource->next)
        if (!_stricmp(json_get_text(json_get(resource, "Data"), "Id", ""), endpoint)) {
            drop(resources, resource);
            return TRUE;
        }
    return FALSE;
}

static void drop_endpoint(struct json *endpoint)
{
    struct json *network = by_id(networks, json_get_text(endpoint, "VirtualNetwork", ""));
    struct json *namespace = namespace_with(json_get_text(endpoint, "ID", ""));
    if (namespace) detach(namespace, json_get_text(endpoint, "ID", ""));
    if (network) count_endpoints(network, -1);
    drop(endpoints, endpoint);
}

static const char *text_of(const struct json *value) { return value && value->kind == JSON_STRING ? value->text : ""; }

static CODE attach_all(const char *container, const struct json *list)
{
    const struct json *at;
    for (at = list ? list->first : NULL; at; at = at->next) {
        struct json *endpoint = by_id(endpoints, text_of(at));
        if (!endpoint) return HCN_CODE(2);
        if (namespace_with(json_get_text(endpoint, "ID", "")) || !json_is_empty(json_get(endpoint, "SharedContainers"))) return HCN_CODE(0x14);
    }
    for (at = list ? list->first : NULL; at; at = at->next) {
        struct json *endpoint = by_id(endpoints, text_of(at));
        json_push(json_get(endpoint, "SharedContainers"), json_text(container));
        json_set_number(endpoint, "State", 2);
    }
    return 0;
}

/* Sharing a container's network means to name its endpoints once more. */
CODE networks_attach(const char *container, const struct json *document)
{
    const char *wanted = json_get_text(json_get(json_get(document, "Container"), "Networking"), "Namespace", NULL);
    prepare();
    if (wanted) return by_id(namespaces, wanted) ? 0 : WIN32_CODE(ERROR_NOT_FOUND);
    if (json_get(document, "NetworkSharedContainerName")) return 0;
    return attach_all(container, json_get(document, "EndpointList"));
}

void networks_release(const char *container, const struct json *document)
{
    const struct json *list = json_get(document, "EndpointList"), *at;
    for (at = list ? list->first : NULL; at; at = at->next) {
        struct json *endpoint = by_id(endpoints, text_of(at));
        const struct json *holders = json_get(endpoint, "SharedContainers");
        if (!endpoint || json_is_empty(holders) || strcmp(text_of(holders->first), container)) continue;
        json_set(endpoint, "SharedContainers", json_array());
        json_set_number(endpoint, "State", 4);
    }
}

/* ---- HNSCall ---- */

static struct json *collection(struct json *list, const char *method, const char *id, CODE missing, const struct json *body,
                               struct json *(*create)(const struct json *))
{
    struct json *found;
    if (!*id) {
        if (!strcmp(method, "GET")) return give(json_copy(list));
        if (!strcmp(method, "POST")) return body ? create(body) : refuse(HCN_CODE(0x1B));
        return refuse(HCN_CODE(0x15));
    }
    found = by_id(list, id);
    if (!found) return refuse(missing);
    if (!strcmp(method, "GET")) return give(json_copy(found));
    if (!strcmp(method, "DELETE")) {
        if (list == networks) {
            struct json *endpoint = endpoints->first, *next;
            for (; endpoint; endpoint = next) {
                next = endpoint->next;
                if (same_network(endpoint, id)) drop_endpoint(endpoint);
            }
            drop(networks, found);
        } else drop_endpoint(found);
        return give(NULL);
    }
    if (body) {
        const struct json *member;
        for (member = body->first; member; member = member->next) json_set(found, member->name, json_copy(member));
        return give(json_copy(found));
    }
    return refuse(HCN_CODE(0x1B));
}

static struct json *endpoint_statistics(const char *id)
{
    struct json *statistics;
    if (!by_id(endpoints, id)) return refuse(HCN_CODE(2));
    statistics = json_object();
    json_set_number(statistics, "BytesReceived", 0);
    json_set_number(statistics, "BytesSent", 0);
    json_set_number(statistics, "PacketsReceived", 0);
    json_set_number(statistics, "PacketsSent", 0);
    json_set_number(statistics, "DroppedPacketsIncoming", 0);
    json_set_number(statistics, "DroppedPacketsOutgoing", 0);
    json_set_text(statistics, "EndpointId", id);
    return give(statistics);
}

static struct json *hns_call(const struct json *arguments)
{
    const char *method = json_get_text(arguments, "method", ""), *path = json_get_text(arguments, "path", "");
    const char *text = json_get_text(arguments, "body", "");
    struct json *body = *text ? json_parse(text) : NULL, *reply;
    char kind[32] = "", id[64] = "";
    if (*text && !body) return refuse(HCN_CODE(0x1B));
    sscanf(path, "/%31[^/]/%63[^/]", kind, id);
    if (!strcmp(kind, "networks")) reply = collection(networks, method, id, HCN_CODE(1), body, create_network);
    else if (!strcmp(kind, "endpoints")) reply = collection(endpoints, method, id, HCN_CODE(2), body, create_endpoint);
    else if (!strcmp(kind, "endpointstats")) reply = endpoint_statistics(id);
    else if (!strcmp(path, "/globals/version")) reply = give(json_parse("{\"Major\":13,\"Minor\":3}"));
    else reply = refuse(HCN_CODE(0x15));
    json_free(body);
    return reply;
}

/* ---- HCN namespaces ---- */

static struct json *create_namespace(const struct json *arguments)
{
    static int compartment = 2;
    struct json *settings = json_parse(json_get_text(arguments, "settings", "")), *namespace, *reply;
    const char *wanted = json_get_text(arguments, "id", "");
    char id[40];
    if (!settings) return refuse(HCN_CODE(0x1B));
    if (json_get_number(json_get(settings, "SchemaVersion"), "Major", 0) != 2) {
        json_free(settings);
        return refuse(HCN_CODE(0x1B));
    }
    new_guid(id);
    namespace = json_object();
    json_set_text(namespace, "ID", strncmp(wanted, "00000000", 8) ? wanted : id);
    json_set_number(namespace, "NamespaceId", compartment++);
    /* HostDefault is the host's own: a type of 0 (Host) is left out. */
    if (json_get(settings, "Type")) json_set(namespace, "Type", json_copy(json_get(settings, "Type")));
    json_set(namespace, "Resources", json_array());
    json_set(namespace, "SchemaVersion", json_parse("{\"Major\":2,\"Minor\":0}"));
    json_push(namespaces, namespace);
    json_free(settings);
    reply = answer(0);
    json_set_text(reply, "id", json_get_text(namespace, "ID", ""));
    return reply;
}

static struct json *modify_namespace(struct json *namespace, const struct json *arguments)
{
    struct json *request = json_parse(json_get_text(arguments, "settings", "")), *reply, *endpoint;
    const char *type = json_get_text(request, "RequestType", "");
    const char *id = json_get_text(json_get(request, "Settings"), "EndpointId", "");
    if (!request || strcmp(json_get_text(request, "ResourceType", ""), "Endpoint")) reply = refuse(HCN_CODE(0x1B));
    else if (!strcmp(type, "Add")) {
        if (!(endpoint = by_id(endpoints, id))) reply = refuse(HCN_CODE(2));
        else if (namespace_with(id)) reply = refuse(HCN_CODE(0x14));
        else {
            struct json *resource = json_object(), *data = json_object();
            json_set_text(data, "Id", json_get_text(endpoint, "ID", ""));
            json_set_text(resource, "Type", "Endpoint");
            json_set(resource, "Data", data);
            json_push(json_get(namespace, "Resources"), resource);
            json_set_number(endpoint, "State", 2);
            reply = answer(0);
        }
    } else if (!strcmp(type, "Remove")) {
        if (!detach(namespace, id)) reply = refuse(WIN32_CODE(ERROR_NOT_FOUND));
        else {
            if ((endpoint = by_id(endpoints, id))) json_set_number(endpoint, "State", 4);
            reply = answer(0);
        }
    } else reply = refuse(HCN_CODE(0x1B));
    json_free(request);
    return reply;
}

static struct json *delete_namespace(struct json *namespace)
{
    struct json *resource, *endpoint;
    for (resource = json_get(namespace, "Resources")->first; resource; resource = resource->next)
        if ((endpoint = by_id(endpoints, json_get_text(json_get(resource, "Data"), "Id", "")))) json_set_number(endpoint, "State", 4);
    drop(namespaces, namespace);
    return answer(0);
}

void networks_count(struct json *world)
{
    prepare();
    json_set_number(world, "networks", json_count(networks));
    json_set_number(world, "endpoints", json_count(endpoints));
    json_set_number(world, "namespaces", json_count(namespaces));
}

struct json *networks_call(const char *method, const struct json *arguments, DWORD pid)
{
    struct json *namespace;
    (void)pid;
    prepare();
    if (!strcmp(method, "hns.call")) return hns_call(arguments);
    if (!strcmp(method, "namespace.create")) return create_namespace(arguments);
    if (!strcmp(method, "namespace.enumerate")) {
        struct json *reply = answer(0), *ids = json_array();
        for (namespace = namespaces->first; namespace; namespace = namespace->next)
            json_push(ids, json_text(json_get_text(namespace, "ID", "")));
        json_set(reply, "result", ids);
        return reply;
    }
    if (strncmp(method, "namespace.", 10)) return NULL;
    namespace = by_id(namespaces, json_get_text(arguments, "id", ""));
    if (!namespace) return refuse(WIN32_CODE(ERROR_NOT_FOUND));
    if (!strcmp(method, "namespace.open")) return answer(0);
    if (!strcmp(method, "namespace.query")) {
        struct json *reply = answer(0);
        json_set(reply, "result", json_copy(namespace));
        return reply;
    }
    if (!strcmp(method, "namespace.modify")) return modify_namespace(namespace, arguments);
    if (!strcmp(method, "namespace.delete")) return delete_namespace(namespace);
    return NULL;
}
