import type { EventMessage } from '../../../api/types/index.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { Filters } from '../../roles/index.ts';
import { own } from '../../../text/own.ts';

const known = new Set([
  'type',
  'event',
  'container',
  'image',
  'volume',
  'network',
  'daemon',
  'label',
  'scope',
  'plugin',
  'builder',
]);
const objectTypes = ['container', 'image', 'volume', 'network', 'daemon', 'plugin', 'builder'];
/** Actions whose name goes on after a colon: `exec_create: cmd /c ver`. */
const prefixed = ['health_status', 'exec_create', 'exec_start'];

/** Docker's event filters (docker-cli.md 6): values of a key are alternatives, labels must all be there. */
export function eventFilter(filters: Filters): (event: EventMessage) => boolean {
  for (const key of Object.keys(filters)) {
    if (!known.has(key)) throw new PortholeError('invalid', 'FILTER_INVALID', `invalid filter '${key}'`);
  }
  const any = (key: string, test: (value: string) => boolean): boolean => {
    const values = filters[key] ?? [];
    return values.length === 0 || values.some(test);
  };
  return (event) =>
    any('type', (type) => event.Type === type) &&
    any('event', (action) => matchesAction(event.Action, action)) &&
    any('scope', (scope) => event.scope === scope) &&
    objectTypes.every((type) => any(type, (name) => matchesObject(event, type, name))) &&
    (filters['label'] ?? []).every((label) => matchesLabel(event, label));
}

function matchesAction(action: string, wanted: string): boolean {
  return action === wanted || (prefixed.includes(wanted) && action.startsWith(`${wanted}:`));
}

/** By ID, ID prefix or name; a container's events also match its image. */
function matchesObject(event: EventMessage, type: string, name: string): boolean {
  const { ID: id, Attributes: attributes } = event.Actor;
  if (type === 'image' && event.Type === 'container') return attributes['image'] === name;
  if (event.Type !== type) {
    return (
      type === 'container' && event.Type === 'network' && attributes['container']?.startsWith(name) === true
    );
  }
  return id === name || attributes['name'] === name || (name.length > 0 && id.startsWith(name));
}

function matchesLabel(event: EventMessage, label: string): boolean {
  const at = label.indexOf('=');
  const value = own(event.Actor.Attributes, at < 0 ? label : label.slice(0, at));
  return value !== undefined && (at < 0 || value === label.slice(at + 1));
}
