'use strict';

/**
 * SpreadsheetApp in front of the stand-in for the Sheets API: the script, the hub and the command line see one sheet.
 */

const { strict } = require('./strict.js');
const { ask } = require('./http.js');

const FIELDS =
  'spreadsheetId,properties(title),developerMetadata(metadataKey,metadataValue,visibility),' +
  'sheets(properties(sheetId,title,hidden),data(startRow,startColumn,' +
  'rowData(values(userEnteredValue,effectiveValue,effectiveFormat(numberFormat)))))';
/** @type {{[type: string]: string}} */
const ERRORS = {
  ERROR: '#ERROR!', NULL_VALUE: '#NULL!', DIVIDE_BY_ZERO: '#DIV/0!', VALUE: '#VALUE!', REF: '#REF!', NAME: '#NAME?',
  NUM: '#NUM!', N_A: '#N/A', LOADING: 'Loading...',
};
const EPOCH = Date.UTC(1899, 11, 30);

/**
 * @typedef {{api: string, id: string, token: string}} Place
 * @param {Place} place
 * @param {import('./ui.js').Screen} screen
 * @returns {GoogleAppsScript.Spreadsheet.SpreadsheetApp}
 */
function makeSpreadsheetApp(place, screen) {
  /** @type {any} */
  let book = null;
  const read = () => (book = book || readBook(place));
  return strict('SpreadsheetApp', {
    flush: () => {
      book = null;
    },
    getActiveSpreadsheet: () => makeSpreadsheet(place.id, read, screen),
    getUi: () => screen.ui(),
  });
}

/**
 * @param {Place} place
 */
function readBook(place) {
  const url = `${place.api}/v4/spreadsheets/${place.id}?fields=${encodeURIComponent(FIELDS)}`;
  const answer = ask({ url, method: 'GET', headers: { Authorization: `Bearer ${place.token}` }, body: Buffer.alloc(0) });
  if (answer.status !== 200) throw new Error('You do not have permission to access the requested document.');
  return JSON.parse(answer.body.toString('utf8'));
}

/**
 * @param {string} id
 * @param {() => any} read
 * @param {import('./ui.js').Screen} screen
 * @returns {GoogleAppsScript.Spreadsheet.Spreadsheet}
 */
function makeSpreadsheet(id, read, screen) {
  const sheets = () => read().sheets.map((/** @type {any} */ about) => makeSheet(about, screen));
  return strict('Spreadsheet', {
    getId: () => id,
    getSheets: sheets,
    getSheetByName: (/** @type {string} */ name) => {
      const found = read().sheets.find((/** @type {any} */ each) => each.properties.title === name);
      return found ? makeSheet(found, screen) : null;
    },
    createDeveloperMetadataFinder: () => makeFinder(read().developerMetadata || []),
  });
}

/**
 * @param {any[]} all what another project made shows only when it is visible in the document
 * @returns {GoogleAppsScript.Spreadsheet.DeveloperMetadataFinder}
 */
function makeFinder(all) {
  let found = all.filter((each) => each.visibility === 'DOCUMENT');
  /** @type {GoogleAppsScript.Spreadsheet.DeveloperMetadataFinder} */
  const self = strict('DeveloperMetadataFinder', {
    withKey: (/** @type {string} */ key) => {
      found = found.filter((each) => each.metadataKey === key);
      return self;
    },
    find: () => found.map((each) => strict('DeveloperMetadata', { getValue: () => each.metadataValue ?? null })),
  });
  return self;
}

/**
 * @param {any} about
 * @param {import('./ui.js').Screen} screen
 * @returns {GoogleAppsScript.Spreadsheet.Sheet}
 */
function makeSheet(about, screen) {
  return strict('Sheet', {
    getName: () => about.properties.title,
    getDataRange: () => makeDataRange(gridOf(about)),
    getRange: (/** @type {any} */ address, /** @type {any[]} */ ...rest) => {
      if (rest.length || !/^\$?[A-Z]{1,3}\$?\d+(:\$?[A-Z]{1,3}\$?\d+)?$/.test(address)) throw new Error('Range not found');
      return makeChosenRange(about.properties.title, address, screen);
    },
  });
}

/**
 * @param {string} title
 * @param {string} address
 * @param {import('./ui.js').Screen} screen
 * @returns {GoogleAppsScript.Spreadsheet.Range}
 */
function makeChosenRange(title, address, screen) {
  /** @type {GoogleAppsScript.Spreadsheet.Range} */
  const self = strict('Range', {
    activate: () => {
      screen.active = `${title}!${address}`;
      return self;
    },
    getA1Notation: () => address.replace(/\$/g, ''),
  });
  return self;
}

/**
 * @param {any} about
 * @returns {any[][]} cells from A1 to the last one that holds anything
 */
function gridOf(about) {
  /** @type {any[][]} */
  const rows = [];
  for (const data of about.data || []) {
    for (const [down, row] of (data.rowData || []).entries()) {
      for (const [right, cell] of (row.values || []).entries()) {
        if (cell.userEnteredValue || cell.effectiveValue) {
          const at = (data.startRow || 0) + down;
          while (rows.length <= at) rows.push([]);
          rows[at][(data.startColumn || 0) + right] = cell;
        }
      }
    }
  }
  const width = Math.max(1, ...rows.map((row) => row.length));
  return (rows.length ? rows : [[]]).map((row) => Array.from({ length: width }, (_, column) => row[column] || {}));
}

/**
 * @param {any[][]} grid
 * @returns {GoogleAppsScript.Spreadsheet.Range}
 */
function makeDataRange(grid) {
  return strict('Range', {
    getValues: () => grid.map((row) => row.map(valueOf)),
    getFormulas: () => grid.map((row) => row.map((cell) => (cell.userEnteredValue || {}).formulaValue || '')),
  });
}

/**
 * @param {any} cell
 * @returns {string | number | boolean | Date} as Range.getValues() gives it
 */
function valueOf(cell) {
  const value = cell.effectiveValue || {};
  if ('errorValue' in value) return ERRORS[value.errorValue.type];
  if ('numberValue' in value) {
    const type = ((cell.effectiveFormat || {}).numberFormat || {}).type;
    return ['DATE', 'DATE_TIME', 'TIME'].includes(type) ? new Date(EPOCH + value.numberValue * 86_400_000) : value.numberValue;
  }
  return value.stringValue ?? value.boolValue ?? '';
}

module.exports = { makeSpreadsheetApp };
