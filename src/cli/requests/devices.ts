/** `--device` and `--gpus` (`opts/gpus.go`; docker-cli.md 5.5). */
import type { DeviceMapping, DeviceRequest } from '../../api/types/index.ts';
import { parseAtoi } from '../../text/strconv.ts';
import { csvFields } from './csv.ts';
import { cut, toMap } from './key-values.ts';

function parseCount(text: string): number {
  if (text === 'all') return -1;
  try {
    return parseAtoi(text);
  } catch (error) {
    const reason = (error as Error).message.replace(/^.*: /, '');
    throw new Error(`invalid count (${text}): value must be either "all" or an integer: ${reason}`, {
      cause: error,
    });
  }
}

/** `all`, `2`, `device=GPU-1,capabilities=compute`: one device request. */
export function parseGpus(value: string): DeviceRequest {
  const request: DeviceRequest = {
    Driver: '',
    Count: 0,
    DeviceIDs: null,
    Capabilities: [['gpu']],
    Options: {},
  };
  const seen = new Set<string>();
  for (const field of csvFields(value)) {
    const [key, text, found] = cut(field, '=');
    if (seen.has(key)) throw new Error(`gpu request key '${key}' can be specified only once`);
    seen.add(key);
    if (!found) {
      seen.add('count');
      request.Count = parseCount(key);
    } else if (key === 'count') request.Count = parseCount(text);
    else if (key === 'driver') request.Driver = text;
    else if (key === 'device') request.DeviceIDs = text.split(',');
    else if (key === 'capabilities') request.Capabilities = [[...text.split(','), 'gpu']];
    else if (key === 'options') {
      try {
        request.Options = toMap(csvFields(text));
      } catch (error) {
        throw new Error(`failed to read gpu options: ${(error as Error).message}`, { cause: error });
      }
    } else throw new Error(`unexpected key '${key}' in '${field}'`);
  }
  if (!seen.has('count') && request.DeviceIDs === null) request.Count = 1;
  return request;
}

export function checkGpus(value: string): string {
  parseGpus(value);
  return value;
}

/** `vendor.com/class=name` (Container Device Interface). */
function isCdiName(device: string): boolean {
  return /^[a-zA-Z](?:[\w.-]*[a-zA-Z0-9])?\/[a-zA-Z](?:[\w-]*[a-zA-Z0-9])?=[a-zA-Z0-9](?:[\w.:-]*[a-zA-Z0-9])?$/.test(
    device,
  );
}

/** Windows devices go to the engine as typed; CDI names become one request. */
export function parseDevices(
  devices: readonly string[],
  gpus: readonly string[],
): { mappings: DeviceMapping[]; requests: DeviceRequest[] | null } {
  const cdi = devices.filter(isCdiName);
  const requests = gpus.map(parseGpus);
  if (cdi.length > 0)
    requests.push({ Driver: 'cdi', Count: 0, DeviceIDs: cdi, Capabilities: null, Options: null });
  return {
    mappings: devices
      .filter((device) => !isCdiName(device))
      .map((device) => ({ PathOnHost: device, PathInContainer: '', CgroupPermissions: '' })),
    requests: requests.length > 0 ? requests : null,
  };
}
