/** The source tree's imports, read from its text: who imports whom, how, and by which way. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

export type ImportKind = 'static' | 'dynamic' | 'type';

export interface Import {
  readonly kind: ImportKind;
  /** A file of the tree (`src/cli/argv.ts`), or a package (`koffi`, `node:fs`). */
  readonly target: string;
}

export type ImportGraph = ReadonlyMap<string, readonly Import[]>;

const statement =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[\w*\s{},$]+?\s+from\s*)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g;

function importsOf(file: string, text: string): Import[] {
  const code = text.replace(/\/\*[^]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return [...code.matchAll(statement)].map(([, type, from, dynamic]) => {
    const specifier = (from ?? dynamic)!;
    const local = specifier.startsWith('.');
    const target = local ? posix.join(posix.dirname(file), specifier) : specifier;
    return { kind: type ? 'type' : dynamic === undefined ? 'static' : 'dynamic', target };
  });
}

/** Graph of the TypeScript files below the folders. */
export function readImports(root: string, folders: readonly string[]): ImportGraph {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => posix.join(folder, name.replaceAll('\\', '/'))),
  );
  return new Map(files.map((file) => [file, importsOf(file, readFileSync(join(root, file), 'utf8'))]));
}

/** Files reached from `start` by static imports, each with the file that reached it first; packages are keys too. */
export function staticClosure(
  graph: ImportGraph,
  start: readonly string[],
): ReadonlyMap<string, string | undefined> {
  const reached = new Map<string, string | undefined>(start.map((file) => [file, undefined]));
  const queue = [...start];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const { kind, target } of graph.get(file) ?? []) {
      if (kind !== 'static' || reached.has(target)) continue;
      reached.set(target, file);
      queue.push(target);
    }
  }
  return reached;
}

/** `a -> b -> c`: how the closure came to `target`. */
export function chainTo(closure: ReadonlyMap<string, string | undefined>, target: string): string {
  const chain: string[] = [];
  for (let file: string | undefined = target; file !== undefined; file = closure.get(file))
    chain.unshift(file);
  return chain.join(' -> ');
}

/** Cycles of static imports, each as a chain that ends where it began; one for every group of files that import each other. */
export function importCycles(graph: ImportGraph): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      cycles.push([...path.slice(at), file].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const { kind, target } of graph.get(file) ?? [])
      if (kind === 'static' && graph.has(target)) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}
