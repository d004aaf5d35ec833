'use strict';

const fs = require('fs');
const path = require('path');
const { strict } = require('./strict.js');

/**
 * @param {string} folder
 * @param {(code: string, names: {[name: string]: unknown}) => unknown} evaluate runs a scriptlet in the script's own context
 * @returns {GoogleAppsScript.HTML.HtmlService}
 */
function makeHtmlService(folder, evaluate) {
  /** @param {string} name */
  const read = (name) => {
    const place = path.join(folder, `${name}.html`);
    if (!/^\w+$/.test(name) || !fs.existsSync(place)) throw new Error(`No HTML file named ${name} was found.`);
    return fs.readFileSync(place, 'utf8');
  };
  return strict('HtmlService', {
    createHtmlOutputFromFile: (/** @type {string} */ name) => makeOutput(read(name)),
    createTemplateFromFile: (/** @type {string} */ name) => makeTemplate(read(name), evaluate),
  });
}

/**
 * `<?= … ?>` printed and escaped, `<?!= … ?>` printed as it is. Other scriptlets are refused.
 *
 * @param {string} text
 * @param {(code: string, names: {[name: string]: unknown}) => unknown} evaluate
 * @returns {GoogleAppsScript.HTML.HtmlTemplate}
 */
function makeTemplate(text, evaluate) {
  /** @type {{[name: string]: unknown}} */
  const names = {};
  const members = {
    evaluate: () =>
      makeOutput(
        text.replace(/<\?(!?=?)([\s\S]*?)\?>/g, (_whole, kind, code) => {
          if (!kind.endsWith('=')) throw new Error('a scriptlet that prints nothing is not played by the harness');
          const value = String(evaluate(code.trim().replace(/;$/, ''), names));
          return kind === '!=' ? value : escaped(value);
        })
      ),
  };
  return new Proxy(/** @type {any} */ (members), {
    get: (target, key) => (key in target ? target[key] : names[String(key)]),
    set: (_target, key, value) => {
      names[String(key)] = value;
      return true;
    },
  });
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/**
 * @param {string} content
 * @returns {GoogleAppsScript.HTML.HtmlOutput}
 */
function makeOutput(content) {
  let title = '';
  /** @type {GoogleAppsScript.HTML.HtmlOutput} */
  const self = strict('HtmlOutput', {
    getContent: () => content,
    getTitle: () => title,
    setTitle: (/** @type {string} */ text) => {
      title = text;
      return self;
    },
  });
  return self;
}

module.exports = { makeHtmlService };
