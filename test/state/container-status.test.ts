import { expect } from 'chai';
import type { ContainerStateRecord, ExitRecord, Phase } from '../../src/state/container-record.ts';
import { deriveStatus } from '../../src/state/container-status.ts';

const now = Date.parse('2026-01-02T03:04:05.000Z');
const exitOf = (run: number): ExitRecord => ({
  format: 1,
  run,
  exitCode: 7,
  finishedAt: '2026-01-02T03:00:00Z',
  oomKilled: true,
  error: 'why',
});

function record(phase: Phase, run = 1): ContainerStateRecord {
  return {
    format: 1,
    revision: 1,
    card: {
      name: 'web',
      image: 'app',
      imageId: '',
      command: '',
      created: 0,
      labels: {},
      networkMode: 'nat',
      isolation: 'process',
      autoRemove: false,
      mounts: [],
      exposed: [],
    },
    phase,
    run,
    pid: 42,
    exitCode: 0,
    error: '',
    oomKilled: false,
    startedAt: '2026-01-02T02:00:00Z',
    finishedAt: '2026-01-01T00:00:00Z',
    restartCount: 0,
    stoppedByUser: false,
  };
}

describe('derived status', () => {
  const cases: [
    phase: Phase,
    exit: number | undefined,
    alive: boolean,
    status: string,
    needsRepair: boolean,
    exitCode: number,
  ][] = [
    ['created', undefined, false, 'created', false, 0],
    ['starting', undefined, true, 'created', false, 0],
    ['starting', undefined, false, 'created', true, 0],
    ['running', undefined, true, 'running', false, 0],
    ['running', 1, true, 'exited', false, 7],
    ['running', 1, false, 'exited', true, 7],
    ['running', undefined, false, 'exited', true, 137],
    // The record of an earlier run says nothing about this one.
    ['running', 0, true, 'running', false, 0],
    ['running', 0, false, 'exited', true, 137],
    ['paused', undefined, true, 'paused', false, 0],
    ['paused', undefined, false, 'exited', true, 137],
    ['restarting', 1, true, 'restarting', false, 0],
    ['restarting', 1, false, 'exited', true, 7],
    ['exited', 1, false, 'exited', false, 0],
    ['removing', undefined, true, 'removing', false, 0],
    ['removing', undefined, false, 'removing', true, 0],
    ['dead', undefined, false, 'dead', false, 0],
  ];

  for (const [phase, exit, alive, status, needsRepair, exitCode] of cases) {
    const title = `${phase}, ${exit === undefined ? 'no exit record' : `exit record of run ${exit}`}, owner ${alive ? 'alive' : 'gone'}`;
    it(`${title}: ${status}${needsRepair ? ', to be repaired' : ''}`, () => {
      const derived = deriveStatus(record(phase), exit === undefined ? undefined : exitOf(exit), alive, now);

      expect(derived).to.deep.include({ status, needsRepair });
      expect(derived.state).to.include({
        Status: status,
        ExitCode: exitCode,
        Running: status === 'running' || status === 'paused' || status === 'restarting',
        Paused: status === 'paused',
        Restarting: status === 'restarting',
        Dead: status === 'dead',
      });
    });
  }

  it('takes the end from the exit record', () => {
    expect(deriveStatus(record('running'), exitOf(1), false, now).state).to.include({
      Pid: 0,
      OOMKilled: true,
      Error: 'why',
      FinishedAt: '2026-01-02T03:00:00Z',
    });
  });

  it('dates an unseen end now', () => {
    expect(deriveStatus(record('running'), undefined, false, now).state.FinishedAt).to.equal(
      '2026-01-02T03:04:05Z',
    );
  });

  it('shows a restart as restarting until its program runs', () => {
    const restart = { ...record('starting', 2), restartCount: 1 };

    expect(deriveStatus(restart, undefined, true, now).status).to.equal('restarting');
    expect(deriveStatus(restart, undefined, false, now)).to.include({ status: 'exited', needsRepair: true });
  });

  for (const phase of ['created', 'exited', 'dead'] as const)
    it(`takes a container of --rm that is ${phase} after a run for one that lost its monitor`, () => {
      const plain = record(phase);
      const gone = { ...plain, card: { ...plain.card, autoRemove: true } };
      expect(deriveStatus(gone, exitOf(1), false, now)).to.include({ status: phase, needsRepair: true });
      expect(deriveStatus({ ...gone, run: 0 }, undefined, false, now).needsRepair).to.equal(false);
    });

  it('shows a later start as exited until its program runs', () => {
    expect(deriveStatus(record('starting', 2), undefined, true, now).status).to.equal('exited');
  });
});
