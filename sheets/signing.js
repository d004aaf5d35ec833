/**
 * HMAC-SHA256 over method, path, time, nonce and body, as the hub expects it.
 */

/**
 * @param {string} text
 * @returns {number[]} its UTF-8, as Apps Script counts bytes: -128 to 127
 */
function utf8_(text) {
  return Utilities.base64Decode(Utilities.base64Encode(text, Utilities.Charset.UTF_8));
}

/**
 * @param {number[]} bytes signed, as Apps Script gives them
 * @returns {string} two hexadecimal digits for each
 */
function hex_(bytes) {
  return bytes.map((byte) => (byte & 0xff).toString(16).padStart(2, '0')).join('');
}

/**
 * @param {Session} session
 * @param {string} method
 * @param {string} path
 * @param {number[]} body
 * @returns {{[name: string]: string}} headers
 */
function signature_(session, method, path, body) {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const nonce = Utilities.getUuid();
  const signed = utf8_(`${method.toUpperCase()}\n${path}\n${timestamp}\n${nonce}\n`).concat(body);
  const mac = Utilities.computeHmacSha256Signature(signed, Utilities.base64Decode(session.key));
  return {
    'X-Mergecells-Session': session.session,
    'X-Mergecells-Timestamp': timestamp,
    'X-Mergecells-Nonce': nonce,
    'X-Mergecells-Signature': `sha256=${hex_(mac)}`,
  };
}
