/**
 * The tabs of the workbook that hold rules, read once each. A tab is one of ours when its row of titles has the hidden
 * column `_key` that a fill writes; what stands to the right of it belongs to the person.
 */

const KEY_TITLE = '_key';
const HEADER_WITHIN = 20;

/** What a tab is, told by its titles; the first that fits holds. @type {TabKind[]} */
const TAB_KINDS = [
  { kind: 'tiers', titles: ['tier', 'min'], keys: ['tier'], optional: [], computed: [] },
  { kind: 'vertical', titles: ['component', 'factor', 'weight', 'remove'], keys: ['component', 'factor'], optional: ['factor'], computed: ['value'] },
  { kind: 'factors', titles: ['component', 'factor', 'weight'], keys: ['component', 'factor'], optional: [], computed: ['value', 'points'] },
  { kind: 'components', titles: ['component', 'weight'], keys: ['component'], optional: [], computed: ['value', 'points', 'factors sum'] },
  { kind: 'formulas', titles: ['name', 'formula'], keys: ['name'], optional: [], computed: ['value'] },
  { kind: 'lists', titles: ['list', 'value'], keys: ['list', 'value'], optional: [], computed: [] },
  { kind: 'lead', titles: ['field', 'column', 'type'], keys: ['field'], optional: [], computed: [] },
  { kind: 'examples', titles: ['example', 'tier', 'score'], keys: ['example'], optional: [], computed: [] },
];

/**
 * @returns {Table[]}
 */
function readTables_() {
  const tables = SpreadsheetApp.getActiveSpreadsheet().getSheets().map(readTable_);
  return /** @type {Table[]} */ (tables.filter((table) => table !== null));
}

/**
 * @param {GoogleAppsScript.Spreadsheet.Sheet} sheet
 * @returns {Table | null} null when the tab holds no rules
 */
function readTable_(sheet) {
  const range = sheet.getDataRange();
  const values = range.getValues();
  const header = values.slice(0, HEADER_WITHIN).findIndex((row) => row.some((value) => plain_(value) === KEY_TITLE));
  if (header < 0) return null;
  const titles = values[header].map(plain_);
  const width = titles.indexOf(KEY_TITLE);
  const columns = titles.slice(0, width);
  const about = kindOf_(columns, keyCount_(values.slice(header + 1).map((row) => row[width])));
  const formulas = range.getFormulas();
  const rows = values.slice(header + 1).map((cells, offset) => ({
    row: header + 2 + offset,
    values: cells.slice(0, width),
    formulas: formulas[header + 1 + offset].slice(0, width),
  }));
  return { ...about, tab: sheet.getName(), columns, rows: rows.filter((row) => isFilled_(row, columns, about)) };
}

/**
 * @param {unknown[]} remembered what the hidden column holds: each row's key as a JSON array
 * @returns {number} of how many columns a key is made
 */
function keyCount_(remembered) {
  const key = parsed_(String(remembered.find((each) => String(each).startsWith('[')) || '[""]'));
  return Array.isArray(key) ? Math.max(1, key.length) : 1;
}

/**
 * @param {string[]} columns
 * @param {number} keys
 * @returns {TabKind} when nothing else fits, a lookup table or another tab of rows: its key is in the first columns
 */
function kindOf_(columns, keys) {
  const known = TAB_KINDS.find((each) => each.titles.every((title) => columns.includes(title)));
  return known || { kind: 'table', titles: [], keys: columns.slice(0, keys), optional: columns.slice(1, keys), computed: [] };
}

/**
 * @param {TableRow} row
 * @param {string[]} columns
 * @param {TabKind} about
 * @returns {boolean} whether a person put anything into it
 */
function isFilled_(row, columns, about) {
  return row.values.some((value, at) => value !== '' && value !== false && !about.computed.includes(columns[at]));
}

/**
 * @param {unknown} value
 * @returns {string} as names are compared: outer and doubled blanks and case do not count
 */
function plain_(value) {
  return String(value).normalize('NFC').replace(/\s+/g, ' ').trim().toLowerCase();
}

/**
 * @param {Table} table
 * @param {TableRow} row
 * @param {string} title
 * @returns {unknown} the value in that column, empty where there is none
 */
function at_(table, row, title) {
  const column = table.columns.indexOf(title);
  return column < 0 ? '' : row.values[column];
}
