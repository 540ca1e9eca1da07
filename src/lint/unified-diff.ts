/** The difference of two texts as `diff -u` prints it, for `--fix --dry-run`. */

interface Line {
  readonly kind: ' ' | '-' | '+';
  readonly text: string;
}

const context = 3;

/** Empty when the texts are equal. Names are printed as `a/NAME` and `b/NAME`, so that `git apply` takes it. */
export function unifiedDiff(name: string, before: string, after: string): string {
  if (before === after) return '';
  const lines = compareLines(splitLines(before), splitLines(after));
  const out = [`--- a/${name}\n+++ b/${name}\n`];
  for (const [first, last] of hunks(lines)) {
    const shown = lines.slice(first, last);
    const ahead = lines.slice(0, first);
    const header = (own: Line['kind']): string => {
      const start = ahead.filter(({ kind }) => kind === ' ' || kind === own).length;
      const count = shown.filter(({ kind }) => kind === ' ' || kind === own).length;
      return count === 0 ? `${start},0` : count === 1 ? `${start + 1}` : `${start + 1},${count}`;
    };
    out.push(`@@ -${header('-')} +${header('+')} @@\n`);
    for (const { kind, text } of shown) {
      out.push(text.endsWith('\n') ? kind + text : `${kind}${text}\n\\ No newline at end of file\n`);
    }
  }
  return out.join('');
}

function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Ranges of lines to print: changes with their context, joined where contexts touch. */
function hunks(lines: readonly Line[]): [first: number, last: number][] {
  const found: [number, number][] = [];
  lines.forEach(({ kind }, at) => {
    if (kind === ' ') return;
    const last = found.at(-1);
    const start = Math.max(0, at - context);
    const end = Math.min(lines.length, at + context + 1);
    if (last !== undefined && start <= last[1]) last[1] = end;
    else found.push([start, end]);
  });
  return found;
}

/** Myers' greedy algorithm: fast where texts differ little, as a text and its fixed self do. */
function compareLines(before: readonly string[], after: readonly string[]): Line[] {
  const furthest = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  const limit = before.length + after.length;
  for (let distance = 0; distance <= limit; distance++) {
    trace.push(new Map(furthest));
    for (let diagonal = -distance; diagonal <= distance; diagonal += 2) {
      const down = goesDown(furthest, diagonal, distance);
      let x = down ? furthest.get(diagonal + 1)! : furthest.get(diagonal - 1)! + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++;
      furthest.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return walkBack(trace, before, after);
    }
  }
  return [];
}

function goesDown(furthest: ReadonlyMap<number, number>, diagonal: number, distance: number): boolean {
  if (diagonal === -distance) return true;
  return diagonal !== distance && furthest.get(diagonal - 1)! < furthest.get(diagonal + 1)!;
}

function walkBack(
  trace: readonly ReadonlyMap<number, number>[],
  before: readonly string[],
  after: readonly string[],
): Line[] {
  const lines: Line[] = [];
  let x = before.length;
  let y = after.length;
  for (let distance = trace.length - 1; distance >= 0; distance--) {
    const furthest = trace[distance]!;
    const down = goesDown(furthest, x - y, distance);
    const fromDiagonal = down ? x - y + 1 : x - y - 1;
    const fromX = distance === 0 ? 0 : furthest.get(fromDiagonal)!;
    const fromY = distance === 0 ? 0 : fromX - fromDiagonal;
    while (x > fromX && y > fromY) {
      lines.push({ kind: ' ', text: before[--x]! });
      y--;
    }
    if (distance === 0) break;
    if (down) lines.push({ kind: '+', text: after[--y]! });
    else lines.push({ kind: '-', text: before[--x]! });
  }
  return lines.toReversed();
}
