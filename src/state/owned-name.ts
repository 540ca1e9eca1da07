/** Names of files and folders that belong to one process until they are whole: `<subject>.<pid>.<start time>.<n><suffix>`. */
import { isAlive, ownIdentity } from './process-identity.ts';

let counter = 0;

/** A name that no other call of any process gives. */
export function ownedName(subject: string, suffix = ''): string {
  const { pid, startTime } = ownIdentity();
  counter += 1;
  return `${subject}.${pid}.${startTime}.${counter}${suffix}`;
}

/** Whether it is such a name, of a subject that the whole pattern matches, and its process is gone. */
export function isAbandonedName(name: string, subject: RegExp, suffix = ''): boolean {
  if (!name.endsWith(suffix)) return false;
  const match = /^(.+?)\.(\d+)\.(.*)\.\d+$/.exec(name.slice(0, name.length - suffix.length));
  if (match === null || !subject.test(match[1]!)) return false;
  return !isAlive({ pid: Number(match[2]), startTime: match[3]! });
}
