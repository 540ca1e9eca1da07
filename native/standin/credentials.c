/* Settings of the service: instances of the credential guard (hcs.md 3.7, 6.5), which stay until somebody removes them. */
#include "service.h"
#include <stdlib.h>
#include <string.h>

static struct json *instances;

static struct json *find(const char *id)
{
    struct json *at;
    for (at = instances ? instances->first : NULL; at; at = at->next)
        if (!strcmp(json_get_text(at, "Id", ""), id)) return at;
    return NULL;
}

int credentials_count(void) { return instances ? json_count(instances) : 0; }

BOOL credentials_known(const char *id, const struct json *guard)
{
    struct json *instance = find(id);
    const char *cookie = json_get_text(json_get(instance, "CredentialGuard"), "Cookie", NULL);
    return cookie && !strcmp(json_get_text(guard, "Cookie", ""), cookie);
}

static struct json *add(const struct json *details)
{
    const char *id = json_get_text(details, "Id", ""), *text = json_get_text(details, "CredentialSpec", "");
    const char *transport = json_get_text(details, "Transport", "");
    struct json *spec = json_parse(text), *instance, *guard;
    char cookie[40], endpoint[40];
    BOOL valid = spec && spec->kind == JSON_OBJECT;
    json_free(spec);
    if (!*id || !valid) return failed(HCS_CODE(0x10D), "the credential spec is not JSON");
    if (strcmp(transport, "LRPC") && strcmp(transport, "HvSocket")) return failed(HCS_CODE(0x10D), "Transport is neither LRPC nor HvSocket");
    if (find(id)) return failed(WIN32_CODE(183), NULL);
    instance = json_object();
    guard = json_object();
    new_guid(cookie);
    new_guid(endpoint);
    json_set_text(instance, "Id", id);
    json_set_text(guard, "Cookie", cookie);
    json_set_text(guard, "RpcEndpoint", endpoint);
    json_set_text(guard, "Transport", transport);
    json_set_text(guard, "CredentialSpec", text);
    json_set(instance, "CredentialGuard", guard);
    if (!instances) instances = json_array();
    json_push(instances, instance);
    return answer(0);
}

static struct json *remove_instance(const char *id)
{
    struct json *kept = json_array(), *at;
    if (!find(id)) {
        json_free(kept);
        return failed(WIN32_CODE(1168), NULL);
    }
    for (at = instances->first; at; at = at->next)
        if (strcmp(json_get_text(at, "Id", ""), id)) json_push(kept, json_copy(at));
    json_free(instances);
    instances = kept;
    return answer(0);
}

static struct json *modify(const struct json *settings)
{
    const struct json *inner = json_get(settings, "Settings"), *details = json_get(inner, "OperationDetails");
    const char *operation = json_get_text(inner, "Operation", "");
    if (strcmp(json_get_text(settings, "PropertyType", ""), "ContainerCredentialGuard")) return failed(HCS_CODE(0x10D), "unknown property type");
    if (!strcmp(operation, "AddInstance")) return add(details);
    if (!strcmp(operation, "RemoveInstance")) return remove_instance(json_get_text(details, "Id", ""));
    return failed(HCS_CODE(0x10D), "unknown operation");
}

static struct json *property(const char *type)
{
    struct json *list, *result;
    if (!strcmp(type, "Basic")) return json_parse("{\"SupportedSchemaVersions\":[{\"Major\":1,\"Minor\":0},{\"Major\":2,\"Minor\":5}]}");
    if (strcmp(type, "ContainerCredentialGuard")) return NULL;
    list = instances ? json_copy(instances) : json_array();
    result = json_object();
    json_set(result, "Instances", list);
    return result;
}

static struct json *properties(const struct json *query)
{
    const struct json *types = json_get(query, "PropertyTypes"), *at;
    struct json *reply = answer(0), *result = json_object(), *list = json_array();
    json_set(result, "Properties", list);
    json_set(reply, "result", result);
    for (at = types ? types->first : NULL; at; at = at->next) {
        struct json *one = at->kind == JSON_STRING ? property(at->text) : NULL;
        if (!one) {
            json_free(reply);
            return failed(HCS_CODE(0x10D), "unknown property type");
        }
        json_push(list, one);
    }
    return reply;
}

struct json *credentials_call(const char *method, const struct json *arguments, DWORD pid)
{
    BOOL query = !strcmp(method, "service.properties");
    struct json *document, *reply;
    (void)pid;
    if (!query && strcmp(method, "service.modify")) return NULL;
    document = json_parse(json_get_text(arguments, query ? "query" : "settings", ""));
    if (!document) return failed(HCS_CODE(0x10D), "this is not JSON");
    reply = query ? properties(document) : modify(document);
    json_free(document);
    return reply;
}
