'use strict';

const http = require('http');
const { workerData } = require('worker_threads');

workerData.port.on('message', (/** @type {any} */ request) => {
  /** @param {any} answer */
  const finish = (answer) => {
    workerData.port.postMessage(answer);
    Atomics.store(workerData.signal, 0, 1);
    Atomics.notify(workerData.signal, 0);
  };
  const body = Buffer.from(request.body);
  const headers = { ...request.headers, 'Content-Length': String(body.length), Connection: 'close' };
  const sent = http.request(request.url, { method: request.method, headers, agent: false }, (/** @type {any} */ response) => {
    /** @type {Buffer[]} */
    const parts = [];
    response.on('data', (/** @type {Buffer} */ part) => parts.push(part));
    response.on('error', (/** @type {Error} */ error) => finish({ error: error.message }));
    response.on('end', () => {
      const whole = new Uint8Array(Buffer.concat(parts));
      finish({ status: response.statusCode, headers: response.headers, body: whole });
    });
  });
  sent.on('error', (/** @type {any} */ error) => finish({ error: error.code || error.message }));
  sent.end(body);
});
