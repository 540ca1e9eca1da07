/** A worker that answers `docker ps` on a unix socket, with the containers it is given. */
import { createServer } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const { socket, containers } = workerData as { socket: string; containers: unknown };
const list = JSON.stringify(containers);
createServer((request, response) => {
  response.setHeader('Api-Version', '1.50').setHeader('Ostype', 'windows');
  if (request.url?.endsWith('/_ping')) response.end('OK');
  else response.setHeader('Content-Type', 'application/json').end(list);
}).listen(socket, () => parentPort!.postMessage('listening'));
