/**
 * What of the recorded client our commands don't repeat, each with its reason. A case that is not named here has to pass, and
 * one that is named has to fail: the list cannot grow stale.
 */
const later = 'the command comes with a later version';
const daemon = 'about reaching a daemon: the engine is in this process';
const linux = 'the engine of the case runs Linux containers';
const client = 'prints the version of the released client';

/** Commands that this version does not have, by their first words. */
export const laterCommands: readonly string[] = [
  ...'cp export import search stats system unpause update'.split(' '),
  ...['builder prune', 'context'],
];

/** Recorded cases by name, golden cases by file. */
export const notReplayed: Readonly<Record<string, string>> = {
  'build/buildkit-header-2': 'advertises another builder: there is one',
  'build/iidfile':
    'the engine of the case ignores -q; ours is never asked for it, the command holds the log back',
  'create/device-bad-linux': linux,
  'misc/container-no-args': 'lists commands that come later; help is compared in test/cli/help.test.ts',
  'misc/context-missing': 'there are no contexts',
  'misc/error-empty': daemon,
  'misc/no-args': 'lists commands that come later; help is compared in test/cli/help.test.ts',
  'ps/daemon-down': daemon,
  'ps/npipe-on-unix': daemon,
  'run/cpu-count-on-linux-daemon': linux,
  'run/exit-large':
    'a 32-bit exit code is told on stderr, because the shell keeps only its low byte (users.md 4.2)',
  'run/old-api-platform': daemon,
  'version/daemon-down': daemon,
  'version/short-flag': client,
};

/** Cases whose output is compared from this text on: what comes before names the client. */
export const comparedFrom: Readonly<Record<string, string>> = {
  'info/windows': ' Context:',
  'version/default': '\nServer:',
  'version/json': '"Server":',
};

/** Cases whose requests differ on purpose. */
export const otherRequests: Readonly<Record<string, string>> = {
  'inspect/not-found': 'swarm and plugins are not asked for: there are none',
  'inspect/two-one-missing': 'swarm and plugins are not asked for: there are none',
  'network/rm': 'nothing looks for ingress networks: there is no swarm',
  'network/rm-in-use': 'nothing looks for ingress networks: there is no swarm',
  'run/detached': 'nobody waits for a detached container',
  'run/start-denied': 'nobody waits for a detached container',
  'run/start-port-alloc': 'nobody waits for a detached container',
  'run/start-port-alloc-linux': 'nobody waits for a detached container',
};

export const reasonForLater = later;
