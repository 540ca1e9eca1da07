/**
 * Variables of a build: `NAME=value` lists whose names follow the target's system. On Windows case does not matter and the
 * newest spelling stays (dockerfile.md 1.7).
 */
export type TargetOs = 'windows' | 'linux';

/** What two names must share to be one variable. */
export function variableKey(name: string, os: TargetOs): string {
  return os === 'windows' ? name.toUpperCase() : name;
}

/** `NAME=value` as its parts; a text without `=` is a name with an empty value. */
export function splitAssignment(assignment: string): { name: string; value: string } {
  const equals = assignment.indexOf('=');
  return equals < 0
    ? { name: assignment, value: '' }
    : { name: assignment.slice(0, equals), value: assignment.slice(equals + 1) };
}

/** `environment` with `NAME=value` in place of the variable of that name, or at the end. */
export function setVariable(
  environment: readonly string[],
  name: string,
  value: string,
  os: TargetOs,
): string[] {
  const key = variableKey(name, os);
  const assignment = `${name}=${value}`;
  const at = environment.findIndex((entry) => variableKey(splitAssignment(entry).name, os) === key);
  return at < 0 ? [...environment, assignment] : environment.with(at, assignment);
}

/** Look-up in a list. Of several entries for one name the last counts. */
export function lookUpIn(environment: readonly string[], os: TargetOs): (name: string) => string | undefined {
  const values = new Map<string, string>();
  for (const entry of environment) {
    const { name, value } = splitAssignment(entry);
    values.set(variableKey(name, os), value);
  }
  return (name) => values.get(variableKey(name, os));
}
