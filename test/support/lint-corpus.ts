/** Dockerfiles to start from: the examples of all rules, the fixtures, and real ones that lie beside the checkout. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rules } from '../../src/lint/rules/index.ts';
import { conformance } from './dockerfile-conformance.ts';

export interface CorpusFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export function examples(): CorpusFile[] {
  return rules.flatMap(({ id, cases }) => {
    const good = cases.good.map((one) => (typeof one === 'string' ? one : one.text));
    const bad = cases.bad.map(({ text }) => text);
    return [...bad, ...good].map((text, index) => ({
      name: `${id} example ${index}`,
      bytes: Buffer.from(text),
    }));
  });
}

export function fixtureFiles(): CorpusFile[] {
  const folder = join(import.meta.dirname, '../../fixtures/dockerfiles');
  return readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name, 'Dockerfile')) }));
}

/** None where the data is absent. */
export function realFiles(): CorpusFile[] {
  if (conformance === undefined) return [];
  const data = conformance;
  return data.folders('realworld').flatMap((folder) =>
    data
      .files(`realworld/${folder}`)
      .filter((name) => /dockerfile/i.test(name) && !name.endsWith('.json'))
      .map((name) => ({ name: `${folder}/${name}`, bytes: data.bytes(`realworld/${folder}/${name}`) })),
  );
}
