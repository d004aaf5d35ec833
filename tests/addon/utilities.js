'use strict';

const crypto = require('crypto');
const { strict, fromBytes, toBytes } = require('./strict.js');

const UTF_8 = /** @type {any} */ ('UTF_8');

/**
 * @returns {GoogleAppsScript.Utilities.Utilities}
 */
function makeUtilities() {
  return strict('Utilities', {
    Charset: /** @type {any} */ (strict('Utilities.Charset', { UTF_8 })),
    base64Decode: decode('base64', /^[A-Za-z0-9+/]*={0,2}$/),
    base64DecodeWebSafe: decode('base64url', /^[A-Za-z0-9_-]*={0,2}$/),
    base64Encode,
    computeHmacSha256Signature,
    getUuid: () => crypto.randomUUID(),
    newBlob,
  });
}

/**
 * @param {string} kind
 * @param {RegExp} alphabet
 */
function decode(kind, alphabet) {
  return (/** @type {string} */ text) => {
    if (!alphabet.test(text) || text.length % 4) throw new Error('Could not decode string.');
    return toBytes(Buffer.from(text, kind));
  };
}

/**
 * A text without a charset is refused: what Apps Script takes then is nowhere written.
 *
 * @param {number[] | string} data
 * @param {unknown} [charset]
 */
function base64Encode(data, charset) {
  if (typeof data === 'string') {
    if (charset !== UTF_8) throw new Error('base64Encode of a text without Utilities.Charset.UTF_8');
    return Buffer.from(data, 'utf8').toString('base64');
  }
  return fromBytes(data).toString('base64');
}

/**
 * @param {number[] | string} value
 * @param {number[] | string} key
 * @param {unknown} [charset]
 */
function computeHmacSha256Signature(value, key, charset) {
  if (typeof value !== typeof key) throw new Error('The parameters do not match the method signature');
  if (typeof value === 'string') throw new Error(`computeHmacSha256Signature of texts (${charset}) is not played by the harness`);
  return toBytes(crypto.createHmac('sha256', fromBytes(key)).update(fromBytes(value)).digest());
}

/**
 * @param {number[] | string} data
 * @returns {GoogleAppsScript.Base.Blob}
 */
function newBlob(data) {
  const held = typeof data === 'string' ? Buffer.from(data, 'utf8') : fromBytes(data);
  return strict('Blob', {
    getBytes: () => toBytes(held),
    getDataAsString: (/** @type {string} */ charset = '') => {
      if (charset !== 'UTF-8') throw new Error(`getDataAsString(${charset}) is not played by the harness`);
      return held.toString('utf8');
    },
  });
}

module.exports = { makeUtilities };
