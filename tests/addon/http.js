'use strict';

/**
 * HTTP that blocks, as UrlFetchApp does: a worker thread asks, this thread sleeps until it has the answer.
 */

const { MessageChannel, Worker, receiveMessageOnPort } = require('worker_threads');
const path = require('path');

const SECONDS = 60;
const signal = new Int32Array(new SharedArrayBuffer(4));
const { port1, port2 } = new MessageChannel();
const worker = new Worker(path.join(__dirname, 'http_worker.js'), {
  workerData: { signal, port: port2 },
  transferList: [port2],
});
worker.unref();

/**
 * @typedef {{status: number, headers: {[name: string]: string}, body: Buffer}} Response
 * @param {{url: string, method: string, headers: {[name: string]: string}, body: Buffer}} request
 * @returns {Response}
 * @throws {Error} when no answer came
 */
function ask(request) {
  Atomics.store(signal, 0, 0);
  port1.postMessage({ ...request, body: new Uint8Array(request.body) });
  if (Atomics.wait(signal, 0, 0, SECONDS * 1000) === 'timed-out') throw new Error('Timeout');
  const answer = receiveMessageOnPort(port1).message;
  if (answer.error) throw new Error(answer.error);
  return { status: answer.status, headers: answer.headers, body: Buffer.from(answer.body) };
}

module.exports = { ask };
