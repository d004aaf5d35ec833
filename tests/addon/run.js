'use strict';

/**
 * Runs the add-on's files as Apps Script does: unmodified, in a new global context for each call. One JSON order a line on
 * stdin, one JSON answer a line on stdout.
 *
 *   node run.js '{"folder": …, "api": …, "spreadsheet": …, "routes": {…}, "people": {MAIL: access token}}'
 */

const fs = require('fs');
const path = require('path');
const vm = require('vm');
const readline = require('readline');
const { strict } = require('./strict.js');
const { makeHtmlService } = require('./html.js');
const { makeSpreadsheetApp } = require('./spreadsheet.js');
const { makeUrlFetchApp } = require('./url_fetch.js');
const { makeUtilities } = require('./utilities.js');
const { Stores } = require('./stores.js');
const { Screen } = require('./ui.js');

const settings = JSON.parse(process.argv[2]);
const manifest = JSON.parse(fs.readFileSync(path.join(settings.folder, 'appsscript.json'), 'utf8'));
const scripts = fs
  .readdirSync(settings.folder)
  .filter((/** @type {string} */ name) => name.endsWith('.js'))
  .sort()
  .map((/** @type {string} */ name) => new vm.Script(fs.readFileSync(path.join(settings.folder, name), 'utf8'), { filename: name }));
const stores = new Stores();
const screen = new Screen();
/** @type {string[]} */
const logged = [];

/**
 * @param {string} person
 * @param {string | null} identity the token that Google gives for the person
 */
function makeContext(person, identity) {
  const log = (/** @type {unknown[]} */ ...parts) => void logged.push(parts.join(' '));
  const place = { api: settings.api, id: settings.spreadsheet, token: settings.people[person] };
  /** @type {{[name: string]: object}} */
  const services = {
    SpreadsheetApp: makeSpreadsheetApp(place, screen),
    UrlFetchApp: makeUrlFetchApp(manifest.urlFetchWhitelist, settings.routes),
    Utilities: makeUtilities(),
    CacheService: stores.cacheService(person),
    PropertiesService: stores.propertiesService(person),
    LockService: stores.lockService(),
    ScriptApp: makeScriptApp(identity),
    Session: makeSession(person),
    console: strict('console', { log, error: log }),
  };
  const context = vm.createContext(services);
  services.HtmlService = makeHtmlService(settings.folder, (code, names) => {
    const wrapped = vm.runInContext(`(function (${Object.keys(names).join(', ')}) { return (${code}); })`, context);
    return wrapped(...Object.values(names));
  });
  for (const script of scripts) script.runInContext(context);
  return context;
}

/**
 * @param {string | null} identity
 * @returns {GoogleAppsScript.Script.ScriptApp}
 */
function makeScriptApp(identity) {
  for (const scope of ['openid', 'https://www.googleapis.com/auth/userinfo.email']) {
    if (!manifest.oauthScopes.includes(scope)) throw new Error(`getIdentityToken needs the scope ${scope}`);
  }
  return strict('ScriptApp', { getIdentityToken: () => /** @type {string} */ (identity) });
}

/**
 * @param {string} person
 * @returns {GoogleAppsScript.Base.Session}
 */
function makeSession(person) {
  return strict('Session', { getEffectiveUser: () => strict('User', { getEmail: () => person }) });
}

/**
 * `google.script.run` reaches global functions whose names do not end in _, and hands over plain values only.
 *
 * @param {{person: string, identity: string | null, call: string, args: unknown[]}} order
 */
function carryOut(order) {
  if (order.call.endsWith('_')) throw new Error(`Script function not found: ${order.call}`);
  const context = makeContext(order.person, order.identity);
  const called = vm.runInContext(`typeof ${order.call} === 'function' ? ${order.call} : null`, context);
  if (!called) throw new Error(`Script function not found: ${order.call}`);
  const value = called(...(order.args || []));
  const told = JSON.stringify(value);
  if (told !== undefined && JSON.stringify(plain(value)) !== told) throw new Error(`${order.call} gives what cannot be handed over`);
  if (stores.locked) throw new Error(`${order.call} ended without releasing the lock`);
  return value === undefined ? null : value;
}

/**
 * @param {unknown} value
 * @returns {unknown} the same, when it is made of what google.script.run hands over
 */
function plain(value) {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
  if (Array.isArray(value)) return value.map(plain);
  const kind = Object.prototype.toString.call(value);
  if (typeof value === 'object' && kind === '[object Object]') {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
  }
  throw new Error(`${kind} cannot be handed to the page`);
}

/** What the test asks of the harness itself. @type {{[name: string]: (order: any) => unknown}} */
const ASIDE = {
  screen: () => ({ menus: screen.menus, sidebar: screen.sidebar, title: screen.title, active: screen.active }),
  route: (order) => void (settings.routes[order.address] = order.played),
  hold: (order) => void (stores.lockedByAnother = order.held),
  logged: () => logged,
  properties: (order) => Object.fromEntries(stores.propertiesOf(order.owner)),
  cached: (order) => [...(stores.caches.get(order.person) || new Map()).values()].map((each) => each.value),
  forget: (order) => void stores.caches.delete(order.person),
};

readline.createInterface({ input: process.stdin }).on('line', (/** @type {string} */ line) => {
  const order = JSON.parse(line);
  let answer;
  try {
    answer = { value: order.aside ? ASIDE[order.aside](order) ?? null : carryOut(order) };
  } catch (error) {
    answer = { error: String(/** @type {any} */ (error).message) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
