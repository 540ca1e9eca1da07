/** Loops by number do what the loops did that were written. */
import { expect } from 'chai';
import ts from 'typescript';
import { loopsByNumber } from '../../scripts/loops-by-number.ts';

/** Each is a function's body; what it returns is compared. */
const bodies: Readonly<Record<string, string>> = {
  'a block': 'let sum = 0; for (const one of numbers) { sum += one; } return sum;',
  'no block': 'const all: number[] = []; for (const one of numbers) all.push(one * 2); return all;',
  'a pattern':
    'let text = ""; for (const { name, of: [first] } of things) text += name + first; return text;',
  'loops within loops, without blocks':
    'const all: number[] = []; for (const row of rows) for (const one of row) if (one > 1) all.push(one); return all;',
  'continue, break and labels':
    'const all: number[] = []; rows: for (const row of rows) { for (const one of row) { if (one === 2) continue; if (one === 4) continue rows; if (one > 5) break rows; all.push(one); } } return all;',
  'closures over each turn':
    'const all: (() => number)[] = []; for (const one of numbers) all.push(() => one); return all.map((each) => each());',
  'assigned in the body':
    'const all: number[] = []; for (let one of numbers) { one++; all.push(one); } return all;',
  'a list that grows':
    'const list = [1, 2]; for (const one of list) if (list.length < 6) list.push(one + 1); return list;',
  'a list that shrinks':
    'const list = [1, 2, 3, 4]; const seen: number[] = []; for (const one of list) { seen.push(one); list.pop(); } return seen;',
  'a list that is replaced':
    'let list = [1, 2]; const seen: number[] = []; for (const one of list) { seen.push(one); list = [9]; } return seen;',
  holes: 'const seen: unknown[] = []; for (const one of [1, , 3]) seen.push(one); return seen;',
  'a list made once':
    'let made = 0; const make = () => { made++; return [1, 2, 3]; }; for (const one of make()) void one; return made;',
  'loops in what is looped over':
    'const all: number[] = []; for (const one of rows.map((row) => { let sum = 0; for (const each of row) sum += each; return sum; })) all.push(one); return all;',
  entries:
    'const all: string[] = []; for (const [at, one] of numbers.entries()) all.push(`${at}:${one}`); return all;',
  'entries with a pattern':
    'const all: string[] = []; for (const [at, { name }] of things.entries()) { all.push(at + name); } return all;',
  'entries of a map':
    'const all: string[] = []; for (const [key, one] of new Map([["a", 1]]).entries()) all.push(key + one); return all;',
  'sets, strings, maps and generators':
    'const all: unknown[] = []; for (const one of new Set([1, 1, 2])) all.push(one); for (const one of "a\\u{1F600}") all.push(one); for (const [key] of new Map([["a", 1]])) all.push(key); function* gen() { yield 1; yield 2; } for (const one of gen()) all.push(one); return all;',
  'a list or a set':
    'const all: number[] = []; const either: number[] | Set<number> = numbers.length > 1 ? new Set([7]) : [1]; for (const one of either) all.push(one); return all;',
  'a tuple': 'const all: unknown[] = []; for (const one of ["a", 1] as const) all.push(one); return all;',
  'two kinds of lists':
    'const all: unknown[] = []; const list: readonly number[] | string[] = numbers.length > 9 ? ["a"] : numbers; for (const one of list) all.push(one); return all;',
  'names of elements':
    'const [first, , third] = numbers; const [only]: readonly number[] = numbers; return [first, third, only];',
  'names past the end': 'const [a, b, c, d, e] = numbers; return [a, b, c, d, e];',
  'the rest, defaults and patterns within':
    'const [first, ...rest] = numbers; const [a = 5, [b] = [7]] = [undefined, undefined] as [number?, number[]?]; return [first, rest, a, b];',
  'elements of a call, made once':
    'let made = 0; const make = () => { made++; return [1, 2]; }; const [a, b] = make(); return [a, b, made];',
  'lines and comments':
    'const all: number[] = [];\nfor (const one // the next\n  of numbers\n) all.push(one);\nreturn all;',
};

const head = `const numbers = [1, 2, 3];
const rows = [[1, 2], [3, 4], [5, 6]];
const things = [{ name: 'a', of: [1] }, { name: 'b', of: [2] }];
`;

describe('loops by number', function () {
  this.timeout(60_000);
  const path = '/loops.ts';
  const functions = Object.values(bodies).map((body) => `function f() { ${body} }`);
  let rewritten: readonly string[];

  before(() => {
    const texts = functions.map((text) => `export {};\n${head}${text}\n`);
    const options: ts.CompilerOptions = {
      target: ts.ScriptTarget.ES2023,
      strict: true,
      noEmit: true,
      types: [],
    };
    const host = ts.createCompilerHost(options);
    const files = ts.createCompilerHost(options);
    const names = texts.map((_, at) => path.replace('.ts', `${at}.ts`));
    host.fileExists = (name) => names.includes(name) || files.fileExists(name);
    host.getSourceFile = (name, language) =>
      names.includes(name)
        ? ts.createSourceFile(name, texts[names.indexOf(name)]!, language, true)
        : files.getSourceFile(name, language);
    const program = ts.createProgram(names, options, host);
    rewritten = names.map((name) => loopsByNumber(program, name)!);
  });

  const run = (text: string): unknown => {
    const code = ts.transpile(text.replace('export {};\n', ''), { target: ts.ScriptTarget.ES2023 });
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    return (new Function(`${code}\nreturn f();`) as () => unknown)();
  };

  for (const [at, what] of Object.keys(bodies).entries()) {
    it(`do the same: ${what}`, () => {
      expect(run(rewritten[at]!)).to.deep.equal(run(`${head}${functions[at]!}\n`));
      expect(rewritten[at]!.split('\n')).to.have.length(
        `export {};\n${head}${functions[at]!}\n`.split('\n').length,
      );
    });
  }

  it('are written for arrays and nothing else', () => {
    const of = (what: string): string => rewritten[Object.keys(bodies).indexOf(what)]!.slice(head.length);
    for (const what of [
      'a block',
      'no block',
      'a pattern',
      'entries',
      'a tuple',
      'two kinds of lists',
      'holes',
    ])
      expect(of(what), what)
        .to.match(/\$at0 < \$list0\.length/)
        .and.not.match(/ of (?:numbers|things)/);
    expect(of('names of elements')).to.contain(
      'const $list0 = numbers, first = $list0[0], third = $list0[2]',
    );
    for (const what of ['sets, strings, maps and generators', 'a list or a set', 'entries of a map'])
      expect(of(what), what).to.not.contain('$at');
  });
});
