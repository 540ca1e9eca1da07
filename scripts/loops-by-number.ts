/**
 * Writes loops over arrays by number. Code that runs too seldom to be optimised pays for the iterator of each loop, and for the
 * object that each turn of it makes: a twentieth of all that linting 200 files costs. In the sources they stay as people read them.
 *
 * What is an array the type checker tells. Both ways look at the length before each turn and take what is there then, so that
 * nobody can tell them apart. Lines keep their numbers.
 */
import ts from 'typescript';

/** The text of the program's file with loops over arrays, and array patterns that only name elements, by number. */
export function loopsByNumber(program: ts.Program, path: string): string | undefined {
  const file = program.getSourceFile(path);
  return file && new Rewriter(program.getTypeChecker(), file).text();
}

/** Replaces `start` to `end`. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

class Rewriter {
  readonly #checker: ts.TypeChecker;
  readonly #file: ts.SourceFile;
  readonly #edits: Edit[] = [];
  #count = 0;

  constructor(checker: ts.TypeChecker, file: ts.SourceFile) {
    this.#checker = checker;
    this.#file = file;
  }

  text(): string {
    this.#visit(this.#file);
    // From the end on; of those at one place what was found first stands first.
    const edits = this.#edits.map((edit, order) => ({ ...edit, order }));
    edits.sort((a, b) => b.start - a.start || b.order - a.order);
    let { text } = this.#file;
    for (const edit of edits) text = text.slice(0, edit.start) + edit.text + text.slice(edit.end);
    return text;
  }

  #visit(node: ts.Node): void {
    if (ts.isForOfStatement(node)) this.#loop(node);
    else if (ts.isVariableDeclaration(node)) this.#pattern(node);
    ts.forEachChild(node, (child) => this.#visit(child));
  }

  #loop({ awaitModifier, initializer, expression, statement }: ts.ForOfStatement): void {
    if (awaitModifier !== undefined || !ts.isVariableDeclarationList(initializer)) return;
    const keyword = initializer.flags & ts.NodeFlags.Const ? 'const' : 'let';
    const { name } = initializer.declarations[0]!;
    const own = this.#count;
    const [at, list] = [`$at${own}`, `$list${own}`];
    const declare = (what: ts.Node, value: string): string =>
      `${keyword} ${what.getText(this.#file)} = ${value};`;
    let array = expression;
    let first = declare(name, `${list}[${at}]`);
    if (!this.#isArray(array)) {
      const numbered = entriesOf(expression);
      const pair = ts.isArrayBindingPattern(name) ? name.elements.filter(ts.isBindingElement) : [];
      if (numbered === undefined || pair.length !== 2 || !this.#isArray(numbered)) return;
      array = numbered;
      first = `${declare(pair[0]!, at)} ${declare(pair[1]!, `${list}[${at}]`)}`;
    }
    this.#count++;
    const body = statement.getStart(this.#file);
    this.#replace(initializer.getStart(this.#file), array.getStart(this.#file), `let ${at} = 0, ${list} = `);
    this.#replace(array.end, expression.end, '');
    this.#replace(expression.end, expression.end, `; ${at} < ${list}.length; ${at}++`);
    if (ts.isBlock(statement)) this.#replace(body + 1, body + 1, ` ${first}`);
    else {
      this.#replace(body, body, `{ ${first} `);
      this.#replace(statement.end, statement.end, ' }');
    }
  }

  /** `const [first, second] = list`: names of elements, and nothing else. */
  #pattern({ name, initializer }: ts.VariableDeclaration): void {
    if (!ts.isArrayBindingPattern(name) || initializer === undefined || !this.#isArray(initializer)) return;
    const names = name.elements.map((element) =>
      ts.isOmittedExpression(element)
        ? ''
        : element.dotDotDotToken === undefined &&
            element.initializer === undefined &&
            ts.isIdentifier(element.name)
          ? element.name.text
          : undefined,
    );
    if (names.includes(undefined)) return;
    const list = `$list${this.#count++}`;
    const elements = names.flatMap((one, at) => (one === '' ? [] : [`, ${one!} = ${list}[${at}]`]));
    this.#replace(name.getStart(this.#file), initializer.getStart(this.#file), `${list} = `);
    this.#replace(initializer.end, initializer.end, elements.join(''));
  }

  #isArray(node: ts.Expression): boolean {
    const type = this.#checker.getTypeAtLocation(node);
    const types = type.isUnion() ? type.types : [type];
    return types.every((one) => this.#checker.isArrayType(one) || this.#checker.isTupleType(one));
  }

  #replace(start: number, end: number, text: string): void {
    const lines = this.#file.text.slice(start, end).split('\n').length - 1;
    this.#edits.push({ start, end, text: text + '\n'.repeat(lines) });
  }
}

/** `list` of `list.entries()`. */
function entriesOf(node: ts.Expression): ts.Expression | undefined {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  return node.expression.name.text === 'entries' ? node.expression.expression : undefined;
}
