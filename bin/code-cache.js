'use strict';
const {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs');
const { createRequire, enableCompileCache } = require('node:module');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

const wrapper = '(function (exports, require, module, __filename, __dirname) {';

/**
 * Runs a bundle of `dist/` for a command and gives its exports. Its functions come compiled from V8's code cache: the one of
 * Node's own compile cache is made before anything of a module has run, so that it holds hardly any function.
 *
 * What is kept is made when a command has ended: the functions that ran, under the name of the bundle's text (its first line) and
 * of the command; `other` for one that has failed, which ran little of what it is for and may not even exist. `whole`: all
 * functions, at once, of a command that runs nearly all of them.
 */
function runBundle(file, command, whole) {
  // None: switched off, or not to be written.
  const { directory } = enableCompileCache();
  if (directory === undefined) return require(file);
  // The build sees to it that a bundle is ASCII.
  const text = readFileSync(file, 'latin1');
  const [, hash] = /^\/\/([0-9a-f]{32})\n/.exec(text);
  const source = `${wrapper}${text}\n})`;
  const options = { filename: file, columnOffset: -wrapper.length };
  const build = `porthole-${process.version}-${process.arch}-${hash}${ofOptions()}`;
  const pathOf = (name) => join(directory, `${build}-${name}`);
  const own = pathOf(command);
  const other = pathOf('other');
  let script = fromKept(own, source, options);
  if (script === undefined && whole) {
    script = compileWhole(source, options);
    keep(own, script);
  } else if (script === undefined) {
    script = fromKept(other, source, options);
    const known = script !== undefined;
    script ??= new Script(source, options);
    keepAtExit(script, (code) => (code === 0 ? own : known ? undefined : other));
  }
  const module = { exports: {}, id: file, filename: file, loaded: true };
  const requireFrom = createRequire(file);
  // For other bundles, which ask for it by its path.
  requireFrom.cache[file] = module;
  script.runInThisContext()(module.exports, requireFrom, module, file, dirname(file));
  return module.exports;
}

/**
 * V8 takes nothing that was made with other options of its own, and says so itself: where names meet, what is kept is only made
 * anew. '' without any options, which is nearly always.
 */
function ofOptions() {
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ').trim();
  return options === '' ? '' : `-${options.replace(/\W+/g, '_').slice(0, 60)}`;
}

function fromKept(path, source, options) {
  const cachedData = readKept(path);
  if (cachedData === undefined) return undefined;
  const script = new Script(source, { ...options, cachedData });
  return script.cachedDataRejected ? undefined : script;
}

/** Only what this user has written: V8 runs it as it is. */
function readKept(path) {
  let file;
  try {
    file = openSync(path);
    return process.getuid && fstatSync(file).uid !== process.getuid() ? undefined : readFileSync(file);
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function compileWhole(source, options) {
  const { setFlagsFromString } = require('node:v8');
  // Where V8 has just refused what was kept, its own cache has the script, with hardly any function.
  const whole = ['--no-lazy', '--no-compilation-cache'];
  for (const flag of whole) setFlagsFromString(flag);
  try {
    return new Script(source, options);
  } finally {
    for (const flag of whole) setFlagsFromString(flag.replace('--no-', '--'));
  }
}

function keepAtExit(script, pathFor) {
  const { cachedDataVersionTag } = require('node:v8');
  const tag = cachedDataVersionTag();
  process.once('exit', (code) => {
    const path = pathFor(code);
    // Of a command that has set flags of V8 the next one would not take it.
    if (path !== undefined && cachedDataVersionTag() === tag) keep(path, script);
  });
}

function keep(path, script) {
  const partial = `${path}.${process.pid}`;
  try {
    // Exclusively: in a folder of somebody else's it would follow a link.
    writeFileSync(partial, script.createCachedData(), { mode: 0o600, flag: 'wx' });
    renameSync(partial, path);
    dropUnused(dirname(path));
  } catch {
    // It only makes commands start sooner.
    rmSync(partial, { force: true });
  }
}

/** Those of versions that were replaced, and what killed commands left. */
function dropUnused(directory) {
  const month = 30 * 24 * 3600 * 1000;
  for (const name of readdirSync(directory)) {
    if (!name.startsWith('porthole-')) continue;
    const path = join(directory, name);
    const { atimeMs, mtimeMs } = statSync(path);
    if (Date.now() - Math.max(atimeMs, mtimeMs) > month) rmSync(path, { force: true });
  }
}

module.exports = { runBundle };
