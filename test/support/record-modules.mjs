// Preloaded by test/architecture: writes what the process loads to the file that PORTHOLE_LOADED names.
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import process from 'node:process';

const list = process.env.PORTHOLE_LOADED;
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    appendFileSync(list, resolved.url + '\n');
    return resolved;
  },
});
