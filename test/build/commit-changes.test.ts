import { expect } from 'chai';
import type { ContainerConfig } from '../../src/api/types/index.ts';
import { applyChanges } from '../../src/build/commit-changes.ts';
import { PortholeError } from '../../src/errors/porthole-error.ts';

const container: ContainerConfig = {
  Hostname: '0123456789ab',
  Domainname: '',
  User: '',
  AttachStdin: false,
  AttachStdout: true,
  AttachStderr: true,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: ['Path=C:\\Windows', 'HOME=C:\\me'],
  Cmd: ['cmd'],
  ArgsEscaped: true,
  Image: 'base',
  Volumes: null,
  WorkingDir: 'C:\\app',
  Entrypoint: null,
  OnBuild: null,
  Labels: { a: '1' },
};

const kept = { Hostname: '0123456789ab', Image: 'base', AttachStdout: true };

describe('commit changes', () => {
  const cases: [changes: string[], expected: Partial<ContainerConfig>][] = [
    [[], { ArgsEscaped: true, Cmd: ['cmd'] }],
    [['CMD ["a.exe", "b c"]'], { Cmd: ['a.exe', 'b c'] }],
    [['cmd echo  hi'], { Cmd: ['cmd /S /C echo  hi'], ArgsEscaped: true }],
    [['ENTRYPOINT ["app.exe"]'], { Entrypoint: ['app.exe'], Cmd: null }],
    [['CMD ["x"]', 'ENTRYPOINT ["app.exe"]'], { Entrypoint: ['app.exe'], Cmd: ['x'] }],
    [['ENV PATH=C:\\new;$Path'], { Env: ['PATH=C:new;C:\\Windows', 'HOME=C:\\me'] }],
    [['# escape=`', 'ENV PATH=C:\\new;$path'], { Env: ['PATH=C:\\new;C:\\Windows', 'HOME=C:\\me'] }],
    [['ENV X=1 Y=$HOME', 'ENV Z=$X'], { Env: [...container.Env!, 'X=1', 'Y=C:\\me', 'Z=1'] }],
    [['ENV A one two'], { Env: [...container.Env!, 'A=one two'] }],
    [['LABEL a=2 b="x y"'], { Labels: { a: '2', b: 'x y' } }],
    [['LABEL \\\n  b=c'], { Labels: { a: '1', b: 'c' } }],
    [
      ['EXPOSE 80 53/udp 90-91'],
      { ExposedPorts: { '53/udp': {}, '80/tcp': {}, '90/tcp': {}, '91/tcp': {} } },
    ],
    [['USER ContainerAdministrator'], { User: 'ContainerAdministrator' }],
    [['VOLUME C:/data C:/more'], { Volumes: { 'C:/data': {}, 'C:/more': {} } }],
    [['WORKDIR sub', 'WORKDIR deep'], { WorkingDir: 'C:\\app\\sub\\deep' }],
    [['WORKDIR $HOME'], { WorkingDir: 'C:\\me' }],
    [['WORKDIR d:/x'], { WorkingDir: 'D:\\x' }],
    [['ONBUILD RUN echo $X'], { OnBuild: ['RUN echo $X'] }],
    [['HEALTHCHECK --interval=5s CMD a b'], { Healthcheck: { Test: ['CMD-SHELL', 'a b'], Interval: 5e9 } }],
    [['HEALTHCHECK NONE'], { Healthcheck: { Test: ['NONE'] } }],
    [['# a comment', 'USER x'], { User: 'x' }],
  ];
  for (const [changes, expected] of cases) {
    it(changes.join(' | ') || 'none', () => {
      expect(applyChanges(container, changes)).to.deep.include({ ...kept, ...expected });
    });
  }

  it('drops ArgsEscaped with an exec form and leaves its argument alone', () => {
    const before = structuredClone(container);

    expect(applyChanges(container, ['CMD ["x"]', 'ENV N=1'])).to.not.have.property('ArgsEscaped');
    expect(container).to.deep.equal(before);
  });

  const refused: [changes: string[], message: string, hint?: string][] = [
    [['FROM x'], 'FROM is not a valid change command'],
    [['Run echo'], 'Run is not a valid change command'],
    [['ADD a b'], 'ADD is not a valid change command'],
    [['COPY a b'], 'COPY is not a valid change command'],
    [['ARG a'], 'ARG is not a valid change command'],
    [['MAINTAINER me'], 'MAINTAINER is not a valid change command'],
    [['SHELL ["a"]'], 'SHELL is not a valid change command'],
    [['NOPE x'], 'NOPE is not a valid change command'],
    // The names of all are looked at before the words of any.
    [['ENV', 'NOPE'], 'NOPE is not a valid change command'],
    [[''], 'file with no instructions'],
    [['# only a comment'], 'file with no instructions'],
    [['ENV A'], 'ENV must have two arguments', '--change:1:5: ENV A'],
    [['USER x', 'EXPOSE'], 'EXPOSE requires at least one argument', '--change:2:1: EXPOSE'],
    [['ENV'], 'ENV requires at least one argument'],
    [['EXPOSE x'], 'invalid containerPort: x'],
    [['ENV A=${x:=1}'], 'failed to process "${x:=1}": unsupported modifier (:=) in substitution'],
    [['VOLUME [""]'], 'VOLUME specified can not be an empty string'],
    [['ONBUILD FROM x'], "FROM isn't allowed as an ONBUILD trigger"],
    [['STOPSIGNAL 9'], 'The daemon on this platform does not support the command stopsignal'],
    [['WORKDIR $nothing'], 'cannot normalize nothing'],
    [['HEALTHCHECK CMD'], 'Missing command after HEALTHCHECK CMD'],
    [['CMD --x=1 y'], 'unknown flag: --x'],
  ];
  for (const [changes, message, hint] of refused) {
    it(`refuses ${JSON.stringify(changes.join('\n'))}`, () => {
      const error = thrown(() => applyChanges(container, changes));

      expect([error.kind, error.message]).to.deep.equal(['invalid', message]);
      if (hint !== undefined) expect(error.hint).to.equal(hint);
    });
  }
});

function thrown(work: () => unknown): PortholeError {
  try {
    work();
  } catch (error) {
    if (error instanceof PortholeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
