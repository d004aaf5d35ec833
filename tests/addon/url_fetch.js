'use strict';

const { strict, fromBytes, toBytes } = require('./strict.js');
const { ask } = require('./http.js');

const OPTIONS = ['method', 'headers', 'payload', 'contentType', 'muteHttpExceptions', 'followRedirects'];

/**
 * @param {string[]} whitelist urlFetchWhitelist of the manifest
 * @param {{[address: string]: string}} routes where an address of the world is played on this machine
 * @returns {GoogleAppsScript.URL_Fetch.UrlFetchApp}
 */
function makeUrlFetchApp(whitelist, routes) {
  return strict('UrlFetchApp', {
    fetch: (/** @type {string} */ url, /** @type {any} */ options = {}) => {
      for (const name of Object.keys(options)) {
        if (!OPTIONS.includes(name)) throw new Error(`UrlFetchApp.fetch: ${name} is not played by the harness`);
      }
      if (!whitelist.some((prefix) => url.startsWith(prefix))) {
        throw new Error(`Access to the following URL is not permitted by the URL Fetch whitelist: ${url}`);
      }
      const host = Object.keys(routes).find((each) => url.startsWith(`${each}/`));
      if (!host) throw new Error(`DNS error: ${url}`);
      return fetched(url, routes[host] + url.slice(host.length), options);
    },
  });
}

/**
 * @param {string} url
 * @param {string} played
 * @param {GoogleAppsScript.URL_Fetch.URLFetchRequestOptions} options
 * @returns {GoogleAppsScript.URL_Fetch.HTTPResponse}
 */
function fetched(url, played, options) {
  const payload = options.payload;
  if (payload !== undefined && typeof payload === 'string') throw new Error('payload: a text has no certain charset; give bytes');
  const body = payload === undefined ? Buffer.alloc(0) : fromBytes(payload);
  const headers = /** @type {{[name: string]: string}} */ ({ 'User-Agent': 'Mozilla/5.0 (compatible; Google-Apps-Script)' });
  for (const [name, value] of Object.entries(options.headers || {})) {
    if (typeof value !== 'string') throw new Error(`Attribute provided with invalid value: ${name}`);
    headers[name] = value;
  }
  if (options.contentType) headers['Content-Type'] = options.contentType;
  let answer;
  try {
    answer = ask({ url: played, method: (options.method || 'get').toUpperCase(), headers, body });
  } catch (error) {
    throw new Error(`Address unavailable: ${url}`);
  }
  if (answer.status >= 400 && !options.muteHttpExceptions) {
    throw new Error(`Request failed for ${url} returned code ${answer.status}.`);
  }
  return strict('HTTPResponse', {
    getResponseCode: () => answer.status,
    getHeaders: () => answer.headers,
    getContent: () => toBytes(answer.body),
    getContentText: (charset = 'UTF-8') => {
      if (charset !== 'UTF-8') throw new Error(`getContentText(${charset}) is not played by the harness`);
      return answer.body.toString('utf8');
    },
  });
}

module.exports = { makeUrlFetchApp };
