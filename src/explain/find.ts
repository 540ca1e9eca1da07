/** From a question to explanations, best first. Pure. */
import { catalogue } from './catalogue.ts';
import { describeCode } from './describe-code.ts';
import type { CodeDescription } from './describe-code.ts';
import type { Explanation } from './explanation.ts';
import { readQuery } from './read-query.ts';
import type { FoundCode, Query } from './read-query.ts';

export interface Match {
  readonly explanation: Explanation;
  /** The higher the better; only the order counts. */
  readonly score: number;
  /** What of the question it explains: `0xC0370106`, a symbol, or words of the text. */
  readonly of: string;
}

export interface Answer {
  readonly matches: readonly Match[];
  /** Codes of the question that nothing explains. */
  readonly unknown: readonly (CodeDescription & { readonly shown: string })[];
}

/** Codes that say much have 84 and more, numbers that programs choose as their exit code less. */
const patternScores = { strong: 100, beside: 80, alone: 10 } as const;

/** Shorter system texts (`Access is denied.`) stand in too many messages to say anything by themselves. */
const shortestTitle = 12;

export function findExplanations(text: string): Answer {
  const query = readQuery(text);
  const best = new Map<string, Match>();
  const offer = (explanation: Explanation, score: number, of: string): void => {
    const known = best.get(explanation.id);
    if (known === undefined || known.score < score) best.set(explanation.id, { explanation, score, of });
  };
  for (const name of query.names) {
    for (const explanation of catalogue) {
      const named = explanation.id === name || explanation.names.some((one) => one.toUpperCase() === name);
      if (named) offer(explanation, inContext(explanation, query, 96), name);
    }
  }
  const unknown: (CodeDescription & { shown: string })[] = [];
  for (const found of query.codes) {
    const entries = entriesOf(found);
    for (const { explanation, score } of entries)
      offer(explanation, inContext(explanation, query, score), found.shown);
    if (entries.length === 0) unknown.push({ ...describeCode(found.code), shown: found.shown });
  }
  if (!query.exact) for (const match of matchText(query)) offer(match.explanation, match.score, match.of);
  const saysMore = [...best.values()].some(
    ({ explanation, score }) => score > 0 && explanation.weak !== 'alone',
  );
  return {
    matches: [...best.values()]
      .filter(({ explanation, score }) => score > 0 && !(saysMore && explanation.weak === 'alone'))
      .sort((a, b) => b.score - a.score || order(a, b)),
    unknown,
  };
}

function order(a: Match, b: Match): number {
  return catalogue.indexOf(a.explanation) - catalogue.indexOf(b.explanation);
}

/** What a code means somewhere else comes after its general meaning; in a text from elsewhere it does not count at all. */
function inContext({ context }: Explanation, query: Query, score: number): number {
  if (context === undefined) return score;
  if (query.contexts.has(context)) return score + 3;
  return query.exact ? score - 10 : 0;
}

interface Scored {
  readonly explanation: Explanation;
  readonly score: number;
}

function entriesOf({ code, place }: FoundCode): Scored[] {
  const { inner } = describeCode(code);
  const facility = (code >>> 16) & 0x3fff;
  const low = code & 0xffff;
  const asExit = place === 'exit' || (place === 'exact' && code > 0 && code < 256);
  const scores: Scored[] = [];
  for (const explanation of catalogue) {
    const { family, code: own } = explanation;
    if (own === undefined) continue;
    let score = 0;
    switch (family) {
      case 'hcs':
        if (facility === 0x37 && own === low) score = 90;
        break;
      case 'hns':
        if (code >>> 16 === 0x803b && own === low) score = 90;
        break;
      case 'win32':
        if (inner?.kind === 'win32' && inner.code === own) score = 88;
        // As exit codes the smallest numbers are a program's own choice.
        else if (code === own) score = place !== 'exit' ? 86 : code > 2 ? 70 : 0;
        break;
      case 'ntstatus':
        if (own === code || (inner?.kind === 'ntstatus' && inner.code === own)) score = 90;
        break;
      case 'hresult':
        if (own === code) score = 90;
        break;
      case 'exit':
        if (own === code) score = asExit && code >= 125 && code <= 143 ? 92 : asExit || code > 255 ? 84 : 0;
        break;
      case 'message':
        break;
    }
    if (score > 0) scores.push({ explanation, score });
  }
  return scores;
}

/** Messages by their pattern (they know most), system texts by their words when no code came with them. */
function* matchText(query: Query): Generator<Match> {
  const flat = query.text.replace(/\s+/g, ' ');
  const lower = flat.toLowerCase();
  for (const explanation of catalogue) {
    if (explanation.pattern !== undefined) {
      const match = explanation.pattern.exec(flat);
      if (match !== null) {
        const base = patternScores[explanation.weak ?? 'strong'];
        yield { explanation, score: base + Math.min(match[0].length, 90) / 100, of: shorten(match[0]) };
        continue;
      }
    }
    if (explanation.family === 'message' || explanation.family === 'exit') continue;
    const title = explanation.title.replace(/\.$/, '').toLowerCase();
    if (title.length < shortestTitle || !lower.includes(title)) continue;
    const score = inContext(explanation, query, 50 + Math.min(title.length, 90) / 10);
    yield { explanation, score, of: shorten(explanation.title) };
  }
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
