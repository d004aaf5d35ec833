'use strict';

/**
 * A fake of one of Apps Script's objects. What it has is held to the published types by tsc; what it has not throws, so that
 * no test passes on something that the fake never played.
 *
 * @template {object} T
 * @param {string} name
 * @param {NoInfer<Partial<T>>} members
 * @returns {T}
 */
function strict(name, members) {
  return /** @type {T} */ (
    new Proxy(members, {
      get(target, key) {
        if (key in target) return Reflect.get(target, key);
        if (typeof key === 'symbol' || key === 'toJSON' || key === 'then') return undefined;
        throw new Error(`${name}.${key} is not played by the harness`);
      },
      set(_target, key) {
        throw new Error(`${name}.${String(key)} cannot be set`);
      },
    })
  );
}

/**
 * Apps Script counts bytes from -128 to 127; anything else is refused there, and so it is here.
 *
 * @param {unknown} bytes
 * @returns {Buffer}
 */
function fromBytes(bytes) {
  if (!Array.isArray(bytes)) throw new Error('Cannot convert the value to byte[]');
  for (const each of bytes) {
    if (!Number.isInteger(each) || each < -128 || each > 127) throw new Error(`Cannot convert ${each} to byte`);
  }
  return Buffer.from(bytes.map((each) => each & 0xff));
}

/**
 * @param {Uint8Array} buffer
 * @returns {number[]}
 */
function toBytes(buffer) {
  return [...new Int8Array(buffer)];
}

module.exports = { strict, fromBytes, toBytes };
