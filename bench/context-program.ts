/** `node bench/context-program.ts FOLDER [IGNORE-TEXT]`: what a build does with its context before `COPY . dest` is looked up. */
import { readDirectoryContext } from '../src/build/directory-context.ts';
import { listDigest, tarsum } from '../src/build/tarsum.ts';

const [folder, ignore] = process.argv.slice(2);
const { tree, size } = readDirectoryContext(folder!, ignore, { style: 'slash' });
const digests: string[] = [];
for (const entry of tree.entries()) digests.push(await tarsum(entry, entry.path));
process.stdout.write(`${size} ${digests.length} ${listDigest('dir', digests.sort())}\n`);
