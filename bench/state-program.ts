/**
 * One short process of the state benchmark: `state-program STORE FOLDER NAME COUNT`. Each change adds one to a shared counter
 * and writes a record of its own, under mutual exclusion. COUNT 0 = go on until killed, printing a line after each change.
 */
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { writeSync } from 'node:fs';
import { fileCollection } from '../src/state/file-collection.ts';

interface Entry {
  readonly n: number;
  readonly padding: string;
}

const [store, folder = '', name = '', count = '0'] = process.argv.slice(2);
const padding = 'x'.repeat(650);
const change = store === 'sqlite' ? sqlite() : files();
const limit = Number(count);
for (let n = 1; limit === 0 || n <= limit; n += 1) {
  change(n);
  if (limit === 0) writeSync(1, `${n}\n`);
}

function files(): (n: number) => void {
  const entries = fileCollection<Entry>(folder, { noun: 'entry', format: 1 });
  return (n) => {
    entries.update('counter', (current) => ({ n: (current?.n ?? 0) + 1, padding }));
    entries.put(name, { n, padding });
  };
}

function sqlite(): (n: number) => void {
  const database = new DatabaseSync(join(folder, 'state.db'));
  database.exec('PRAGMA busy_timeout=30000; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL');
  database.exec('CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, n INTEGER, padding TEXT)');
  const add = database.prepare(
    'INSERT INTO entries VALUES (?, 1, ?) ON CONFLICT(key) DO UPDATE SET n = n + 1, padding = excluded.padding',
  );
  const put = database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?)');
  return (n) => {
    database.exec('BEGIN IMMEDIATE');
    add.run('counter', padding);
    database.exec('COMMIT');
    put.run(name, n, padding);
  };
}
