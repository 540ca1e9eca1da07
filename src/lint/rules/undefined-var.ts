import { expandedWords } from '../expanded-words.ts';
import { variableUses } from '../../dockerfile/expand.ts';
import { predefinedArgs } from '../../dockerfile/build-args.ts';
import { didYouMean } from '../../dockerfile/suggest.ts';
import { variableKey } from '../../dockerfile/variables.ts';
import { platformArgs } from '../platform-args.ts';
import { defineRule } from '../rule.ts';

/** Every Linux image has it in its environment; Windows images do not, which is another rule's matter. */
const given = ['PATH', ...predefinedArgs];
const always = {
  windows: new Set(given.map((name) => variableKey(name, 'windows'))),
  linux: new Set(given.map((name) => variableKey(name, 'linux'))),
};

/** Names are compared letter by letter; a file of thousands of both would take minutes. */
const mostComparisons = 200_000;

export default defineRule({
  id: 'BK011',
  name: 'undefined-var',
  aliases: ['UndefinedVar'],
  severity: 'warning',
  platform: 'any',
  description: 'Variables should be defined before their use',
  url: 'https://docs.docker.com/go/dockerfile/rule/undefined-var/',
  docs: {
    summary: 'Variables should be defined before they are used',
    why: 'A variable that nothing sets expands to nothing, and the instruction means something else.',
    windows: 'Names are compared without regard to case. `%NAME%` is never expanded by the builder.',
  },
  cases: {
    good: [
      'FROM scratch\nARG foo\nCOPY a$foo .\n',
      'FROM scratch\nARG tag\nCOPY ${x:-a} .\n',
      'FROM scratch\nRUN echo $anything\n',
      'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nENV Foo=a\nCOPY $FOO C:/x/\n',
    ],
    bad: [
      { text: 'FROM scratch\nCOPY $foo .\nARG foo=bar\n', lines: [2] },
      { text: 'FROM scratch\nARG dir=a\nWORKDIR /$dirr\n', lines: [3] },
    ],
  },
  stage(stage, { file, report }) {
    // The base image's own environment is unknown unless the chain begins with scratch or a stage of this file.
    const { escape } = file.dockerfile.tree;
    const set = always[stage.platform];
    let comparisons = 0;
    for (const { instruction, variables } of stage.instructions) {
      if (!instruction.node.text.text.includes('$')) continue;
      for (const word of expandedWords(instruction)) {
        for (const use of variableUses(word.text, escape)) {
          const key = variableKey(use.name, stage.platform);
          if (use.operator !== '' || variables.has(key) || set.has(key)) continue;
          comparisons += comparisons > mostComparisons ? 0 : variables.size;
          const names =
            comparisons > mostComparisons ? [] : [...new Set([...variables.keys(), ...set]), ...platformArgs];
          const hint = didYouMean(use.name, names, stage.platform === 'windows').replace('mean ', 'mean $');
          report({
            message: `Usage of undefined variable '$${use.name}'${hint}`,
            range: word.range(use.start, use.end),
            line: instruction.node.lines[0],
          });
        }
      }
    }
  },
});
