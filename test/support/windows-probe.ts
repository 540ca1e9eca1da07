console.log('node', process.version, process.platform);
import * as computecore from '../../src/host/windows/ffi/computecore.ts';
void computecore.enumerateComputeSystems("{}", 5000).then((r) => console.log(computecore.isAvailable(), r));
