import { expect } from 'chai';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventMessage } from '../../../../src/api/types/index.ts';
import { eventFilter } from '../../../../src/engine/local/events/event-filters.ts';
import { readEvents } from '../../../../src/engine/local/events/events.ts';
import type { EventOptions } from '../../../../src/engine/local/events/events.ts';
import { appendEvent, eventFile, eventMessage } from '../../../../src/state/event-log.ts';
import type { EventInput } from '../../../../src/state/event-log.ts';
import { dataPaths } from '../../../../src/state/paths.ts';
import type { DataPaths } from '../../../../src/state/paths.ts';
import { rejection } from '../../../support/rejection.ts';

const web: EventInput = {
  type: 'container',
  action: 'start',
  id: 'a'.repeat(64),
  attributes: { image: 'app', name: 'web', tier: 'front' },
};

describe('events', () => {
  let paths: DataPaths;
  const noon = Date.parse('2026-01-02T12:00:00Z');

  beforeEach(() => (paths = dataPaths(mkdtempSync(join(tmpdir(), 'porthole-events-')))));
  afterEach(() => rmSync(paths.root, { recursive: true, force: true }));

  const collect = async (options: EventOptions, now: () => number = () => noon): Promise<string[]> => {
    const actions: string[] = [];
    for await (const event of readEvents({ environment: { now }, paths }, options))
      actions.push(event.Action);
    return actions;
  };

  it("are Docker's messages", () => {
    expect(JSON.stringify(eventMessage(web, noon))).to.equal(
      `{"status":"start","id":"${web.id}","from":"app","Type":"container","Action":"start",` +
        `"Actor":{"ID":"${web.id}","Attributes":{"image":"app","name":"web","tier":"front"}},` +
        `"scope":"local","time":1767355200,"timeNano":1767355200000000000}`,
    );
    expect(Object.keys(eventMessage({ ...web, type: 'network' }, noon))[0]).to.equal('Type');
  });

  it('stay whole in one append, whatever the labels', () => {
    appendEvent(paths.events, { ...web, attributes: { ...web.attributes, big: 'x'.repeat(5000) } }, noon);

    const line = readFileSync(eventFile(paths.events, noon), 'utf8');
    expect(line.length).to.be.lessThan(4097);
    expect((JSON.parse(line) as EventMessage).Actor.Attributes).to.deep.equal(web.attributes);
  });

  it('are read from one time to another, over days', async () => {
    const day = 86_400_000;
    for (const [at, action] of [
      [noon - 2 * day, 'create'],
      [noon - day, 'start'],
      [noon - day + 1000, 'die'],
      [noon - 1, 'destroy'],
    ] as const) {
      appendEvent(paths.events, { ...web, action }, at);
    }
    appendFileSync(eventFile(paths.events, noon - day), '{"torn\n');
    const seconds = (ms: number): string => String(ms / 1000);

    expect(await collect({ since: seconds(noon - day), until: seconds(noon) })).to.deep.equal([
      'start',
      'die',
      'destroy',
    ]);
    expect(await collect({ since: seconds(noon - 3 * day), until: seconds(noon - day) })).to.deep.equal([
      'create',
      'start',
    ]);
    expect(await collect({ until: seconds(noon) })).to.deep.equal([]);
    expect(await collect({ until: '0' })).to.deep.equal([]);
  });

  it('come as they happen, until the signal', async () => {
    appendEvent(paths.events, { ...web, action: 'create' }, noon);
    const abort = new AbortController();
    const seen: string[] = [];
    const stream = readEvents({ environment: { now: () => noon }, paths }, { signal: abort.signal });
    const first = stream.next();
    // The generator is at work once its first read was asked for.
    await new Promise((resolve) => setImmediate(resolve));
    appendEvent(paths.events, { ...web, action: 'start' }, noon);
    seen.push(((await first).value as EventMessage).Action);
    appendEvent(paths.events, { ...web, action: 'die' }, noon);
    seen.push(((await stream.next()).value as EventMessage).Action);
    abort.abort();

    expect((await stream.next()).done).to.equal(true);
    expect(seen).to.deep.equal(['start', 'die']);
  });

  it('refuse times that contradict', async () => {
    expect((await rejection(collect({ since: '20', until: '10' }))).message).to.equal(
      '`since` time (20) cannot be after `until` time (10)',
    );
  });

  describe('filters', () => {
    const event = eventMessage(web, noon);
    const exec = eventMessage({ ...web, action: 'exec_create: cmd /c ver' }, noon);
    const network = eventMessage(
      { type: 'network', action: 'connect', id: 'n1', attributes: { name: 'nat', container: web.id } },
      noon,
    );
    const cases: [filters: Record<string, string[]>, event: EventMessage, passes: boolean][] = [
      [{}, event, true],
      [{ type: ['container'] }, event, true],
      [{ type: ['network'] }, event, false],
      [{ event: ['start', 'die'] }, event, true],
      [{ event: ['stop'] }, event, false],
      [{ event: ['exec_create'] }, exec, true],
      [{ event: ['exec'] }, exec, false],
      [{ container: ['web'] }, event, true],
      [{ container: ['aaaa'] }, event, true],
      [{ container: ['db'] }, event, false],
      [{ container: [web.id] }, network, true],
      [{ image: ['app'] }, event, true],
      [{ image: ['other'] }, event, false],
      [{ network: ['nat'] }, network, true],
      [{ label: ['tier=front'] }, event, true],
      [{ label: ['tier', 'name=web'] }, event, true],
      [{ label: ['tier=back'] }, event, false],
      [{ scope: ['swarm'] }, event, false],
    ];
    for (const [filters, message, passes] of cases) {
      it(`${JSON.stringify(filters)} ${passes ? 'takes' : 'drops'} ${message.Type} ${message.Action}`, () => {
        expect(eventFilter(filters)(message)).to.equal(passes);
      });
    }

    it('refuse unknown keys', () => {
      expect(() => eventFilter({ nope: ['x'] })).to.throw("invalid filter 'nope'");
    });
  });
});
